"""Reading the graph: some nodes, their last relations, and the categories and brands of the products among them; what
the neighbours met, and what the shopper is tied to, where the encoder reads that.

The first node is the shopper, the others are products; only the shopper's neighbours are products with kin of their
own.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from model import ties
from model.encoders.contract import Beyond, Neighbourhood, Ties
from model.graph import Columns, Facts, Relations, facts_of, kin_of, relations_in, relations_of
from model.layout import Layout
from model.rows import taken


class Vectors(NamedTuple):
    """The numbers that gradients flow to, as they were gathered."""

    own: Array  # float32[C, d]
    near: Array  # float32[C, K, d]
    kin: Array  # float32[C - 1 + K, 2, d]: category and brand of the products, then of the shopper's neighbours
    strength: Array  # float32[C, K]
    far: Array | None = None  # float32[C, K, F, d]: what the neighbours met
    tied: Array | None = None  # float32[T, d]: what the shopper is tied to
    tie: Array | None = None  # float32[T]: strengths of these ties
    lately: Array | None = None  # float32[1, T, B, d]: what those met


class Far(NamedTuple):
    """The last F relations of neighbours [C, K]."""

    ids: Array  # int32[C, K, F]: rows; the null row where there is no relation
    relations: Relations  # [C, K, F]
    kin: Array  # float32[C, K, F, d]: vectors of category and brand, added


class Tied(NamedTuple):
    """What the shopper is tied to."""

    ids: Array  # int32[T]: rows; the null row where there is no tie
    ties: ties.Ties
    events: Array  # float32[T]: event counts of the other ends
    met: Far  # [1, T, B]
    kin: Array | None  # float32[T, d]: vector of a campaign's category; None where there are no campaigns


class Reading(NamedTuple):
    """C nodes and what was read around them, with the rows it was read from."""

    centres: Array  # int32[C]: rows
    near: Array  # int32[C, K]: rows; the null row where there is no relation
    kin: Array  # int32[C - 1 + K, 2]: rows
    rows: Array  # float32[C, width]
    vectors: Vectors
    memory: Array  # float32[C + C K + 2 (C - 1 + K) + ...]: the optimiser's, of own, near, kin, far, tied and lately
    relations: Relations  # [C, K]
    facts: Facts  # [C]
    near_kin: Array  # int32[K, 2]: rows of category and brand of the shopper's neighbours
    near_events: Array  # float32[C, K]: event counts of the neighbours
    kept: Array | None  # float32[C, L]: what the encoder keeps
    far: Far | None = None  # what the neighbours met, where the encoder looks so far
    tied: Tied | None = None  # where the encoder reads ties


def read(table: Array, centres: Array, columns: Columns, layout: Layout, before: Array | None = None) -> Reading:
    """Gather the neighbourhoods of the shopper and products whose rows are `centres` int32[C].

    With `before`, in seconds, only relations older than that: as it was then, as far as is remembered.
    """
    d = columns.dim
    rows = taken(table, centres, 0, columns.width)
    relations, facts = relations_of(rows, columns), facts_of(rows[:, columns.facts])
    if before is not None:
        relations = relations._replace(ids=jnp.where(relations.time < before, relations.ids, -1))
    near = jnp.where(relations.ids >= 0, relations.ids, layout.null)
    heads = taken(table, near, columns.head.start, columns.head.stop)
    near_kin = kin_of(heads[0], columns)
    kin = jnp.concatenate([kin_of(rows[1:], columns), near_kin])
    theirs = taken(table, kin, 0, d + 1)
    memory = jnp.concatenate([rows[:, d], heads[..., d].reshape(-1), theirs[..., d].reshape(-1)])
    vectors = Vectors(rows[:, :d], heads[..., :d], theirs[..., :d], relations.strength)
    events = taken(table, near, columns.facts.start, columns.facts.start + 1)[..., 0]
    kept = rows[:, columns.kept] if columns.own else None
    return Reading(centres, near, kin, rows, vectors, memory, relations, facts, near_kin, events, kept)


def reach(
    table: Array, centres: Array, beyond: int, columns: Columns, layout: Layout, before: Array | None = None
) -> Reading:
    """Read the neighbourhoods, `beyond` relations of each neighbour, and the shopper's ties where there are any."""
    reading = read(table, centres, columns, layout, before)
    reading = further(reading, table, beyond, columns, layout, before)
    return bound(reading, table, columns, layout, before)


def further(
    reading: Reading, table: Array, beyond: int, columns: Columns, layout: Layout, before: Array | None = None
) -> Reading:
    """Add the last relations of the neighbours to what was read, `beyond` of each, as far as so many are kept; nothing
    where that is 0."""
    if not beyond:
        return reading
    far, vectors, memory = _last(table, reading.near, reading.centres, beyond, columns, layout, before)
    return reading._replace(
        vectors=reading.vectors._replace(far=vectors),
        memory=jnp.concatenate([reading.memory, memory]),
        far=far,
    )


def _last(
    table: Array, near: Array, but: Array, many: int, columns: Columns, layout: Layout, before: Array | None
) -> tuple[Far, Array, Array]:
    """Read the last relations, `many` of each, of the nodes with the rows `near` int32[C, K], but for those to `but`
    int32[C]; return them with their vectors and the memory of these."""
    d = columns.dim
    whole = relations_in(table[near.reshape(-1), columns.relations].reshape(*near.shape, -1), columns)
    relations = jax.tree.map(lambda leaf: leaf[..., :many], whole)
    ids = jnp.where(relations.ids == but[:, None, None], -1, relations.ids)
    if before is not None:
        ids = jnp.where(relations.time < before, ids, -1)
    far = jnp.where(ids >= 0, ids, layout.null)
    heads = table[far.reshape(-1), columns.head]
    kin = kin_of(heads, columns)
    theirs = (table[kin[:, 0], :d] + table[kin[:, 1], :d]).reshape(*ids.shape, d)
    return Far(far, relations._replace(ids=ids), theirs), heads[:, :d].reshape(*ids.shape, d), heads[:, d]


def bound(reading: Reading, table: Array, columns: Columns, layout: Layout, before: Array | None = None) -> Reading:
    """Add what the shopper is tied to, and what those met last; nothing where no ties are kept."""
    if not columns.ties:
        return reading
    found = ties.ties_in(reading.rows[0, columns.tied], columns)
    if before is not None:
        found = found._replace(ids=jnp.where(found.time < before, found.ids, -1))
    ids = jnp.where(found.ids >= 0, found.ids, layout.null)
    heads, events = table[ids, columns.head], table[ids, columns.facts.start]
    met, lately, memory = _last(table, ids[None], reading.centres[:1], ties.LATELY, columns, layout, before)
    d = columns.dim
    kin = table[kin_of(heads, columns)[:, 0], :d] if layout.campaigns else None
    return reading._replace(
        vectors=reading.vectors._replace(tied=heads[:, :d], tie=found.strength, lately=lately),
        memory=jnp.concatenate([reading.memory, heads[:, d], memory]),
        tied=Tied(ids, found, events, met, kin),
    )


def around(reading: Reading, vectors: Vectors, now: Array) -> Neighbourhood:
    """Put what was read into the form that encoders take, as of `now`."""
    relations, products = reading.relations, reading.centres.shape[0] - 1
    kin = vectors.kin.sum(axis=1)
    return Neighbourhood(
        own=vectors.own,
        kin=jnp.pad(kin[:products], ((1, 0), (0, 0))),
        near=vectors.near.at[0].add(kin[products:]),
        strength=vectors.strength,
        kind=jnp.maximum(relations.kind, 0),
        age=jnp.maximum(now - relations.time, 0.0),
        rank=jnp.maximum(reading.facts.events[:, None] - relations.events, 0.0),
        there=relations.ids >= 0,
        degree=jnp.maximum(reading.near_events, 1.0),
        kept=reading.kept,
        beyond=None if reading.far is None else _beyond(reading.far, vectors.far, reading.near_events, now),
        ties=_ties(reading, vectors, now),
    )


def _ties(reading: Reading, vectors: Vectors, now: Array) -> Ties | None:
    if reading.tied is None or vectors.tied is None or vectors.tie is None:
        return None
    _, found, events, met, kin = reading.tied
    return Ties(
        near=vectors.tied if kin is None else vectors.tied + kin,
        strength=vectors.tie,
        kind=jnp.maximum(found.kind, 0),
        age=jnp.maximum(now - found.time, 0.0),
        there=found.ids >= 0,
        met=_beyond(met, vectors.lately, events[None], now),
    )


def _beyond(far: Far, vectors: Array | None, events: Array, now: Array) -> Beyond:
    """Put relations [C, K, F] of neighbours with so many `events` [C, K] into the form that encoders take."""
    assert vectors is not None
    relations = far.relations
    return Beyond(
        near=vectors + far.kin,
        strength=relations.strength,
        kind=jnp.maximum(relations.kind, 0),
        age=jnp.maximum(now - relations.time, 0.0),
        rank=jnp.maximum(events[..., None] - relations.events, 0.0),
        there=relations.ids >= 0,
    )


def shopper_of(reading: Reading) -> tuple[Relations, Array]:
    """Return the shopper's relations [K] and event count."""
    return jax.tree.map(lambda leaf: leaf[0], reading.relations), reading.facts.events[0]
