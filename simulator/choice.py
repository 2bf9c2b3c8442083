"""A choice is a random draw from stated probabilities; whoever knows the shopper's mind can state them.

Utility of product i of category c to shopper u:  A(c) + B(i), in nats, with
  A(c) = category_interest theta . m(c) + category appeal - satiation exp(-days since u last bought in c / satiation_days)
  B(i) = product_interest theta . s(i) + appeal - sensitivity max(0, log price - budget)
         + loyalty [u bought of its brand] + newness exp(-days since its launch / newness_days) - novelty [u knows i]
The next choice in a session is
  recall  with probability `recall` (if u knows any): the r-th latest known product in proportion to r ** -recency;
  else stay  with probability `stay` (if there was a choice before): a product of the same category, by softmax of B;
  else fresh: a category by softmax of A, then a product of it by softmax of B (a nested logit).
If a slate was shown, its cascade comes first: see `Visit.offer`. A visit sees interests, shelf and clock as they were
when it began. Shoppers draw from this law (`Visit.choose`) and the oracle states it (`Visit.probabilities`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from math import exp
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from journal.facts import Kind
from simulator.rhythm import DAY
from simulator.spec import WorldSpec

Vector = NDArray[np.float32]

NEW, SEEN, CARTED = 0, 1, 2
"""What a shopper did with a product before: a stage of the funnel."""


class Section(NamedTuple):
    """A stretch of the shelf in shelf order: one category's products, or all."""

    start: int
    vectors: Vector  # [m, D], times product_interest
    appeal: Vector
    log_price: Vector
    brand: NDArray[np.int32]
    launch_time: NDArray[np.int64]
    launches: bool  # whether any of it is launched after time 0


class Shop:
    """The catalogue as choices need it: products in shelf order, that is category by category.

    published, truth    the arrays of `simulator.catalogue`
    """

    def __init__(self, published: Mapping[str, NDArray], truth: Mapping[str, NDArray], spec: WorldSpec) -> None:
        self.spec = spec
        who = spec.shoppers
        category = published["category"]
        self.products = len(category)
        self.order = np.argsort(category, kind="stable")
        self.category: list[int] = category.tolist()
        self.brand: list[int] = published["brand"].tolist()
        place = np.empty(self.products, np.int64)
        place[self.order] = np.arange(self.products)
        self.place: list[int] = place.tolist()
        self.shelf_category = category[self.order]
        self.launch_time = published["launch_time"]
        self.category_vector = truth["category_vector"] * np.float32(who.category_interest)
        self.category_appeal = truth["category_appeal"]
        self.whole = Section(
            0,
            truth["product_vector"][self.order] * np.float32(who.product_interest),
            truth["appeal"][self.order],
            np.log(published["price"])[self.order],
            published["brand"][self.order],
            self.launch_time[self.order],
            bool((self.launch_time > 0).any()),
        )
        self.starts = np.searchsorted(self.shelf_category, np.arange(len(self.category_appeal) + 1))
        self.sections = [self._section(*span) for span in zip(self.starts[:-1], self.starts[1:], strict=True)]
        opens = [int(part.launch_time.min(initial=np.iinfo(np.int64).max)) for part in self.sections]
        self.opens = np.array(opens)
        self.last_opening = int(self.opens.max())
        ranks = np.arange(1, spec.sessions.memory + spec.sessions.longest + 2)
        self.recalls: list[float] = np.cumsum(ranks ** -float(spec.sessions.recency)).tolist()

    def _section(self, start: int, stop: int) -> Section:
        parts = [column[start:stop] for column in self.whole[1:-1]]
        return Section(int(start), *parts, bool((parts[-1] > 0).any()))  # type: ignore[arg-type]


@dataclass(slots=True)
class Mind:
    """What a shopper remembers, and the traits that weigh in its choices; all of it follows from facts and traits."""

    budget: float
    sensitivity: float
    novelty: float
    loyalty: float
    known: dict[int, int] = field(default_factory=dict)  # product -> stage, the latest last
    bought_in: dict[int, int] = field(default_factory=dict)  # category -> time of the last purchase, us
    brands: set[int] = field(default_factory=set)  # brands bought
    unreviewed: dict[int, None] = field(default_factory=dict)  # products bought since they were last reviewed, in order


def minds(traits: Mapping[str, NDArray]) -> list[Mind]:
    """Return the mind of every shopper, with nothing remembered yet."""
    columns = [traits[name].tolist() for name in ("budget", "sensitivity", "novelty", "loyalty")]
    return [Mind(*row) for row in zip(*columns, strict=True)]


class Visit:
    """One session's choices: a mind in front of the shelf.

    theta   interests[D] f4 as the visit began
    now     when it began, us
    """

    __slots__ = ("_categories", "_clicks", "_cumulative", "_known_factor", "_shelves", "last", "mind", "now", "shop", "theta")

    def __init__(self, shop: Shop, mind: Mind, theta: Vector, now: int) -> None:
        self.shop, self.mind, self.theta, self.now = shop, mind, theta, now
        self.last = -1  # category of the choice before
        self._known_factor = exp(-mind.novelty)
        self._shelves: dict[int, Vector] = {}
        self._clicks: dict[int, float] | None = None
        self._forget()
        for product in list(islice(mind.known, max(len(mind.known) - shop.spec.sessions.memory, 0))):
            del mind.known[product]

    def _forget(self) -> None:
        """Drop what was worked out, after something changed that it depends on."""
        self._categories: Vector | None = None
        self._cumulative: list[float] = []
        self._shelves.clear()

    # The two softmaxes, unnormalised.

    def categories(self) -> Vector:
        """Return exp A(c) of each category, 0 where nothing is on sale."""
        if self._categories is None:
            shop, who = self.shop, self.shop.spec.shoppers
            weight: Vector = np.exp(shop.category_vector @ self.theta + shop.category_appeal)
            for category, when in self.mind.bought_in.items():
                days = max(self.now - when, 0) / DAY
                weight[category] *= exp(-who.satiation * exp(-days / who.satiation_days))
            if self.now < shop.last_opening:
                weight[shop.opens > self.now] = 0
            self._categories = weight
            self._cumulative = weight.cumsum().tolist()
        return self._categories

    def shelf(self, category: int) -> Vector:
        """Return exp B(i) of a category's products in shelf order, 0 where not on sale; category -1: the whole shelf."""
        weight = self._shelves.get(category)
        if weight is not None:
            return weight
        shop, mind = self.shop, self.mind
        part = shop.sections[category] if category >= 0 else shop.whole
        utility: Vector = part.vectors @ self.theta
        utility += part.appeal
        utility -= mind.sensitivity * np.maximum(part.log_price - mind.budget, 0)
        if mind.brands:
            for brand in mind.brands:
                utility[part.brand == brand] += mind.loyalty
        if part.launches:
            who = shop.spec.shoppers
            age = (self.now - part.launch_time) * (1 / DAY)
            fresh = who.newness * np.exp(-np.maximum(age, 0) / who.newness_days)
            utility += np.where(part.launch_time > 0, fresh, 0).astype(np.float32)
        weight = np.exp(utility)
        if part.launches:
            weight[part.launch_time > self.now] = 0
        for product in mind.known:
            if category < 0 or shop.category[product] == category:
                weight[shop.place[product] - part.start] *= self._known_factor
        self._shelves[category] = weight
        return weight

    # Drawing.

    def choose(self, mode: float, first: float, second: float) -> int:
        """Return the product chosen with three uniform numbers in [0, 1)."""
        habits, known, shop = self.shop.spec.sessions, self.mind.known, self.shop
        recall = habits.recall if known else 0.0
        if mode < recall:
            rank = bisect_right(shop.recalls, first * shop.recalls[len(known) - 1])
            return next(islice(reversed(known), rank, None))
        if self.last >= 0 and mode < recall + (1 - recall) * habits.stay:
            category = self.last
        else:
            self.categories()
            cumulative = self._cumulative
            category = min(bisect_right(cumulative, first * cumulative[-1]), len(cumulative) - 1)
        weights = self.shelf(category).cumsum()
        at = int(weights.searchsorted(second * weights[-1], "right"))
        return int(shop.order[shop.sections[category].start + min(at, len(weights) - 1)])

    def take(self, product: int, kind: int, time: int) -> None:
        """Remember what was done with the chosen product at `time` (us)."""
        mind, shop = self.mind, self.shop
        category = shop.category[product]
        stage = mind.known.pop(product, NEW)
        if kind == Kind.CARTED:
            stage_now = CARTED
        elif kind == Kind.PURCHASED:
            stage_now = SEEN
            mind.bought_in[category] = time
            mind.brands.add(shop.brand[product])
            mind.unreviewed[product] = None
        else:
            stage_now = stage or SEEN
        mind.known[product] = stage_now
        self.last = category
        self._clicks = None
        if kind == Kind.PURCHASED:
            self._forget()
        elif stage == NEW:
            for key in (category, -1):
                if key in self._shelves:
                    start = shop.sections[category].start if key >= 0 else 0
                    self._shelves[key][shop.place[product] - start] *= self._known_factor

    # Slates.

    def offer(self, slate: Sequence[int]) -> dict[int, float]:
        """Show a slate; return the probability of a click on each product of it (it adds up to less than 1).

        A cascade (Craswell et al. 2008): the shopper looks at the first position, clicks with probability
        x / (x + exp(reluctance)), x = exp(A + B), and leaves the slate; else it looks on with probability `attention`.
        A click takes the place of the visit's first choice.
        """
        shop, loop = self.shop, self.shop.spec.loop
        categories, threshold = self.categories(), exp(loop.reluctance)
        looks, clicks = 1.0, dict[int, float]()
        for product in slate:
            category = shop.category[product]
            place = shop.place[product] - shop.sections[category].start
            strength = float(categories[category]) * float(self.shelf(category)[place])
            chance = strength / (strength + threshold)
            clicks[product] = clicks.get(product, 0.0) + looks * chance
            looks *= (1 - chance) * loop.attention
        self._clicks = clicks
        return clicks

    # Stating.

    def probabilities(self) -> NDArray[np.float64]:
        """Return the probability of each product, by id, to be the next one chosen; [P], adds up to 1."""
        shop, habits, known = self.shop, self.shop.spec.sessions, self.mind.known
        recall = habits.recall if known else 0.0
        categories, weight = self.categories().astype(float), self.shelf(-1).astype(float)
        share = categories / categories.sum()
        if self.last >= 0:
            share *= 1 - habits.stay
            share[self.last] += habits.stay
        within = np.bincount(shop.shelf_category, weight, len(share))
        chance = np.empty(shop.products)
        chance[shop.order] = (share / np.where(within > 0, within, 1.0))[shop.shelf_category] * weight
        chance *= 1 - recall
        if known:
            near = np.diff(shop.recalls[: len(known)], prepend=0.0)[::-1]
            chance[list(known)] += recall * near / shop.recalls[len(known) - 1]
        if self._clicks is not None:
            chance *= 1 - sum(self._clicks.values())
            for product, click in self._clicks.items():
                chance[product] += click
        return chance

    def utilities(self) -> Vector:
        """Return A + B of each product by id, -inf where not on sale; [P] f4, nats."""
        shop = self.shop
        utility = np.empty(shop.products, np.float32)
        with np.errstate(divide="ignore"):
            utility[shop.order] = np.log(self.categories()[shop.shelf_category] * self.shelf(-1))
        return utility
