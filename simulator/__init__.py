"""A SimPy world of shoppers whose interests drift; it emits facts and truth, and knows nothing of any model."""

from __future__ import annotations

from simulator.drifts import DRIFTS, Drift
from simulator.oracle import Oracle, Outlook
from simulator.spec import WorldSpec
from simulator.world import Piece, World

__all__ = ["DRIFTS", "Drift", "Oracle", "Outlook", "Piece", "World", "WorldSpec"]
