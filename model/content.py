"""Content: numbers that a shop publishes of a product (of its text, picture, sound), by which one that nobody has met
is known from the first moment.

    s(u, i, t) = trust z_u . z_i + q_u . c_i + ...,   q_u = [h_u ; z_u] W,   h_u the mean of c over u's last K products

c    a column less its mean over the products that have it, over its standard deviation; a product's c is `LENGTH` long
     on average, at most `LONGEST`, and 0 where it has none
W    begins as the identity above noughts: a shopper likes what is like what the shopper met

A score that is bilinear in features of both sides: Park and Chu 2009, "Pairwise preference regression for cold-start
recommendation". W learns with the weights of `model.habits`, by the same softmax over the whole catalogue. Half of its
sample is from the shopper's own categories; against products of any other, content would learn little that the category
does not say. (Measured on one seed: projected into z_i and taught by the drawn negatives, as entity vectors are, it
gains a third as much.) The slope is the outer product of [h_u ; z_u] with the expected c less that of the product that
came. As with the habits, z_u is not moved by it.

c_i stands in the served row and never changes, and q_u is made when it is asked for: no score is stale by it, however
long ago the row was written.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from numpy.typing import NDArray

from journal.errors import Refusal
from model import grid
from model.contract import Catalogue
from model.layout import Layout
from model.parts import Tree
from model.weighing import chances, weights_slope

LENGTH, LONGEST = 2.0, 4.0
"""Of c: long enough for the grid. With q at most 20 long, q . c is within 80, and all sums stay exact."""

PACE = 0.02
"""The learning rate of W (Adagrad, each number its own), beside that of the habits."""


def standardised(content: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return c float32[P, c] of published content float32[P, c], NaN where unknown.

    >>> standardised(np.array([[1.0, 5.0], [3.0, 5.0], [np.nan, np.nan]], np.float32)).tolist()
    [[-1.4140625, 0.0], [1.4140625, 0.0], [0.0, 0.0]]
    """
    wide = np.where(np.isfinite(content), content, np.nan).astype(np.float64)
    known = np.maximum(np.isfinite(wide).sum(axis=0), 1)
    centred = np.nan_to_num(wide - np.nansum(wide, axis=0) / known)
    spread = np.sqrt(np.square(centred).sum(axis=0) / known)
    c = LENGTH * centred / np.maximum(spread, 1e-9) / np.sqrt(content.shape[1])
    c *= np.minimum(1.0, LONGEST / np.maximum(np.linalg.norm(c, axis=1, keepdims=True), 1e-9))
    return (np.round(c / grid.STEP) * grid.STEP).astype(np.float32)


def stock(catalogue: Catalogue, layout: Layout, encoder: str) -> Array:
    """Return c float32[P + 1, c] of all products with room to grow, and noughts behind them.

    Raises Refusal, in the name of the encoder that reads it, where the catalogue has no content.
    """
    if catalogue.content is None:
        raise Refusal(
            f"{encoder}(content=true) reads what is published of products, and this catalogue has no content. Give the "
            "items file columns content_0, content_1, ..., or leave content=true out."
        )
    c = standardised(catalogue.content)
    return jnp.asarray(np.pad(c, ((0, layout.products + 1 - len(c)), (0, 0))))


def begin(catalogue: Catalogue, layout: Layout, encoder: str, dim: int) -> Tree:
    """Return what a state holds besides: c, W float32[c + dim, c] before the first event, the memory of its slopes."""
    published = stock(catalogue, layout, encoder)
    columns = published.shape[1]
    weights = jnp.concatenate([jnp.eye(columns), jnp.zeros((dim, columns))])
    return {"content": published, "liking": weights, "liking memory": jnp.zeros_like(weights)}


def moved(state: Tree, slope: Array, step: Array, epsilon: float) -> Tree:
    """Return W after a step of Adagrad against its slope, and the memory; a step of 0 is not remembered."""
    memory = state["liking memory"] + jnp.where(step != 0, slope * slope, 0.0)
    return {"liking": state["liking"] - PACE * step * slope * lax.rsqrt(memory + epsilon), "liking memory": memory}


def rows(content: Array, ids: Array) -> Array:
    """Return c of products, float32[n, c]; 0 for what is no product."""
    return content[jnp.minimum(ids, content.shape[0] - 1)]


def known(content: Array, near: Array, z: Array) -> Array:
    """Return [h_u ; z_u] float32[c + d] of a shopper whose last products have the rows `near` int32[K]."""
    count = (near < content.shape[0] - 1).sum()
    return jnp.concatenate([rows(content, near).sum(axis=0) / jnp.maximum(count, 1), z])


class Weighed(NamedTuple):
    """An event as the softmax of `model.weighing` sees it, without its content."""

    habits: Array  # float32[F]: the weights
    target: Array  # float32[F]: features of the product that came
    others: Array  # float32[M, F]
    extra: Array  # float32[M]


def slopes(weighed: Weighed, weights: Array, shopper: Array, shown: Array) -> tuple[Array, Array]:
    """Return the slopes of the habits float32[F] and of W `weights` float32[c + d, c], where content counts as well.

    `shopper` float32[c + d] is [h_u ; z_u]; `shown` float32[M + 1, c] the content of the others and, last, of the
    product that came.
    """
    liked = shown @ (shopper @ weights)
    given = weighed._replace(extra=weighed.extra + liked[:-1] - liked[-1])
    missed = chances(*given) @ shown - shown[-1]
    return weights_slope(*given), shopper[:, None] * missed


def arithmetic(columns: int, dim: int, products: int) -> float:
    """Return the additions and multiplications of learning an event, with so many products in the softmax."""
    return 4.0 * columns * products + 8.0 * columns * (columns + dim)
