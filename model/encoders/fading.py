"""How relations fade, for encoders that weigh them: by their strength and kind, and by how long ago they were.

logit_k = strength_k + w[kind_k] - decay[kind_k] log(1 + age_k) - order log(1 + rank_k)
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array

from model.encoders.contract import Beyond, Neighbourhood
from model.encoders.products import of_kind
from model.graph import KINDS

HOUR = 3600.0


class Fading(nnx.Module):
    """Parameters: w and decay float32[KINDS], order a scalar. Ages are in hours, ranks in the node's own events."""

    def __init__(self) -> None:
        self.kind = nnx.Param(jnp.zeros(KINDS))
        self.decay = nnx.Param(jnp.full(KINDS, 0.1))
        self.order = nnx.Param(jnp.float32(0.3))

    def logits(self, around: Neighbourhood | Beyond) -> Array:
        """Return float32[C, K], or [C, K, F] beyond; it says nothing of which relations are there."""
        decay = of_kind(self.decay[...], around.kind) * jnp.log1p(around.age / HOUR)
        return around.strength + of_kind(self.kind[...], around.kind) - decay - self.order[...] * jnp.log1p(around.rank)


def shares(logits: Array, there: Array) -> Array:
    """Return the softmax of logits [..., K] over the relations that are there; zeros where there is none."""
    return jax.nn.softmax(jnp.where(there, logits, -1e9), axis=-1) * there
