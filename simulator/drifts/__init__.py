"""Drifts: what moves interests, one file an idea; the table is what a scenario may name (and `simulator.contagion`)."""

from __future__ import annotations

from collections.abc import Callable

from simulator.drifts.contract import LEVELS, Array, Drift, Met, State
from simulator.drifts.reinforcing import reinforcement
from simulator.drifts.turning import abrupt, blip, context_switch, incremental, mixture, recurring
from simulator.drifts.wandering import gradual, life_event, none, walk

__all__ = [
    "DRIFTS",
    "LEVELS",
    "Array",
    "Drift",
    "Met",
    "State",
    "abrupt",
    "gradual",
    "incremental",
    "none",
    "recurring",
]

DRIFTS: dict[str, Callable[..., Drift]] = {
    "none": none,
    "gradual": gradual,
    "incremental": incremental,
    "abrupt": abrupt,
    "recurring": recurring,
    "mixture": mixture,
    "blip": blip,
    "context_switch": context_switch,
    "walk": walk,
    "life_event": life_event,
    "reinforcement": reinforcement,
}
