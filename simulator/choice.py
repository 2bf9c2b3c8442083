"""A choice is a random draw from stated probabilities; whoever knows the shopper's mind can state them.

Utility of product i of category c to shopper u:  A(c) + B(i), in nats, with
  A(c) = category_interest theta . m(c) + category appeal
         - satiation exp(-days since u last bought in c / satiation_days)
  B(i) = product_interest theta . s(i) + appeal - sensitivity max(0, log price - budget)
         + loyalty [u bought of its brand] + newness exp(-days since its launch / newness_days) - novelty [u knows i]
The next choice in a session is
  recall  with probability `recall` (if u knows any): the r-th latest known product in proportion to r ** -recency;
  else stay  with probability `stay` (if there was a choice before): a product of the same category, by softmax of B;
  else fresh: a category by softmax of A, then a product of it by softmax of B (a nested logit).
If a slate was shown, its cascade comes first: see `Visit.offer`. A and B are those at the start of the visit; only what
is known, and where the last choice was, move on with every choice, and what a shock does to the market is felt at once
(`Visit.turn`): appeal and price are the market's, and what cannot be had is neither chosen, recalled nor clicked. A
price is less what the coupons take off that u looks at prices with as the visit begins (`simulator.campaigns`).
Shoppers draw from this law (`Visit.choose`), the oracle states it (`Visit.probabilities`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from math import exp, log1p
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from journal.facts import Kind
from simulator.rhythm import DAY
from simulator.shop import Section, Shop, Vector

_CARTED, _PURCHASED = int(Kind.CARTED), int(Kind.PURCHASED)

NEW, SEEN, CARTED = 0, 1, 2
"""What a shopper did with a product before: a stage of the funnel."""


class Coupon(NamedTuple):
    """So much off one purchase."""

    until: int  # us, exclusive
    discount: float  # share of the price
    category: int  # of the products it is good for; -1 for all


@dataclass(slots=True)
class Mind:
    """What a shopper remembers, and the traits that weigh in its choices; all of it follows from facts and traits."""

    budget: float
    sensitivity: float
    novelty: float
    loyalty: float
    known: dict[int, int] = field(default_factory=dict)  # product -> stage, the latest last
    bought_in: dict[int, int] = field(default_factory=dict)  # category -> time of the last purchase, us
    loyal: Vector | None = None  # loyalty to each brand, once one was bought
    unreviewed: dict[int, None] = field(default_factory=dict)  # products bought since they were last reviewed, in order
    coupons: dict[int, Coupon] = field(default_factory=dict)  # campaign -> its coupon, if the shopper shops with it

    def forget(self, memory: int) -> None:
        """Keep the latest `memory` known products only; so every session begins."""
        for product in list(islice(self.known, max(len(self.known) - memory, 0))):
            del self.known[product]


class Minds:
    """The mind of every shopper, made when it is first asked for; `traits` as in `simulator.shoppers`.

    >>> from simulator.shoppers import draw_shoppers
    >>> from simulator.spec import WorldSpec
    >>> made = Minds(draw_shoppers(WorldSpec(), 1)[2])
    >>> made[17].known, made[17] is made[17], len(made)
    ({}, True, 1000)
    """

    def __init__(self, traits: Mapping[str, NDArray[Any]]) -> None:
        self._traits = [traits[name] for name in ("budget", "sensitivity", "novelty", "loyalty")]
        self._made: dict[int, Mind] = {}

    def __len__(self) -> int:
        return len(self._traits[0])

    def __getitem__(self, shopper: int) -> Mind:
        made = self._made.get(shopper)
        if made is None:
            budget, sensitivity, novelty, loyalty = (float(column[shopper]) for column in self._traits)
            made = self._made[shopper] = Mind(budget, sensitivity, novelty, loyalty)
        return made


class Visit:
    """One session's choices: a mind in front of the shelf.

    theta   interests[D] f4 as the visit begins
    now     when it begins, us

    >>> from simulator.catalogue import draw_catalogue
    >>> from simulator.spec import WorldSpec
    >>> shop = Shop(*draw_catalogue(WorldSpec(), 1), WorldSpec())
    >>> mind = Mind(budget=3.0, sensitivity=1.0, novelty=1.0, loyalty=1.0)
    >>> visit = Visit(shop, mind, np.zeros(16, np.float32), now=1)
    >>> round(float(visit.probabilities().sum()), 6)
    1.0
    >>> shop.category[visit.choose(0.9, 0.5, 0.5)] in range(40)
    True
    """

    __slots__ = (
        *("last", "mind", "now", "shop", "theta", "until"),
        *("_boredom", "_categories", "_clicks", "_cut", "_display", "_ladder", "_ladders"),
        *("_loyal", "_met", "_sated", "_stated"),
    )

    def __init__(self, shop: Shop, mind: Mind, theta: Vector, now: int) -> None:
        self.shop, self.mind, self.theta, self.now = shop, mind, theta, now
        self.last = -1  # category of the choice before
        self._met, self._loyal = list(mind.known), mind.loyal
        self._boredom = exp(-mind.novelty)
        self._cut = self._coupons() if mind.coupons else None
        self._clicks: dict[int, float] = {}
        who = shop.spec.shoppers
        self._sated = [
            (category, exp(-who.satiation * exp((when - now) / DAY / who.satiation_days)))
            for category, when in mind.bought_in.items()
        ]
        self._look(now)

    def _look(self, time: int) -> None:
        """See the market as it is at `time`, until it changes again."""
        shop = self.shop
        self.until = shop.market.until(time)
        self._display = shop.display(self.now, time)
        weight: Vector = np.exp(shop.category_vector @ self.theta + self._display.category_appeal)
        for category, sated in self._sated:
            weight[category] *= sated
        self._categories = weight
        self._ladder: list[float] = []
        self._ladders: dict[int, list[float]] = {}
        self._stated: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None

    def turn(self, time: int) -> None:
        """Go on in front of a market that has changed; to be called before a choice at `time` >= `until`."""
        self._look(time)
        self._clicks = {product: chance for product, chance in self._clicks.items() if self.has(product)}
        if self.last >= 0 and not self._categories[self.last]:
            self.last = -1  # nothing is left there

    def has(self, product: int) -> bool:
        """Whether a product that was on sale can be had now."""
        return product not in self._display.off

    def _recalled(self) -> dict[int, int] | list[int]:
        """Return the known products that can be had, the latest last."""
        known = self.mind.known
        return [product for product in known if self.has(product)] if self._display.off else known

    def _coupons(self) -> Vector:
        """Return what coupons take off the logarithm of prices, in shelf order; [P] f4, none above 0."""
        cut = np.zeros(self.shop.products, np.float32)
        for coupon in self.mind.coupons.values():
            if self.now < coupon.until:
                meant = self.shop.shelf_category == coupon.category if coupon.category >= 0 else np.bool_(True)
                np.minimum(cut, np.float32(log1p(-coupon.discount)), out=cut, where=meant)
        return cut

    def shelf(self, part: Section) -> Vector:
        """Return exp B(i) of a section's products, 0 where not on sale; [m] f4."""
        mind, shop = self.mind, self.shop
        utility: Vector = part.vectors @ self.theta
        utility += self._display.appeal[part.span]
        excess: Vector = self._display.log_price[part.span] - mind.budget
        if self._cut is not None:
            excess += self._cut[part.span]
        utility -= mind.sensitivity * np.maximum(excess, 0, out=excess)
        if self._loyal is not None:
            utility += self._loyal[part.brand]
        weight: Vector = np.exp(utility, out=utility)
        start, stop, place = part.span.start, part.span.stop, shop.place
        for product in self._met:
            at = place[product]
            if start <= at < stop:
                weight[at - start] *= self._boredom
        return weight

    def choose(self, mode: float, first: float, second: float) -> int:
        """Return the product chosen with three uniform numbers in [0, 1)."""
        habits, known, shop = self.shop.spec.sessions, self._recalled(), self.shop
        recall = habits.recall if known else 0.0
        if mode < recall:
            rank = bisect_right(shop.recalls, first * shop.recalls[len(known) - 1])
            recalled: int = next(islice(reversed(known), rank, None))
            return recalled
        category = self.last
        if category < 0 or mode >= recall + (1 - recall) * habits.stay:
            ladder = self._ladder = self._ladder or self._categories.cumsum().tolist()
            category = bisect_right(ladder, first * ladder[-1])
        part = shop.sections[category]
        ladder = self._ladders.get(category) or self._ladders.setdefault(category, self.shelf(part).cumsum().tolist())
        place: int = part.span.start + bisect_right(ladder, second * ladder[-1])
        return shop.order[place]

    def take(self, product: int, kind: int, time: int) -> None:
        """Remember what was done with the chosen product at `time` (us)."""
        mind, shop = self.mind, self.shop
        category = self.last = shop.category[product]
        stage = mind.known.pop(product, NEW)
        mind.known[product] = CARTED if kind == _CARTED else SEEN if kind == _PURCHASED else stage or SEEN
        self._clicks = {}
        if kind == _PURCHASED:
            mind.bought_in[category] = time
            mind.unreviewed[product] = None
            # A copy: this visit, which began before, goes on with what it had.
            mind.loyal = np.zeros(shop.spec.catalogue.brands, np.float32) if mind.loyal is None else mind.loyal.copy()
            mind.loyal[shop.brand[product]] = mind.loyalty

    def offer(self, slate: Sequence[int]) -> dict[int, float]:
        """Show a slate; return the probability of a click on each product of it (it adds up to less than 1).

        A cascade (Craswell et al. 2008): the shopper looks at the first position, clicks with probability
        x / (x + exp(reluctance)), x = exp(A + B), and leaves the slate; else it looks on with probability `attention`.
        A click takes the place of the visit's first choice.
        """
        loop, looks, clicks = self.shop.spec.loop, 1.0, dict[int, float]()
        strengths = np.exp(self.utilities()[list(slate)]).tolist()
        for product, strength in zip(slate, strengths, strict=True):
            chance = strength / (strength + exp(loop.reluctance))
            clicks[product] = clicks.get(product, 0.0) + looks * chance
            looks *= (1 - chance) * loop.attention
        self._clicks = clicks
        return clicks

    def probabilities(self) -> NDArray[np.float64]:
        """Return the probability of each product in shelf order to be the next one chosen; [P], adds up to 1."""
        shop, habits, known = self.shop, self.shop.spec.sessions, self._recalled()
        if self._stated is None:
            share = self._categories.astype(float) / self._categories.sum(dtype=float)
            within = self.shelf(shop.whole).astype(float)
            total = np.bincount(shop.shelf_category, within, len(share))
            within /= np.where(total > 0, total, 1.0)[shop.shelf_category]
            self._stated = within, within * share[shop.shelf_category]
        within, fresh = self._stated
        recall, stay = habits.recall if known else 0.0, habits.stay if self.last >= 0 else 0.0
        chance = fresh * ((1 - recall) * (1 - stay))
        if stay:
            span = shop.sections[self.last].span
            chance[span] += (1 - recall) * stay * within[span]
        if known:
            near = shop.recency[len(known) - 1 :: -1] * (recall / shop.recalls[len(known) - 1])
            chance[[shop.place[product] for product in known]] += near
        if self._clicks:
            chance *= 1 - sum(self._clicks.values())
            for product, click in self._clicks.items():
                chance[shop.place[product]] += click
        return chance

    def best(self, k: int) -> list[int]:
        """Return the products that a shopper would like best, k or as many as are on sale; ties by id."""
        utility = self.utilities()
        order = np.argsort(-utility, kind="stable")[:k]
        return [int(product) for product in order[utility[order] > -np.inf]]

    def utilities(self) -> Vector:
        """Return A + B of each product by id, -inf where not on sale; [P] f4, nats."""
        shop = self.shop
        utility = np.empty(shop.products, np.float32)
        with np.errstate(divide="ignore"):
            utility[shop.order] = np.log(self._categories)[shop.shelf_category] + np.log(self.shelf(shop.whole))
        return utility
