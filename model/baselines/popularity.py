"""Popularity: products by how often they were met, for ever or lately; and chance, the floor of every table."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jax.scipy.special import erfinv

from journal.chance import stream
from model import grid
from model.chance import uniform
from model.contract import Catalogue
from model.layout import Layout
from model.parts import Action, Learned, Query, Recommender, Scored, Seen, Shop, Tree


def nothing() -> Scored:
    """Return the answer whose scores are the served biases alone."""
    return Scored(jnp.ones(1), jnp.full(1, -1, jnp.int32), jnp.zeros(1))


def random() -> Recommender:
    """A fresh random direction for each event, against fixed random vectors: every product is equally likely first."""
    width = 8

    def init(layout: Layout, catalogue: Catalogue, seed: int) -> tuple[Tree, Array]:
        drawn = stream(seed, "random").standard_normal((layout.products, width), dtype="float32")
        served = jnp.concatenate([grid.vectors(jnp.asarray(drawn)), jnp.zeros((layout.products, 1))], axis=1)
        return {"table": jnp.zeros((layout.rows, 1)), "seed": jnp.int32(seed % 2**31)}, served

    def query(state: Tree, shop: Shop, query: Query, layout: Layout) -> Scored:
        centred = 2 * uniform(7, query.seq + state["seed"] * 31, width) - 1
        direction = grid.vectors(erfinv(jnp.clip(centred, -0.999999, 0.999999)))
        return nothing()._replace(vector=jnp.append(direction, 1.0))

    def learn(state: Tree, shop: Shop, seen: Seen, action: Action, on: Array, layout: Layout) -> Learned:
        return Learned(state, jnp.full(1, -1, jnp.int32), jnp.zeros((1, width + 1)))

    return Recommender("random", width + 1, init, query, learn, (0, 0.0))


def popular() -> Recommender:
    """Products by the number of all their events so far."""

    def grown(row: Array, seen: Seen) -> Array:
        return row + 1.0

    return _counting("popular", columns=1, grown=grown)


def decayed_popular(half_life: float = 43200.0) -> Recommender:
    """Products by their events, an event counting half as much every `half_life` seconds.

    Kept as L = log2(sum of 2**(t_event / half_life)): all decay alike, so the order at any time is the order of L.
    """
    if not half_life > 0:
        raise ValueError(f"decayed_popular: half_life is {half_life}; it must be positive")

    def grown(row: Array, seen: Seen) -> Array:
        return jnp.logaddexp2(row, seen.time / half_life)

    return _counting("decayed_popular", columns=1, grown=grown, start=-1000.0)


def _counting(name: str, columns: int, grown, start: float = 0.0) -> Recommender:  # type: ignore[no-untyped-def]
    def init(layout: Layout, catalogue: Catalogue, seed: int) -> tuple[Tree, Array]:
        return {"table": jnp.full((layout.rows, columns), start)}, jnp.full((layout.products, 1), start)

    def query(state: Tree, shop: Shop, query: Query, layout: Layout) -> Scored:
        return nothing()

    def learn(state: Tree, shop: Shop, seen: Seen, action: Action, on: Array, layout: Layout) -> Learned:
        row = grown(state["table"][seen.product], seen)
        table = state["table"].at[jnp.where(on, seen.product, layout.rows)].set(row, mode="drop")
        return Learned({"table": table}, seen.product[None], row[None])

    return Recommender(name, 1, init, query, learn, (1, 1.0))
