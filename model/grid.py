"""Served numbers lie on a grid, so that a score is exact: the same bits in whatever order it is summed.

A float32 sum of products is exact while every partial sum is a multiple of one step and below 2**24 steps. Vectors are
rounded to multiples of 2**-7 and shortened to a norm of at most 20, so that a product of two is a multiple of 2**-14
and (Cauchy-Schwarz) every partial sum is at most 400; biases and bonuses are multiples of 2**-14 within +-256. All
stay below 2**24 * 2**-14 = 1024. A rank is therefore the same from a matrix product, a loop or numpy, on one thread or
many, and ties are ties. (A recommender of width 1 sums nothing and needs no grid.)
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

STEP = 2.0**-7
FINE = 2.0**-14
LONGEST = 20.0
HIGHEST = 256.0


def vectors(z: Array) -> Array:
    """Round vectors float32[..., d] to the grid, shortened to a norm of at most `LONGEST` (less half a step a
    component).

    >>> vectors(jnp.array([0.1, 3.0]))
    Array([0.1015625, 3.       ], dtype=float32)
    """
    longest = LONGEST - STEP * z.shape[-1] ** 0.5
    norm = jnp.sqrt(jnp.sum(z * z, axis=-1, keepdims=True) + 1e-12)
    z = jnp.where(jnp.isfinite(z), z * jnp.minimum(1.0, longest / norm), 0.0)
    return jnp.round(z * (1 / STEP)) * STEP


def biases(b: Array) -> Array:
    """Round biases and bonuses to the fine grid, within +-`HIGHEST`; what is not a number becomes 0."""
    b = jnp.where(jnp.isnan(b), 0.0, jnp.clip(b, -HIGHEST, HIGHEST))
    return jnp.round(b * (1 / FINE)) * FINE
