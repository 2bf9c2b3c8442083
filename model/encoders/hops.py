"""Two hops: a neighbour is also what it met lately itself, beyond the node in the middle.

    x_k <- x_k + g sum_j a_kj x_j,   a_kj = the fading share (`model.encoders.fading`) of k's relation to j

j runs over the last F relations of neighbour k, without the one to the node in the middle, which would only hear its
echo. What is two relations away from a product are products (that its shoppers met, too), from a shopper shoppers. The
inner hop is linear, as in LightGCN (He et al. 2020) and in simplified graph convolution (Wu et al. 2019): full layers
of GraphSAGE would map K neighbours for each node by matrices of their own, ten times the arithmetic of one hop.

Vectors two relations away are moved by gradient like all others, but their kin and strengths are only read.
"""

from __future__ import annotations

import jax.numpy as jnp
from flax import nnx
from jax import Array

from model.encoders.contract import Neighbourhood
from model.encoders.fading import Fading, shares
from model.encoders.products import weighted

BEYOND = 4
"""F, the last relations of a neighbour that are read."""

START = 0.1
"""g at first."""


class Hop(Fading):
    """Parameters: those of fading, and g float32[2, d]: for neighbours of a shopper, and for those of a product."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.gate = nnx.Param(jnp.full((2, dim), START))

    def __call__(self, around: Neighbourhood) -> Array:
        """Return the neighbours float32[C, K, d] with what they met."""
        beyond = around.beyond
        if beyond is None:
            raise TypeError("an encoder of two hops reads beyond the neighbours, and this neighbourhood ends with them")
        c, k, d = around.near.shape
        share = shares(self.logits(beyond), beyond.there)
        met = weighted(share.reshape(c * k, -1), beyond.near.reshape(c * k, -1, d)).reshape(c, k, d)
        return jnp.concatenate([around.near[:1] + self.gate[0] * met[:1], around.near[1:] + self.gate[1] * met[1:]])


def beyond(hops: int) -> int:
    """Return how many relations of a neighbour an encoder of so many hops reads.

    Raises ValueError where hops are neither 1 nor 2.
    """
    if hops not in (1, 2):
        raise ValueError(f"an encoder's hops are {hops}; they must be 1 or 2")
    return BEYOND if hops == 2 else 0


def hop_cost(hops: int, dim: int, neighbours: int) -> float:
    """Return the multiplications and additions that a second hop adds to a node's vector."""
    return 2.0 * neighbours * (beyond(hops) + 1) * dim if hops == 2 else 0.0
