"""A drift steps on every full hour: a SimPy process that displaces interests and writes so into the truth."""

from __future__ import annotations

import heapq
from collections.abc import Generator, Mapping, Sequence
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from journal.chance import stream
from journal.errors import Refusal
from simulator.drifts import Drift, Met
from simulator.rhythm import DAY, HOUR
from simulator.social import Follows
from simulator.truth import Truth

TICK = HOUR
"""Time between two steps of drift, us."""


class Heard:
    """What shoppers meet, kept until a drift that goes by it asks; `wanted` [P, D] is what each product stands for."""

    def __init__(self, wanted: NDArray[np.float64]) -> None:
        self._wanted = wanted
        self._met: list[tuple[int, int, int, bool]] = []

    def hear(self, time: int, shopper: int, product: int, shown: bool) -> None:
        """Take an interaction that may lie ahead."""
        heapq.heappush(self._met, (time, shopper, product, shown))

    def up_to(self, time: int) -> Met:
        """Hand out what was met up to a time (us) and not yet handed out."""
        due = []
        while self._met and self._met[0][0] <= time:
            due.append(heapq.heappop(self._met)[1:])
        who, which, shown = zip(*due, strict=True) if due else ((), (), ())
        return Met(np.array(who, np.int32), self._wanted[np.array(which, np.intp)], np.array(shown, bool))


def meaning(truth: Mapping[str, NDArray[Any]], category: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return what each product stands for, [P, D] of unit length: its own vector and its category's."""
    both = truth["category_vector"][category].astype(float) + truth["product_vector"]
    unit: NDArray[np.float64] = both / np.linalg.norm(both, axis=1, keepdims=True)
    return unit


def befriended(drifts: Sequence[Drift], follows: Follows) -> None:
    """Raise Refusal where a drift spreads over follows and nobody follows anybody."""
    for part, drift in enumerate(drifts):
        if drift.meet is not None and not len(follows.follower):
            raise Refusal(
                f"Drift {part} spreads from shopper to shopper, but nobody follows anybody. "
                "Give the world a follow graph, as `social=small_world()`."
            )


def drifting(
    env: simpy.Environment,
    truth: Truth,
    drift: Drift,
    part: int,
    seed: int,
    cohorts: NDArray[np.int32],
    follows: Follows,
    heard: Heard | None,
) -> Generator[simpy.Event, Any, None]:
    """Step a drift, the `part`-th of the world, for as long as the world runs."""
    interests, tick, moving = truth.interests, 0, False
    state = drift.init(stream(seed, "drift", part), cohorts, interests.shape[1])
    if drift.meet is not None:
        state = drift.meet(state, follows)
    while True:
        yield env.timeout(TICK)
        tick += 1
        rng, now = stream(seed, "drift", part, tick), int(env.now)
        if heard is not None and drift.heed is not None:
            state = drift.heed(state, heard.up_to(now))
        state, displacement, moved = drift.step(rng, state, interests, now / DAY, TICK / DAY)
        if displacement.shape != interests.shape or not np.isfinite(displacement).all():
            raise Refusal(
                f"Drift {part} displaced interests by an array of shape {displacement.shape} on day "
                f"{now / DAY:.2f}; it must be finite and of the shape of the interests, {interests.shape}."
            )
        if moved.any():
            truth.move(part, not moving, displacement, moved, now)
            truth.tell(now)
        moving = bool(moved.any())
