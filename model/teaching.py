"""What a network learns by, and how fast: a loss, negatives, the worth of each kind of event, and three rates."""

from __future__ import annotations

from typing import NamedTuple

from model.graph import KINDS
from model.losses import Loss
from model.samplers import Sampler

ALIKE = (1.0,) * KINDS
"""Every kind of event teaches alike."""


class Rates(NamedTuple):
    """Learning rates."""

    vectors: float
    weights: float
    habits: float


class Teaching(NamedTuple):
    """What the vectors learn by."""

    loss: Loss
    sampler: Sampler
    negatives: int
    kinds: tuple[float, ...]
