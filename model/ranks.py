"""The exact rank of every event of a block among all listed products, by one matrix product and its corrections.

A block holds up to T events. The served table is taken as it stands at the end of the block; where a row was written
during the block, the events before that write are counted again with the row as it was. A score is exact
(`model.grid`), so the result equals a scan of the whole table before each event, to the bit.

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


def counted(vector: Array, target: Array, served: Array, on_sale: Array, products: Array | int) -> Array:
    """Return G of each event against the first `products` rows of a table float32[P, width]; int32[T].

    A block of rows at a time, and only the blocks that are in use: a table has up to twice the room it needs.
    """
    size = min(BLOCK, served.shape[0])

    def more(block: Array, total: Array) -> Array:
        rows = jax.lax.dynamic_slice_in_dim(served, block * size, size)
        counts = jax.lax.dynamic_slice_in_dim(on_sale, block * size, size)
        return total + (weigh(rows @ vector.T, target) * counts[:, None]).sum(axis=0)

    return jax.lax.fori_loop(0, (products + size - 1) // size, more, jnp.zeros_like(target, jnp.int32))


def corrections(scores: Scores, served: Array, on_sale: Array) -> Array:
    """Return what to add to G because rows changed during the block; int32[T]."""
    ticks, changes = scores.ids.shape
    ids = scores.ids.reshape(-1)
    order = jnp.argsort(ids, stable=True)
    ids, when = ids[order], (order // changes).astype(jnp.int32)
    before = scores.before.reshape(ids.shape[0], -1)[order]
    first = jnp.concatenate([jnp.ones(1, bool), ids[1:] != ids[:-1]])
    last = jnp.concatenate([first[1:], jnp.ones(1, bool)])
    since = jnp.where(first, -1, jnp.roll(when, 1))  # the row stood as in `before` for ticks in (since, when]
    real = ids < served.shape[0]
    tick = jnp.arange(ticks, dtype=jnp.int32)[:, None]
    as_it_was = weigh(scores.vector @ before.T, scores.target[:, None])
    as_it_ended = weigh(scores.vector @ served.at[ids].get(mode="clip").T, scores.target[:, None])
    was = (tick > since) & (tick <= when) & real
    ended = (tick <= when) & (real & last)
    was_on_sale = scores.on_sale.reshape(-1)[order]
    return (as_it_was * (was * was_on_sale) - as_it_ended * (ended * on_sale.at[ids].get(mode="clip"))).sum(axis=1)


def ranks(scores: Scores, served: Array, on_sale: Array, products: Array | int) -> Array:
    """Return the exact rank of each tick's event, float32[T], given the tables as they stand after the block.

    Rows from `products` on are room to grow and not on sale.
    """
    counts = counted(scores.vector, scores.target, served, on_sale, products)
    total = counts + corrections(scores, served, on_sale) + scores.known
    return 1.0 + total.astype(jnp.float32) / 2.0


def rank_now(vector: Array, target: Array, known: Array, served: Array, on_sale: Array) -> Array:
    """Return the exact rank of one event against the tables as they stand, float32; a pass over the whole table."""
    total = (weigh(served @ vector, target) * on_sale).sum() + known
    return 1.0 + total.astype(jnp.float32) / 2.0
