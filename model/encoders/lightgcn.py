"""LightGCN (He et al. 2020): vectors are averaged over the graph, and there is no weight matrix and no bend.

    A_vk = exp(strength_k + w[kind_k] - decay[kind_k] log(1 + age_k) - order log(1 + rank_k))
    z_v = alpha_0 x_v + alpha_1 sum_k A_vk / sqrt(D_v D_k) x_k,  D_v = sum_k A_vk,  D_k = events of neighbour k

The source has A = 1 and D the number of neighbours. Here a relation fades (`model.encoders.fading`), so D_v counts what
has not faded; of a neighbour only its event count is known, so its D counts all. What many shoppers met says less of
one of them. alpha_0 and alpha_1 combine the layers, one pair for shoppers and one for products. Pairs start at
(1, 1) and (1, g), so that a shopper is like what the shopper met lately.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array

from model.encoders.contract import Encoder, Neighbourhood
from model.encoders.fading import Fading, shares
from model.encoders.hops import Hop, beyond, hop_cost
from model.encoders.products import weighted
from model.encoders.tying import Tying, kinds_of

FURTHEST = 20.0
"""The largest log of a D_v that counts, in size."""


class LightGcn(Fading):
    """Parameters: alpha float32[2, 2], shopper then product, own then met; and those of fading and of the hop. With two
    hops x_k is first joined by what k met (`model.encoders.hops`), whose g stands for the second layer's alpha."""

    def __init__(self, dim: int, near: float, hops: int = 1, ties: int = 0) -> None:
        super().__init__()
        self.hop = Hop(dim) if hops == 2 else None
        self.ties = Tying(dim, ties) if ties else None
        self.alpha = nnx.Param(jnp.array([[1.0, 1.0], [1.0, near]]))

    def __call__(self, around: Neighbourhood) -> Array:
        logits = self.logits(around)
        faded = jax.nn.logsumexp(jnp.where(around.there, logits, -1e9), axis=-1)
        # A / sqrt(D_v D_k) = A / D_v sqrt(D_v / D_k)
        balance = jnp.exp(0.5 * jnp.clip(faded, -FURTHEST, FURTHEST))[:, None] * jax.lax.rsqrt(
            jnp.maximum(around.degree, 1.0)
        )
        near = around.near if self.hop is None else self.hop(around)
        met = weighted(shares(logits, around.there) * balance, near)
        layers = jnp.stack([around.own + around.kin, met])
        shopper = jnp.einsum("l,lcd->cd", self.alpha[0], layers[:, :1])
        products = jnp.einsum("l,lcd->cd", self.alpha[1], layers[:, 1:])
        z = jnp.concatenate([shopper, products])
        return z if self.ties is None else self.ties(z, around)


def lightgcn(
    near: float = 0.0,
    habits: bool = True,
    content: bool = False,
    hops: int = 1,
    follows: bool = False,
    coupons: bool = False,
) -> Encoder:
    """LightGCN of one layer or two; `near` is how much a product starts as its last shoppers."""
    ties = kinds_of(follows, coupons)

    def cost(dim: int, neighbours: int) -> float:
        return 2.0 * (neighbours + 2) * dim + hop_cost(hops, dim, neighbours)

    made = Encoder("lightgcn", lambda dim, rngs: LightGcn(dim, near, hops, len(ties)), None, habits, content=content)
    return made._replace(beyond=beyond(hops), cost=cost, ties=ties)
