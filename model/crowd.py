"""The crowd: products that stand for the whole catalogue when one event is learned.

A softmax over P products needs its normaliser. Uniform draws miss the few products that matter most, those of the
categories that the shopper is in, and so underestimate it; the network would then trust its vectors too much (measured:
on a real log the hit rate falls by a third). Half of the crowd is therefore drawn from all products and half from the
categories of the shopper's last products, and each draw j counts for 1 / (n q_j) products, with q_j its chance under
the mixture (importance sampling with the balance heuristic, Veach and Guibas 1995; for softmax: Bengio and Senecal
2008).
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from model.chance import bits


class Shelves(NamedTuple):
    """The products of each category; the last category is "unknown"."""

    products: Array  # int32[P], by category, then by id
    first: Array  # int32[categories + 2]: where each category begins in `products`
    category: Array  # int32[P]: of each product


def stock(category: NDArray[np.int32], categories: int) -> Shelves:
    """Sort the products by category; -1 is unknown.

    >>> shelves = stock(np.array([1, 0, -1, 1], np.int32), categories=2)
    >>> shelves.products.tolist(), shelves.first.tolist()
    ([1, 0, 3, 2], [0, 1, 3, 4])
    """
    known = np.where(category >= 0, category, categories).astype(np.int32)
    order = np.argsort(known, kind="stable").astype(np.int32)
    first = np.searchsorted(known[order], np.arange(categories + 2)).astype(np.int32)
    return Shelves(jnp.asarray(order), jnp.asarray(first), jnp.asarray(known))


def draw(shelves: Shelves, recent: Array, products: Array, words: Array) -> tuple[Array, Array]:
    """Draw n products and log(1 / (n q)) of each: int32[n], float32[n], from random words uint32[2, n].

    `recent` int32[K] are the categories of the shopper's last products, newest first, -1 where there are none; the
    newest is drawn from as often as all the others together.
    """
    n = words.shape[1]
    half = n // 2
    there = (recent >= 0).sum()
    size = shelves.first[recent + 1] - shelves.first[recent]
    coin = words[0, :half]
    older = 1 + ((coin >> 1) % jnp.maximum(there - 1, 1).astype(jnp.uint32)).astype(jnp.int32)
    slot = jnp.where((coin & 1 == 1) & (there > 1), older, 0)
    inside = (words[1, :half] % jnp.maximum(size[slot], 1).astype(jnp.uint32)).astype(jnp.int32)
    drawn = (words[1] % products.astype(jnp.uint32)).astype(jnp.int32)
    near = shelves.products[shelves.first[recent[slot]] + inside]
    drawn = drawn.at[:half].set(jnp.where(there > 0, near, drawn[:half]))

    newest = jnp.where(there > 1, 0.5, 1.0)
    weight = jnp.where(jnp.arange(recent.shape[0]) == 0, newest, 0.5 / jnp.maximum(there - 1, 1))
    weight = jnp.where(recent >= 0, weight, 0.0) / jnp.maximum(size, 1)
    chance = ((shelves.category[drawn][:, None] == recent[None, :]) * weight[None, :]).sum(axis=1)
    share = jnp.where(there > 0, half / n, 0.0)
    return drawn, -jnp.log(n * (share * chance + (1.0 - share) / products))


def words_for(seed: Array, seq: Array, n: int) -> Array:
    """Return the random words of an event, uint32[2, n]."""
    return bits(17, seq + seed * 31, 2 * n).reshape(2, n)
