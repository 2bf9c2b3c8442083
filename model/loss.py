"""The loss of one event: a softmax that teaches the vectors, and a softmax that weighs the vectors against the habits.

    vectors: -log exp(z_u . z_i) / sum over i and n uniform negatives           (the negatives' own rows learn too)
    weights: -log exp s(u, i) / (sum over i, rivals, crowd), each draw of the crowd times 1 / (n q), see `model.crowd`

The rivals are all products that have a bonus p. The second softmax does not move the vectors: what a habit explains, the
vectors need not, but what they say is to be trusted as far as it helps over the whole catalogue.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from model import habits
from model.graph import Facts
from model.habits import Habits

NEVER = -1e9


class Rivals(NamedTuple):
    """Products that are scored as they are served: their vectors, their facts, and what each counts for."""

    vectors: Array  # float32[M, d]
    facts: Facts  # [M]
    extra: Array  # float32[M]: log of the number of products it stands for; NEVER where it does not count


def softmax_loss(target: Array, others: Array) -> Array:
    """Return -log softmax of the target against the others, nats."""
    return jax.nn.logsumexp(jnp.append(others, target)) - target


def vectors_loss(z: Array, fair: Array) -> Array:
    """Return the loss of vectors float32[C, d]: shopper, product, negatives, of which those that are `fair` count."""
    alike = z[1:] @ z[0]
    return softmax_loss(alike[0], jnp.where(fair, alike[1:], NEVER))


def weights_loss(
    z: Array, habit: Habits, product: Array, facts: Facts, own: tuple[Array, Array, Rivals], crowd: Rivals, now: Array
) -> Array:
    """Return the loss of the habits, given z float32[2, d] of shopper and product and the product's facts.

    `own` are the ids, the bonuses p and the rows of the products that have a bonus.
    """
    shopper, target = jax.lax.stop_gradient(z)
    ids, bonus, rivals = own
    is_target = ids == product
    again = is_target.any()
    share = jnp.where(again, habit.alike, 1.0)
    score = share * habit.trust * (target @ shopper) + habits.popularity(habit, facts, now)
    score = score + jnp.where(is_target, bonus, 0.0).sum()
    theirs = habit.alike * habit.trust * (rivals.vectors @ shopper) + habits.popularity(habit, rivals.facts, now)
    theirs = jnp.where(is_target | (ids < 0), NEVER, theirs + bonus + rivals.extra)
    others = habit.trust * (crowd.vectors @ shopper) + habits.popularity(habit, crowd.facts, now) + crowd.extra
    return softmax_loss(score, jnp.concatenate([theirs, others]))
