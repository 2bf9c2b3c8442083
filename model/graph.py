"""The live graph, packed: whatever an event reads and writes of a node lies in one row of one table.

A row holds, in this order: the entity vector x [d], its optimiser's memory, and the rows of the node's category and
brand (what a neighbour has to know of it); what the encoder keeps (often nothing); the node's last relations, newest
first (K each of neighbour row, kind, time, strength, the node's own event count then, times met); the last followers of
a product (S ids and S counts); the node's facts (event count, two decayed rates, time of the last event); and, where
the encoder reads them, a shopper's last ties (`model.ties`). Ids are float32, exact below 2**24.
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

HEAD = 3
"""Columns right behind the vector: memory of squared slopes, category row, brand row."""

RELATION = 6
"""Columns a relation: neighbour row, kind, time, strength, own event count then, times met."""

FACTS = 4
"""Columns of facts: event count, fast rate, slow rate, time of the last event."""

TIE = 4
"""Columns a tie: row of the other end, kind, time, strength."""

LENGTHS = 1.0, 20.0, 10.0, 1.0, 0.0, 1.0
"""How long vectors start, by section (`layout.STREAMS`): categories and brands far longer than products, so what is
alike starts alike."""


class Columns(NamedTuple):
    """Where each part of a row stands.

    >>> Columns(dim=64, neighbours=10, followers=16).width
    163
    """

    dim: int
    neighbours: int
    followers: int
    own: int = 0
    ties: int = 0

    @property
    def head(self) -> slice:
        """The vector, the optimiser's memory and the kin."""
        return slice(0, self.dim + HEAD)

    @property
    def body(self) -> slice:
        """All that is written anew, not added to: what is kept, relations, followers, facts, ties."""
        return slice(self.dim + HEAD, self.width)

    @property
    def kept(self) -> slice:
        """What the encoder keeps."""
        return slice(self.dim + HEAD, self.dim + HEAD + self.own)

    @property
    def relations(self) -> slice:
        return slice(self.kept.stop, self.kept.stop + RELATION * self.neighbours)

    @property
    def follower(self) -> slice:
        return slice(self.relations.stop, self.relations.stop + 2 * self.followers)

    @property
    def facts(self) -> slice:
        return slice(self.follower.stop, self.follower.stop + FACTS)

    @property
    def tied(self) -> slice:
        return slice(self.facts.stop, self.width)

    @property
    def width(self) -> int:
        return self.facts.stop + TIE * self.ties


class Relations(NamedTuple):
    """The last K relations of some nodes, newest first. Ids of -1 are empty places."""

    ids: Array  # int32[..., K]: rows of the neighbours
    kind: Array  # int32[..., K]: 0 to KINDS - 1
    time: Array  # float32[..., K], seconds
    strength: Array  # float32[..., K]: learned, or as the encoder defines it
    events: Array  # float32[..., K]: the node's own event count at that time
    times: Array  # float32[..., K]: how often the two have met


class Facts(NamedTuple):
    """What is known of some nodes; the rates are decayed to `last`, in seconds."""

    events: Array
    fast: Array
    slow: Array
    last: Array


def relations_of(rows: Array, columns: Columns) -> Relations:
    """Read the relations of rows float32[..., width]."""
    return relations_in(rows[..., columns.relations], columns)


def relations_in(block: Array, columns: Columns) -> Relations:
    """Read the relations from their columns float32[..., 6 K]."""
    block = block.reshape(*block.shape[:-1], RELATION, columns.neighbours)
    ids, kind, time, strength, events, times = (block[..., n, :] for n in range(RELATION))
    return Relations(ids.astype(jnp.int32), kind.astype(jnp.int32), time, strength, events, times)


def facts_of(block: Array) -> Facts:
    """Read the facts from their columns float32[..., 4]."""
    return Facts(*(block[..., n] for n in range(FACTS)))


def kin_of(head: Array, columns: Columns) -> Array:
    """Return the rows of category and brand, int32[..., 2], of heads float32[..., d + 3]."""
    return head[..., columns.dim + 1 : columns.dim + 3].astype(jnp.int32)


def plant(layout: Layout, catalogue: Catalogue, columns: Columns, spread: float, seed: int) -> NDArray[np.float32]:
    """Return the table before the first event, float32[rows, width]: Gaussian vectors, no relations."""

    def draw(section: int, rows: int) -> NDArray[np.float32]:
        drawn = stream(seed, "entities", section).standard_normal((rows, columns.dim), dtype=np.float32)
        return np.float32(spread * LENGTHS[section]) * drawn

    table = np.zeros((layout.rows, columns.width), np.float32)
    table[:, : columns.dim] = fill(layout, draw)
    table[:, columns.dim + 1 : columns.dim + 3] = layout.null
    table[:, columns.relations.start : columns.relations.start + columns.neighbours] = -1
    table[:, columns.follower.start : columns.follower.start + columns.followers] = -1
    table[:, columns.tied.start : columns.tied.start + columns.ties] = -1
    for place, ids, row in ((1, catalogue.category, layout.category), (2, catalogue.brand, layout.brand)):
        table[: layout.products, columns.dim + place] = np.where(ids >= 0, row(ids), layout.null)
    return table
