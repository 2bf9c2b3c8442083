"""The market is what shocks move: extra appeal, prices and stock of products, apart from the catalogue, which stays.

change   from `time` on a product is as the row says, until the next row about it; rows are the truth's table `market`:
         time i8 (us), product i4, appeal f4 (nats, on top of its own), price f8 (money), stock i1 (see `Stock`)
state    all products as of one moment
The world knows all changes from the start, the oracle takes them as they come; both ask for the state of a moment.
"""

from __future__ import annotations

import enum
from bisect import bisect_right
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

FOREVER = 2**62
"""A time after everything, us."""

KEPT = 8
"""States that are kept: a session looks a few changes ahead of the next one."""

COLUMNS = {"time": np.int64, "product": np.int32, "appeal": np.float32, "price": np.float64, "stock": np.int8}


class Stock(enum.IntEnum):
    """Whether a launched product can be had."""

    IN = 0
    OUT = 1
    GONE = 2  # retired


class State(NamedTuple):
    """The market at one moment, by product id."""

    appeal: NDArray[np.float32]  # [P] nats, on top of the product's own
    price: NDArray[np.float64]  # [P] money
    stock: NDArray[np.int8]  # [P] of `Stock`


class Market:
    """Changes in order of time, and the states that they lead to.

    >>> market = Market(np.array([10.0, 20.0]))
    >>> row = {"time": [5], "product": [1], "appeal": [0.0], "price": [15.0], "stock": [Stock.OUT]}
    >>> market.add({name: np.array(row[name], dtype) for name, dtype in COLUMNS.items()})
    >>> market.at(4).price.tolist(), market.at(5).price.tolist(), market.until(4)
    ([10.0, 20.0], [10.0, 15.0], 5)
    """

    def __init__(self, price: NDArray[Any]) -> None:
        n = len(price)
        self._first = State(np.zeros(n, np.float32), price.astype(float), np.zeros(n, np.int8))
        self._times: list[int] = []
        self._changes: list[tuple[NDArray[np.int32], State]] = []
        self._kept = {0: self._first}

    def add(self, rows: Mapping[str, NDArray[Any]]) -> None:
        """Take the next changes, all of them later than those known."""
        times, starts = np.unique(rows["time"], return_index=True)  # rows are in order of time
        for time, (start, stop) in zip(times.tolist(), pairwise([*starts, len(rows["time"])]), strict=True):
            product, *state = (rows[name][start:stop] for name in ("product", *State._fields))
            self._times.append(time)
            self._changes.append((product, State(*state)))

    def place(self, time: int) -> int:
        """Return how many moments of change have passed by `time`; equal places are equal states."""
        return bisect_right(self._times, time)

    def until(self, time: int) -> int:
        """Return when the next change known will be, after `time`; `FOREVER` if none is."""
        place = bisect_right(self._times, time)
        return self._times[place] if place < len(self._times) else FOREVER

    def at(self, time: int) -> State:
        """Return the state as of `time`, with what changes then."""
        return self.state(self.place(time))

    def state(self, place: int) -> State:
        """Return the state after so many moments of change."""
        if place not in self._kept:
            before = max((known for known in self._kept if known < place), default=0)
            known = self._kept[before] if before else self._first
            appeal, price, stock = known.appeal.copy(), known.price.copy(), known.stock.copy()
            for product, change in self._changes[before:place]:
                appeal[product], price[product], stock[product] = change
            made = State(appeal, price, stock)
            if len(self._kept) >= KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[place] = made
        return self._kept[place]
