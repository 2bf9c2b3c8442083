"""A description says what is in a stream of facts, in the figures by which logs of shops are compared.

session     a shopper's interactions with no gap over `CUT` (the natural cut is near an hour: Halfaker et al. 2015)
gap         time between two interactions of one shopper
burstiness  (sd - mean) / (sd + mean) of gaps: -1 a clock, 0 Poisson, towards 1 bursts (Goh and Barabási 2008)
Zipf        minus the slope of log(count) over log(rank) of the first 1,000 products
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftlab.measures.measure import gini, quantile
from driftlab.record import earlier, meetings
from journal.facts import INTERACTIONS, MICROSECONDS, Facts, Kind, pick

CUT = 30 * 60 * MICROSECONDS
"""Microseconds without an interaction that end a session."""

HOUR = 3_600 * MICROSECONDS
DAY = 24 * HOUR

HEAD = 1_000
"""Products in the head whose Zipf exponent is fitted."""


def describe_facts(
    facts: Facts, category: NDArray[np.int32] | None = None, utc_offset_hours: float = 0.0
) -> dict[str, Any]:
    """Return the description as nested plain values, shares between 0 and 1, times in seconds.

    Args:
        facts: in order; only interactions count but for the counts by kind.
        category: int32[P], -1 where unknown; None where nothing is known.
        utc_offset_hours: added to times for the rhythm of hours and weekdays.

    >>> from journal.facts import facts
    >>> seen = facts(seq=[1, 2], time=[0, 9], kind=[Kind.VIEWED, Kind.CARTED], shopper=[0, 0], product=[5, 5])
    >>> describe_facts(seen)["funnel"]["cart per view"]
    1.0
    """
    met = pick(facts, np.isin(facts.kind, INTERACTIONS))
    found: dict[str, Any] = {"counts": _counts(facts, met)}
    if not len(met):
        return found
    return found | {
        "popularity": _popularity(met.product),
        "shoppers": _activity(met.shopper),
        "sessions": _sessions(met),
        "gaps": _gaps(met),
        "funnel": _funnel(met),
        "repeats": _repeats(met, category),
        "rhythm": _rhythm(met.time + int(utc_offset_hours * HOUR)),
    }


def _counts(facts: Facts, met: Facts) -> dict[str, Any]:
    by_kind = {kind.name.lower(): int(np.sum(facts.kind == kind)) for kind in Kind}
    span = int(met.time[-1] - met.time[0]) if len(met) else 0
    return {
        "facts": len(facts),
        "interactions": len(met),
        "shoppers": len(np.unique(met.shopper)),
        "products met": len(np.unique(met.product)),
        "days": span / DAY,
        "by kind": {name: count for name, count in by_kind.items() if count},
    }


def _popularity(product: NDArray[np.int32]) -> dict[str, float]:
    count = np.sort(np.unique(product, return_counts=True)[1])[::-1]
    first = max(len(count) // 100, 1)
    return {
        "gini": gini(count),
        "zipf exponent": zipf_exponent(count),
        "share of the first 1 %": float(count[:first].sum() / count.sum()),
        "met once": float(np.mean(count == 1)),
    }


def zipf_exponent(counts: NDArray[Any]) -> float:
    """Fit count ~ rank^-s by least squares of logarithms over the first 1,000 ranks; NaN below two products.

    >>> round(zipf_exponent(1e6 / np.arange(1, 101)), 3)
    1.0
    """
    head = np.sort(np.asarray(counts, np.float64))[::-1][:HEAD]
    if len(head) < 2:
        return float("nan")
    rank = np.log(np.arange(1, len(head) + 1))
    return float(-np.polyfit(rank, np.log(head), 1)[0])


def _activity(shopper: NDArray[np.int32]) -> dict[str, float]:
    count = np.unique(shopper, return_counts=True)[1]
    return {"gini": gini(count)} | {f"events p{p}": quantile(count, p / 100) for p in (10, 50, 90, 99)}


def _by_shopper(met: Facts) -> tuple[Facts, NDArray[np.int64]]:
    """Return the interactions shopper by shopper and the gap before each; -1 before a shopper's first."""
    ordered = pick(met, np.lexsort((met.seq, met.shopper)))
    gap = np.diff(ordered.time, prepend=ordered.time[0])
    gap[np.r_[True, ordered.shopper[1:] != ordered.shopper[:-1]]] = -1
    return ordered, gap


def _sessions(met: Facts) -> dict[str, float]:
    ordered, gap = _by_shopper(met)
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
    }


def _share_with(which: NDArray[np.bool_], starts: NDArray[np.int64]) -> float:
    return float(np.mean(np.add.reduceat(which.astype(np.int64), starts) > 0))


def _gaps(met: Facts) -> dict[str, float]:
    gap = _by_shopper(met)[1]
    seconds = gap[gap >= 0] / MICROSECONDS
    if len(seconds) < 2:
        return {"seconds p50": quantile(seconds, 0.5), "burstiness": float("nan")}
    mean, deviation = float(seconds.mean()), float(seconds.std())
    return {
        "seconds p50": quantile(seconds, 0.5),
        "burstiness": (deviation - mean) / (deviation + mean) if deviation + mean else float("nan"),
    }


def _funnel(met: Facts) -> dict[str, float]:
    count = {kind: int(np.sum(met.kind == kind)) for kind in INTERACTIONS}

    def per(one: Kind, other: Kind) -> float:
        return count[one] / count[other] if count[other] else float("nan")

    return {
        "cart per view": per(Kind.CARTED, Kind.VIEWED),
        "favourite per view": per(Kind.FAVOURITED, Kind.VIEWED),
        "purchase per view": per(Kind.PURCHASED, Kind.VIEWED),
        "purchase per cart": per(Kind.PURCHASED, Kind.CARTED),
        "purchases without an earlier view": 1.0 - _had_before(met, Kind.PURCHASED, Kind.VIEWED),
        "purchases carted before": _had_before(met, Kind.PURCHASED, Kind.CARTED),
        "review per purchase": per(Kind.REVIEWED, Kind.PURCHASED),
        "return per purchase": per(Kind.RETURNED, Kind.PURCHASED),
    }


def _had_before(met: Facts, later: Kind, sooner: Kind) -> float:
    """Return the share of pairs (shopper, product) with a `later` fact that had a `sooner` one before the first."""
    pair = met.shopper.astype(np.int64) * (int(met.product.max()) + 1) + met.product
    pairs, first = np.unique(pair[met.kind == later], return_index=True)
    when = np.flatnonzero(met.kind == later)[first]
    sooner_pairs, sooner_first = np.unique(pair[met.kind == sooner], return_index=True)
    sooner_when = np.flatnonzero(met.kind == sooner)[sooner_first]
    if not len(pairs):
        return float("nan")
    place = np.minimum(np.searchsorted(sooner_pairs, pairs), max(len(sooner_pairs) - 1, 0))
    if not len(sooner_pairs):
        return 0.0
    return float(np.mean((sooner_pairs[place] == pairs) & (sooner_when[place] < when)))


def _repeats(met: Facts, category: NDArray[np.int32] | None) -> dict[str, float]:
    before = meetings(met)
    found = {
        "of all": float(before.repeat.mean()),
        "of views": _mean_of(earlier_of_kind(met, Kind.VIEWED)),
        "of purchases": _mean_of(earlier_of_kind(met, Kind.PURCHASED)),
        "on products nobody met before": float(np.mean(before.of_product == 0)),
    }
    if category is None or not np.any(category >= 0):
        return found
    ordered, gap = _by_shopper(met)
    label = category[ordered.product]
    same = (label[1:] == label[:-1]) & (label[1:] >= 0)
    key = met.shopper.astype(np.int64) * (int(category.max()) + 2) + category[met.product] + 1
    return found | {
        "next in the same category": _mean_of(same[gap[1:] >= 0]),
        "of category": float(np.mean(earlier(key) > 0)),
    }


def earlier_of_kind(met: Facts, kind: Kind) -> NDArray[np.bool_]:
    """Return, for each fact of the kind, whether the same shopper had one of the kind with the same product before."""
    own = met.kind == kind
    pair = met.shopper[own].astype(np.int64) * (int(met.product.max()) + 1) + met.product[own]
    return earlier(pair) > 0


def _mean_of(values: NDArray[Any]) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _rhythm(time: NDArray[np.int64]) -> dict[str, list[float]]:
    hour, day = (time // HOUR) % 24, time // DAY
    weekday = (day + 3) % 7  # 1970-01-01 was a Thursday
    return {
        "hours": (np.bincount(hour, minlength=24) / len(time)).tolist(),
        "weekdays from Monday": (np.bincount(weekday, minlength=7) / len(time)).tolist(),
    }


def lines(description: Mapping[str, Any]) -> list[str]:
    """Return the description as aligned lines of text for a person."""
    shown: list[str] = []
    for group, values in description.items():
        shown.append(group)
        for name, value in values.items():
            shown.append(f"  {name:<34}{_value(value)}")
    return shown


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count:,}" for name, count in value.items())
    if isinstance(value, list):
        return " ".join(f"{100 * share:.1f}" for share in value) + "  (%)"
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 10 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
