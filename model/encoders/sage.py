"""GraphSAGE with the mean aggregator (Hamilton et al. 2017, algorithm 1), over relations that are learned and fade.

    a_k = exp(strength_k + w[kind_k] - decay[kind_k] log(1 + age_k) - order log(1 + rank_k)),  normalised to sum 1
    z_v = W [x_v ; sum_k a_k (x_k + r[kind_k])] + b,  with a W and a b for shoppers and one for products

The strengths are the relation's own (learned by gradient where they stand), w, decay and order are shared. Weights
start as W = [I ; g I], so that the untrained network already says: a shopper is like what the shopper met lately. With
two hops x_k is first joined by what k met (`model.encoders.hops`); a shopper may have ties (`model.encoders.tying`).
"""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
from flax import nnx
from jax import Array

from model.encoders.contract import Encoder, Neighbourhood, one_hop_cost
from model.encoders.fading import Fading, shares
from model.encoders.hops import Hop, beyond, hop_cost
from model.encoders.products import of_kind, product, weighted
from model.encoders.tying import Tying, kinds_of
from model.graph import KINDS


class Sage(Fading):
    """Parameters: W float32[2 d, d] of a shopper and of a product, b float32[2, d]; per kind, of a hop and of ties."""

    def __init__(self, dim: int, near: float, rngs: nnx.Rngs, hops: int = 1, ties: int = 0) -> None:
        super().__init__()
        unit = jnp.eye(dim)
        self.shopper_weight = nnx.Param(jnp.vstack([unit, unit]))
        self.product_weight = nnx.Param(jnp.vstack([unit, near * unit]))
        self.bias = nnx.Param(jnp.zeros((2, dim)))
        self.relation = nnx.Param(jnp.zeros((KINDS, dim)))
        self.hop = Hop(dim) if hops == 2 else None
        self.ties = Tying(dim, ties) if ties else None

    def __call__(self, around: Neighbourhood) -> Array:
        z = self.mapped(self.both(around))
        return z if self.ties is None else self.ties(z, around)

    def both(self, around: Neighbourhood) -> Array:
        """Return what the nodes are and what they met, float32[C, 2 d]."""
        share = shares(self.logits(around), around.there)
        near = around.near if self.hop is None else self.hop(around)
        met = weighted(share, near + of_kind(self.relation[...], around.kind))
        return jnp.concatenate([around.own + around.kin, met], axis=-1)

    def mapped(self, both: Array) -> Array:
        """Return W both + b."""
        shopper = product(both[:1], self.shopper_weight[...]) + self.bias[0]
        products = product(both[1:], self.product_weight[...]) + self.bias[1]
        return jnp.concatenate([shopper, products])


def sage_cost(hops: int) -> Callable[[int, int], float]:
    """Return the cost of a node's vector by sage of so many hops, a function of dim and neighbours."""
    return lambda dim, neighbours: one_hop_cost(dim, neighbours) + hop_cost(hops, dim, neighbours)


def sage(
    near: float = 0.0,
    habits: bool = True,
    content: bool = False,
    hops: int = 1,
    follows: bool = False,
    coupons: bool = False,
) -> Encoder:
    """The default encoder; `near` is how much a product starts as its last shoppers; one hop or two; whom
    shoppers follow where `follows`, their coupons where `coupons`."""
    ties = kinds_of(follows, coupons)
    made = Encoder("sage", lambda dim, rngs: Sage(dim, near, rngs, hops, len(ties)), None, habits, content=content)
    return made._replace(beyond=beyond(hops), cost=sage_cost(hops), ties=ties)
