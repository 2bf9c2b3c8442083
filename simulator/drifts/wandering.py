"""Drifts that wander: interests move all the time, or at moments that nobody can foresee."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.drifts.contract import Array, Drift, State, check, grouped, taking_part


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
    check(level=level, share=share, magnitude=magnitude, time_constant_days=time_constant_days)

    def init(rng: np.random.Generator, cohorts: NDArray[np.int32], factors: int) -> State:
        groups = grouped(level, cohorts)
        shape = (len(cohorts) if level == "individual" else int(groups.max()) + 1, factors)
        return {"group": groups, "member": taking_part(rng, level, share, cohorts), "offset": np.zeros(shape)}

    def step(
        rng: np.random.Generator, state: State, interests: Array, now: float, dt: float
    ) -> tuple[State, Array, NDArray[np.bool_]]:
        keep = np.exp(-dt / time_constant_days)
        noise = rng.standard_normal(state["offset"].shape)
        offset = keep * state["offset"] + magnitude * np.sqrt(1 - keep * keep) * noise
        change = (offset - state["offset"])[state["group"]]
        return {**state, "offset": offset}, np.where(state["member"][:, None], change, 0.0), state["member"]

    return Drift(init, step)


def walk(level: str = "individual", share: float = 1.0, magnitude: float = 0.2) -> Drift:
    """Let interests walk away and not come back: theta += magnitude sqrt(dt) N(0, I), dt in days (Wiener process).

    After t days the variance of a factor has grown by magnitude ** 2 t, so shoppers also grow surer of what they want.
    RecoGym walks so (Rohde et al. 2018), with dt in place of its root.

    >>> from journal.chance import stream
    >>> drift = walk(magnitude=0.5)
    >>> state = drift.init(stream(1, "init"), np.zeros(1_000, np.int32), 4)
    >>> state, displacement, moved = drift.step(stream(1, "step"), state, np.ones((1_000, 4)), 4.0, 4.0)
    >>> round(float(displacement.std()), 1)
    1.0
    """
    check(level=level, share=share, magnitude=magnitude)

    def init(rng: np.random.Generator, cohorts: NDArray[np.int32], factors: int) -> State:
        return {"group": grouped(level, cohorts), "member": taking_part(rng, level, share, cohorts)}

    def step(
        rng: np.random.Generator, state: State, interests: Array, now: float, dt: float
    ) -> tuple[State, Array, NDArray[np.bool_]]:
        many = len(interests) if level == "individual" else int(state["group"].max()) + 1
        change = magnitude * np.sqrt(dt) * rng.standard_normal((many, interests.shape[1]))
        return state, np.where(state["member"][:, None], change[state["group"]], 0.0), state["member"]

    return Drift(init, step)


def life_event(share: float = 1.0, magnitude: float = 1.0, every_days: float = 30.0) -> Drift:
    """Turn a shopper's interests at once, in a direction of its own, at moments of its own: a child, a move, a hobby.

    Moments are a Poisson process, one in `every_days` on the mean; so no two shoppers turn together, and nothing shows
    in what is popular (Koren 2010: each user drifts at times of its own).

    >>> from journal.chance import stream
    >>> drift, start = life_event(every_days=10.0), np.ones((2_000, 4))
    >>> state = drift.init(stream(1, "init"), np.zeros(2_000, np.int32), 4)
    >>> state, displacement, moved = drift.step(stream(1, "step"), state, start, 1.0, 1.0)
    >>> round(float(moved.mean()), 1), bool(np.allclose(((start + displacement) * start).sum(1)[moved], 0))
    (0.1, True)
    """
    check(share=share, magnitude=magnitude, every_days=every_days)

    def init(rng: np.random.Generator, cohorts: NDArray[np.int32], factors: int) -> State:
        return {"member": rng.random(len(cohorts)) < share}

    def step(
        rng: np.random.Generator, state: State, interests: Array, now: float, dt: float
    ) -> tuple[State, Array, NDArray[np.bool_]]:
        own = rng.random((len(interests), 1 + interests.shape[1]))
        moved = state["member"] & (own[:, 0] < -np.expm1(-dt / every_days))
        length = np.linalg.norm(interests, axis=1, keepdims=True)
        unit = interests / np.where(length > 0, length, 1.0)
        aside = own[:, 1:] - 0.5
        aside -= (aside * unit).sum(1, keepdims=True) * unit
        aside /= np.linalg.norm(aside, axis=1, keepdims=True)
        angle = magnitude * np.pi / 2
        turned = length * (np.cos(angle) * unit + np.sin(angle) * aside)
        return state, np.where(moved[:, None], turned - interests, 0.0), moved

    return Drift(init, step)
