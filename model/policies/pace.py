"""How hard to learn: factors of the learning rates."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from model.parts import Action, Policy, Seen, at_least
from model.policies.common import paced, stateless


def decay(half_life: float = 604800.0) -> Policy:
    """Halve the learning rates every `half_life` seconds of simulated time: ever more stable, ever less plastic."""
    at_least("decay", "half_life", half_life, 1e-6)

    def update(action: Action, seen: Seen) -> Action:
        factor = jnp.exp2(-seen.now / half_life)
        return paced(action, factor)

    return stateless(update)


def rows_only(weights: int = 16) -> Policy:
    """Move the entity vectors at every event, and what all events share (encoder, habits) at one in `weights`.

    Shared weights age more slowly than rows; that they need fewer updates is what this policy puts to the test.
    """
    at_least("rows_only", "weights", weights, 1)

    def update(action: Action, count: Array, seen: Seen) -> tuple[Action, Array]:
        share = jnp.where(count % weights == weights - 1, action.weights, 0.0)
        return action._replace(weights=share), count + 1

    return Policy(lambda: jnp.int32(0), update)


def warmup(events: int = 1000) -> Policy:
    """Raise the learning rates evenly from nothing to their full height over the first events (Goyal et al. 2017)."""
    at_least("warmup", "events", events, 1)

    def update(action: Action, count: Array, seen: Seen) -> tuple[Action, Array]:
        height = jnp.minimum((count + 1).astype(jnp.float32) / events, 1.0)
        return paced(action, height), jnp.minimum(count + 1, events)

    return Policy(lambda: jnp.int32(0), update)


def priority(most: float = 4.0, memory: float = 1000.0) -> Policy:
    """Learn in proportion to surprise: the rates times log2(1 + rank) over its own running mean, at most `most`.

    The mean forgets with a time constant of `memory` events. Prioritised experience replay (Schaul et al. 2016), with
    the size of the step in place of the chance of a replay. It reads each event's rank: a pass over the catalogue.
    """
    at_least("priority", "most", most, 1)
    at_least("priority", "memory", memory, 1)

    def update(action: Action, past: tuple[Array, Array], seen: Seen) -> tuple[Action, tuple[Array, Array]]:
        total, weight = (column * (1.0 - 1.0 / memory) for column in past)
        surprise = jnp.log2(1.0 + seen.rank)
        total, weight = total + surprise, weight + 1.0
        factor = jnp.minimum(surprise * weight / total, most)
        return paced(action, factor), (total, weight)

    return Policy(lambda: (jnp.float32(0), jnp.float32(0)), update)
