"""driftlab: when, how and how much should an online recommender update, when interests move and compute is limited?

The words of the command line are the functions of this package.

>>> import driftlab
>>> run = driftlab.run("small", policies=["every_event", "never"])  # doctest: +SKIP
>>> run.metrics()  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from driftlab.neighbours import stranger

if (_warning := stranger()) is not None:
    if sys.orig_argv[1:3] == ["-m", "driftlab"]:  # on the command line an error is one paragraph
        sys.exit(f"driftlab: {_warning}")
    raise ImportError(_warning)

if TYPE_CHECKING:
    from driftlab.api import calibrate, describe, fork, replay, resume, run, verify
    from driftlab.injecting import inject
    from driftlab.intervals import Interval, corrected, paired
    from driftlab.kept import Run
    from driftlab.measures import MEASURES, Measure
    from journal.errors import Refusal
    from model import Policy

_HOMES = {
    **dict.fromkeys(("calibrate", "describe", "fork", "replay", "resume", "run", "verify"), "driftlab.api"),
    "Run": "driftlab.kept",
    "inject": "driftlab.injecting",
    **dict.fromkeys(("Interval", "corrected", "paired"), "driftlab.intervals"),
    **dict.fromkeys(("MEASURES", "Measure"), "driftlab.measures"),
    "Refusal": "journal.errors",
    "Policy": "model",
}
"""Where each public name lives: a name is imported when it is first used, so that help and listings need no jax."""

__all__ = [
    "MEASURES",
    "Interval",
    "Measure",
    "Policy",
    "Refusal",
    "Run",
    "calibrate",
    "corrected",
    "describe",
    "fork",
    "inject",
    "paired",
    "replay",
    "resume",
    "run",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'driftlab' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
