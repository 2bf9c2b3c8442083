"""A measure is a number worth showing: a function of a lane's record with its name, unit, formula and source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from driftlab.record import Record


class Measure(NamedTuple):
    """A number worth showing. `value` gives NaN where the record holds nothing to measure."""

    name: str  # in data frames, JSON and the run file
    title: str  # at the head of a column
    about: str  # one sentence
    unit: str
    better: Literal["higher", "lower", "neither"]
    formula: str
    source: str
    value: Callable[[Record], float]


def law(builder: Callable[..., Measure]) -> str:
    """Return the first sentence of a builder's docstring, which says what its measure is."""
    return (builder.__doc__ or "").strip().partition("\n\n")[0].replace("\n    ", " ")


def mean(values: NDArray[Any]) -> float:
    """Return the mean in float64, NaN of nothing; NaN entries are left out.

    >>> mean(np.array([1.0, np.nan, 2.0]))
    1.5
    """
    known = np.asarray(values, np.float64)
    known = known[~np.isnan(known)]
    return float(known.mean()) if len(known) else float("nan")


def quantile(values: NDArray[Any], share: float) -> float:
    """Return the value below which `share` of all lie, NaN of nothing."""
    known = np.asarray(values, np.float64)
    known = known[~np.isnan(known)]
    return float(np.quantile(known, share)) if len(known) else float("nan")


def gini(counts: NDArray[Any]) -> float:
    """Return the Gini coefficient of counts: 0 where all are equal, near 1 where one has everything.

    >>> gini(np.array([1, 1, 1, 1])), round(gini(np.array([0, 0, 0, 4])), 2)
    (0.0, 0.75)
    """
    ordered = np.sort(np.asarray(counts, np.float64))
    total = ordered.sum()
    if not total:
        return float("nan")
    n = len(ordered)
    return float(2.0 * (np.arange(1, n + 1) @ ordered) / (n * total) - (n + 1) / n)
