"""What a shopper is tied to says what the shopper will like: whom it follows, and what those met lately; its coupons.

    z_u <- z_u + g_1 sum_f a_f (x_f + r[kind_f]) + g_2 sum_fj c_fj x_fj
    a_f = exp(l_f),  l_f = strength_f + w[kind_f] - decay[kind_f] log(1 + age_f)
    c_fj = exp(l_f + the fading logit (`model.encoders.fading`) of f's relation to j)

f runs over the shopper's last ties, j over the last relations of f; a and c are normalised to sum 1 each, so whoever of
the followed was active last is heard most. A campaign has met nothing; its x_f has the vector of the category added
whose products its coupon is good for. Influence along a follow graph as an attention over those followed and what
they do lately: GraphRec (Fan et al. 2019) and DGRec (Song et al. 2019); here it is added to what any encoder makes of a
shopper. Vectors x_f and x_fj are moved by gradient, and so are the strengths of ties.
"""

from __future__ import annotations

import jax.numpy as jnp
from flax import nnx
from jax import Array

from journal.facts import Kind
from model.encoders.contract import Neighbourhood
from model.encoders.fading import HOUR, Fading, shares
from model.encoders.products import of_kind, weighted

START = 0.1
"""g at first."""


class Tying(nnx.Module):
    """Parameters: w, decay float32[n] and r float32[n, d] of n kinds of ties; g float32[2, d]; those of fading for what
    the others met."""

    def __init__(self, dim: int, kinds: int) -> None:
        self.kind = nnx.Param(jnp.zeros(kinds))
        self.decay = nnx.Param(jnp.full(kinds, 0.1))
        self.relation = nnx.Param(jnp.zeros((kinds, dim)))
        self.gate = nnx.Param(jnp.full((2, dim), START))
        self.met = Fading()

    def __call__(self, z: Array, around: Neighbourhood) -> Array:
        """Return the vectors float32[C, d], the first of them, the shopper's, with what it is tied to."""
        ties = around.ties
        if ties is None:
            raise TypeError("this encoder reads the ties of a shopper, and this neighbourhood has none")
        d = ties.near.shape[1]
        fading = of_kind(self.decay[...], ties.kind) * jnp.log1p(ties.age / HOUR)
        logits = ties.strength + of_kind(self.kind[...], ties.kind) - fading
        others = weighted(shares(logits, ties.there)[None], (ties.near + of_kind(self.relation[...], ties.kind))[None])
        met, there = ties.met, ties.met.there[0] & ties.there[:, None]
        lately = shares((self.met.logits(met)[0] + logits[:, None]).reshape(-1), there.reshape(-1))
        theirs = weighted(lately[None], met.near.reshape(1, -1, d))
        return jnp.concatenate([z[:1] + self.gate[0] * others + self.gate[1] * theirs, z[1:]])


def kinds_of(follows: bool, coupons: bool) -> tuple[int, ...]:
    """Return the kinds of facts that an encoder reads as ties: follows, coupons issued and used, or both."""
    issued = (int(Kind.COUPON_ISSUED), int(Kind.COUPON_REDEEMED)) if coupons else ()
    return (*([int(Kind.FOLLOWED)] if follows else []), *issued)
