"""A SimPy world of shoppers whose interests drift; it emits facts and truth, and knows nothing of any model."""

from __future__ import annotations

from simulator import contagion, drifts
from simulator.campaigns import Campaign
from simulator.drifts import Drift
from simulator.oracle import Oracle, Outlook
from simulator.social import SOCIAL, Follows, Social
from simulator.spec import WorldSpec
from simulator.world import Piece, World

DRIFTS = drifts.DRIFTS | contagion.CONTAGIONS
"""Every drift by name."""

__all__ = [
    "DRIFTS",
    "SOCIAL",
    "Campaign",
    "Drift",
    "Follows",
    "Oracle",
    "Outlook",
    "Piece",
    "Social",
    "World",
    "WorldSpec",
]
