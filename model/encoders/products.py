"""Products of small matrices, with slopes written out in the form that compiles well where the loop is one piece of
code (`model.compiling`): there a product along the last axis of both is a loop of single numbers, 20 times slower.

They give what `@` gives, to rounding; the tests hold their slopes against those that JAX derives.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array, lax

from model.rows import add


@jax.custom_vjp
def product(a: Array, w: Array) -> Array:
    """Return a @ w, float32[n, d] of float32[n, e] and float32[e, d]; for few rows n."""
    return a @ w


def _product(a: Array, w: Array) -> tuple[Array, tuple[Array, Array]]:
    return a @ w, (a, w)


def _product_back(saved: tuple[Array, Array], slope: Array) -> tuple[Array, Array]:
    a, w = saved

    def row(n: Array, out: Array) -> Array:
        return lax.dynamic_update_slice(out, (w @ lax.dynamic_index_in_dim(slope, n, keepdims=False))[None], (n, 0))

    to_a = lax.fori_loop(0, len(a), row, jnp.zeros_like(a)) if len(a) else a
    return to_a, a.T @ slope


product.defvjp(_product, _product_back)


@jax.custom_vjp
def weighted(share: Array, values: Array) -> Array:
    """Return sum_k share[c, k] values[c, k], float32[C, d] of float32[C, K] and float32[C, K, d]."""
    return jnp.einsum("ck,ckd->cd", share, values)


def _weighted(share: Array, values: Array) -> tuple[Array, tuple[Array, Array]]:
    return weighted(share, values), (share, values)


def _weighted_back(saved: tuple[Array, Array], slope: Array) -> tuple[Array, Array]:
    share, values = saved
    return jnp.einsum("cd,ckd->ck", slope, values), share[:, :, None] * slope[:, None, :]


weighted.defvjp(_weighted, _weighted_back)


@jax.custom_vjp
def of_kind(weights: Array, kind: Array) -> Array:
    """Return weights[kind], float32[..., d] of float32[KINDS, d], or float32[...] of float32[KINDS]."""
    return weights[kind]


def _of_kind(weights: Array, kind: Array) -> tuple[Array, tuple[Array, Array]]:
    return weights[kind], (weights, jnp.asarray(kind))


def _of_kind_back(saved: tuple[Array, Array], slope: Array) -> tuple[Array, None]:
    weights, kind = saved
    none = jnp.zeros((weights.shape[0], weights.size // weights.shape[0]))
    return add(none, kind.reshape(-1), jnp.reshape(slope, (kind.size, -1))).reshape(weights.shape), None


of_kind.defvjp(_of_kind, _of_kind_back)
