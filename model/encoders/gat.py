"""Graph attention (Velickovic et al. 2018) in its second version (GATv2, Brody et al. 2022), with relations as edges.

    f_k = [one-hot kind_k ; log(1 + age_k) ; log(1 + rank_k)]
    e_hk = fading logit_hk + a_h . LeakyReLU(P_h x_v + Q_h x_k + E_h f_k + c_h)
    z_v = S x_v + mean over heads h of V_h sum_k softmax_k(e_hk) (x_k + r[kind_k]) + b

S, V and b are one for shoppers and one for products; all else is shared. Heads are averaged, as in the last layer of
the source (its equation 6), and a node's own vector goes past the attention instead of through it. The fading logit
(`model.encoders.fading`) is linear and each head's own. The vectors a start at 0 and S, V at I and g I, so that the
untrained network attends to what is recent, and a shopper is like what the shopper met lately.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array

from model.encoders.contract import Encoder, Neighbourhood
from model.encoders.fading import HOUR, shares
from model.encoders.hops import Hop, beyond, hop_cost
from model.encoders.products import of_kind, product
from model.encoders.tying import Tying, kinds_of
from model.graph import KINDS

EDGE = KINDS + 2
"""Length of f: kinds, age, rank."""

STEEPNESS = 0.2
"""Slope of LeakyReLU below zero, as in the source."""

FURTHEST = 30.0
"""The largest logit, in size, that content may add to fading."""


class Gat(nnx.Module):
    """H heads with n units each; with two hops x_k is first joined by what k met (`model.encoders.hops`).

    Parameters: P, Q float32[d, H n], E float32[EDGE, H n], c float32[H n], a float32[H, n], fade float32[EDGE, H] (what
    a head adds for f), S float32[2, d, d], V float32[2, H, d, d], b float32[2, d], r float32[KINDS, d].
    """

    def __init__(
        self, dim: int, heads: int, units: int, near: float, rngs: nnx.Rngs, hops: int = 1, ties: int = 0
    ) -> None:
        self.heads, width, unit = heads, heads * units, jnp.eye(dim)
        self.query = nnx.Param(rngs.normal((dim, width)) / jnp.sqrt(dim))
        self.key = nnx.Param(rngs.normal((dim, width)) / jnp.sqrt(dim))
        self.edge = nnx.Param(rngs.normal((EDGE, width)) / jnp.sqrt(EDGE))
        self.shift = nnx.Param(jnp.zeros(width))
        self.attention = nnx.Param(jnp.zeros((heads, units)))
        self.fade = nnx.Param(jnp.zeros((EDGE, heads)).at[KINDS].set(-0.1).at[KINDS + 1].set(-0.3))
        self.own = nnx.Param(jnp.stack([unit, unit]))
        self.value = nnx.Param(jnp.stack([jnp.stack([unit] * heads), near * jnp.stack([unit] * heads)]))
        self.bias = nnx.Param(jnp.zeros((2, dim)))
        self.relation = nnx.Param(jnp.zeros((KINDS, dim)))
        self.hop = Hop(dim) if hops == 2 else None
        self.ties = Tying(dim, ties) if ties else None

    def __call__(self, around: Neighbourhood) -> Array:
        around = around if self.hop is None else around._replace(near=self.hop(around))
        own = around.own + around.kin
        share = self.shares(own, around)
        met = jnp.einsum("chk,ckd->chd", share, around.near + of_kind(self.relation[...], around.kind)) / self.heads
        shopper = self._mapped(own[:1], met[:1], 0)
        products = self._mapped(own[1:], met[1:], 1)
        z = jnp.concatenate([shopper, products])
        return z if self.ties is None else self.ties(z, around)

    def _mapped(self, own: Array, met: Array, side: int) -> Array:
        value = self.value[side].reshape(-1, own.shape[-1])
        return product(own, self.own[side]) + product(met.reshape(len(own), len(value)), value) + self.bias[side]

    def shares(self, own: Array, around: Neighbourhood) -> Array:
        """Return how much each head attends to each relation, float32[C, H, K]."""
        past = jnp.stack([jnp.log1p(around.age / HOUR), jnp.log1p(around.rank)], axis=-1)
        edge = jnp.concatenate([jax.nn.one_hot(around.kind, KINDS), past], axis=-1)
        near = product(around.near.reshape(-1, own.shape[-1]), self.key[...])
        hidden = near.reshape(*around.kind.shape, -1) + edge @ self.edge[...] + self.shift[...]
        hidden = jax.nn.leaky_relu(hidden + product(own, self.query[...])[:, None, :], STEEPNESS)
        content = (hidden.reshape(*around.kind.shape, self.heads, -1) * self.attention[...]).sum(axis=-1)
        logits = edge @ self.fade[...] + jnp.clip(content, -FURTHEST, FURTHEST)
        return shares(around.strength[:, None] + jnp.swapaxes(logits, 1, 2), around.there[:, None])


def gat(
    heads: int = 2,
    units: int = 8,
    near: float = 0.0,
    habits: bool = True,
    content: bool = False,
    hops: int = 1,
    follows: bool = False,
    coupons: bool = False,
) -> Encoder:
    """Graph attention of several heads with some units each; `near` is how much a product starts as its shoppers."""

    def cost(dim: int, neighbours: int) -> float:
        asked = 2.0 * heads * units * (dim + neighbours * (dim + EDGE + 1)) + 2.0 * neighbours * EDGE * heads
        met = 2.0 * heads * neighbours * dim + 2.0 * (1 + heads) * dim * dim
        return asked + met + hop_cost(hops, dim, neighbours)

    ties = kinds_of(follows, coupons)
    made = Encoder(
        "gat", lambda dim, rngs: Gat(dim, heads, units, near, rngs, hops, len(ties)), None, habits, content=content
    )
    return made._replace(beyond=beyond(hops), cost=cost, ties=ties)
