"""When to learn: which events are learned at once, which wait, and which are dropped."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from journal.facts import Kind
from model.carry import WAITING
from model.chance import uniform
from model.parts import Action, Policy, Seen, at_least
from model.policies.common import stateless


def every_event() -> Policy:
    """Learn each event as it comes: the control with the highest cost and no staleness."""
    return stateless(lambda action, seen: action)


def never() -> Policy:
    """Learn nothing: the control that costs nothing."""
    off = jnp.bool_(False)
    return stateless(lambda action, seen: action._replace(learn=off, keep=off))


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
        return action._replace(learn=action.learn & (seen.ripe(action) >= n), keep=action.learn | action.keep)

    return stateless(update)


def every_seconds(s: float = 3600.0) -> Policy:
    """Let events wait until s seconds of simulated time have passed since the last learning, then learn them all."""
    at_least("every_seconds", "s", s, 0)

    def update(action: Action, last: Array, seen: Seen) -> tuple[Action, Array]:
        learn = action.learn & (seen.now - last >= s)
        return action._replace(learn=learn, keep=action.learn | action.keep), jnp.where(learn, seen.now, last)

    return Policy(lambda: jnp.float32(0), update)


def random(p: float = 0.25, seed: int = 0) -> Policy:
    """Learn each event with probability p, by a coin that depends on the seed and the event's number alone."""
    if not 0 <= p <= 1:
        raise ValueError(f"random: p is {p}; a probability is from 0 to 1")
    return stateless(lambda action, seen: action._replace(learn=action.learn & (uniform(seed, seen.seq, 1)[0] < p)))


def by_relation(views: int = 4) -> Policy:
    """Learn one view in `views`, and whatever tells more of a shopper (favourites, carts, purchases, reviews) always.

    Implicit events differ in what they say of a preference: Hu, Koren, Volinsky 2008.
    """
    at_least("by_relation", "views", views, 1)

    def update(action: Action, count: Array, seen: Seen) -> tuple[Action, Array]:
        view = seen.kind == int(Kind.VIEWED)
        return action._replace(learn=action.learn & (~view | (count % views == views - 1))), count + view

    return Policy(lambda: jnp.int32(0), update)


def cold_first(met: int = 5, calm: int = 4) -> Policy:
    """Learn every event whose shopper or product was met fewer than `met` times, and one in `calm` of the others.

    What is new has most to be learned: Park and Chu 2009 name these the cold partitions of a stream.
    """
    at_least("cold_first", "met", met, 1)
    at_least("cold_first", "calm", calm, 1)

    def update(action: Action, count: Array, seen: Seen) -> tuple[Action, Array]:
        cold = jnp.minimum(seen.met.shopper, seen.met.product) < met
        return action._replace(learn=action.learn & (cold | (count % calm == calm - 1))), count + ~cold

    return Policy(lambda: jnp.int32(0), update)


def note() -> Policy:
    """Keep what the policies beside it drop in the graph all the same: it happened, but it teaches nothing.

    Relations, followers and rates are written and the product is served anew; vectors, encoder and habits stay. What
    memory of events alone is worth, without training: TGN and JODIE are deployed so (Rossi et al. 2020; Kumar et al.
    2019). A baseline, which is nothing but its memory, drops what is dropped.
    """
    return stateless(lambda action, seen: action._replace(note=jnp.bool_(True)))


def delay(s: float = 3600.0) -> Policy:
    """Serve what was trained s seconds ago: an event is learned when it is that old, and every answer is as stale.

    A model trained at t is deployed at t + s (Verachtert et al. 2023 count the same for whole retrains). At most
    `WAITING` events can wait; where more would, the oldest are learned early.
    """
    at_least("delay", "s", s, 0)

    def update(action: Action, seen: Seen) -> Action:
        older = jnp.float32(s) if action.older is None else jnp.maximum(action.older, s)
        return action._replace(older=older, keep=action.learn | action.keep)

    return stateless(update)
