"""Slopes that are written out are those that JAX derives."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import Array

from model.encoders.products import of_kind, product, weighted
from model.graph import KINDS

RNG = np.random.Generator(np.random.PCG64(5))
KIND = jnp.asarray(RNG.integers(0, KINDS, (4, 3)))


def drawn(*shape: int) -> Array:
    return jnp.asarray(RNG.standard_normal(shape).astype(np.float32))


CASES: dict[str, tuple[Callable[..., Array], Callable[..., Array], tuple[Array, ...]]] = {
    "product": (product, lambda a, w: a @ w, (drawn(9, 8), drawn(8, 5))),
    "one row": (product, lambda a, w: a @ w, (drawn(1, 8), drawn(8, 5))),
    "weighted": (weighted, lambda s, v: (s[:, :, None] * v).sum(axis=1), (drawn(4, 3), drawn(4, 3, 5))),
    "of_kind": (lambda w: of_kind(w, KIND), lambda w: w[KIND], (drawn(KINDS, 5),)),
    "a number of a kind": (lambda w: of_kind(w, KIND), lambda w: w[KIND], (drawn(KINDS),)),
}


@pytest.mark.parametrize("name", list(CASES))
def test_value_and_slopes_are_those_of_the_plain_form(name: str) -> None:
    ours, plain, given = CASES[name]
    towards = drawn(*plain(*given).shape)
    every = tuple(range(len(given)))
    found = jax.value_and_grad(lambda *a: jnp.sum(jnp.sin(ours(*a)) * towards), every)(*given)
    expected = jax.value_and_grad(lambda *a: jnp.sum(jnp.sin(plain(*a)) * towards), every)(*given)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        assert np.allclose(a, b, atol=1e-5)
