"""What needs no vector: a shopper returns to own products, and products follow each other; learned weights say how much.

The score of a product has three terms, s(u, i, t) = trust z_u . z_i + c_i + p(u, i, t). Here are trust, one learned
number (times another, alike, for the products that p speaks of: a shopper is like what the shopper met, which says less
of whether it is met again); c, a learned function of the product's decayed event rates; and p, which is non-zero only on
the shopper's last K products and on the S followers of the last one. On real streams rules of this kind are within a hair
of the best temporal networks, so a network has to be able to say what they say.

    p(u, k) = own[kind_k] - order log(1 + own events since) - age log(1 + minutes since) + often log(times met)
    p(u, s) = follow + again log(count_s) - place log(1 + place_s)
    c_i     = fast log(1 + rate_fast / FLOOR) + slow log(1 + rate_slow / FLOOR)
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from model.graph import KINDS, Facts, Relations

FLOOR = 0.1
FAST, SLOW = 6 * 3600.0, 5 * 86400.0
"""Time constants of the two event rates, seconds."""


class Habits(NamedTuple):
    """The learned weights of p and c; the signs are those of the formulae above."""

    own: Array  # float32[KINDS]
    order: Array
    age: Array
    often: Array
    follow: Array
    again: Array
    place: Array
    fast: Array
    slow: Array
    trust: Array
    alike: Array


def start() -> Habits:
    """Return the weights before the first event: nothing is assumed but that vectors say something."""
    zero = jnp.float32(0)
    return Habits(jnp.zeros(KINDS), *(zero,) * 8, trust=jnp.float32(1), alike=zero)


def bonuses(habits: Habits, own: Relations, events: Array, followers: Array, now: Array) -> tuple[Array, Array]:
    """Return ids int32[K + S] of products (-1: none), each once, and their p float32[K + S].

    `own` are the shopper's relations, `events` the shopper's event count, `followers` float32[2 S] the last product's.
    """
    minutes = jnp.maximum(now - own.time, 0.0) / 60.0
    ours = habits.own[jnp.maximum(own.kind, 0)] - habits.order * jnp.log1p(events - own.events)
    ours = ours - habits.age * jnp.log1p(minutes) + habits.often * jnp.log(jnp.maximum(own.times, 1.0))
    ids, times = followers.reshape(2, -1)
    ids = ids.astype(jnp.int32)
    places = jnp.log1p(jnp.arange(ids.shape[0], dtype=jnp.float32))
    theirs = habits.follow + habits.again * jnp.log(jnp.maximum(times, 1.0)) - habits.place * places
    both = (own.ids[:, None] == ids[None, :]) & (ids >= 0)[None, :]
    ours = ours + jnp.where(both, theirs[None, :], 0.0).sum(axis=1)
    ids = jnp.where(both.any(axis=0), -1, ids)
    return jnp.concatenate([own.ids, ids]), jnp.concatenate([ours, theirs])


def popularity(habits: Habits, facts: Facts, now: Array) -> Array:
    """Return c_i of some products as of `now`."""
    fast, slow = rates(facts, now)
    return habits.fast * jnp.log1p(fast / FLOOR) + habits.slow * jnp.log1p(slow / FLOOR)


def rates(facts: Facts, now: Array) -> tuple[Array, Array]:
    """Return the two decayed event counts as of `now`."""
    since = jnp.maximum(now - facts.last, 0.0)
    return facts.fast * jnp.exp(-since / FAST), facts.slow * jnp.exp(-since / SLOW)


def met(facts: Facts, now: Array) -> Array:
    """Return the facts after one more event, float32[..., 4], as they stand in a row."""
    fast, slow = rates(facts, now)
    return jnp.stack([facts.events + 1.0, fast + 1.0, slow + 1.0, jnp.broadcast_to(now, fast.shape)], axis=-1)
