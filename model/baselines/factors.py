"""Matrix factorisation that learns from every event: a vector a shopper, a vector a product, nothing else."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from journal.chance import stream
from model import grid
from model.chance import below
from model.contract import Catalogue
from model.layout import Layout, fill
from model.parts import Action, Learned, Query, Recommender, Scored, Seen, Shop, Tree

SCALE = 4.0
"""Factors are served four times as long, so that the grid is fine against them; the order is the same."""

Step = Callable[[Array, Action], Array]


def isgd(dim: int = 64, rate: float = 0.05, regularisation: float = 0.01, spread: float = 0.1) -> Recommender:
    """Incremental stochastic gradient descent for positive-only feedback (Vinagre, Jorge, Gama 2014, algorithm 1).

    Both factors move from where they stood.

    err = 1 - A_u . B_i;  A_u += rate (err B_i - regularisation A_u);  B_i += rate (err A_u - regularisation B_i).
    """

    def step(rows: Array, action: Action) -> Array:
        a, b = rows[0], rows[1]
        error = 1.0 - a @ b
        return rate * action.rate * jnp.stack([error * b - regularisation * a, error * a - regularisation * b])

    return _factors("isgd", dim, spread, step, negatives=0)


def bpr_mf(dim: int = 64, rate: float = 0.05, regularisation: float = 0.01, spread: float = 0.1) -> Recommender:
    """Bayesian personalised ranking, one uniform negative an event (Rendle et al. 2009, equation 4 and algorithm 1)."""

    def step(rows: Array, action: Action) -> Array:
        def loss(rows: Array) -> Array:
            a, positive, negative = rows
            return jax.nn.softplus(a @ (negative - positive)) + regularisation / 2 * jnp.sum(rows * rows)

        return -rate * action.rate * jax.grad(loss)(rows)

    return _factors("bpr_mf", dim, spread, step, negatives=1)


def _factors(name: str, dim: int, spread: float, step: Step, negatives: int) -> Recommender:
    def init(layout: Layout, catalogue: Catalogue, seed: int) -> tuple[Tree, Array]:
        def draw(section: int, rows: int) -> np.ndarray:
            return spread * stream(seed, "factors", section).standard_normal((rows, dim), dtype=np.float32)

        table = jnp.asarray(fill(layout, draw))
        return {"table": table, "seed": jnp.int32(seed % 2**31)}, _served(table[: layout.products])

    def query(state: Tree, shop: Shop, query: Query, layout: Layout) -> Scored:
        vector = grid.vectors(SCALE * state["table"][layout.shopper(query.shopper)])
        return Scored(jnp.append(vector, 1.0), jnp.full(1, -1, jnp.int32), jnp.zeros(1))

    def learn(state: Tree, shop: Shop, seen: Seen, action: Action, on: Array, layout: Layout) -> Learned:
        at = jnp.stack([layout.shopper(seen.shopper), seen.product])
        if negatives:
            negative, fair = another(seen, shop, state["seed"])
            at, on = jnp.append(at, negative), on & fair
        rows = state["table"][at]
        rows = rows + jnp.where(on, step(rows, action), 0.0)
        table = state["table"].at[at].set(rows)
        return Learned({**state, "table": table}, at[1:], _served(rows[1:]))

    def anew(state: Tree, shop: Shop, layout: Layout, catalogue: Catalogue, seed: int) -> tuple[Tree, Array]:
        return init(layout, catalogue, seed)

    cost = (2 + negatives, 8.0 * dim * (1 + negatives))
    return Recommender(name, dim + 1, init, query, learn, cost, anew=anew)


def another(seen: Seen, shop: Shop, seed: Array, tries: int = 8) -> tuple[Array, Array]:
    """Draw a product on sale that is not the one that came: the first fair one of a few uniform draws, int32, and
    whether there was one."""
    drawn = below(11, seen.seq + seed * 31, tries, shop.products)
    fair = (drawn != seen.product) & (shop.on_sale[drawn] > 0)
    return drawn[jnp.argmax(fair)], fair.any()


def _served(rows: Array) -> Array:
    return jnp.concatenate([grid.vectors(SCALE * rows), jnp.zeros((rows.shape[0], 1))], axis=1)
