"""Choices are what shoppers meet and do: how unequally, how often again, and along which funnel.

Zipf    minus the slope of log(count) over log(rank) of the first `HEAD` products
tenth   a tenth of the interactions, in order of time
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftlab.description.pace import by_shopper
from driftlab.measures.measure import gini
from driftlab.record import earlier, meetings
from journal.facts import INTERACTIONS, Facts, Kind

HEAD = 1_000
"""Products in the head whose Zipf exponent is fitted."""

TOP = 100
"""Products of a tenth that are looked for among as many of the next."""


def popularity(product: NDArray[np.int32]) -> dict[str, float]:
    """Describe how unequally products are met; product: i4[n] of n interactions."""
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


def tenths(product: NDArray[np.int32]) -> dict[str, float | list[float]]:
    """Describe how what is met changes; product: i4[n] of n interactions in order of time.

    >>> tenths(np.r_[np.zeros(50, int), np.ones(50, int)])["on products not met before"]
    [0.1, 0.0, 0.0, 0.0, 0.0, 0.1, 0.0, 0.0, 0.0, 0.0]
    """
    new = earlier(product) == 0
    parts = [part for part in np.array_split(np.arange(len(product)), 10) if len(part)]
    tops = [_top(product[part]) for part in parts]
    kept = [len(np.intersect1d(one, other)) / len(one) for one, other in pairwise(tops)]
    return {
        "on products not met before": [float(new[part].mean()) for part in parts],
        "first 100 kept by the next": float(np.mean(kept)) if kept else float("nan"),
    }


def _top(product: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the `TOP` products met most often, ties by id."""
    products, count = np.unique(product, return_counts=True)
    return products[np.argsort(-count, kind="stable")[:TOP]]


def funnel(met: Facts) -> dict[str, float]:
    """Describe what interactions lead to."""
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


def repeats(met: Facts, category: NDArray[np.int32] | None) -> dict[str, float]:
    """Describe how often shoppers meet what they met before; category: i4[P], -1 where unknown."""
    before = meetings(met)
    found = {
        "of all": float(before.repeat.mean()),
        "of views": _mean_of(earlier_of_kind(met, Kind.VIEWED)),
        "of purchases": _mean_of(earlier_of_kind(met, Kind.PURCHASED)),
        "on products nobody met before": float(np.mean(before.of_product == 0)),
    }
    if category is None or not np.any(category >= 0):
        return found
    ordered, gap = by_shopper(met)
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
