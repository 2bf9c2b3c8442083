"""A drift moves interests; it is a part: two pure functions, made by a builder whose parameters are the TOML keys.

init(rng, cohorts[n], factors)                -> state         n shoppers that ever join, `cohorts` their groups (i4)
step(rng, state, interests[n, D], now, dt)    -> (state, displacement[n, D], moved[n])    for the dt days to day `now`

The world calls `step` on every tick, adds the displacement, and writes what moved into the truth; so drifts compose,
and a user's own drift is recorded like a built-in one. Both functions get a random stream of their own, fresh for each
call. They draw what is shared first and then, as ONE array with a row a shopper, what is not: so one shopper more moves
nobody else.

level      who moves together: "population" (all in one direction), "cohort" (each cohort in its own), "individual"
share      of shoppers (of cohorts at level "cohort") who move at all
magnitude  of a turn: 1 is a right angle, which leaves interests as long and as varied as they were and uncorrelated
           with what they were; of `gradual`: the standard deviation of the moving part over that of interests
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from journal.errors import Refusal, nearest
from simulator.social import Follows

Array = NDArray[np.float64]
State = Any
"""A part's own state, made by its `init`: any value."""


class Drift(NamedTuple):
    """A drift process; see the module's docstring for the two functions."""

    init: Callable[[np.random.Generator, NDArray[np.int32], int], State]
    step: Callable[[np.random.Generator, State, Array, float, float], tuple[State, Array, NDArray[np.bool_]]]
    turns: Callable[[float], tuple[float, ...]] = lambda days: ()
    """Days below `days` at which interests begin to turn, for those who may know; none where they move all the time."""
    meet: Callable[[State, Follows], State] | None = None
    """`meet(state, follows) -> state` comes once, after init, where a drift needs a follow graph; else None."""


LEVELS = ("population", "cohort", "individual")


def _groups(level: str, cohorts: NDArray[np.int32]) -> NDArray[np.intp]:
    """Group of each shopper: groups move together."""
    if level == "cohort":
        return cohorts.astype(np.intp)
    return np.zeros(len(cohorts), np.intp) if level == "population" else np.arange(len(cohorts))


def _members(rng: np.random.Generator, level: str, share: float, cohorts: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Shoppers who take part: by a coin a shopper; of cohorts, the share itself, rounded."""
    if level == "cohort":
        order = rng.permutation(int(cohorts.max()) + 1)
        return (order < round(share * len(order)))[cohorts]
    return rng.random(len(cohorts)) < share


def none() -> Drift:
    """Interests stay as they are.

    >>> state, displacement, moved = none().step(None, None, np.ones((3, 2)), 1.0, 1.0)
    >>> bool(moved.any())
    False
    """

    def step(
        rng: np.random.Generator, state: State, interests: Array, now: float, dt: float
    ) -> tuple[State, Array, NDArray[np.bool_]]:
        return state, np.zeros_like(interests), np.zeros(len(interests), bool)

    return Drift(lambda rng, cohorts, factors: None, step)


def _turning(angle: Callable[[Array], Array], level: str, share: float, within_days: float = 0.0) -> Drift:
    """Turn interests by `angle(day - own delay)`, in D / 2 random planes that all of a group have in common."""
    _check(level=level, share=share)

    def init(rng: np.random.Generator, cohorts: NDArray[np.int32], factors: int) -> State:
        groups = _groups(level, cohorts)
        shared = 0 if level == "individual" else int(groups.max()) + 1
        # What is shared is drawn first; then one array with a row a shopper. Any matrix of full rank has planes.
        planes = rng.random((shared, factors, factors)) - 0.5
        members = _members(rng, level, share, cohorts) if level == "cohort" else None
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
        wanted = angle(now - state["delay"])
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
    _check(magnitude=magnitude, at_day=at_day, within_days=within_days)
    return _turning(
        lambda day: np.where(day >= at_day, RIGHT_ANGLE * magnitude, 0.0), level, share, within_days
    )._replace(turns=lambda days: _until(days, at_day))


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
    _check(magnitude=magnitude, at_day=at_day, over_days=over_days)
    return _turning(
        lambda day: RIGHT_ANGLE * magnitude * np.clip((day - at_day) / over_days, 0, 1), level, share
    )._replace(turns=lambda days: _until(days, at_day))


def recurring(
    level: str = "population",
    share: float = 1.0,
    magnitude: float = 1.0,
    at_day: float = 4.0,
    period_days: float = 4.0,
) -> Drift:
    """Turn interests away on day `at_day` and back half a period later, again and again: A, B, A, B, ...

    >>> from journal.chance import stream
    >>> drift, interests, moves = recurring(at_day=1.0, period_days=4.0), np.ones((5, 4)), []
    >>> state = drift.init(stream(1, "init"), np.zeros(5, np.int32), 4)
    >>> for day in range(8):
    ...     state, displacement, moved = drift.step(stream(1, "step", day), state, interests, day, 1.0)
    ...     moves, interests = [*moves, bool(moved.any())], interests + displacement
    >>> moves
    [False, True, False, True, False, True, False, True]
    """
    _check(magnitude=magnitude, at_day=at_day, period_days=period_days)

    def angle(day: Array) -> Array:
        away = (day >= at_day) & (((day - at_day) % period_days) < period_days / 2)
        return np.where(away, RIGHT_ANGLE * magnitude, 0.0)

    return _turning(angle, level, share)._replace(turns=lambda days: _until(days, at_day, period_days / 2))


def gradual(
    level: str = "individual",
    share: float = 1.0,
    magnitude: float = 0.7,
    time_constant_days: float = 5.0,
) -> Drift:
    """Let a part of interests wander and come back (Ornstein-Uhlenbeck, exact step), around a core that stays.

    x(t + dt) = a x(t) + magnitude sqrt(1 - a^2) N(0, I) with a = exp(-dt / time_constant_days), x(0) = 0.

    >>> from journal.chance import stream
    >>> drift = gradual(magnitude=0.5)
    >>> state = drift.init(stream(1, "init"), np.zeros(1_000, np.int32), 4)
    >>> state, displacement, moved = drift.step(stream(1, "step"), state, np.ones((1_000, 4)), 100.0, 100.0)
    >>> round(float(displacement.std()), 1)
    0.5
    """
    _check(level=level, share=share, magnitude=magnitude, time_constant_days=time_constant_days)

    def init(rng: np.random.Generator, cohorts: NDArray[np.int32], factors: int) -> State:
        groups = _groups(level, cohorts)
        shape = (len(cohorts) if level == "individual" else int(groups.max()) + 1, factors)
        return {"group": groups, "member": _members(rng, level, share, cohorts), "offset": np.zeros(shape)}

    def step(
        rng: np.random.Generator, state: State, interests: Array, now: float, dt: float
    ) -> tuple[State, Array, NDArray[np.bool_]]:
        keep = np.exp(-dt / time_constant_days)
        noise = rng.standard_normal(state["offset"].shape)
        offset = keep * state["offset"] + magnitude * np.sqrt(1 - keep * keep) * noise
        change = (offset - state["offset"])[state["group"]]
        return {**state, "offset": offset}, np.where(state["member"][:, None], change, 0.0), state["member"]

    return Drift(init, step)


def _until(days: float, first: float, step: float = np.inf) -> tuple[float, ...]:
    """Return first, first + step, ... below `days`."""
    return tuple(float(day) for day in np.arange(first, days, min(step, max(days, 1.0))))


def _check(**given: Any) -> None:
    """Refuse a parameter out of its range."""
    for name, value in given.items():
        if name == "level":
            if value not in LEVELS:
                raise Refusal(f"A drift has no level '{value}'. {nearest(str(value), LEVELS)}")
            continue
        low, high = {"share": (0, 1), "magnitude": (0, 2), "at_day": (0, 3_650)}.get(name, (0, 3_650))
        positive = name in ("over_days", "period_days", "time_constant_days")
        if not low <= value <= high or (positive and value == 0):
            raise Refusal(f"A drift's {name} = {value} is outside {low} to {high}{' (and not 0)' if positive else ''}.")


DRIFTS: dict[str, Callable[..., Drift]] = {
    "none": none,
    "gradual": gradual,
    "incremental": incremental,
    "abrupt": abrupt,
    "recurring": recurring,
}
