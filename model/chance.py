"""Randomness inside the compiled step: a counter-based hash of a seed and an event's number.

It is the same however events are cut into chunks.
The mixing function is the 32-bit finaliser of MurmurHash3 (Appleby), applied to a Weyl sequence.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array


def bits(seed: int, seq: Array, n: int) -> Array:
    """Return n words uint32[n] for event number `seq`.

    >>> bits(1, jnp.int32(5), 2).tolist() == bits(1, jnp.int32(5), 3).tolist()[:2]
    True
    """
    word = jnp.uint32(seed % 2**32) * jnp.uint32(0x27D4EB2F) + seq.astype(jnp.uint32)
    x = _mixed(word) + jnp.arange(1, n + 1, dtype=jnp.uint32) * jnp.uint32(0x9E3779B9)
    return _mixed(x)


def uniform(seed: int, seq: Array, n: int) -> Array:
    """Return n numbers float32[n] in [0, 1)."""
    return (bits(seed, seq, n) >> 8).astype(jnp.float32) * (1.0 / (1 << 24))


def normal(seed: int, seq: Array, n: int) -> Array:
    """Return n standard normal numbers float32[n], none further out than 5.4.

    >>> drawn = normal(1, jnp.int32(5), 4000)
    >>> round(float(drawn.mean()), 1) + 0.0, round(float(drawn.std()), 1)
    (0.0, 1.0)
    """
    middle = ((bits(seed, seq, n) >> 9).astype(jnp.float32) + 0.5) * (1.0 / (1 << 23))
    return jax.scipy.special.ndtri(middle)


def below(seed: int, seq: Array, n: int, limit: Array | int) -> Array:
    """Return n ids int32[n] in [0, limit), each equally likely to within 2**-32 * limit."""
    return (bits(seed, seq, n) % jnp.uint32(limit)).astype(jnp.int32)


def _mixed(x: Array) -> Array:
    x = (x ^ (x >> 16)) * jnp.uint32(0x85EBCA6B)
    x = (x ^ (x >> 13)) * jnp.uint32(0xC2B2AE35)
    return x ^ (x >> 16)
