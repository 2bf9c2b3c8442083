"""The source paper's update rule, to the letter of its formulae, with the reading that makes it run.

    x_u <- sigma(W_x R_u + b_x)          R_ui <- sigma(W_r (R_u . R_i) + b_r)

R_u is u's row of relation strengths, so W_x R_u = sum over neighbours i of R_ui w_i with one learned column w_i an
entity: the entity vectors of our table are these columns. R_u . R_i is the overlap of two relation rows, that is the
summed product of strengths over shared neighbours, a scalar; so a scalar W_r and b_r per relation kind suffice. A
shopper is related to a category or a brand through the products met there, a product to its own with strength 1; the
overlap of u and i is therefore the sum of R_uk over the shopper's products k that share i's category or brand. A
relation stores its overlap as of the last event that touched it, and W_r, b_r learn by the same ranking loss as all
else. The paper's listing starts from R = 0 and ReLU, from which nothing ever moves; here sigma is the logistic
function.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array

from model.encoders.contract import Encoder, Neighbourhood
from model.encoders.products import of_kind, weighted
from model.graph import KINDS


class Paper(nnx.Module):
    """Parameters: W_r, b_r float32[KINDS] and b_x float32[d]; the columns of W_x are the entity vectors."""

    def __init__(self, dim: int, rngs: nnx.Rngs) -> None:
        self.bias_x = nnx.Param(0.1 * rngs.normal((dim,)))
        self.weight_r = nnx.Param(jnp.ones(KINDS))
        self.bias_r = nnx.Param(jnp.zeros(KINDS))

    def __call__(self, around: Neighbourhood) -> Array:
        relation = jax.nn.sigmoid(
            of_kind(self.weight_r[...], around.kind) * around.strength + of_kind(self.bias_r[...], around.kind)
        )
        row = jnp.where(around.there, relation, 0.0)
        # A product is related to its category and its brand with strength 1.
        return jax.nn.sigmoid(weighted(row, around.near) + around.kin + self.bias_x[...])


def paper(habits: bool = False, content: bool = False) -> Encoder:
    """The source paper's encoder; see the module for its formulae and how they are read.

    The paper scores by its entity vectors alone; `habits = true` adds the terms of `model.habits`.
    """

    def relate(shared: Array, strengths: Array) -> Array:
        return jnp.sum(shared * jax.nn.sigmoid(strengths))

    return Encoder("paper", Paper, relate, habits, content=content)
