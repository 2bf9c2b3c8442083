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
           with what they were; of what wanders: a standard deviation over that of interests
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
    heed: Callable[[State, Met], State] | None = None
    """`heed(state, met) -> state` comes before each step, where a drift goes by what shoppers do; else None."""


class Met(NamedTuple):
    """The m interactions of shoppers since the step before, in order of time."""

    shopper: NDArray[np.int32]  # [m]
    wanted: Array  # [m, D] unit vectors: what makes the product and its category appealing
    shown: NDArray[np.bool_]  # [m] it was clicked on a slate


LEVELS = ("population", "cohort", "individual")


def grouped(level: str, cohorts: NDArray[np.int32]) -> NDArray[np.intp]:
    """Group of each shopper: groups move together."""
    if level == "cohort":
        return cohorts.astype(np.intp)
    return np.zeros(len(cohorts), np.intp) if level == "population" else np.arange(len(cohorts))


def taking_part(rng: np.random.Generator, level: str, share: float, cohorts: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Shoppers who take part: by a coin a shopper; of cohorts, the share itself, rounded."""
    if level == "cohort":
        order = rng.permutation(int(cohorts.max()) + 1)
        return (order < round(share * len(order)))[cohorts]
    return rng.random(len(cohorts)) < share


def until(days: float, first: float, step: float = np.inf) -> tuple[float, ...]:
    """Return first, first + step, ... below `days`."""
    return tuple(float(day) for day in np.arange(first, days, min(step, max(days, 1.0))))


_RANGES = {"share": (0, 1), "rate": (0, 1), "dial": (0, 1), "magnitude": (0, 2), "steps": (1, 1_000)}


def check(**given: Any) -> None:
    """Refuse a parameter out of its range."""
    for name, value in given.items():
        if name == "level":
            if value not in LEVELS:
                raise Refusal(f"A drift has no level '{value}'. {nearest(str(value), LEVELS)}")
            continue
        low, high = _RANGES.get(name, (0, 3_650))
        positive = name in ("over_days", "period_days", "time_constant_days", "hours", "every_days")
        if not low <= value <= high or (positive and value == 0):
            raise Refusal(f"A drift's {name} = {value} is outside {low} to {high}{' (and not 0)' if positive else ''}.")
