"""A description is what a stream of facts looks like from outside: the figures by which logs of shops are compared."""

from __future__ import annotations

from driftlab.description.distance import BAND, Distance, distances
from driftlab.description.text import lines, side_by_side
from driftlab.description.whole import describe_facts

__all__ = ["BAND", "Distance", "describe_facts", "distances", "lines", "side_by_side"]
