"""What needs no vector: a shopper returns to own products, and products follow each other; how much is learned.

The score of a product is linear in features phi(u, i, t) with one learned weight each, s = w . phi. Most products have
three: how well the vectors agree, trust z_u . z_i, and two decayed event rates, fast and slow. The shopper's last K
products and the S followers of the last one have more, and weigh the agreement of the vectors by another number,
alike: a shopper is like what the shopper met, which says less of whether it is met again. On real streams rules of
this kind are within a hair of the best temporal networks, so a network has to be able to say what they say.

    own products k   own[kind_k] - order log(1 + own events since) - age log(1 + minutes since) + often log(times met)
    followers s      follow + again log(count_s) - place log(1 + place_s)
    all products i   fast log(1 + rate_fast / FLOOR) + slow log(1 + rate_slow / FLOOR)
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from model.graph import KINDS, Facts, Relations

_OWN = tuple(f"own_{n}" for n in range(KINDS))
NAMES = (*_OWN, "order", "age", "often", "follow", "again", "place", "fast", "slow", "trust", "alike")
"""The weights, in order."""

HABITS = KINDS + 6
"""Features that only the shopper's own products and the followers have."""

FLOOR = 0.1
FAST, SLOW = 6 * 3600.0, 5 * 86400.0
"""Time constants of the two event rates, seconds."""


def start() -> Array:
    """Return the weights before the first event, float32[16]: nothing is assumed but that vectors say something."""
    return jnp.zeros(len(NAMES)).at[NAMES.index("trust")].set(1.0)


def trust(weights: Array) -> Array:
    """Return the weight of the vectors' agreement."""
    return weights[NAMES.index("trust")]


def features(own: Relations, events: Array, followers: Array, now: Array) -> tuple[Array, Array]:
    """Return ids int32[K + S] of the products with habits (-1: none), each once, and their features float32[K + S,
    HABITS].

    `own` are the shopper's relations, `events` the shopper's event count, `followers` float32[2 S] the last product's.
    """
    ids, times = followers.reshape(2, -1)
    ids = ids.astype(jnp.int32)
    places = -jnp.log1p(jnp.arange(ids.shape[0], dtype=jnp.float32))
    theirs = jnp.stack([jnp.ones_like(times), jnp.log(jnp.maximum(times, 1.0)), places], axis=1)
    minutes = jnp.maximum(now - own.time, 0.0) / 60.0
    ours = jnp.stack(
        [-jnp.log1p(events - own.events), -jnp.log1p(minutes), jnp.log(jnp.maximum(own.times, 1.0))], axis=1
    )
    both = (own.ids[:, None] == ids[None, :]) & (ids >= 0)[None, :]
    followed = jnp.where(both[:, :, None], theirs[None, :, :], 0.0).sum(axis=1)
    ours = jnp.concatenate([jax.nn.one_hot(own.kind, KINDS), ours, followed], axis=1)
    theirs = jnp.pad(theirs, ((0, 0), (KINDS + 3, 0)))
    ids = jnp.where(both.any(axis=0), -1, ids)
    return jnp.concatenate([own.ids, ids]), jnp.concatenate([ours, theirs])


def rates(facts: Facts, now: Array) -> tuple[Array, Array]:
    """Return the two decayed event counts as of `now`."""
    since = jnp.maximum(now - facts.last, 0.0)
    return facts.fast * jnp.exp(-since / FAST), facts.slow * jnp.exp(-since / SLOW)


def popularity(facts: Facts, now: Array) -> Array:
    """Return the features of popularity as of `now`, float32[..., 2]."""
    fast, slow = rates(facts, now)
    return jnp.stack([jnp.log1p(fast / FLOOR), jnp.log1p(slow / FLOOR)], axis=-1)


def met(facts: Facts, now: Array) -> Array:
    """Return the facts after one more event, float32[..., 4], as they stand in a row."""
    fast, slow = rates(facts, now)
    return jnp.stack([facts.events + 1.0, fast + 1.0, slow + 1.0, jnp.broadcast_to(now, fast.shape)], axis=-1)
