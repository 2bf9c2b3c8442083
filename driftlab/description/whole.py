"""The whole description of a stream of facts: counts, then what shoppers choose, when, and how both change."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftlab.description import choices, pace
from driftlab.description.interests import interests
from driftlab.description.pace import DAY, HOUR
from journal.facts import INTERACTIONS, Facts, Kind, pick


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
    label = category if category is not None and np.any(category >= 0) else None
    return found | {
        "popularity": choices.popularity(met.product),
        "tenths": choices.tenths(met.product),
        "shoppers": pace.activity(met.shopper),
        "sessions": pace.sessions(met),
        "gaps": pace.gaps(met),
        "funnel": choices.funnel(met),
        "repeats": choices.repeats(met, category),
        "interests": interests(met, label),
        "rhythm": pace.rhythm(met.time + int(utc_offset_hours * HOUR)),
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
