"""Why a product is on a slate, in words that a shopper would understand: what the facts say of the two."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from journal.facts import INTERACTIONS, MICROSECONDS, Facts, Kind

LAST = 10
"""Of a shopper's products, so many are looked at for a category."""


def why(facts: Facts, shopper: int, product: int, category: NDArray[np.int32], parts: Mapping[str, float]) -> list[str]:
    """Return the reasons, the most telling first; the largest part of the score where the facts say nothing.

    >>> from journal.facts import facts
    >>> seen = facts(seq=[1, 2], time=[0, 60_000_000], kind=[Kind.VIEWED] * 2, shopper=[3, 3], product=[5, 5])
    >>> why(seen, 3, 5, np.zeros(6, np.int32), {"score": 1.0})
    ['viewed just now, 2 times', 'category 0: 2 of the last 2']
    """
    own = np.flatnonzero((facts.shopper == shopper) & np.isin(facts.kind, INTERACTIONS))
    found = []
    met = own[facts.product[own] == product]
    if len(met):
        last = int(met[-1])
        since = (int(facts.time[-1]) - int(facts.time[last])) // MICROSECONDS
        times = f", {len(met)} times" if len(met) > 1 else ""
        found.append(f"{Kind(int(facts.kind[last])).name.lower()} {ago(since)}{times}")
    lately = facts.product[own[-LAST:]]
    group = int(category[product])
    same = int((category[lately] == group).sum()) if group >= 0 else 0
    if same:
        found.append(f"category {group}: {same} of the last {len(lately)}")
    if not found and parts:
        found.append(f"{max(parts, key=lambda name: parts[name])} most of all")
    return found


def ago(seconds: int) -> str:
    """Write how long ago something was.

    >>> ago(30), ago(7_200)
    ('just now', '2 h ago')
    """
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return "just now"
