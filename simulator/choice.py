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
is known, and where the last choice was, move on with every choice. Shoppers draw from this law (`Visit.choose`), the
oracle states it (`Visit.probabilities`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from math import exp
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from journal.facts import Kind
from simulator.rhythm import DAY, HOUR
from simulator.spec import WorldSpec

Vector = NDArray[np.float32]

_CARTED, _PURCHASED = int(Kind.CARTED), int(Kind.PURCHASED)

NEW, SEEN, CARTED = 0, 1, 2
"""What a shopper did with a product before: a stage of the funnel."""


class Section(NamedTuple):
    """A stretch of the shelf, which holds the products in order of category: one category's, or all."""

    span: slice
    vectors: Vector  # [m, D], times product_interest
    log_price: Vector
    brand: NDArray[np.int32]


class Shop:
    """The catalogue as choices need it.

    published, truth    the arrays of `simulator.catalogue`

    >>> from simulator.catalogue import draw_catalogue
    >>> shop = Shop(*draw_catalogue(WorldSpec(), 1), WorldSpec())
    >>> appeal, category_appeal = shop.appeals(0)
    >>> appeal.shape, category_appeal.shape, bool((appeal == -np.inf).any())
    ((2000,), (40,), True)
    """

    def __init__(
        self, published: Mapping[str, NDArray[Any]], truth: Mapping[str, NDArray[Any]], spec: WorldSpec
    ) -> None:
        self.spec = spec
        category = published["category"]
        self.products = len(category)
        order = np.argsort(category, kind="stable")
        self.order: list[int] = order.tolist()  # product ids on the shelf
        self.category: list[int] = category.tolist()
        self.brand: list[int] = published["brand"].tolist()
        place = np.empty(self.products, np.int64)
        place[order] = np.arange(self.products)
        self.place: list[int] = place.tolist()
        self.shelf_category = category[order]
        self.launched = published["launch_time"][order]
        self.category_vector = truth["category_vector"] * np.float32(spec.shoppers.category_interest)
        self._appeal, self._category_appeal = truth["appeal"][order], truth["category_appeal"]
        vectors = truth["product_vector"][order] * np.float32(spec.shoppers.product_interest)
        log_price, brand = np.log(published["price"])[order], published["brand"][order]
        starts = np.searchsorted(self.shelf_category, np.arange(len(self._category_appeal) + 1)).tolist()
        spans = [slice(0, self.products), *map(slice, starts[:-1], starts[1:])]
        parts = [Section(span, vectors[span], log_price[span], brand[span]) for span in spans]
        self.whole, self.sections = parts[0], parts[1:]
        ranks = np.arange(1, spec.sessions.memory + spec.sessions.longest + 1)
        self.recency = ranks ** -float(spec.sessions.recency)
        self.recalls: list[float] = self.recency.cumsum().tolist()
        self._hour, self._shelf = -1, (self._appeal, self._category_appeal)

    def appeals(self, now: int) -> tuple[Vector, Vector]:
        """Return appeal + newness of products in shelf order, and appeal of categories; -inf where not on sale.

        The shelf changes on the full hour only: then products are launched, and newness fades.
        """
        hour = now // HOUR
        if hour != self._hour:
            who, launched = self.spec.shoppers, self.launched
            age = (hour * HOUR - launched) / DAY
            newness = np.where(launched > 0, who.newness * np.exp(-np.maximum(age, 0) / who.newness_days), 0)
            appeal = np.where(age >= 0, self._appeal + newness, -np.inf).astype(np.float32)
            stocked = np.bincount(self.shelf_category, age >= 0, len(self._category_appeal)) > 0
            self._hour = hour
            self._shelf = appeal, np.where(stocked, self._category_appeal, -np.inf).astype(np.float32)
        return self._shelf


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

    def forget(self, memory: int) -> None:
        """Keep the latest `memory` known products only; so every session begins."""
        for product in list(islice(self.known, max(len(self.known) - memory, 0))):
            del self.known[product]


def minds(traits: Mapping[str, NDArray[Any]]) -> list[Mind]:
    """Return the mind of every shopper, with nothing remembered yet; `traits` as in `simulator.shoppers`.

    >>> from simulator.shoppers import draw_shoppers
    >>> len(minds(draw_shoppers(WorldSpec(), 1)[2]))
    1000
    """
    columns = [traits[name].tolist() for name in ("budget", "sensitivity", "novelty", "loyalty")]
    return [Mind(*row) for row in zip(*columns, strict=True)]


class Visit:
    """One session's choices: a mind in front of the shelf.

    theta   interests[D] f4 as the visit begins
    now     when it begins, us

    >>> from simulator.catalogue import draw_catalogue
    >>> shop = Shop(*draw_catalogue(WorldSpec(), 1), WorldSpec())
    >>> mind = Mind(budget=3.0, sensitivity=1.0, novelty=1.0, loyalty=1.0)
    >>> visit = Visit(shop, mind, np.zeros(16, np.float32), now=1)
    >>> round(float(visit.probabilities().sum()), 6)
    1.0
    >>> shop.category[visit.choose(0.9, 0.5, 0.5)] in range(40)
    True
    """

    __slots__ = (
        *("last", "mind", "now", "shop", "theta"),
        *("_appeal", "_boredom", "_categories", "_clicks", "_ladder", "_ladders", "_loyal", "_met", "_stated"),
    )

    def __init__(self, shop: Shop, mind: Mind, theta: Vector, now: int) -> None:
        self.shop, self.mind, self.theta, self.now = shop, mind, theta, now
        self.last = -1  # category of the choice before
        self._met, self._loyal = list(mind.known), mind.loyal
        self._boredom = exp(-mind.novelty)
        who = shop.spec.shoppers
        self._appeal, category_appeal = shop.appeals(now)
        weight: Vector = np.exp(shop.category_vector @ theta + category_appeal)
        for category, when in mind.bought_in.items():
            weight[category] *= exp(-who.satiation * exp((when - now) / DAY / who.satiation_days))
        self._categories = weight
        self._ladder: list[float] = []
        self._ladders: dict[int, list[float]] = {}
        self._clicks: dict[int, float] = {}
        self._stated: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None

    def shelf(self, part: Section) -> Vector:
        """Return exp B(i) of a section's products, 0 where not on sale; [m] f4."""
        mind, shop = self.mind, self.shop
        utility: Vector = part.vectors @ self.theta
        utility += self._appeal[part.span]
        excess: Vector = part.log_price - mind.budget
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
        habits, known, shop = self.shop.spec.sessions, self.mind.known, self.shop
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
        shop, habits, known = self.shop, self.shop.spec.sessions, self.mind.known
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

    def utilities(self) -> Vector:
        """Return A + B of each product by id, -inf where not on sale; [P] f4, nats."""
        shop = self.shop
        utility = np.empty(shop.products, np.float32)
        with np.errstate(divide="ignore"):
            utility[shop.order] = np.log(self._categories)[shop.shelf_category] + np.log(self.shelf(shop.whole))
        return utility
