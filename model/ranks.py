"""The exact rank of every event of a block among all listed products, by two matrix products: with the table, and
with the rows that changed as they were.

A block holds up to T events. The served table is taken as it stands at the end of the block, and each of its rows
counts for the events after the row was last written; for the events before, the row as it was counts instead. A score
is exact (`model.grid`), so the result equals a scan of the whole table before each event, to the bit.

    rank = 1 + (products scored higher) + (products scored equal) / 2

G(q, s; rows) below is 2 * |{q . row > s}| + |{q . row == s}|, so that rank = 1 + G / 2.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

BLOCK = 512
"""Products scored at once: the scores of a block stay in the cache."""


class Scores(NamedTuple):
    """What the loop remembers of T ticks; a tick scores at most one event and then writes up to C served rows."""

    vector: Array  # float32[T, width]
    target: Array  # float32[T]: the exact score of the product that came
    known: Array  # int32[T]: corrections of G known at once (the target itself, the bonuses)
    ids: Array  # int32[T, C]: served rows written after scoring; P or more where none
    before: Array  # float32[T, C, width]: those rows as they were
    on_sale: Array  # int32[T, C]: 1 where the product was on sale then


def weigh(scores: Array, target: Array) -> Array:
    """Return 2 for a score above the target, 1 for an equal one, 0 below; int32."""
    return (scores > target).astype(jnp.int32) + (scores >= target).astype(jnp.int32)


def history(ids: Array, rows: int) -> tuple[Array, Array]:
    """Return the last tick that wrote each of the rows, int32[rows], and the last one before each write, int32[T, C].

    Both are -1 where there is none.
    """

    def note(written: Array, now: tuple[Array, Array]) -> tuple[Array, Array]:
        tick, places = now
        return written.at[places].set(tick, mode="drop"), written.at[places].get(mode="clip")

    ticks = jnp.arange(ids.shape[0], dtype=jnp.int32)
    return jax.lax.scan(note, jnp.full(rows, -1, jnp.int32), (ticks, ids))


def counted(scores: Scores, served: Array, since: Array, products: Array | int) -> Array:
    """Return G of each event against the first `products` rows of a table float32[P, width], int32[T]; row i counts
    for the ticks after since[i].

    A block of rows at a time, and only the blocks that are in use: a table has up to twice the room it needs.
    """
    size = min(BLOCK, served.shape[0])
    tick = jnp.arange(scores.target.shape[0], dtype=jnp.int32)

    def more(block: Array, total: Array) -> Array:
        rows, start = (jax.lax.dynamic_slice_in_dim(column, block * size, size) for column in (served, since))
        counts = tick > start[:, None]
        return total + jnp.where(counts, weigh(rows @ scores.vector.T, scores.target), 0).sum(axis=0)

    return jax.lax.fori_loop(0, (products + size - 1) // size, more, jnp.zeros_like(scores.known))


def counted_before(scores: Scores, since: Array) -> Array:
    """Return G of each event against the rows as they were before a write, int32[T]: each counts for the ticks after
    the write before, since[t, c], up to its own."""
    ticks, changes = scores.ids.shape
    before = scores.before.reshape(ticks * changes, -1)
    # A row that is written twice in a tick has one past, not two.
    same = scores.ids[:, :, None] == scores.ids[:, None, :]
    again = (same & jnp.tri(changes, k=-1, dtype=bool)).any(axis=2)
    counts = ((scores.on_sale > 0) & ~again).reshape(-1, 1)
    tick = jnp.arange(ticks, dtype=jnp.int32)
    counts &= (tick > since.reshape(-1, 1)) & (tick <= jnp.repeat(tick, changes)[:, None])
    return jnp.where(counts, weigh(before @ scores.vector.T, scores.target), 0).sum(axis=0)


def ranks(scores: Scores, served: Array, on_sale: Array, products: Array | int) -> Array:
    """Return the exact rank of each tick's event, float32[T], given the tables as they stand after the block.

    Rows from `products` on are room to grow and not on sale.
    """
    rows, ticks = served.shape[0], scores.target.shape[0]
    written, since = history(scores.ids, rows)
    table = counted(scores, served, jnp.where(on_sale > 0, written, ticks), products)
    past = counted_before(scores, jnp.where(scores.ids < rows, since, ticks))
    return 1.0 + (table + past + scores.known).astype(jnp.float32) / 2.0


def rank_now(vector: Array, target: Array, known: Array, served: Array, on_sale: Array) -> Array:
    """Return the exact rank of one event against the tables as they stand, float32; a pass over the whole table."""
    total = (weigh(served @ vector, target) * on_sale).sum() + known
    return 1.0 + total.astype(jnp.float32) / 2.0
