"""A SimPy world of shoppers whose interests drift; it emits facts and truth, and knows nothing of any model."""

from __future__ import annotations

from simulator.drifts import DRIFTS, Drift
from simulator.spec import WorldSpec

__all__ = ["DRIFTS", "Drift", "WorldSpec"]
