"""One short run that many tests look at, and the words it was made with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

# Tests compile the same few networks in many processes; set before jax is imported, which reads it once.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parents[2] / ".jax_cache"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.3")

import pytest

import driftlab

FEW: dict[str, Any] = {"encoders": ["sage"], "baselines": ["popular"], "settings": {"days": 3, "drift.0.at_day": 1.5}}
"""A scenario of seconds with as few lanes as there can be."""


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> driftlab.Run:
    """`small` with one network, one baseline and the oracle; not to be written to."""
    path = Path(tmp_path_factory.mktemp("runs"), "small.run")
    return driftlab.run("small", ["every_event"], out=path, **FEW)
