"""Update policies: when, how and how much a recommender learns. Each is a part, traceable, and `chain` composes them.

A policy takes the action that the one before it proposed and returns its own. Policies only restrict: an event that an
earlier policy of a chain drops stays dropped.
"""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
from jax import Array

from journal.facts import Kind
from model.chance import uniform
from model.detectors import detector_of
from model.loop import WAITING
from model.parts import Action, Policy, Seen, Tree, at_least


def chain(*policies: Policy) -> Policy:
    """Apply policies one after the other (as `optax.chain` does with gradient transformations).

    >>> both = chain(every(4), decay(half_life=3600.0))
    >>> len(both.init())
    2
    """

    def init() -> Tree:
        return tuple(policy.init() for policy in policies)

    def update(action: Action, state: Tree, seen: Seen) -> tuple[Action, Tree]:
        after = []
        for policy, own in zip(policies, state, strict=True):
            action, own = policy.update(action, own, seen)
            after.append(own)
        return action, tuple(after)

    return Policy(init, update)


def _stateless(update: Callable[[Action, Seen], Action]) -> Policy:
    return Policy(lambda: (), lambda action, state, seen: (update(action, seen), state))


def _paced(action: Action, factor: Array) -> Action:
    return action._replace(rate=action.rate * factor, weights=action.weights * factor)


def every_event() -> Policy:
    """Learn each event as it comes: the control with the highest cost and no staleness."""
    return _stateless(lambda action, seen: action)


def never() -> Policy:
    """Learn nothing: the control that costs nothing."""
    off = jnp.bool_(False)
    return _stateless(lambda action, seen: action._replace(learn=off, keep=off))


def every(n: int = 4) -> Policy:
    """Learn one event in n and drop the others."""
    at_least("every", "n", n, 1)

    def update(action: Action, count: Array, seen: Seen) -> tuple[Action, Array]:
        return action._replace(learn=action.learn & (count % n == n - 1)), count + 1

    return Policy(lambda: jnp.int32(0), update)


def micro_batch(n: int = 100) -> Policy:
    """Let events wait until there are n, then learn them all, in order: none is lost, but what is served is stale."""
    at_least("micro_batch", "n", n, 1)
    if n > WAITING:
        raise ValueError(f"micro_batch: n is {n}, but at most {WAITING} events can wait; give n from 1 to {WAITING}")

    def update(action: Action, seen: Seen) -> Action:
        return action._replace(learn=action.learn & (seen.waiting >= n), keep=action.learn | action.keep)

    return _stateless(update)


def every_seconds(s: float = 3600.0) -> Policy:
    """Let events wait until s seconds of simulated time have passed since the last learning, then learn them all."""
    at_least("every_seconds", "s", s, 0)

    def update(action: Action, last: Array, seen: Seen) -> tuple[Action, Array]:
        learn = action.learn & (seen.time - last >= s)
        return action._replace(learn=learn, keep=action.learn | action.keep), jnp.where(learn, seen.time, last)

    return Policy(lambda: jnp.float32(0), update)


def budget(per_hour: float = 60.0, burst: float = 60.0) -> Policy:
    """Learn at most `per_hour` events an hour of simulated time: a token bucket that holds `burst`; others are dropped.

    The idea that accuracy is to be maximised within a fixed budget: Verachtert, Jeunen, Goethals 2023.
    """
    at_least("budget", "per_hour", per_hour, 0)
    at_least("budget", "burst", burst, 1)

    def update(action: Action, bucket: tuple[Array, Array], seen: Seen) -> tuple[Action, tuple[Array, Array]]:
        tokens, last = bucket
        tokens = jnp.minimum(burst, tokens + (seen.time - last) * (per_hour / 3600.0))
        learn = action.learn & (tokens >= seen.waiting)
        return action._replace(learn=learn), (tokens - jnp.where(learn, seen.waiting, 0), seen.time)

    return Policy(lambda: (jnp.float32(burst), jnp.float32(0)), update)


def decay(half_life: float = 604800.0) -> Policy:
    """Halve the learning rates every `half_life` seconds of simulated time: ever more stable, ever less plastic."""
    at_least("decay", "half_life", half_life, 1e-6)

    def update(action: Action, seen: Seen) -> Action:
        factor = jnp.exp2(-seen.time / half_life)
        return _paced(action, factor)

    return _stateless(update)


def random(p: float = 0.25, seed: int = 0) -> Policy:
    """Learn each event with probability p, by a coin that depends on the seed and the event's number alone."""
    if not 0 <= p <= 1:
        raise ValueError(f"random: p is {p}; a probability is from 0 to 1")
    return _stateless(lambda action, seen: action._replace(learn=action.learn & (uniform(seed, seen.seq, 1)[0] < p)))


def by_relation(views: int = 4) -> Policy:
    """Learn one view in `views`, and whatever tells more of a shopper (favourites, carts, purchases, reviews) always.

    Implicit events differ in what they say of a preference: Hu, Koren, Volinsky 2008.
    """
    at_least("by_relation", "views", views, 1)

    def update(action: Action, count: Array, seen: Seen) -> tuple[Action, Array]:
        view = seen.kind == int(Kind.VIEWED)
        return action._replace(learn=action.learn & (~view | (count % views == views - 1))), count + view

    return Policy(lambda: jnp.int32(0), update)


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
        return _paced(action, height), jnp.minimum(count + 1, events)

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
        return _paced(action, factor), (total, weight)

    return Policy(lambda: (jnp.float32(0), jnp.float32(0)), update)


def on_drift(detector: str = "ddm", calm: int = 8, alert: int = 2000) -> Policy:
    """Learn one event in `calm` and drop the others, but all of the `alert` events after a detector's alarm.

    The detector (`model.detectors`: "ddm", or with parameters "adwin(delta=0.01)") watches misses: 1 where the product
    was not among the first ten. Drift detection as the trigger of learning: Gama et al. 2004. It reads each event's
    rank: a pass over the catalogue.
    """
    at_least("on_drift", "calm", calm, 1)
    at_least("on_drift", "alert", alert, 1)
    watch = detector_of("on_drift", detector)

    def update(action: Action, state: Tree, seen: Seen) -> tuple[Action, Tree]:
        own, left, count = state
        own, alarm = watch.update(own, 1.0 - seen.hit)
        left = jnp.where(alarm, alert, left)
        learn = action.learn & ((left > 0) | (count % calm == calm - 1))
        return action._replace(learn=learn), (own, jnp.maximum(left - 1, 0), count + 1)

    return Policy(lambda: (watch.init(), jnp.int32(0), jnp.int32(0)), update)


_PARTS = (
    *(never, every_event, every, every_seconds, micro_batch, budget, decay, random),
    *(by_relation, rows_only, warmup, priority, on_drift),
)

POLICIES: dict[str, Callable[..., Policy]] = {part.__name__: part for part in _PARTS}
