"""The world: shoppers, launches, drift, shocks are SimPy processes on one integer clock; out come facts, and the truth.

Sessions begin on odd microseconds; all else that decides falls on even ones, so it never ties with a session.
A session costs SimPy one event: it is drawn whole, with one block of random numbers, when it begins. Who sleeps is an
entry in the heap of one process for all. Memory is linear: some 0.8 kB a shopper who sleeps, 2 kB for what it remembers
once it comes, 0.6 kB a product, and 0.1 kB a shopper and product that have met.

Open loop    nobody is shown anything: shoppers browse.
Closed loop  `serve(facts, shopper, now)` is asked for a slate at the start of a session, unless a coin holds it out;
             `facts` are those since it was last asked, all before `now`; it returns product ids [k] i4, all on sale.
             Where the oracle serves, nobody is asked: a slate holds what the shopper likes best.
             Slates and clicks draw from a stream of their own ("shopper", id, "slate").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import exp
from typing import NamedTuple

import numpy as np
import simpy
from numpy.typing import NDArray

from journal.chance import stream
from journal.errors import Refusal
from journal.facts import MICROSECONDS, Facts, Kind
from simulator import due
from simulator.audiences import Score
from simulator.campaigns import Campaign, Marketing, even
from simulator.catalogue import draw_catalogue
from simulator.choice import Minds, Visit
from simulator.drifting import Heard, befriended, drifting, meaning
from simulator.drifts import Drift
from simulator.due import Process
from simulator.ledger import Ledger
from simulator.rhythm import DAY, Rhythm
from simulator.schedule import schedule
from simulator.shocks import Shock
from simulator.shop import Shop
from simulator.shoppers import draw_shoppers
from simulator.social import Social, none
from simulator.spec import ORACLE, WorldSpec, check
from simulator.streams import Streams
from simulator.truth import Tables, Truth
from simulator.uplift import draw_answers
from simulator.waking import JOINING, waking

Serve = Callable[[Facts, int, int], NDArray[np.int32]]

LONGEST_GAP = 25 * 60.0
"""Seconds; a longer silence would look like two sessions to the usual 30 minute cut."""

RATINGS = (0.12, 0.17, 0.25, 0.45)
"""Cumulative shares of 1, 2, 3 and 4 stars; the rest is 5 (J-shaped: Hu, Zhang and Pavlou 2009)."""

KINDS = (int(Kind.FAVOURITED), int(Kind.CARTED), int(Kind.PURCHASED))


class Piece(NamedTuple):
    """The next facts (`journal.CHUNK` of them, fewer only in the last piece) and the truth that came with them.

    now    us; nobody has been told of anything that happens from then on, though it may be drawn already
    """

    facts: Facts
    truth: Tables
    now: int = 0


class World:
    """A world that can be run any number of times, always alike.

    catalogue   what the shop publishes: arrays by name, see `simulator.catalogue`
    truth       what only the simulator knows and does not change: the vectors of products and the traits of shoppers
    everybody   shoppers and bots that ever come; ids are below it

    >>> from simulator.spec import ShopperSpec
    >>> world = World(WorldSpec(days=1.0, shoppers=ShopperSpec(shoppers=20)), seed=1)
    >>> first = next(world.run())
    >>> int(first.facts.seq[0]), sorted(first.truth)
    (1, ['interest'])
    """

    def __init__(
        self,
        spec: WorldSpec,
        seed: int,
        drifts: Sequence[Drift] = (),
        social: Social | None = None,
        shocks: Sequence[Shock] = (),
        campaigns: Sequence[Campaign] = (),
        commands: Sequence[tuple[int, str]] = (),
    ) -> None:
        check(spec)
        self.spec, self.seed, self.drifts, self.campaigns = spec, seed, tuple(drifts), tuple(campaigns)
        self.commands = tuple(commands)  # when (us), and what is told of each; what they do is with drifts, shocks, ...
        published, vectors = draw_catalogue(spec, seed)
        self.streams, self.interests, self.traits = draw_shoppers(spec, seed)
        self.follows = (social or none()).draw(stream(seed, "social"), self.traits["cohort"])
        befriended(self.drifts, self.follows)
        self.schedule = schedule(spec, seed, shocks, published, vectors, self.traits)
        self.catalogue = {**published, "launch_time": self.schedule.launch_time}
        self.everybody = spec.shoppers.shoppers + len(self.schedule.bots["shopper"])
        self.truth = {**vectors, **self.traits, "join_time": self.schedule.join_time}
        self.truth |= draw_answers(spec, seed, self.traits)

    def run(self, serve: Serve | None = None, score: Score | None = None) -> Iterator[Piece]:
        """Yield pieces until the days of the spec are over; closed loop if `serve` is given.

        Campaigns may ask the live model by `score` (`simulator.audiences`).

        Raises Refusal if a slate holds what is not on sale, or a drift returns what it must not.
        """
        life = _Life(self, serve, score)
        env, ledger, end = life.env, life.ledger, int(self.spec.days * DAY)
        while env.peek() < end:
            env.step()
            while ledger.chunk_ready():
                yield Piece(ledger.chunk(), life.truth.tables(), life.now)
        ledger.write(end)
        while len(chunk := ledger.chunk()):
            yield Piece(chunk, life.truth.tables(), end)


class _Life:
    """One run of a world: the processes and what they share."""

    def __init__(self, world: World, serve: Serve | None, score: Score | None) -> None:
        self.spec, self.seed, self.serve, self.schedule = world.spec, world.seed, serve, world.schedule
        self.knows = self.spec.loop.mode == "closed" and self.spec.loop.server == ORACLE
        self.env = simpy.Environment()
        self.streams, self.traits = world.streams.copy(), world.traits
        self.truth = Truth(world.interests)
        self.follows = world.follows
        self.ledger = Ledger(world.spec.catalogue.products, read=serve is not None, remember=len(world.campaigns) > 0)
        self.shop = Shop(world.catalogue, world.truth, world.spec)
        self.shop.market.add(world.schedule.market)
        self.launch_time = world.catalogue["launch_time"]
        self.minds = Minds(self.traits)
        self.marketing = Marketing(world.campaigns, world.spec, world.seed, world.catalogue, world.truth, self.minds)
        self.rhythm = Rhythm(world.spec.rhythm)
        self.busy = [0] * len(self.streams)  # when a shopper's latest session is over, us
        self._named = {name: Streams(world.seed, len(self.streams), name) for name in ("after", "slate")}
        self.sessions = 0
        funnel = world.spec.funnel
        # Cumulative shares of favourite, cart, purchase at each stage; what is left is a view.
        self.funnel = [np.cumsum(stage).tolist() for stage in (funnel.new, funnel.seen, funnel.carted)]
        self.env.process(due.launches(self.env, self.ledger, self.launch_time, world.catalogue["price"]))
        self.env.process(due.shocks(self.env, self.ledger, self.truth, self.shop.market, world.schedule))
        self.env.process(due.shams(self.env, self.ledger, self.truth, self.shop, world.schedule, self._number))
        self.heard: list[Heard] = []  # of each drift that goes by what shoppers do
        for part, drift in enumerate(world.drifts):
            heard = Heard(meaning(world.truth, world.catalogue["category"])) if drift.heed is not None else None
            self.heard += [heard] if heard is not None else []
            others = world.seed, self.traits["cohort"], self.follows, heard
            self.env.process(drifting(self.env, self.truth, drift, part, *others))
        due.joinings(self.ledger, world.schedule.join_time)
        due.commands(self.ledger, world.commands)
        self.env.process(waking(self.env, world.schedule.join_time, self._woken))
        self.env.process(due.follows(self.env, self.ledger, self.follows, world.schedule.join_time))
        for number in range(len(world.campaigns)):
            self.env.process(self.marketing.process(number, self.env, self.ledger, self.truth, score))

    @property
    def now(self) -> int:
        """Simulated time, us."""
        return int(self.env.now)

    # Processes.

    def _woken(self, shopper: int, time: int, length: int) -> tuple[int, int]:
        """Let a shopper join or have a session; return when it comes next and for how long, or 0 if it leaves first."""
        own, habits = self.streams.wake(shopper), self.spec.sessions
        if length == JOINING:
            self.truth.interest(shopper, time)
            over = time
        else:
            over = self._session(own, shopper, time, length)
        wait = own.standard_exponential() * (24 / float(self.traits["activity"][shopper]))
        next_length = habits.length * exp(habits.length_spread * own.standard_normal())
        self.streams.rest(shopper)
        # Who joins late does so by coming: the first session begins at once.
        start = (time if length == JOINING and time else max(self.rhythm.after(over, wait), over)) | 1
        leaves = int(self.schedule.leave_time[shopper])
        if start >= leaves:
            self.ledger.announce(max(leaves, even(over)), shopper, Kind.SHOPPER_LEFT)
            return leaves, 0
        return start, min(max(int(next_length + 0.5), 1), habits.longest)

    def _review(self, shopper: int, due: int, which: float, taste: float) -> Process:
        """Write a review when due, or after the session the shopper is in then, of anything bought and not reviewed."""
        while due > self.now:
            yield self.env.timeout(due - self.now)
            due = even(self.busy[shopper])
        bought = self.minds[shopper].unreviewed
        waiting = self.shop.reviewable(bought, self.now)
        if waiting and self.now < self.schedule.leave_time[shopper]:
            product = waiting[int(which * len(waiting))]
            del bought[product]
            rating = 1.0 + sum(taste >= share for share in RATINGS)
            self.ledger.announce(self.now, shopper, Kind.REVIEWED, product, value=rating)

    # A session.

    def _session(self, own: np.random.Generator, shopper: int, start: int, length: int) -> int:
        """Draw a session of `length` interactions, announce its facts and return when it is over."""
        habits, announce = self.spec.sessions, self.ledger.announce
        gaps = habits.gap * np.exp(habits.gap_spread * own.standard_normal(length + 1))
        times = start + np.cumsum(1 + np.minimum(gaps, LONGEST_GAP) * MICROSECONDS).astype(np.int64)
        draws: list[list[float]] = own.random((length, 4)).tolist()
        session = self._number()
        self.ledger.write(start)
        mind = self.minds[shopper]
        mind.forget(habits.memory)
        visit = Visit(self.shop, mind, self.truth.interest(shopper, start), start)
        announce(start, shopper, Kind.SESSION_STARTED, session=session)
        clicked = self._slate(shopper, visit, session) if self.serve or self.knows else -1
        held = self.marketing if self.marketing.holds(shopper) else None
        over: int
        *when, over = times.tolist()
        for time, (mode, first, second, deed) in zip(when, draws, strict=True):
            if time >= visit.until:
                visit.turn(time)
                clicked = clicked if clicked >= 0 and visit.has(clicked) else -1
            product = clicked if clicked >= 0 else visit.choose(mode, first, second)
            kind = int(Kind.VIEWED)
            if clicked < 0:
                favourite, cart, purchase = self.funnel[mind.known.get(product, 0)]
                if held is not None:
                    purchase = held.tempt(shopper, product, self.shop.price(product, time), time, cart, purchase)
                if deed < purchase:
                    kind = KINDS[0] if deed < favourite else KINDS[1] if deed < cart else KINDS[2]
            visit.take(product, kind, time)
            for ear in self.heard:
                ear.hear(time, shopper, product, clicked >= 0)
            bought = kind == KINDS[2]
            paid = self.shop.price(product, time) if bought else np.nan
            announce(time, shopper, kind, product, session, paid, clicked >= 0)
            if bought and held is not None and (used := held.redeem(shopper, product, paid, time)):
                announce(time, shopper, Kind.COUPON_REDEEMED, product, session, used.money, used.campaign)
            if bought:
                self._afterwards(shopper, product, time, paid)
            clicked = -1
        if held is not None:
            held.close(shopper, start, self.truth)
        announce(over, shopper, Kind.SESSION_ENDED, session=session)
        self.busy[shopper] = over
        return over

    def _number(self) -> int:
        """Give a session its number."""
        self.sessions += 1
        return self.sessions - 1

    def _afterwards(self, shopper: int, product: int, time: int, paid: float) -> None:
        """Decide whether a purchase leads to a review and to a return, some days later."""
        funnel = self.spec.funnel
        reviewed, later, which, taste, returned, back = self._drawn("after", shopper, 6)
        if reviewed < funnel.reviewed:
            due = even(time - int(np.log1p(-later) * funnel.review_days * DAY))
            self.env.process(self._review(shopper, due, which, taste))
        if returned < funnel.returned:
            due = even(time - int(np.log1p(-back) * funnel.return_days * DAY))
            if due < self.schedule.leave_time[shopper]:
                self.ledger.announce(due, shopper, Kind.RETURNED, product, value=paid)

    def _drawn(self, name: str, shopper: int, numbers: int) -> list[float]:
        """Uniform numbers from the shopper's stream of that name."""
        drawn: list[float] = self._named[name].wake(shopper).random(numbers).tolist()
        self._named[name].rest(shopper)
        return drawn

    def _slate(self, shopper: int, visit: Visit, session: int) -> int:
        """Show a slate unless the session is held out; return the product clicked, or -1."""
        coin, click = self._drawn("slate", shopper, 2)
        if coin < self.spec.loop.held_out:
            return -1
        now = visit.now
        if self.serve is None:
            slate = visit.best(self.spec.loop.slate)
        else:
            slate = np.asarray(self.serve(self.ledger.unread(), shopper, now)).tolist()
        for product in slate:
            if not (0 <= product < self.shop.products and self.launch_time[product] <= now and visit.has(product)):
                raise Refusal(
                    f"The slate for shopper {shopper} at {now} us has product {product}, which is not on sale."
                )
        self.ledger.announce(now, shopper, Kind.SLATE_SERVED, session=session, value=len(slate), note=str(slate))
        for product, chance in visit.offer(slate).items():
            if click < chance:
                return product
            click -= chance
        return -1
