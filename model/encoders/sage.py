"""GraphSAGE with the mean aggregator (Hamilton et al. 2017, algorithm 1), over relations that are learned and fade.

    a_k = exp(strength_k + w[kind_k] - decay[kind_k] log(1 + age_k) - order log(1 + rank_k)),  normalised to sum 1
    z_v = W [x_v ; sum_k a_k (x_k + r[kind_k])] + b,  with a W and a b for shoppers and one for products

The strengths are the relation's own (learned by gradient where they stand), w, decay and order are shared. Weights
start as W = [I ; g I], so that the untrained network already says: a shopper is like what the shopper met lately.
"""

from __future__ import annotations

import jax.numpy as jnp
from flax import nnx
from jax import Array

from model.encoders.contract import Encoder, Neighbourhood
from model.encoders.fading import Fading, shares
from model.encoders.products import of_kind, product, weighted
from model.graph import KINDS


class Sage(Fading):
    """One hop. Parameters: W float32[2 d, d] of a shopper and of a product, b float32[2, d]; the rest per kind."""

    def __init__(self, dim: int, near: float, rngs: nnx.Rngs) -> None:
        super().__init__()
        unit = jnp.eye(dim)
        self.shopper_weight = nnx.Param(jnp.vstack([unit, unit]))
        self.product_weight = nnx.Param(jnp.vstack([unit, near * unit]))
        self.bias = nnx.Param(jnp.zeros((2, dim)))
        self.relation = nnx.Param(jnp.zeros((KINDS, dim)))

    def __call__(self, around: Neighbourhood) -> Array:
        return self.mapped(self.both(around))

    def both(self, around: Neighbourhood) -> Array:
        """Return what the nodes are and what they met, float32[C, 2 d]."""
        share = shares(self.logits(around), around.there)
        met = weighted(share, around.near + of_kind(self.relation[...], around.kind))
        return jnp.concatenate([around.own + around.kin, met], axis=-1)

    def mapped(self, both: Array) -> Array:
        """Return W both + b."""
        shopper = product(both[:1], self.shopper_weight[...]) + self.bias[0]
        products = product(both[1:], self.product_weight[...]) + self.bias[1]
        return jnp.concatenate([shopper, products])


def sage(near: float = 0.0, habits: bool = True, content: bool = False) -> Encoder:
    """The default encoder; `near` is how much a product starts as its last shoppers."""
    return Encoder("sage", lambda dim, rngs: Sage(dim, near, rngs), None, habits, content=content)
