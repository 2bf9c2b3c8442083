"""Reading rows of a table all together, and writing them in place, one after the other, once all has been read.

A scatter does the same; but a loop without one is compiled to one piece of machine code, see `model.compiling`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import jax
import jax.numpy as jnp
from jax import Array, lax

from model.parts import Tree

_scattered = ContextVar("scattered", default=False)


@contextmanager
def scattered() -> Iterator[None]:
    """Write by scatters what is traced meanwhile."""
    before = _scattered.set(True)
    try:
        yield
    finally:
        _scattered.reset(before)


def put(table: Array, at: Array, rows: Array, first: int = 0) -> Array:
    """Return the table with `rows` float[n, w] in its rows `at` int32[n], from column `first`.

    Row numbers from the table's length on are dropped. Those that are equal have to have equal rows.

    >>> put(jnp.zeros((3, 2)), jnp.array([2, 3]), jnp.ones((2, 1)), first=1).tolist()
    [[0.0, 0.0], [0.0, 0.0], [0.0, 1.0]]
    """
    if _scattered.get():
        return table.at[at, first : first + rows.shape[1]].set(rows, mode="drop")
    last, width = table.shape[0] - 1, rows.shape[1]

    def write(n: Array, table: Array) -> Array:
        place = jnp.minimum(at[n], last)
        old = lax.dynamic_slice(table, (place, first), (1, width))
        return lax.dynamic_update_slice(table, jnp.where(place == at[n], rows[n][None], old), (place, first))

    return lax.fori_loop(0, at.shape[0], write, table)


def add(table: Array, at: Array, rows: Array, first: int = 0) -> Array:
    """Return the table with `rows` added to its rows `at`, which may be equal; as `put` otherwise."""
    if _scattered.get():
        return table.at[at, first : first + rows.shape[1]].add(rows, mode="drop")
    last, width = table.shape[0] - 1, rows.shape[1]
    # What is dropped adds nothing to the last row: choosing between old and new for each takes longer than adding.
    rows, at = jnp.where((at <= last)[:, None], rows, 0.0), jnp.minimum(at, last)

    def write(n: Array, table: Array) -> Array:
        sums = lax.dynamic_slice(table, (at[n], first), (1, width)) + lax.dynamic_slice(rows, (n, 0), (1, width))
        return lax.dynamic_update_slice(table, sums, (at[n], first))

    return lax.fori_loop(0, at.shape[0], write, table)


def taken(table: Array, at: Array, first: int, stop: int) -> Array:
    """Return columns `first` to `stop` of the rows `at`, float[..., stop - first]; row numbers are in the table.

    >>> taken(jnp.arange(6.0).reshape(3, 2), jnp.array([2, 0]), 1, 2).tolist()
    [[5.0], [1.0]]
    """
    return table.at[at, first:stop].get(mode="promise_in_bounds", wrap_negative_indices=False)


def unread(*read: Tree) -> Array:
    """Return False, which the compiler cannot tell before it has every array of `read`.

    A table that is written where this is not so is read first, and so written in place; without the word of it the
    compiler copies the whole table every event. No number is both infinite and not a number.
    """
    total = sum(leaf.sum() for leaf in jax.tree.leaves(read))
    return jnp.isnan(total) & jnp.isinf(total)
