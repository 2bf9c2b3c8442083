"""Losses of one event, which teach the vectors: the product that came against products drawn at random.

a, b_j    agreement z_u . z_i of the product that came, and of each of n draws
log q_j   log of the chance with which j was drawn, over all draws of an event
fair_j    whether a draw counts: on sale, and not the product that came

A part is a `Loss`; its function is called within the gradient of the step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

NEVER = -1e9
"""The log of no product at all, for a draw that does not count."""


class Loss(NamedTuple):
    """`of(a, b, log_q, fair)` gives the loss, nats: scalar, float32[n], float32[n], bool[n] -> scalar."""

    of: Callable[[Array, Array, Array, Array], Array]


def softmax_loss(target: Array, others: Array) -> Array:
    """Return -log softmax of the target against the others, nats.

    >>> float(softmax_loss(jnp.float32(0), jnp.zeros(1)))
    0.6931471824645996
    """
    return jax.nn.logsumexp(jnp.append(others, target)) - target


def softmax() -> Loss:
    """-log exp(a) / (exp(a) + sum_j exp(b_j)): the product that came among those drawn (the default)."""
    return Loss(lambda a, b, log_q, fair: softmax_loss(a, jnp.where(fair, b, NEVER)))


def sampled_softmax() -> Loss:
    """The softmax over the whole catalogue, from a sample: each draw stands for 1 / (n q_j) products.

    Bengio and Senecal 2008, the logQ correction; in two-tower recommenders: Yi et al. 2019, equation 3. Drawn uniformly
    all b_j move up by log(P / n), so the loss asks more of the product that came than `softmax` does.
    """

    def of(a: Array, b: Array, log_q: Array, fair: Array) -> Array:
        return softmax_loss(a, jnp.where(fair, b - log_q - jnp.log(float(b.shape[0])), NEVER))

    return Loss(of)


def bpr() -> Loss:
    """The sum over the draws of -log sigmoid(a - b_j): Bayesian personalised ranking (Rendle et al. 2009)."""
    return Loss(lambda a, b, log_q, fair: jnp.where(fair, jax.nn.softplus(b - a), 0.0).sum())


LOSSES: dict[str, Callable[..., Loss]] = {part.__name__: part for part in (softmax, sampled_softmax, bpr)}
