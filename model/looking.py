"""What can be read of a learner at rest: relations, parts of scores, vectors. Reading changes nothing.

share  of a relation in what its node takes from all its neighbours now: by strength, kind and age where the encoder
       weighs relations so (`model.encoders.fading`), else the same for each; of a tie (`model.encoders.tying`) in what
       a shopper takes from all its ties
part   of a score: interests (how well the vectors agree), content (what is published, where that is read), popularity
       (the product's own), habits (own products and followers); of a recommender without vectors the score is one
       part. Parts add up to the score, to the bit (`model.grid`)
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from journal.facts import INTERACTIONS, MICROSECONDS
from model.compiling import compiled
from model.encoders.fading import HOUR
from model.graph import FACTS, HEAD, RELATION, TIE, Columns
from model.layout import Layout
from model.learner import Learner
from model.parts import Query, Recommender, Shop

PARTS = ("interests", "content", "popularity", "habits", "score")
"""What the parts of a score are called, in order."""

SECTIONS = ("product", "category", "brand", "shopper", "campaign")


class Relation(NamedTuple):
    """One relation of a node."""

    section: str  # of the neighbour
    id: int
    kind: int  # `journal.Kind`
    time: int  # microseconds
    strength: float  # as it was learned
    share: float
    times: int  # how often the two have met


class Follower(NamedTuple):
    """A product that shoppers met right after another."""

    id: int
    times: int


class Places(NamedTuple):
    """The nodes that have met somebody, with their vectors; to a product's its category's and brand's are added, as
    encoders do: alone it says little."""

    section: NDArray[np.int32]  # [n] places in `SECTIONS`
    id: NDArray[np.int32]  # [n]
    vector: NDArray[np.float32]  # [n, d]


def _columns(learner: Learner, table: NDArray[np.float32]) -> Columns | None:
    """Return where things stand in the rows of a network's table; None for a recommender that has no graph."""
    if learner.recommender.anew is None:
        return None
    (first, _), (start, stop), *tied = learner.recommender.row_ids
    dim, neighbours, ties = first - 1, stop - start, sum(last - at for at, last in tied)
    own = start - dim - HEAD
    followers = (table.shape[1] - start - RELATION * neighbours - FACTS - TIE * ties) // 2
    return Columns(dim, neighbours, followers, own, ties)


def _table(learner: Learner) -> NDArray[np.float32]:
    return np.asarray(learner.carry.state["table"])


def relations(learner: Learner, section: str, id_: int, now: int) -> list[Relation]:
    """Return the last relations of a shopper or product as of `now` (microseconds), newest first, then the ties of a
    shopper, newest first; none where the recommender has no graph."""
    row = _row(learner, section, id_)
    table = _table(learner)
    columns = _columns(learner, table)
    if columns is None or row is None:
        return []
    block = table[row, columns.relations].reshape(RELATION, columns.neighbours)
    near, kind, time, strength, then, times = block
    there = np.flatnonzero(near >= 0)
    seconds = (now - (learner.origin or 0)) / MICROSECONDS
    ages = np.maximum(seconds - time, 0.0), np.maximum(table[row, columns.facts.start] - then, 0.0)
    share = _shares(learner, strength[there], kind[there].astype(int), *(age[there] for age in ages))
    found = []
    for which, place in enumerate(there.tolist()):
        its, number = _node(learner.layout, int(near[place]))
        moment = (learner.origin or 0) + round(float(time[place]) * MICROSECONDS)
        what = int(INTERACTIONS[0]) + int(kind[place])
        learned = float(strength[place]), share[which], int(times[place])
        found.append(Relation(SECTIONS[its], number, what, moment, *learned))
    return found + (_ties(learner, table[row, columns.tied], seconds) if section == "shopper" and columns.ties else [])


def _ties(learner: Learner, block: NDArray[np.float32], seconds: float) -> list[Relation]:
    """Return the ties in their columns float32[4 T] as relations; in each, the two have met once."""
    near, kind, time, strength = (column[block.reshape(TIE, -1)[0] >= 0] for column in block.reshape(TIE, -1))
    weights = learner.carry.state["encoder"].get("ties", {})
    logits = np.zeros(len(near))
    if {"kind", "decay"} <= weights.keys():
        worth, decay = (np.asarray(weights[name], np.float64)[kind.astype(int)] for name in ("kind", "decay"))
        logits = strength + worth - decay * np.log1p(np.maximum(seconds - time, 0.0) / HOUR)
    share = np.exp(logits - logits.max(initial=-np.inf))
    share /= share.sum()
    found = []
    for place in range(len(near)):
        its, number = _node(learner.layout, int(near[place]))
        moment = (learner.origin or 0) + round(float(time[place]) * MICROSECONDS)
        what = learner.recommender.ties[int(kind[place])]
        found.append(Relation(SECTIONS[its], number, what, moment, float(strength[place]), float(share[place]), 1))
    return found


def _shares(
    learner: Learner, strength: NDArray[Any], kind: NDArray[Any], seconds: NDArray[Any], events: NDArray[Any]
) -> list[float]:
    """Return what `Fading.logits` and `shares` make of relations; the same for each where the encoder has no such."""
    weights = learner.carry.state["encoder"]
    if not {"kind", "decay", "order"} <= weights.keys():
        return [1.0 / len(strength)] * len(strength)
    worth, decay, order = (np.asarray(weights[name], np.float64) for name in ("kind", "decay", "order"))
    logits = strength + worth[kind] - decay[kind] * np.log1p(seconds / HOUR) - order * np.log1p(events)
    found = np.exp(logits - logits.max(initial=-np.inf))
    return (found / found.sum()).tolist() if len(found) else []


def followers(learner: Learner, product: int) -> list[Follower]:
    """Return what was met right after a product, newest first; none where the recommender has no graph."""
    row = _row(learner, "product", product)
    table = _table(learner)
    columns = _columns(learner, table)
    if columns is None or row is None:
        return []
    ids, times = table[row, columns.follower].reshape(2, columns.followers)
    return [Follower(int(ids[place]), int(times[place])) for place in np.flatnonzero(ids >= 0).tolist()]


def places(learner: Learner) -> Places:
    """Return the vectors of all nodes that have met somebody, kin of those included; none without a graph."""
    table = _table(learner)
    columns = _columns(learner, table)
    if columns is None:
        return Places(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros((0, 0), np.float32))
    met = table[:, columns.facts.start] > 0
    kin = table[: learner.layout.products, columns.dim + 1 : columns.dim + HEAD][met[: learner.layout.products]]
    met[kin.astype(np.int64).reshape(-1)] = True
    met[learner.layout.null :] = False
    rows = np.flatnonzero(met)
    starts = np.array([part.start for part in learner.layout.sections()])
    section = np.searchsorted(starts, rows, side="right") - 1
    ids = rows - starts[section]
    vectors = table[rows, : columns.dim].copy()
    products = rows < learner.layout.products
    own = table[rows[products], columns.dim + 1 : columns.dim + HEAD].astype(np.int64)
    vectors[products] += table[own, : columns.dim].sum(axis=1)
    return Places(section.astype(np.int32), ids.astype(np.int32), vectors)


class Census(NamedTuple):
    """How the relations that shoppers and products still hold are distributed."""

    degree: NDArray[np.int64]  # [n] relations of each shopper and product that has met somebody
    strength: NDArray[np.float32]  # [m] of each relation, as it was learned


def census(learner: Learner) -> Census:
    """Return the relations of all shoppers and products; none without a graph."""
    table = _table(learner)
    columns = _columns(learner, table)
    if columns is None:
        return Census(np.zeros(0, np.int64), np.zeros(0, np.float32))
    met = table[: learner.layout.null, columns.facts.start] > 0
    blocks = table[: learner.layout.null][met][:, columns.relations].reshape(-1, RELATION, columns.neighbours)
    there = blocks[:, 0] >= 0
    degree = there.sum(axis=1)
    return Census(degree[degree > 0], blocks[:, 3][there])


def parts(learner: Learner, shopper: int, time: int) -> dict[str, NDArray[np.float32]]:
    """Return the parts of the scores of all P products for a shopper at `time` (microseconds), float32[P] each."""
    seconds = np.float32((time - (learner.origin if learner.origin is not None else time)) / MICROSECONDS)
    known = np.int32(min(shopper, learner.layout.shoppers))
    read = compiled(_parts, learner.recommender, learner.layout)
    made = read(learner.carry.state, learner.carry.shop, known, seconds)
    products = len(learner.catalogue.category)
    if learner.recommender.anew is None:
        made = {"score": made["interests"] + made["popularity"] + made["habits"]}
    return {name: np.asarray(made[name])[:products] for name in PARTS if name in made}


def _parts(
    recommender: Recommender, layout: Layout, state: Any, shop: Shop, shopper: Array, time: Array
) -> dict[str, Array]:
    ask = shopper * 7919 + time.astype(jnp.int32)  # as `Learner.scores` asks
    answer = recommender.query(state, shop, Query(ask, time, shopper), layout)
    dim = shop.served.shape[1] - 1 - (state["content"].shape[1] if "content" in state else 0)
    made = {"interests": shop.served[:, :dim] @ answer.vector[:dim]}
    if "content" in state:
        made["content"] = shop.served[:, dim:-1] @ answer.vector[dim:-1]
    made["popularity"] = shop.served[:, -1] * answer.vector[-1]
    place = jnp.where(answer.ids >= 0, answer.ids, shop.served.shape[0])
    return made | {"habits": jnp.zeros_like(made["interests"]).at[place].add(answer.bonus, mode="drop")}


def _row(learner: Learner, section: str, id_: int) -> int | None:
    """Return the row of a shopper or product; None where it has none yet."""
    if section == "shopper":
        return int(learner.layout.shopper(id_)) if id_ < learner.layout.shoppers else None
    return id_ if id_ < learner.layout.products else None


def _node(layout: Layout, row: int) -> tuple[int, int]:
    """Return the section and the id of a row."""
    for section, part in enumerate(layout.sections()):
        if row < part.stop:
            return section, row - part.start
    raise ValueError(f"there is no row {row}")
