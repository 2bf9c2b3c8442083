"""Contagion moves interests along a follow graph: what those do whom a shopper follows, the shopper comes to want.

A contagion is a drift (`simulator.drifts`) that has to `meet` the follow graph before its first step; it composes with
all others. Influence runs from the followed to the follower, and in no other way.

conformity   interests come nearer to those of the followed, all the time
trend        one new direction of interest that shoppers take up from those they follow, and lose again
cascade      the same, taken up once enough of the followed have, and never lost
magnitude    length of the pull in that direction, over that of interests of variance 1 a factor
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from journal.errors import Refusal
from simulator.drifts import Array, Drift, State
from simulator.social import Follows


def conformity(share: float = 1.0, time_constant_days: float = 10.0) -> Drift:
    """Turn interests toward the mean of those of the followed, and keep their length.

    theta(t + dt) is theta + (1 - exp(-dt / time_constant_days)) (mean - theta), as long as theta was: averaging over
    neighbours (DeGroot 1974) of direction alone. A share of shoppers takes part; who follows nobody stays.

    >>> from journal.chance import stream
    >>> drift, pair = conformity(time_constant_days=1.0), Follows(np.array([0]), np.array([1]), 2)
    >>> state = drift.meet(drift.init(stream(1, "init"), np.zeros(2, np.int32), 2), pair)
    >>> state, displacement, moved = drift.step(stream(1, "step"), state, np.array([[1.0, 0], [0, 1]]), 9.0, 9.0)
    >>> displacement.round(2).tolist(), moved.tolist()
    ([[-1.0, 1.0], [0.0, 0.0]], [True, False])
    """
    _check("conformity", share=share, time_constant_days=time_constant_days)

    def init(rng: np.random.Generator, cohorts: NDArray[np.int32], factors: int) -> State:
        return {"member": rng.random(len(cohorts)) < share}

    def step(
        rng: np.random.Generator, state: State, interests: Array, now: float, dt: float
    ) -> tuple[State, Array, NDArray[np.bool_]]:
        seen = _mean_of_followed(state["follows"], interests)
        moved = state["member"] & (state["followed"] > 0)
        nearer = interests + -np.expm1(-dt / time_constant_days) * (seen - interests)
        length, new = np.linalg.norm(interests, axis=1), np.linalg.norm(nearer, axis=1)
        nearer *= (length / np.where(new > 0, new, 1.0))[:, None]
        return state, np.where(moved[:, None], nearer - interests, 0.0), moved

    return Drift(init, step, meet=_meet)


def trend(
    magnitude: float = 1.0,
    at_day: float = 3.0,
    first: float = 0.02,
    per_day: float = 0.3,
    lasts_days: float = 3.0,
) -> Drift:
    """Spread a new interest from the followed to their followers; it is lost again after a while (SIR).

    On day `at_day` a share `first` of shoppers has it. A shopper catches it from each of the followed who has it with
    the hazard `per_day`, and who has it loses it for good with the hazard 1 / `lasts_days` (Kermack and McKendrick
    1927; on networks: Newman 2002). Who has it wants one direction more, the same for all.
    """
    _check("trend", magnitude=magnitude, at_day=at_day, first=first, per_day=per_day, lasts_days=lasts_days)

    def next_ones(rng: np.random.Generator, state: State, dt: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        luck = rng.random((len(state["has"]), 2))
        catches = luck[:, 0] < -np.expm1(-per_day * dt * _count(state["follows"], state["has"]))
        return catches, luck[:, 1] < -np.expm1(-dt / lasts_days)

    return _spreading(magnitude, at_day, first, next_ones)


def cascade(
    magnitude: float = 1.0,
    at_day: float = 3.0,
    first: float = 0.02,
    threshold: float = 0.2,
    delay_days: float = 0.5,
) -> Drift:
    """Spread a new interest to whoever sees enough of the followed have it; it stays.

    Each shopper's own threshold is drawn evenly from 0 to 2 `threshold`; once that share of the followed has the
    interest, the shopper takes it up with the hazard 1 / `delay_days` (Granovetter 1978; on networks: Watts 2002).
    """
    _check("cascade", magnitude=magnitude, at_day=at_day, first=first, threshold=threshold, delay_days=delay_days)

    def next_ones(rng: np.random.Generator, state: State, dt: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        with_it = _count(state["follows"], state["has"])
        # At least one: nobody takes up what it has not seen.
        enough = np.maximum(2 * threshold * state["own"] * state["followed"], 1e-9)
        ready = rng.random(len(with_it)) < -np.expm1(-dt / delay_days)
        return ready & (with_it >= enough), np.zeros(len(with_it), bool)

    return _spreading(magnitude, at_day, first, next_ones)


Next = Callable[[np.random.Generator, State, float], tuple[NDArray[np.bool_], NDArray[np.bool_]]]
"""Who catches it now if they never had it, and who loses it now if they have it."""


def _spreading(magnitude: float, at_day: float, first: float, next_ones: Next) -> Drift:
    """Add one direction to the interests of whoever has the trend."""

    def init(rng: np.random.Generator, cohorts: NDArray[np.int32], factors: int) -> State:
        pull = rng.standard_normal(factors)
        own = rng.random((len(cohorts), 2))
        nobody = np.zeros(len(cohorts), bool)
        length = magnitude * np.sqrt(factors) / np.linalg.norm(pull)
        return {"pull": pull * length, "first": own[:, 0] < first, "own": own[:, 1], "has": nobody, "had": nobody}

    def step(
        rng: np.random.Generator, state: State, interests: Array, now: float, dt: float
    ) -> tuple[State, Array, NDArray[np.bool_]]:
        had, has = state["had"], state["has"]
        if now < at_day:
            return state, np.zeros_like(interests), had
        catches, loses = next_ones(rng, state, dt)
        if now - dt < at_day:
            catches = state["first"]
        after = np.where(has, ~loses, catches & ~had)
        displacement = (after.astype(float) - has)[:, None] * state["pull"]
        # Who has it is moved by it as long as it lasts, so that it is one drift from its first day to its last.
        return {**state, "has": after, "had": had | after}, displacement, has | after

    return Drift(init, step, lambda days: (at_day,) if at_day < days else (), _meet)


def _meet(state: State, follows: Follows) -> State:
    """Tell a drift of the follow graph."""
    return {**state, "follows": follows, "followed": np.bincount(follows.follower, minlength=follows.shoppers)}


def _count(follows: Follows, has: NDArray[np.bool_]) -> Array:
    """Return how many of the followed of each shopper have it; [n]."""
    return np.bincount(follows.follower, has[follows.followed], follows.shoppers).astype(np.float64)


def _mean_of_followed(follows: Follows, interests: Array) -> Array:
    """Return the mean interests of the followed of each shopper, 0 where there are none; [n, D]."""
    n = follows.shoppers
    many = np.maximum(np.bincount(follows.follower, minlength=n), 1)
    columns = [np.bincount(follows.follower, column[follows.followed], n) / many for column in interests.T]
    return np.stack(columns, axis=1)


LIMITS = {
    "share": (0, 1),
    "first": (0, 1),
    "threshold": (0, 0.5),
    "magnitude": (0, 5),
    "per_day": (0, 1_000),
    "at_day": (0, 3_650),
    "time_constant_days": (0.001, 3_650),
    "lasts_days": (0.001, 3_650),
    "delay_days": (0.001, 3_650),
}


def _check(name: str, **given: float) -> None:
    """Refuse a parameter out of its range."""
    for key, value in given.items():
        low, high = LIMITS[key]
        if not low <= value <= high:
            raise Refusal(f"The drift {name} has {key} = {value}, which is outside {low:g} to {high:g}.")


CONTAGIONS: dict[str, Callable[..., Drift]] = {"conformity": conformity, "trend": trend, "cascade": cascade}
