"""Two lanes are compared seed by seed: the same shoppers, the same chance, so only what the lanes do differs.

pair        one seed: the value of a measure in one lane and in the other
interval    percentile bootstrap over pairs of the mean difference (Efron and Tibshirani 1993)
p           twice the share of resampled means on the rarer side of zero, zero itself on both: the interval turned round
corrected   p times the number of comparisons made, step by step (Holm 1979): the chance that any of them is a mistake
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from journal.chance import stream
from journal.errors import Refusal

RESAMPLES = 10_000


class Interval(NamedTuple):
    """Mean difference between two lanes over the seeds, and where it lies with the confidence asked for."""

    difference: float
    low: float
    high: float
    pairs: int
    p: float

    @property
    def excludes_zero(self) -> bool:
        """True where one lane is better than the other beyond chance."""
        return self.low > 0 or self.high < 0


def paired(one: Sequence[float], other: Sequence[float], confidence: float = 0.95) -> Interval:
    """Return the bootstrap interval of mean(one - other); values of the same seed stand at the same place.

    Raises Refusal where the two differ in length or hold fewer than two pairs.

    >>> paired([0.30, 0.32, 0.31], [0.20, 0.21, 0.22]).excludes_zero
    True
    """
    if len(one) != len(other) or len(one) < 2:
        raise Refusal(
            "A paired comparison needs the same seeds on both sides, at least two; "
            f"given {len(one)} values and {len(other)}."
        )
    differences = np.asarray(one, np.float64) - np.asarray(other, np.float64)
    draws = stream(0, "bootstrap", len(differences)).integers(0, len(differences), (RESAMPLES, len(differences)))
    means = differences[draws].mean(axis=1)
    low, high = np.quantile(means, [(1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0])
    rarer = min(np.count_nonzero(means <= 0), np.count_nonzero(means >= 0))
    p = min(1.0, 2.0 * (rarer + 1) / (RESAMPLES + 1))
    return Interval(float(differences.mean()), float(low), float(high), len(differences), p)


def corrected(p: Sequence[float]) -> list[float]:
    """Return the p of several comparisons made together, each corrected for their number, in the order given.

    >>> corrected([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    made, highest = [0.0] * len(p), 0.0
    for place, which in enumerate(sorted(range(len(p)), key=lambda at: p[at])):
        highest = max(highest, min(1.0, (len(p) - place) * p[which]))
        made[which] = highest
    return made
