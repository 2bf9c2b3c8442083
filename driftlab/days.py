"""A run by its days: how accurate, how stale and how far behind each lane was, so that a reader sees when it happened.

span  one day, or as many as make at most `SPANS` of a run; days are counted from the first fact, from 0
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from driftlab.measures import MEASURES
from driftlab.record import Record
from driftlab.recorded import DAY

SPANS = 8
"""Columns, at most."""

ROOM = 9
"""Characters of a column, the space before it included."""

Write = Callable[[float], str]


def spans(days: float) -> list[tuple[int, int]]:
    """Return the days of each span: from, and up to.

    >>> spans(3.0), spans(14.0)[:2]
    ([(0, 1), (1, 2), (2, 3)], [(0, 2), (2, 4)])
    """
    step = max(1, -(-int(np.ceil(days)) // SPANS))
    return [(day, day + step) for day in range(0, max(int(np.ceil(days)), 1), step)]


def by_day(
    records: Mapping[str, Record], begin: int, days: float, shown: Sequence[tuple[str, str, Write]], width: int
) -> list[str]:
    """Return a block of lines for each measure, a line a lane.

    Args:
        records: by lane.
        begin: time of the first fact, microseconds.
        days: how long the run is.
        shown: heading, measure, and how it is written.
        width: characters of a lane's name.
    """
    parts = spans(days)
    heads = [str(a) if b - a == 1 else f"{a}-{b - 1}" for a, b in parts]
    lines = [f"{'by day':<{width}}" + "".join(f"{head:>{ROOM}}" for head in heads)]
    for heading, name, write in shown:
        lines.append(heading)
        for lane, seen in records.items():
            if seen.passed is None and name != "ndcg@10":
                continue  # the oracle, which learns nothing
            values = [MEASURES[name].value(seen.where(_within(seen, begin, *part))) for part in parts]
            if not all(np.isnan(values)):
                cells = "".join(f"{write(value):>{ROOM}}" for value in values)
                lines.append(f"  {lane[: width - 2]:<{width - 2}}{cells}")
    return lines


def _within(seen: Record, begin: int, first: int, last: int) -> NDArray[np.bool_]:
    return (seen.time >= begin + first * DAY) & (seen.time < begin + last * DAY)
