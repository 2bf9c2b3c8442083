"""Two descriptions are as far apart as their figures: every stylised fact has a distance, and is within `BAND` or not.

number    |one - other| / |other|: relative to the other
shares    total variation: half the sum of absolute differences of shares (hours, weekdays)
ordered   Kolmogorov-Smirnov: the largest difference of cumulative shares (lengths, gaps; by powers of two)
curve     mean absolute difference over the mean of the other, place by place
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import Any, Literal, NamedTuple

import numpy as np

How = Literal["number", "shares", "ordered", "curve"]

BAND = 0.15
"""A distance up to which a figure counts as the same."""

FIGURES: Mapping[tuple[str, str], How] = {
    **{("funnel", f"{kind} per view"): "number" for kind in ("cart", "favourite", "purchase")},
    ("funnel", "purchase per cart"): "number",
    ("funnel", "purchases without an earlier view"): "number",
    ("funnel", "purchases carted before"): "number",
    ("funnel", "review per purchase"): "number",
    ("funnel", "return per purchase"): "number",
    **{("sessions", f"events {figure}"): "number" for figure in ("mean", "p50", "p90")},
    **{("sessions", name): "number" for name in ("of one event", "with a cart", "with a purchase")},
    ("sessions", "seconds p50 of longer ones"): "number",
    ("sessions", "events by doubling"): "ordered",
    ("gaps", "seconds p50"): "number",
    ("gaps", "burstiness"): "number",
    ("gaps", "seconds by doubling"): "ordered",
    **{("repeats", name): "number" for name in ("of all", "of views", "of purchases", "of category")},
    ("repeats", "next in the same category"): "number",
    ("tenths", "on products not met before"): "curve",
    ("tenths", "first 100 kept by the next"): "number",
    **{("shoppers", f"events p{p}"): "number" for p in (10, 50, 90, 99)},
    ("shoppers", "gini"): "number",
    ("shoppers", "events by doubling"): "ordered",
    **{("popularity", name): "number" for name in ("gini", "zipf exponent", "met once")},
    ("rhythm", "hours"): "shares",
    ("rhythm", "one of each weekday"): "shares",
    ("interests", "core share"): "number",
    ("interests", "time constant days"): "number",
    ("interests", "excess by lag"): "curve",
}
"""The stylised facts, by group and name in a description, and how each is compared."""


class Distance(NamedTuple):
    """One figure of two descriptions; `distance` is NaN where one of them cannot tell it."""

    group: str
    figure: str
    how: How
    one: Any
    other: Any
    distance: float

    @property
    def within(self) -> bool:
        """Whether the figures count as the same."""
        return self.distance <= BAND

    def row(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {**self._asdict(), "within": None if isnan(self.distance) else self.within}


def distances(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[Distance]:
    """Return the distance of each stylised fact that at least one description has.

    >>> [d] = distances({"funnel": {"cart per view": 0.05}}, {"funnel": {"cart per view": 0.04}})
    >>> round(d.distance, 2), d.within
    (0.25, False)
    """
    found = []
    for (group, name), how in FIGURES.items():
        mine, its = (_told(group, name, described.get(group, {}).get(name)) for described in (one, other))
        if mine is not None or its is not None:
            apart = float("nan") if mine is None or its is None else _distance(how, mine, its)
            found.append(Distance(group, name, how, mine, its, apart))
    return found


def _told(group: str, name: str, value: Any) -> Any:
    """Return a figure, or None for one that a log cannot tell, as it has none of the kind or one time for all."""
    if value is None or (isinstance(value, list) and not value) or (isinstance(value, float) and isnan(value)):
        return None
    never = 1.0 if name == "purchases without an earlier view" else 0.0
    return None if group in ("funnel", "sessions", "gaps") and value == never else value


def _distance(how: How, one: Any, other: Any) -> float:
    if how == "number":
        return abs(one - other) / abs(other) if other else (0.0 if one == other else float("inf"))
    size = max(len(one), len(other)) if how != "curve" else min(len(one), len(other))
    p, q = (np.pad(np.asarray(values[:size], np.float64), (0, size - len(values[:size]))) for values in (one, other))
    if how == "shares":
        return float(np.abs(p - q).sum() / 2)
    if how == "ordered":
        return float(np.abs(np.cumsum(p - q)).max())
    return float(np.abs(p - q).mean() / max(np.abs(q).mean(), 1e-9))
