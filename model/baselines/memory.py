"""Memories: what this shopper met lately, and what followed or accompanied the products that this shopper met.

They learn by counting and score a few products each; all others tie at zero.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from model.contract import Catalogue
from model.layout import Layout
from model.parts import Action, Learned, Query, Recommender, Scored, Seen, Shop, Tree
from model.recent import empty, remember
from model.rows import put


def _remembered(table: Array) -> Learned:
    """Nothing to serve: these models score by bonuses alone, and their served table stays empty."""
    return Learned({"table": table}, jnp.full(1, -1, jnp.int32), jnp.zeros((1, 1)))


def _init(places: int):  # type: ignore[no-untyped-def]
    def init(layout: Layout, catalogue: Catalogue, seed: int) -> tuple[Tree, Array]:
        return {"table": empty(layout.rows, places)}, jnp.zeros((layout.products, 1))

    return init


def _by_place(places: int) -> Array:
    """Numbers in (0, 1/2] that fall with the place in a memory: newer before older; float32[places]."""
    return (places - jnp.arange(places)) / (2.0 * places)


def own_recent(places: int = 64) -> Recommender:
    """The shopper's own products, the most recent first (EdgeBank of Poursafaei et al. 2022, ordered by time)."""

    def query(state: Tree, shop: Shop, query: Query, layout: Layout) -> Scored:
        ids = state["table"][layout.shopper(query.shopper), :places].astype(jnp.int32)
        return Scored(jnp.ones(1), ids, _by_place(places))

    def learn(state: Tree, shop: Shop, seen: Seen, action: Action, on: Array, layout: Layout) -> Learned:
        at = layout.shopper(seen.shopper)
        table = state["table"].at[at].set(remember(state["table"][at], seen.product, on))
        return _remembered(table)

    return Recommender("own_recent", 1, _init(places), query, learn, (1, 0.0))


def markov(places: int = 64) -> Recommender:
    """Products that followed the shopper's last one, for any shopper, the most frequent first, then the most recent.

    Where they end it backs off to the shopper's own recent products, which all rank below any successor.
    """

    def query(state: Tree, shop: Shop, query: Query, layout: Layout) -> Scored:
        own = state["table"][layout.shopper(query.shopper), :places]
        last = own[0].astype(jnp.int32)
        row = state["table"][jnp.where(last >= 0, last, layout.null)]
        ids = jnp.concatenate([row[:places], own]).astype(jnp.int32)
        followed = jnp.isin(own, row[:places])
        ids = ids.at[places:].set(jnp.where(followed, -1, ids[places:]))
        return Scored(
            jnp.ones(1), ids, jnp.concatenate([row[places:], jnp.zeros(places)]) + jnp.tile(_by_place(places), 2)
        )

    def learn(state: Tree, shop: Shop, seen: Seen, action: Action, on: Array, layout: Layout) -> Learned:
        table, shopper = state["table"], layout.shopper(seen.shopper)
        last = table[shopper, 0].astype(jnp.int32)
        at = jnp.stack([jnp.where(last >= 0, last, layout.null), shopper])
        rows = jax.vmap(remember, (0, None, 0))(table[at], seen.product, jnp.stack([on & (last >= 0), on]))
        return _remembered(put(table, at, rows))

    return Recommender("markov", 1, _init(places), query, learn, (2, 0.0))


def item_cooccurrence(places: int = 32, window: int = 5) -> Recommender:
    """Products met near the shopper's last `window` ones, by any shopper: the sum of n(l, i) / sqrt(1 + n(l)).

    n(l) is the sum of the counts that l keeps.

    n(l, i) counts how often l and i stood within `window` distinct products of one shopper (Sarwar et al. 2001, as a
    stream); each product keeps its `places` most recent companions.
    """

    def query(state: Tree, shop: Shop, query: Query, layout: Layout) -> Scored:
        own = state["table"][layout.shopper(query.shopper), :window].astype(jnp.int32)
        rows = state["table"][jnp.where(own >= 0, own, layout.null)]
        counts = rows[:, places:] / jnp.sqrt(1.0 + rows[:, places:].sum(axis=1, keepdims=True))
        ids = rows[:, :places].astype(jnp.int32).reshape(-1)
        same = (ids[:, None] == ids[None, :]) & (ids >= 0)[:, None]
        total = (same * counts.reshape(-1)).sum(axis=1)
        first = jnp.argmax(same, axis=1) == jnp.arange(ids.shape[0])
        return Scored(jnp.ones(1), jnp.where(first, ids, -1), total)

    def learn(state: Tree, shop: Shop, seen: Seen, action: Action, on: Array, layout: Layout) -> Learned:
        table, shopper = state["table"], layout.shopper(seen.shopper)
        own = table[shopper, :window].astype(jnp.int32)
        company = on & (own >= 0) & (own != seen.product)
        at = jnp.concatenate([jnp.where(own >= 0, own, layout.null), jnp.stack([seen.product, shopper])])
        rows = table[at]
        there = jax.vmap(remember, (0, None, 0))(rows[:window], seen.product, company)
        here = rows[window]
        for k in range(window):
            here = remember(here, own[k], company[k])
        # Where the product is among the last ones its row is written once, as `here`.
        at = at.at[:window].set(jnp.where(company, at[:window], layout.null))
        there = jnp.where(company[:, None], there, table[layout.null])
        own_row = remember(rows[window + 1], seen.product, on)
        # A scatter, so that the loop stays in pieces, where sums have the bits that the query has by itself: these
        # scores are not on the grid.
        return _remembered(table.at[at].set(jnp.vstack([there, here, own_row])))

    return Recommender("item_cooccurrence", 1, _init(places), query, learn, (window + 2, 0.0))
