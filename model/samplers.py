"""Where negatives come from: products that are drawn against the one that came, with the chance of each.

A part is a `Sampler`. Draws depend on the seed, the event and what was learned before it, never on the cut of calls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from model.chance import below
from model.parts import Seen, Tree, at_least


class Sampler(NamedTuple):
    """`init() -> state`; `draw(state, seed, seen, n, products) -> (ids int32[n], log q float32[n])`; and
    `note(state, seen, on) -> state` after an event that was learned."""

    init: Callable[[], Tree]
    draw: Callable[[Tree, Array, Seen, int, Array], tuple[Array, Array]]
    note: Callable[[Tree, Seen, Array], Tree]


def uniform() -> Sampler:
    """Every product alike (the default)."""

    def draw(state: Tree, seed: Array, seen: Seen, n: int, products: Array) -> tuple[Array, Array]:
        drawn = below(13, seen.seq + seed * 31, n, products)
        return drawn, jnp.broadcast_to(-jnp.log(products.astype(jnp.float32)), (n,))

    return Sampler(lambda: (), draw, lambda state, seen, on: state)


def popular(last: int = 4096) -> Sampler:
    """Products as often as they were met among the last events: popular ones are the harder negatives.

    last  events that are drawn from; q of a product is its share of them

    Negatives by popularity: Mikolov et al. 2013 (there to the power 3/4); for recommenders: Rendle and Freudenthaler
    2014.
    """
    at_least("popular", "last", last, 1)
    return _from_the_stream(last)


def in_chunk(last: int = 128) -> Sampler:
    """Products of the last few events: the stream's form of in-batch negatives (Yi et al. 2019)."""
    at_least("in_chunk", "last", last, 1)
    return _from_the_stream(last)


def _from_the_stream(last: int) -> Sampler:
    def init() -> Tree:
        return {"ids": jnp.full(last, -1, jnp.int32), "n": jnp.int32(0)}

    def draw(state: Tree, seed: Array, seen: Seen, n: int, products: Array) -> tuple[Array, Array]:
        held = jnp.minimum(state["n"], last)
        drawn = state["ids"][below(13, seen.seq + seed * 31, n, jnp.maximum(held, 1))]
        drawn = jnp.where(held > 0, drawn, seen.product)  # nothing has been yet: the product itself, which is not fair
        share = (state["ids"] == drawn[:, None]).sum(axis=1) / jnp.maximum(held, 1)
        return drawn, jnp.log(jnp.maximum(share, 1.0 / last))

    def note(state: Tree, seen: Seen, on: Array) -> Tree:
        place = jnp.where(on, state["n"] % last, last)
        return {"ids": state["ids"].at[place].set(seen.product, mode="drop"), "n": state["n"] + on}

    return Sampler(init, draw, note)


SAMPLERS: dict[str, Callable[..., Sampler]] = {part.__name__: part for part in (uniform, popular, in_chunk)}
