"""The losses of one event: one softmax teaches the vectors, another weighs them against the habits.

    vectors: -log exp(z_u . z_i) / sum over i and n uniform negatives           (the negatives' own rows learn too)
    weights: -log exp s(u, i) / (sum over i, rivals, crowd), each draw of the crowd times 1 / (n q), see `model.crowd`

The rivals are all products with habits. The second softmax does not move the vectors: what a habit explains, the
vectors need not, but what they say is to be trusted as far as it helps over the whole catalogue. It is linear in the
weights, so its slope is written out: the expected features less those of the product that came.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

NEVER = -1e9
"""The log of no product at all, for a draw that does not count."""


def softmax_loss(target: Array, others: Array) -> Array:
    """Return -log softmax of the target against the others, nats.

    >>> float(softmax_loss(jnp.float32(0), jnp.zeros(1)))
    0.6931471824645996
    """
    return jax.nn.logsumexp(jnp.append(others, target)) - target


def vectors_loss(z: Array, fair: Array) -> Array:
    """Return the loss of vectors float32[C, d]: shopper, product, negatives, of which those that are `fair` count."""
    alike = z[1:] @ z[0]
    return softmax_loss(alike[0], jnp.where(fair, alike[1:], NEVER))


def weights_slope(weights: Array, target: Array, others: Array, extra: Array) -> Array:
    """Return the slope float32[F] of the second loss at `weights`.

    `target` float32[F] are the features of the product that came, `others` float32[M, F] those of rivals and crowd, and
    `extra` float32[M] the log of how many products each stands for.

    >>> slope = weights_slope(jnp.zeros(1), jnp.ones(1), jnp.zeros((1, 1)), jnp.zeros(1))
    >>> slope.tolist()
    [-0.5]
    """
    logits = jnp.append(others @ weights + extra, target @ weights)
    chance = jax.nn.softmax(logits)
    return chance[:-1] @ others + (chance[-1] - 1.0) * target
