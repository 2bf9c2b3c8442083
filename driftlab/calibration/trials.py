"""A trial is a world of some values, run without anybody recommending, and how far its log is from the real one."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from driftlab.calibration.sizing import DONE
from driftlab.calibration.starting import funnel_table, stages
from driftlab.described import FROM_MONDAY, Described
from driftlab.description import Distance, distances
from journal.facts import join, pick
from simulator.drifts import DRIFTS
from simulator.spec import WorldSpec
from simulator.world import World

WANDER = "wander.magnitude", "wander.time_constant_days"
"""Values of the drift `gradual` of each shopper's own interests."""

JUMPS = "jumps.share"
"""Share of shoppers whose interests turn once, each at a moment of its own."""

SECTIONS = ("catalogue", "shoppers", "sessions", "funnel", "rhythm")
"""Sections of a scenario that are values of the world; the drifts' are `WANDER` and `JUMPS`."""

FAR = 1.0
"""Distances beyond this one count as this: a figure that cannot be reached must not outweigh all others."""


class Beside(NamedTuple):
    """A log to be compared with."""

    figures: dict[str, Any]
    funnel: NDArray[np.float64]  # see `starting.funnel_table`
    categories: bool  # whether it names any

    @classmethod
    def of(cls, log: Described) -> Beside:
        """Describe a log."""
        return cls(log.figures(), _funnel(log), bool((log.category >= 0).any()))


class Trial(NamedTuple):
    """Values tried, and what came of them."""

    values: dict[str, Any]
    score: float  # mean distance of all figures, each at most `FAR`
    figures: dict[str, Any]
    funnel: NDArray[np.float64]
    apart: Sequence[Distance]

    @property
    def within(self) -> int:
        """Figures within the band."""
        return sum(each.within for each in self.apart)


def spec_of(values: Mapping[str, Any], small: bool = False) -> WorldSpec:
    """Return the world of dotted values, all else as by default; `small` leaves out content, which no shopper sees."""
    spec = WorldSpec(days=values["days"])
    for section in SECTIONS:
        named = {key.partition(".")[2]: value for key, value in values.items() if key.startswith(f"{section}.")}
        whole = {key: tuple(value) if isinstance(value, list) else value for key, value in named.items()}
        spec = dataclasses.replace(spec, **{section: dataclasses.replace(getattr(spec, section), **whole)})
    if small:
        bare = dataclasses.replace(spec.catalogue, content_width=1, content_noise=(1.0,))
        spec = dataclasses.replace(spec, catalogue=bare)
    return spec


def drifts_of(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the drifts of dotted values, as tables of a scenario."""
    magnitude, tau = (values.get(key, 0.0) for key in WANDER)
    made: list[dict[str, Any]] = []
    if magnitude:
        made.append({"use": "gradual", "level": "individual", "magnitude": magnitude, "time_constant_days": tau})
    if values.get(JUMPS):
        days = values["days"]
        turn = {"magnitude": 1.0, "at_day": 0.0, "within_days": days}
        made.append({"use": "abrupt", "level": "individual", "share": values[JUMPS], **turn})
    return made


def simulated(values: Mapping[str, Any], seed: int, small: bool = False) -> Described:
    """Return what a world of these values does."""
    uses = [dict(use) for use in drifts_of(values)]
    drifts = [DRIFTS[use.pop("use")](**use) for use in uses]
    world = World(spec_of(values, small), seed, drifts)
    made = join([piece.facts for piece in world.run()])
    return Described(made, world.catalogue["category"], FROM_MONDAY)


def judged(values: dict[str, Any], beside: Beside, seed: int, small: bool = False) -> Trial:
    """Simulate and compare; a world that makes nothing is infinitely far."""
    made = simulated(values, seed, small)
    if not beside.categories:
        made = made._replace(category=np.full(len(made.category), -1, np.int32))  # told of products in both, then
    figures = made.figures()
    apart = distances(figures, beside.figures)
    told = [min(each.distance, FAR) for each in apart if not isnan(each.distance)]
    return Trial(values, sum(told) / len(told) if told else float("inf"), figures, _funnel(made), apart)


def _funnel(log: Described) -> NDArray[np.float64]:
    met = pick(log.facts, np.isin(log.facts.kind, DONE))
    return funnel_table(met, stages(met))
