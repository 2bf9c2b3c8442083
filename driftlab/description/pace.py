"""Pace is when shoppers come, how often and how long they stay; it knows nothing of products.

session     a shopper's interactions with no gap over `CUT` (the natural cut is near an hour: Halfaker et al. 2015)
gap         time between two interactions of one shopper
burstiness  (sd - mean) / (sd + mean) of gaps: -1 a clock, 0 Poisson, towards 1 bursts (Goh and Barabási 2008)
doubling    shares of values by powers of two: [0, 1], (1, 2], (2, 4], (4, 8], ...
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftlab.measures.measure import gini, quantile
from journal.facts import MICROSECONDS, Facts, Kind, pick

CUT = 30 * 60 * MICROSECONDS
"""Microseconds without an interaction that end a session."""

HOUR = 3_600 * MICROSECONDS
DAY = 24 * HOUR


def activity(shopper: NDArray[np.int32]) -> dict[str, float | list[float]]:
    """Describe how unequally shoppers interact; shopper: i4[n] of n interactions."""
    count = np.unique(shopper, return_counts=True)[1]
    quantiles = {f"events p{p}": quantile(count, p / 100) for p in (10, 50, 90, 99)}
    return {"gini": gini(count), **quantiles, "events by doubling": doubling(count)}


def by_shopper(met: Facts) -> tuple[Facts, NDArray[np.int64]]:
    """Return the interactions shopper by shopper and the gap before each; -1 before a shopper's first."""
    ordered = pick(met, np.lexsort((met.seq, met.shopper)))
    gap = np.diff(ordered.time, prepend=ordered.time[0])
    gap[np.r_[True, ordered.shopper[1:] != ordered.shopper[:-1]]] = -1
    return ordered, gap


def sessions(met: Facts) -> dict[str, float | list[float]]:
    """Describe sessions: how many, how long, what they lead to."""
    ordered, gap = by_shopper(met)
    starts = np.flatnonzero((gap < 0) | (gap > CUT))
    length = np.diff(np.r_[starts, len(ordered)])
    ends = np.r_[starts[1:], len(ordered)] - 1
    seconds = (ordered.time[ends] - ordered.time[starts]) / MICROSECONDS
    return {
        "number": len(starts),
        "events mean": float(length.mean()),
        "events p50": quantile(length, 0.5),
        "events p90": quantile(length, 0.9),
        "events max": int(length.max()),
        "of one event": float(np.mean(length == 1)),
        "with a cart": _share_with(ordered.kind == Kind.CARTED, starts),
        "with a purchase": _share_with(ordered.kind == Kind.PURCHASED, starts),
        "seconds p50 of longer ones": quantile(seconds[length > 1], 0.5),
        "events by doubling": doubling(length),
    }


def _share_with(which: NDArray[np.bool_], starts: NDArray[np.int64]) -> float:
    return float(np.mean(np.add.reduceat(which.astype(np.int64), starts) > 0))


def gaps(met: Facts) -> dict[str, float | list[float]]:
    """Describe the times between interactions of a shopper, those between sessions included."""
    gap = by_shopper(met)[1]
    seconds = gap[gap >= 0] / MICROSECONDS
    found: dict[str, float | list[float]] = {"seconds p50": quantile(seconds, 0.5), "burstiness": float("nan")}
    if len(seconds) < 2:
        return found
    mean, deviation = float(seconds.mean()), float(seconds.std())
    if deviation + mean:
        found["burstiness"] = (deviation - mean) / (deviation + mean)
    return found | {"seconds by doubling": doubling(seconds)}


def doubling(values: NDArray[np.integer | np.floating]) -> list[float]:
    """Return the shares of values in [0, 1], (1, 2], (2, 4], ...; no values give no shares.

    >>> doubling(np.array([1, 2, 3, 4]))
    [0.25, 0.25, 0.5]
    """
    if not len(values):
        return []
    steps = np.ceil(np.log2(np.maximum(values, 1))).astype(np.int64)
    shares: list[float] = (np.bincount(steps) / len(values)).tolist()
    return shares


def rhythm(time: NDArray[np.int64]) -> dict[str, list[float]]:
    """Describe hours and weekdays; time: i8[n] us by the shop's own clock, which began on a Thursday at midnight.

    A week is not always covered evenly: nine days hold two Saturdays, so the shares of weekdays are also given for one
    day of each.
    """
    hour, weekday = (time // HOUR) % 24, _weekday(time // DAY)
    shares = np.bincount(weekday, minlength=7) / len(time)
    days = np.arange(int(time[0] // DAY), int(time[-1] // DAY) + 1)
    covered = np.minimum((days + 1) * DAY, time[-1] + 1) - np.maximum(days * DAY, time[0])
    there = np.bincount(_weekday(days), covered / DAY, 7)
    # Where hardly an hour of a weekday is covered, its rate would be noise.
    rate = np.where(there > 1 / 24, shares / np.maximum(there, 1 / 24), 0.0)
    return {
        "hours": (np.bincount(hour, minlength=24) / len(time)).tolist(),
        "weekdays from Monday": shares.tolist(),
        "one of each weekday": (rate / rate.sum()).tolist() if rate.any() else shares.tolist(),
    }


def _weekday(day: NDArray[np.int64]) -> NDArray[np.int64]:
    return (day + 3) % 7  # 1970-01-01 was a Thursday
