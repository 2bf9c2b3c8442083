"""What exact ranks over the whole catalogue cost (d), against their floor, and whether they are exact.

A block of T = 128 events is ranked at once, as the loop does it, and C = 10 served rows change after each event. A
floor is the arithmetic, 2 (d + 1) operations a product at the rate of [T, d + 1] x [d + 1, P], or the bytes at the
bandwidth of copying a table of that size, whichever takes longer, on one thread. There are two:

    of an event    each event passes over the table as it stands, which has changed since the event before
    of a block     one pass for all T, as if nothing changed between them: nothing can be faster than that

The tables have the room of a learner's (the next power of two), which the floors do not count. Several blocks are
ranked in one call, as the products of the floor are, so that the call from Python is not timed.
"""

from __future__ import annotations

import sys

import jax
import numpy as np
from jax import Array
from numpy.typing import NDArray

from benchmarks.measuring import Row, copy_bandwidth, peers, product_rate, show, yes_no
from journal.chance import stream
from model.compiling import compiled
from model.grid import FINE, STEP
from model.layout import room
from model.loop import TICKS
from model.ranks import Scores, ranks

CHANGES, WIDTH = 10, 65


def rounded(values: NDArray, step: float) -> NDArray[np.float32]:
    """Round to the grid on which scores are exact."""
    return (np.round(values / step) * step).astype(np.float32)


class Block:
    """T events against P products, with the tables before and after and all that changed between."""

    def __init__(self, products: int) -> None:
        rng = stream(1, "ranks", products)
        rows = room(products)
        self.first = np.zeros((rows, WIDTH), np.float32)
        self.first[:products] = self._served(rng, products)
        self.on_sale = (np.arange(rows) < products).astype(np.int32)
        vector = np.c_[rounded(0.3 * rng.standard_normal((TICKS, WIDTH - 1)), STEP), np.ones(TICKS, np.float32)]
        self.products = rng.integers(0, products, TICKS)
        self.ids = rng.integers(0, products, (TICKS, CHANGES)).astype(np.int32)
        self.ids[:, 0] = self.products  # what came is learned
        self.ids[rng.random(self.ids.shape) < 0.1] = rows  # some changes are none
        self.new = self._served(rng, TICKS * CHANGES).reshape(TICKS, CHANGES, WIDTH)
        before, target = np.zeros_like(self.new), np.zeros(TICKS, np.float32)
        self.last = self.first.copy()
        for tick, ids in enumerate(self.ids):
            target[tick] = self.last[self.products[tick]] @ vector[tick]
            real = ids < rows
            before[tick, real] = self.last[ids[real]]
            # Of an id that changes twice in a tick the model writes the same row twice.
            _, again = np.unique(ids, return_inverse=True)
            self.new[tick] = self.new[tick][again]
            self.last[ids[real]] = self.new[tick, real]
        known = np.full(TICKS, -1, np.int32)  # the target equals itself
        on_sale = np.ones(self.ids.shape, np.int32)
        self.scores = Scores(vector, target, known, self.ids, before, on_sale)

    @staticmethod
    def _served(rng: np.random.Generator, n: int) -> NDArray[np.float32]:
        vectors = rounded(0.3 * rng.standard_normal((n, WIDTH - 1)), STEP)
        return np.c_[vectors, rounded(0.5 * rng.standard_normal(n), FINE)].astype(np.float32)

    def reference(self) -> NDArray[np.float32]:
        """Rank each event against the table as it stood, in plain numpy."""
        served, out = self.first.copy(), np.zeros(TICKS, np.float32)
        for tick in range(TICKS):
            scores = (served @ self.scores.vector[tick])[self.on_sale > 0]
            target = scores[self.products[tick]]
            out[tick] = 1 + (scores > target).sum() + ((scores == target).sum() - 1) / 2
            real = self.ids[tick] < len(served)
            served[self.ids[tick, real]] = self.new[tick, real]
        return out


def stacked(scores: Scores, served: Array, on_sale: Array, products: Array) -> Array:
    """Return the ranks float32[blocks, T] of blocks against the same tables."""
    return jax.lax.map(lambda block: ranks(block, served, on_sale, products), scores)


def measure(quick: bool = False) -> list[Row]:
    """Return the rows of (d)."""
    counted = compiled(stacked)
    rows = []
    for products in (1_000, 10_000) if quick else (1_000, 10_000, 100_000):
        block, blocks = Block(products), max(1, 30_000 // products)
        stack = jax.tree.map(lambda column, n=blocks: np.stack([column] * n), block.scores)
        given: tuple[Scores, Array, Array, Array] = jax.device_put(
            (stack, block.last, block.on_sale, np.int32(products))
        )
        same = (np.asarray(counted(*given)) == block.reference()).all()
        timing = peers({"ranks": lambda given=given: counted(*given).block_until_ready()}, 5 if quick else 15)["ranks"]
        arithmetic = 2.0 * products * WIDTH / product_rate(TICKS, WIDTH, products)
        table = 4 * products * WIDTH
        passing = table / copy_bandwidth(table)
        cost = timing.best / TICKS / blocks
        figure = f"{1e6 * cost:.1f} us an event ({timing.spread}); {'equal to numpy' if same else 'NOT EQUAL TO NUMPY'}"
        rows.append(Row("d", f"exact ranks, {products:,} products", figure))
        for of, floor in (("an event", max(arithmetic, passing)), ("a block", max(arithmetic, passing / TICKS))):
            times = f"{1e6 * floor:.1f} us: {cost / floor:.2f} times"
            rows.append(Row("d", f"  floor of {of}", times, yes_no(cost <= 1.5 * floor, "at most 1.5")))
    return rows


if __name__ == "__main__":
    show(measure("quick" in sys.argv[1:]))
