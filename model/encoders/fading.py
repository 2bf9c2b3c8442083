"""How relations fade, for encoders that weigh them: by their strength and kind, and by how long ago they were.

logit_k = strength_k + w[kind_k] - decay[kind_k] log(1 + age_k) - order log(1 + rank_k)
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array, lax

from model.encoders.contract import Beyond, Neighbourhood
from model.encoders.products import of_kind
from model.graph import KINDS

HOUR = 3600.0

LINE = 64
"""Logarithms that are computed at once."""


class Fading(nnx.Module):
    """Parameters: w and decay float32[KINDS], order a scalar. Ages are in hours, ranks in the node's own events."""

    def __init__(self) -> None:
        self.kind = nnx.Param(jnp.zeros(KINDS))
        self.decay = nnx.Param(jnp.full(KINDS, 0.1))
        self.order = nnx.Param(jnp.float32(0.3))

    def logits(self, around: Neighbourhood | Beyond) -> Array:
        """Return float32[C, K], or [C, K, F] beyond; it says nothing of which relations are there."""
        age, rank = logarithms(jnp.stack([around.age / HOUR, around.rank]))
        decay = of_kind(self.decay[...], around.kind) * age
        return around.strength + of_kind(self.kind[...], around.kind) - decay - self.order[...] * rank


def logarithms(values: Array) -> Array:
    """Return log(1 + values), of any shape, line by line: in a loop of their own logarithms are computed many at once.

    Fused with what reads them they are computed one by one (measured: a twentieth of a step).
    """
    n = max(1, -(-values.size // LINE))
    lines = jnp.pad(values.reshape(-1), (0, n * LINE - values.size)).reshape(n, LINE)

    def line(at: Array, out: Array) -> Array:
        return lax.dynamic_update_slice(out, jnp.log1p(lax.dynamic_slice(lines, (at, 0), (1, LINE))), (at, 0))

    return lax.fori_loop(0, n, line, jnp.zeros_like(lines)).reshape(-1)[: values.size].reshape(values.shape)


def shares(logits: Array, there: Array) -> Array:
    """Return the softmax of logits [..., K] over the relations that are there; zeros where there is none."""
    return jax.nn.softmax(jnp.where(there, logits, -1e9), axis=-1) * there
