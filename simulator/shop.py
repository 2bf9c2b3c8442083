"""The shop is the shelf that all shoppers stand in front of: what choices need of the catalogue and of the market.

shelf     products in order of category; a section is one category's stretch of it, or all of it
display   what of the shelf is the same for all shoppers at a moment; newness and launches are those of the full hour in
          which the shopper's visit began, all that the market moves is as of the moment

A category is as much more (or less) appealing as what the market adds makes its products on the whole: by
log mean exp(extra appeal), weighted by exp(own appeal), over what it has on sale (the inclusive value of a nested
logit: McFadden 1978). A category with nothing on sale is chosen by nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.market import Market, State, Stock
from simulator.rhythm import DAY, HOUR
from simulator.spec import WorldSpec

Vector = NDArray[np.float32]

KEPT = 4
"""Displays that are kept: visits of this hour and of the one before look at the same few."""


class Section(NamedTuple):
    """A stretch of the shelf, which holds the products in order of category: one category's, or all."""

    span: slice
    vectors: Vector  # [m, D], times product_interest
    brand: NDArray[np.int32]


class Display(NamedTuple):
    """What all shoppers see alike, in shelf order."""

    appeal: Vector  # [P] own appeal + newness + what the market adds, nats; -inf where not on sale
    category_appeal: Vector  # [C] nats; -inf where nothing is on sale
    log_price: Vector  # [P]
    off: frozenset[int]  # products, by id, that were on sale and cannot be had now


class Shop:
    """The catalogue as choices need it, and the market.

    published, truth    the arrays of `simulator.catalogue`

    >>> from simulator.catalogue import draw_catalogue
    >>> shop = Shop(*draw_catalogue(WorldSpec(), 1), WorldSpec())
    >>> seen = shop.display(0, 0)
    >>> seen.appeal.shape, seen.category_appeal.shape, bool((seen.appeal == -np.inf).any())
    ((2000,), (40,), True)
    """

    def __init__(
        self, published: Mapping[str, NDArray[Any]], truth: Mapping[str, NDArray[Any]], spec: WorldSpec
    ) -> None:
        self.spec = spec
        category = published["category"]
        self.products = len(category)
        order = np.argsort(category, kind="stable")
        self._on_shelf = order
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
        brand = published["brand"][order]
        starts = np.searchsorted(self.shelf_category, np.arange(len(self._category_appeal) + 1)).tolist()
        spans = [slice(0, self.products), *map(slice, starts[:-1], starts[1:])]
        parts = [Section(span, vectors[span], brand[span]) for span in spans]
        self.whole, self.sections = parts[0], parts[1:]
        ranks = np.arange(1, spec.sessions.memory + spec.sessions.longest + 1)
        self.recency = ranks ** -float(spec.sessions.recency)
        self.recalls: list[float] = self.recency.cumsum().tolist()
        self.market = Market(published["price"])
        self._displays: dict[tuple[int, int], Display] = {}

    def price(self, product: int, time: int) -> float:
        """Return what a product costs at a time."""
        return float(self.market.at(time).price[product])

    def on_sale(self, product: int, time: int) -> bool:
        """Whether a product is launched and can be had at a time."""
        there = self.launched[self.place[product]] <= time
        return bool(there and self.market.at(time).stock[product] == Stock.IN)

    def reviewable(self, bought: Iterable[int], time: int) -> list[int]:
        """Return those products of `bought` that can be had at a time: nobody reviews what has no page."""
        stock = self.market.at(time).stock
        return [product for product in bought if stock[product] == Stock.IN]

    def display(self, opened: int, now: int) -> Display:
        """Return what shoppers see at `now` whose visit began at `opened` (us)."""
        key = opened // HOUR, self.market.place(now)
        if key not in self._displays:
            if len(self._displays) >= KEPT:
                del self._displays[next(iter(self._displays))]
            self._displays[key] = self._displayed(key[0], self.market.state(key[1]))
        return self._displays[key]

    def _displayed(self, hour: int, state: State) -> Display:
        who, launched, categories = self.spec.shoppers, self.launched, len(self._category_appeal)
        age = (hour * HOUR - launched) / DAY
        newness = np.where(launched > 0, who.newness * np.exp(-np.maximum(age, 0) / who.newness_days), 0)
        extra, out = state.appeal[self._on_shelf], state.stock[self._on_shelf] != Stock.IN
        on_sale = (age >= 0) & ~out
        appeal = np.where(on_sale, self._appeal + newness + extra, -np.inf).astype(np.float32)
        stocked = np.bincount(self.shelf_category, on_sale, categories) > 0
        category_appeal = np.where(stocked, self._category_appeal, -np.inf).astype(np.float32)
        moved = np.bincount(self.shelf_category, on_sale & (extra != 0), categories) > 0
        if moved.any():
            weight = np.where(on_sale, np.exp(self._appeal.astype(float)), 0.0)
            now, own = (np.bincount(self.shelf_category, w, categories) for w in (weight * np.exp(extra), weight))
            category_appeal[moved] += np.log(now[moved] / own[moved]).astype(np.float32)
        off = frozenset(self._on_shelf[out & (age >= 0)].tolist()) if out.any() else frozenset()
        log_price = np.log(state.price.astype(np.float32))[self._on_shelf]
        return Display(appeal, category_appeal, log_price, off)
