"""Writing the graph: vectors move against their slopes, and a new relation enters the memories at both of its ends."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from model import rows
from model.encoders.contract import Encoder
from model.graph import FIRST_KIND, RELATION, Columns, facts_of
from model.habits import met
from model.layout import Layout
from model.neighbourhood import Reading, Vectors
from model.parts import Seen
from model.recent import place_of, remember, to_front
from model.ties import weakened

EPSILON = 1e-8


def move(table: Array, reading: Reading, slopes: Vectors, rate: Array, on: Array, layout: Layout) -> Array:
    """Return the table with every touched vector moved by one step of row-wise Adagrad.

    A row that was read several times is moved once for each, by the sum.
    """
    d = slopes.own.shape[-1]
    rows_of, slopes_of = [reading.centres, reading.near, reading.kin], [slopes.own, slopes.near, slopes.kin]
    if reading.far is not None and slopes.far is not None:
        rows_of, slopes_of = [*rows_of, reading.far.ids], [*slopes_of, slopes.far]
    if reading.tied is not None and slopes.tied is not None and slopes.lately is not None:
        rows_of = [*rows_of, reading.tied.ids, reading.tied.met.ids]
        slopes_of = [*slopes_of, slopes.tied, slopes.lately]
    at = jnp.concatenate([part.reshape(-1) for part in rows_of])
    slope = jnp.concatenate([part.reshape(-1, d) for part in slopes_of])
    square = jnp.mean(slope * slope, axis=1, keepdims=True)
    step = -rate * slope * lax.rsqrt(reading.memory[:, None] + square + EPSILON)
    change = jnp.concatenate([step, jnp.where(on, square, 0.0)], axis=1)
    return rows.add(table, jnp.where((at == layout.null) | ~on, layout.rows, at), change)


class Fresh(NamedTuple):
    """Bodies of rows to be written."""

    at: Array  # int32[3]: shopper, product, and the shopper's product before, each once (else no row)
    rows: Array  # float32[3, width - d - 3]


class Taken(NamedTuple):
    """What an event leaves in the rows of both its ends, besides the relation."""

    strengths: Array  # float32[C, K]: what strengths lose
    ties: Array | None  # float32[T]: what the strengths of the shopper's ties lose
    kept: Array | None  # float32[2, L]: what the encoder keeps


def relate(
    reading: Reading, last: Array, taken: Taken, seen: Seen, encoder: Encoder, columns: Columns, layout: Layout
) -> Fresh:
    """Return the rows of shopper and product with their new relation, and of the product before with its follower.

    `last` float32[width] is the row of the product before.
    """
    shopper, product = reading.centres[0], reading.centres[1]
    strength = None
    if encoder.relate is not None:
        strength = encoder.relate(_shared(reading, layout), reading.relations.strength[0])
    ends = [
        _with_relation(reading, 0, product, strength, taken.strengths, seen, columns),
        _with_relation(reading, 1, shopper, strength, taken.strengths, seen, columns),
    ]
    facts = facts_of(reading.rows[:2, columns.facts])
    before = reading.near[0, 0]
    followed = remember(last[columns.follower], seen.product, before != layout.null)
    same = before == product
    rows = jnp.stack([*ends, last.at[columns.follower].set(followed)])
    rows = rows.at[:2, columns.facts].set(met(facts, seen.time))
    if taken.ties is not None:
        rows = rows.at[0, columns.tied].set(weakened(rows[0, columns.tied], taken.ties))
    if taken.kept is not None:
        rows = rows.at[:2, columns.kept].set(taken.kept)
    rows = rows.at[1, columns.follower].set(jnp.where(same, followed, rows[1, columns.follower]))
    third = jnp.where(same | (before == layout.null), layout.rows, before)
    return Fresh(jnp.stack([shopper, product, third]), rows[:, columns.body])


def _shared(reading: Reading, layout: Layout) -> Array:
    """How many of category and brand the product shares with each of the shopper's products, float32[K]."""
    own, theirs = reading.kin[0], reading.near_kin
    return ((theirs == own) & (own != layout.null)).sum(axis=1).astype(jnp.float32)


def _with_relation(
    reading: Reading, end: int, other: Array, strength: Array | None, step: Array, seen: Seen, columns: Columns
) -> Array:
    """The row of one end with the relation to `other` first; a relation that is there already is renewed."""
    row = reading.rows[end]
    block = row[columns.relations].reshape(RELATION, -1)
    if strength is None:
        block = block.at[3].add(-step[end])
    place = place_of(block[0], other)
    again = block[0, place] == other
    kind = (seen.kind - FIRST_KIND).astype(jnp.float32)
    times = jnp.where(again, block[5, place], 0.0) + 1.0
    if strength is None:
        strength = jnp.where(again, block[3, place], 0.0)
    events = reading.facts.events[end] + 1.0
    newest = jnp.stack([other.astype(jnp.float32), kind, seen.time, strength, events, times])
    return row.at[columns.relations].set(to_front(block, place, newest).reshape(-1))
