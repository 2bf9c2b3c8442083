"""The loss that weighs vectors and habits against each other; what teaches the vectors is a part, see `model.losses`.

    weights: -log exp s(u, i) / (sum over i, rivals, crowd), each draw of the crowd times 1 / (n q), see `model.crowd`

The rivals are all products with habits. This softmax does not move the vectors: what a habit explains, the vectors need
not, but what they say is to be trusted as far as it helps over the whole catalogue. It is linear in the weights, so its
slope is written out: the expected features less those of the product that came.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array


def weights_slope(weights: Array, target: Array, others: Array, extra: Array) -> Array:
    """Return the slope float32[F] of the second loss at `weights`.

    `target` float32[F] are the features of the product that came, `others` float32[M, F] those of rivals and crowd, and
    `extra` float32[M] the log of how many products each stands for.

    >>> slope = weights_slope(jnp.zeros(1), jnp.ones(1), jnp.zeros((1, 1)), jnp.zeros(1))
    >>> slope.tolist()
    [-0.5]
    """
    chance = chances(weights, target, others, extra)
    return chance[:-1] @ others + (chance[-1] - 1.0) * target


def chances(weights: Array, target: Array, others: Array, extra: Array) -> Array:
    """Return the chance of each of the others and, last, of the product that came, float32[M + 1]; see above."""
    return jax.nn.softmax(jnp.append(others @ weights + extra, target @ weights))
