"""The live graph, packed: whatever an event reads and writes of a node lies in one row of one table.

A row holds, in this order: the entity vector x [d]; the last relations of the node, newest first (K each of: neighbour
row, relation kind, time, strength, and the node's own event count then); the last successors of a product (S ids and S
counts); and the node's facts (event count, two decayed rates, category row, brand row, last time). Ids are kept as
float32, exact below 2**24.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from journal.chance import stream
from journal.facts import INTERACTIONS
from model.contract import Catalogue
from model.layout import Layout, fill

KINDS = len(INTERACTIONS)
FIRST_KIND = int(INTERACTIONS[0])
FACTS = 6
"""Facts a node: count, fast rate, slow rate, category row, brand row, last time."""


class Columns(NamedTuple):
    """Where each part of a row stands.

    >>> Columns(dim=64, neighbours=10, successors=16).width
    152
    """

    dim: int
    neighbours: int
    successors: int

    @property
    def relations(self) -> slice:
        return slice(self.dim, self.dim + 5 * self.neighbours)

    @property
    def followers(self) -> slice:
        return slice(self.relations.stop, self.relations.stop + 2 * self.successors)

    @property
    def facts(self) -> slice:
        return slice(self.followers.stop, self.width)

    @property
    def width(self) -> int:
        return self.dim + 5 * self.neighbours + 2 * self.successors + FACTS


class Relations(NamedTuple):
    """The last K relations of some nodes, newest first. Ids of -1 are empty places."""

    ids: Array  # int32[..., K]: rows of the neighbours
    kind: Array  # int32[..., K]: 0 to KINDS - 1
    time: Array  # float32[..., K], seconds
    strength: Array  # float32[..., K]: learned, or as the encoder defines it
    count: Array  # float32[..., K]: the node's own event count at that time


class Facts(NamedTuple):
    """What is known of some nodes."""

    count: Array
    fast: Array  # decayed event rates as of `last`
    slow: Array
    category: Array  # int32 rows
    brand: Array
    last: Array  # float32 seconds


def relations_of(rows: Array, columns: Columns) -> Relations:
    parts = rows[..., columns.relations].reshape(*rows.shape[:-1], 5, columns.neighbours)
    ids, kind, time, strength, count = (parts[..., n, :] for n in range(5))
    return Relations(ids.astype(jnp.int32), kind.astype(jnp.int32), time, strength, count)


def facts_of(rows: Array, columns: Columns) -> Facts:
    return facts_in(rows[..., columns.facts])


def facts_in(block: Array) -> Facts:
    """Read the facts columns alone, float32[..., 6]."""
    count, fast, slow, category, brand, last = (block[..., n] for n in range(FACTS))
    return Facts(count, fast, slow, category.astype(jnp.int32), brand.astype(jnp.int32), last)


def plant(layout: Layout, catalogue: Catalogue, columns: Columns, spread: float, seed: int) -> NDArray[np.float32]:
    """Return the table before the first event, float32[rows, width]: Gaussian vectors, no relations."""

    def draw(section: int, rows: int) -> NDArray[np.float32]:
        scale = spread if section < len(layout) else 0.0
        return scale * stream(seed, "entities", section).standard_normal((rows, columns.dim), dtype=np.float32)

    table = np.zeros((layout.rows, columns.width), np.float32)
    table[:, : columns.dim] = fill(layout, draw)
    table[:, columns.relations.start : columns.relations.start + columns.neighbours] = -1
    table[:, columns.followers.start : columns.followers.start + columns.successors] = -1
    table[:, columns.facts.start + 3 : columns.facts.start + 5] = layout.null
    products = slice(0, layout.products)
    for place, ids, row in ((3, catalogue.category, layout.category), (4, catalogue.brand, layout.brand)):
        table[products, columns.facts.start + place] = np.where(ids >= 0, row(ids), layout.null)
    return table
