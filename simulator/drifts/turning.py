"""Drifts that turn interests: by an angle in planes of their own, which keeps interests as long and as varied.

Turns in different planes do not commute: of two drifts that go and come back, in turn and not one within the other,
interests do not come back (so seasons are one drift of several steps).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from journal.errors import Refusal, nearest
from simulator.drifts.contract import Array, Drift, State, check, grouped, taking_part, until

Angle = Callable[[Array, np.random.Generator], Array]
"""`angle(day[n], rng) -> radians[n]` from how interests were at the start."""


def _turning(angle: Angle, level: str, share: float, within_days: float = 0.0) -> Drift:
    """Turn interests by `angle(day - own delay, rng)`, in D / 2 random planes that all of a group have in common."""
    check(level=level, share=share)

    def init(rng: np.random.Generator, cohorts: NDArray[np.int32], factors: int) -> State:
        groups = grouped(level, cohorts)
        shared = 0 if level == "individual" else int(groups.max()) + 1
        # What is shared is drawn first; then one array with a row a shopper. Any matrix of full rank has planes.
        planes = rng.random((shared, factors, factors)) - 0.5
        members = taking_part(rng, level, share, cohorts) if level == "cohort" else None
        own = rng.random((len(cohorts), 2 + (factors * factors if level == "individual" else 0)))
        if level == "individual":
            planes = own[:, 2:].reshape(-1, factors, factors) - 0.5
        return {
            "axes": np.linalg.qr(planes)[0],
            "group": groups,
            "member": own[:, 0] < share if members is None else members,
            "delay": own[:, 1] * within_days,
            "angle": np.zeros(len(cohorts)),
        }

    def step(
        rng: np.random.Generator, state: State, interests: Array, now: float, dt: float
    ) -> tuple[State, Array, NDArray[np.bool_]]:
        wanted = angle(now - state["delay"], rng)
        turn = np.where(state["member"], wanted - state["angle"], 0.0)
        moved = turn != 0
        displacement = np.zeros_like(interests)
        which = np.flatnonzero(moved)
        if len(which):
            displacement[which] = _turned(interests[which], state["axes"], state["group"][which], turn[which])
        return {**state, "angle": wanted}, displacement, moved

    return Drift(init, step)


def _turned(interests: Array, axes: Array, group: NDArray[np.intp], turn: Array) -> Array:
    """Displacement of each row when turned by its angle (radians) in planes spanned by pairs of its group's axes."""
    seen = np.einsum("nd,nde->ne", interests, axes[group])
    x, y = seen[:, 0::2], seen[:, 1::2]
    cos, sin = np.cos(turn)[:, None] - 1, np.sin(turn)[:, None]
    moved = np.empty_like(seen)
    moved[:, 0::2], moved[:, 1::2] = x * cos - y * sin, x * sin + y * cos
    displacement: Array = np.einsum("ne,nde->nd", moved, axes[group])
    return displacement


RIGHT_ANGLE = np.pi / 2


def abrupt(
    level: str = "population",
    share: float = 1.0,
    magnitude: float = 1.0,
    at_day: float = 7.0,
    within_days: float = 0.0,
) -> Drift:
    """Turn interests at once on day `at_day`; with `within_days`, each shopper at a moment of its own in that span.

    >>> from journal.chance import stream
    >>> drift = abrupt(at_day=3.0)
    >>> state = drift.init(stream(1, "init"), np.zeros(5, np.int32), 4)
    >>> before = np.ones((5, 4))
    >>> state, displacement, moved = drift.step(stream(1, "step"), state, before, 3.0, 0.1)
    >>> bool(moved.all()), bool(np.allclose(((before + displacement) * before).sum(1), 0))
    (True, True)
    """
    check(magnitude=magnitude, at_day=at_day, within_days=within_days)
    return _turning(
        lambda day, rng: np.where(day >= at_day, RIGHT_ANGLE * magnitude, 0.0), level, share, within_days
    )._replace(turns=lambda days: until(days, at_day))


def incremental(
    level: str = "population",
    share: float = 1.0,
    magnitude: float = 1.0,
    at_day: float = 4.0,
    over_days: float = 6.0,
) -> Drift:
    """Turn interests evenly from day `at_day` on, for `over_days`; see the module for the rest.

    >>> from journal.chance import stream
    >>> drift = incremental(at_day=0.0, over_days=2.0)
    >>> state = drift.init(stream(1, "init"), np.zeros(5, np.int32), 4)
    >>> state, displacement, moved = drift.step(stream(1, "step"), state, np.ones((5, 4)), 1.0, 1.0)
    >>> cosine = 1 + displacement.sum(1) / 4  # with (1, 1, 1, 1): half of a right angle
    >>> bool(np.allclose(cosine, np.cos(np.pi / 4)))
    True
    """
    check(magnitude=magnitude, at_day=at_day, over_days=over_days)
    return _turning(
        lambda day, rng: RIGHT_ANGLE * magnitude * np.clip((day - at_day) / over_days, 0, 1), level, share
    )._replace(turns=lambda days: until(days, at_day))


def recurring(
    level: str = "population",
    share: float = 1.0,
    magnitude: float = 1.0,
    at_day: float = 4.0,
    period_days: float = 4.0,
    steps: int = 1,
) -> Drift:
    """Turn interests away on day `at_day` and back half a period later, again and again: A, B, A, B, ...

    With more `steps` the way there, and the way back, is made in as many equal turns, evenly over the period: four
    seasons are two steps there and two back, so that autumn is as spring was.

    >>> from journal.chance import stream
    >>> drift, interests, moves = recurring(at_day=1.0, period_days=4.0), np.ones((5, 4)), []
    >>> state = drift.init(stream(1, "init"), np.zeros(5, np.int32), 4)
    >>> for day in range(8):
    ...     state, displacement, moved = drift.step(stream(1, "step", day), state, interests, day, 1.0)
    ...     moves, interests = [*moves, bool(moved.any())], interests + displacement
    >>> moves
    [False, True, False, True, False, True, False, True]
    """
    check(magnitude=magnitude, at_day=at_day, period_days=period_days, steps=steps)
    span = period_days / (2 * steps)

    def angle(day: Array, rng: np.random.Generator) -> Array:
        turn = (day - at_day) % period_days // span
        height = np.where(turn < steps, turn + 1, 2 * steps - 1 - turn)
        return np.where(day >= at_day, RIGHT_ANGLE * magnitude * (height / steps), 0.0)

    return _turning(angle, level, share)._replace(turns=lambda days: until(days, at_day, span))


def blip(
    level: str = "population",
    share: float = 1.0,
    magnitude: float = 1.0,
    at_day: float = 7.0,
    hours: float = 12.0,
) -> Drift:
    """Turn interests away on day `at_day` and back some hours later: no drift to adapt to, but noise to live through.

    Blip drift: a change that is over before it could be told from one that stays (Webb et al. 2016, section 3).

    >>> from journal.chance import stream
    >>> drift, interests, moves = blip(at_day=1.0, hours=24.0), np.ones((5, 4)), []
    >>> state = drift.init(stream(1, "init"), np.zeros(5, np.int32), 4)
    >>> for day in range(4):
    ...     state, displacement, moved = drift.step(stream(1, "step", day), state, interests, day, 1.0)
    ...     moves, interests = [*moves, bool(moved.any())], interests + displacement
    >>> moves, bool(np.allclose(interests, 1))
    ([False, True, True, False], True)
    """
    check(magnitude=magnitude, at_day=at_day, hours=hours)

    def angle(day: Array, rng: np.random.Generator) -> Array:
        return np.where((day >= at_day) & (day < at_day + hours / 24), RIGHT_ANGLE * magnitude, 0.0)

    return _turning(angle, level, share)._replace(turns=lambda days: until(days, at_day))


def mixture(
    level: str = "population",
    share: float = 1.0,
    magnitude: float = 1.0,
    at_day: float = 4.0,
    over_days: float = 6.0,
) -> Drift:
    """Turn interests for good, but hour by hour by chance: old and new take turns, ever more often the new.

    Gradual drift as MOA has it: what happens is drawn from the new concept with probability
    w = 1 / (1 + exp(-2 ln 99 (progress - 1/2))), which goes from .01 to .99 while progress goes from 0 to 1 over
    `over_days` from `at_day` on (Bifet et al. 2010; CapyMOA); before it is 0, after it 1.

    >>> from journal.chance import stream
    >>> drift, start = mixture(at_day=0.0, over_days=2.0), np.ones((2_000, 4))
    >>> state = drift.init(stream(1, "init"), np.zeros(2_000, np.int32), 4)
    >>> state, displacement, moved = drift.step(stream(1, "step"), state, start, 1.0, 1.0)
    >>> round(float(moved.mean()), 1)
    0.5
    """
    check(magnitude=magnitude, at_day=at_day, over_days=over_days)

    def angle(day: Array, rng: np.random.Generator) -> Array:
        progress = (day - at_day) / over_days
        w = 1 / (1 + np.exp(-2 * np.log(99) * (np.clip(progress, 0, 1) - 0.5)))
        w = np.where(progress < 0, 0.0, np.where(progress > 1, 1.0, w))
        return np.where(rng.random(len(day)) < w, RIGHT_ANGLE * magnitude, 0.0)

    return _turning(angle, level, share)._replace(turns=lambda days: until(days, at_day))


CONTEXTS = ("weekend", "evening", "night")


def context_switch(
    context: str = "weekend", level: str = "individual", share: float = 1.0, magnitude: float = 0.7
) -> Drift:
    """Turn interests while shoppers are in another context, and back: at the weekend, in the evening or at night.

    Context-aware recommendation calls it contextual preference (Adomavicius and Tuzhilin 2011); a learner that does not
    know the context sees a drift. Day 0 is a Monday; evenings are from 18 to 24, nights from 0 to 6 o'clock.

    >>> from journal.chance import stream
    >>> drift, interests, moves = context_switch(), np.ones((5, 4)), []
    >>> state = drift.init(stream(1, "init"), np.zeros(5, np.int32), 4)
    >>> for day in range(8):
    ...     state, displacement, moved = drift.step(stream(1, "step", day), state, interests, day, 1.0)
    ...     moves, interests = [*moves, bool(moved.any())], interests + displacement
    >>> moves
    [False, False, False, False, False, True, False, True]
    """
    check(magnitude=magnitude)
    if context not in CONTEXTS:
        raise Refusal(f"A drift knows no context '{context}'. {nearest(context, CONTEXTS)}")

    def angle(day: Array, rng: np.random.Generator) -> Array:
        hour, weekday = day % 1 * 24, day // 1 % 7
        away = {"weekend": weekday >= 5, "evening": hour >= 18, "night": hour < 6}[context]
        return np.where(away, RIGHT_ANGLE * magnitude, 0.0)

    return _turning(angle, level, share)
