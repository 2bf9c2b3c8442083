"""The oracle folds facts and truth, nothing else, and so knows each shopper's true probabilities just before a choice.

It runs the very law that shoppers draw from (`simulator.choice`), so its ranks are those of a perfect recommender: one
that knows interests, traits, the market, what a shopper remembers, and the slate in front of it. Only the draws are
hidden from it. A review is not a choice from the shelf: it falls on each product bought, not reviewed yet and on sale
with the same probability. Of bots it knows that they are no shoppers, and foresees nothing of what they do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from journal.facts import SCORED, Facts, Kind
from simulator.choice import Coupon, Minds, Visit
from simulator.shop import Shop
from simulator.spec import WorldSpec
from simulator.truth import Tables
from simulator.uplift import PERSUADABLE

COUPONS = (Kind.CAMPAIGN_STARTED, Kind.COUPON_ISSUED, Kind.COUPON_REDEEMED)

ON_SALE, OFF_SALE = (Kind.PRODUCT_LISTED, Kind.RESTOCKED), (Kind.PRODUCT_RETIRED, Kind.STOCK_OUT)


class Outlook(NamedTuple):
    """The oracle's outcome for each of the n scored facts, in order."""

    seq: NDArray[np.int64]
    rank: NDArray[np.float32]  # 1 + greater + ties / 2 among all listed products
    candidates: NDArray[np.int32]  # products listed at that moment
    chance: NDArray[np.float32]  # the probability that it would be this product


class Oracle:
    """The fold.

    catalogue, truth    the arrays of a `World` (or those of its run file)

    >>> from simulator.spec import ShopperSpec
    >>> from simulator.world import World
    >>> world = World(WorldSpec(days=1.0, shoppers=ShopperSpec(shoppers=20)), seed=1)
    >>> oracle = Oracle(world.catalogue, world.truth, world.spec)
    >>> outlooks = [oracle.observe(piece.facts, piece.truth) for piece in world.run()]
    >>> bool((outlooks[-1].rank >= 1).all())
    True
    """

    def __init__(
        self, catalogue: Mapping[str, NDArray[Any]], truth: Mapping[str, NDArray[Any]], spec: WorldSpec
    ) -> None:
        self._shop = Shop(catalogue, truth, spec)
        self._minds = Minds(truth)
        self._theta = np.zeros((len(self._minds), spec.shoppers.factors), np.float32)
        self._visits: dict[int, Visit] = {}
        self._answers: list[int] = truth["answer"].tolist()
        self._campaigns: dict[int, Coupon] = {}
        self._issued: dict[int, int] = {}  # seq of a coupon that is shopped with -> its campaign
        self._listed = np.zeros(self._shop.products, bool)  # in shelf order
        self._candidates = 0
        self._coming: list[tuple[int, int, NDArray[np.float32]]] = []  # interest rows not yet in force, latest first

    def observe(self, facts: Facts, truth: Tables, *, asked: bool = True) -> Outlook:
        """Fold the next facts, with the truth that came with them; state each scored fact's rank before folding it.

        With `asked` false nothing is stated, and folding takes a fraction of the time.
        """
        if "interest" in truth:
            rows = truth["interest"]
            made = list(zip(rows["time"].tolist(), rows["shopper"].tolist(), rows["theta"], strict=True))
            self._coming = made[::-1] + self._coming
        if "market" in truth:
            self._shop.market.add(truth["market"])
            for visit in self._visits.values():
                visit.until = min(visit.until, int(truth["market"]["time"][0]))
        scored: list[tuple[int, float, int, float]] = []
        columns = (facts.seq, facts.time, facts.kind, facts.shopper, facts.product)
        for row, fact in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
            seq, time, kind, shopper, product = fact
            while self._coming and self._coming[-1][0] <= time:
                _, who, theta = self._coming.pop()
                self._theta[who] = theta
            if shopper >= len(self._minds):
                continue  # a bot
            if asked and kind in SCORED:
                scored.append((seq, *self._rank(self._chances(shopper, kind, time), product)))
            self._fold(time, kind, shopper, product, facts.payload.get(seq))
            if kind in COUPONS:
                self._coupon(kind, shopper, float(facts.value[row]), seq, int(facts.cause[row]), facts.payload)
        seqs, ranks, candidates, chances = zip(*scored, strict=True) if scored else ((), (), (), ())
        return Outlook(
            np.array(seqs, np.int64),
            np.array(ranks, np.float32),
            np.array(candidates, np.int32),
            np.array(chances, np.float32),
        )

    def utilities(self, shoppers: NDArray[np.int32], time: int) -> NDArray[np.float32]:
        """Return the true utility [n, P] f4 (nats) of each product to each shopper at `time` (us); a read.

        It is what decides a click on a slate; -inf where a product is not on sale.
        """
        made = np.empty((len(shoppers), self._shop.products), np.float32)
        for row, shopper in enumerate(np.asarray(shoppers).tolist()):
            made[row] = Visit(self._shop, self._minds[shopper], self._theta[shopper].copy(), time).utilities()
        return made

    def _coupon(self, kind: int, shopper: int, value: float, seq: int, cause: int, payload: Mapping[int, str]) -> None:
        """Fold a campaign's fact: whoever looks at prices with the coupon taken off has it in mind."""
        if kind == Kind.CAMPAIGN_STARTED:
            terms = json.loads(payload[seq])
            self._campaigns[int(value)] = Coupon(terms["until"], terms["discount"], terms["category"])
        elif self._answers[shopper] == PERSUADABLE:
            coupons = self._minds[shopper].coupons
            if kind == Kind.COUPON_ISSUED:
                self._issued[seq] = int(value)
                coupons[int(value)] = self._campaigns[int(value)]
            else:
                del coupons[self._issued.pop(cause)]

    def _chances(self, shopper: int, kind: int, time: int) -> NDArray[np.float64]:
        """The probability of each product, in shelf order."""
        if kind != Kind.REVIEWED:
            visit = self._visits[shopper]
            if time >= visit.until:
                visit.turn(time)
            return visit.probabilities()
        chance = np.zeros(self._shop.products)
        waiting = self._shop.reviewable(self._minds[shopper].unreviewed, time)
        chance[[self._shop.place[product] for product in waiting]] = 1 / len(waiting)
        return chance

    def _rank(self, chance: NDArray[np.float64], product: int) -> tuple[float, int, float]:
        own = chance[self._shop.place[product]]
        greater = int(np.count_nonzero((chance > own) & self._listed))
        ties = int(np.count_nonzero((chance == own) & self._listed)) - 1
        return 1 + greater + ties / 2, self._candidates, float(own)

    def _fold(self, time: int, kind: int, shopper: int, product: int, payload: str | None) -> None:
        if kind in ON_SALE or kind in OFF_SALE:
            place = self._shop.place[product]
            self._candidates += (kind in ON_SALE) - int(self._listed[place])
            self._listed[place] = kind in ON_SALE
        elif kind == Kind.SESSION_STARTED:
            self._minds[shopper].forget(self._shop.spec.sessions.memory)
            self._visits[shopper] = Visit(self._shop, self._minds[shopper], self._theta[shopper].copy(), time)
        elif kind == Kind.SESSION_ENDED:
            del self._visits[shopper]
        elif kind == Kind.SLATE_SERVED:
            self._visits[shopper].offer(json.loads(payload or "[]"))
        elif kind == Kind.REVIEWED:
            del self._minds[shopper].unreviewed[product]
        elif kind in SCORED:
            visit = self._visits[shopper]
            if time >= visit.until:
                visit.turn(time)
            visit.take(product, kind, time)
