"""Learning by alarm: when a detector, or who knows the truth, says that interests have turned."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from model.detectors import detector_of
from model.parts import Action, Policy, Seen, Tree, at_least
from model.policies.common import paced


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
        return noted(action._replace(learn=learn), alarm), (own, jnp.maximum(left - 1, 0), count + 1)

    return Policy(lambda: (watch.init(), jnp.int32(0), jnp.int32(0)), update)


def oracle(at: tuple[float, ...] = (), calm: int = 8, alert: int = 2000) -> Policy:
    """Learn one event in `calm`, but all of the `alert` events after a true drift: what a perfect detector would earn.

    at  days since the first event at which interests turn. Left out, the lab fills in the drifts of the simulated
        world, as far as they set in at a known time; a log has none, and is learned calmly.
    """
    at_least("oracle", "calm", calm, 1)
    at_least("oracle", "alert", alert, 1)
    turns = tuple(float(day) * 86400.0 for day in at)

    def update(action: Action, state: Tree, seen: Seen) -> tuple[Action, Tree]:
        passed, left, count = state
        now = sum((seen.now >= turn).astype(jnp.int32) for turn in turns) + jnp.int32(0)
        alarm = now > passed
        left = jnp.where(alarm, alert, left)
        learn = action.learn & ((left > 0) | (count % calm == calm - 1))
        return noted(action._replace(learn=learn), alarm), (now, jnp.maximum(left - 1, 0), count + 1)

    return Policy(lambda: (jnp.int32(0), jnp.int32(0), jnp.int32(0)), update)


def schedule(boost: float = 4.0, half_life: float = 21600.0, detector: str = "") -> Policy:
    """Start with `boost` times the learning rates and halve the excess every `half_life` seconds; an alarm starts anew.

    rate <- rate (1 + (boost - 1) 2**(-t / half_life)), with t since the first event or the last alarm of the detector
    (none by default), which watches misses as in `on_drift`. Step sizes that are raised again by change: Mahmood et al.
    2012 call it the tuning-free form of what is done here by rule.
    """
    at_least("schedule", "boost", boost, 0)
    at_least("schedule", "half_life", half_life, 1e-6)
    watch = detector_of("schedule", detector) if detector else None

    def update(action: Action, state: Tree, seen: Seen) -> tuple[Action, Tree]:
        own, last = state
        if watch is not None:
            own, alarm = watch.update(own, 1.0 - seen.hit)
            action, last = noted(action, alarm), jnp.where(alarm, seen.now, last)
        return paced(action, 1.0 + (boost - 1.0) * jnp.exp2(-(seen.now - last) / half_life)), (own, last)

    return Policy(lambda: (watch.init() if watch is not None else (), jnp.float32(0)), update)


def noted(action: Action, alarm: Array) -> Action:
    """Return the action with an alarm noted, beside one that was noted already."""
    return action._replace(alarm=alarm if action.alarm is None else action.alarm | alarm)
