"""Calibration finds the world whose simulated log looks like a real one: read what can be read, search for the rest."""

from __future__ import annotations

from driftlab.calibration.whole import Calibrated, calibrated

__all__ = ["Calibrated", "calibrated"]
