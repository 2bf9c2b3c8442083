"""A run by its days: how accurate, how stale and how far behind each lane was, so that a reader sees when it happened.

span   one day, or as many as make at most `SPANS` of a run; days are counted from the first fact, from 0
alike  lanes whose figures are the same in all spans share a line, as those of one policy behind one updater are
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

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
"""Of a simulated shop, which opens on a Monday."""

Write = Callable[[float], str]


def spans(days: float) -> list[tuple[int, int]]:
    """Return the days of each span: from, and up to.

    >>> spans(3.0), spans(14.0)[:2]
    ([(0, 1), (1, 2), (2, 3)], [(0, 2), (2, 4)])
    """
    step = max(1, -(-int(np.ceil(days)) // SPANS))
    return [(day, day + step) for day in range(0, max(int(np.ceil(days)), 1), step)]


def by_day(
    records: Mapping[str, Record],
    begin: int,
    days: float,
    shown: Sequence[tuple[str, str, Write]],
    width: int,
    weekdays: bool,
) -> list[str]:
    """Return a line of what was scored, and a block of lines for each measure that is known.

    Args:
        records: by lane.
        begin: time of the first fact, microseconds.
        days: how long the run is.
        shown: heading, measure, and how it is written.
        width: characters of a lane's name.
        weekdays: whether day 0 is a Monday.
    """
    parts = spans(days)
    lines = [_line("by day", [_head(a, b, weekdays) for a, b in parts], width)]
    most = max(records.values(), key=len)
    lines.append(_line("events scored", [f"{int(within(most, begin, *part).sum()):,}" for part in parts], width))
    for heading, name, write in shown:
        rows: dict[tuple[str, ...], list[str]] = {}
        for lane, seen in records.items():
            if seen.passed is None and name != "ndcg@10":
                continue  # the oracle, which learns nothing
            values = [MEASURES[name].value(seen.where(within(seen, begin, *part))) for part in parts]
            if not all(np.isnan(values)):
                rows.setdefault(tuple(map(write, values)), []).append(lane)
        if rows:
            lines.append(heading)
            lines += [_line(f"  {_alike(lanes)}", cells, width) for cells, lanes in rows.items()]
    return lines


def _head(first: int, after: int, weekdays: bool) -> str:
    if after - first > 1:
        return f"{first}-{after - 1}"
    return f"{WEEKDAYS[first % 7]} {first}" if weekdays else str(first)


def _alike(lanes: Sequence[str]) -> str:
    """Name lanes whose figures are the same.

    >>> _alike(["sage every_event", "popular", "markov"])
    'sage every_event, 2 more'
    """
    first, *more = lanes
    return f"{first}, {len(more)} more" if more else first


def _line(name: str, cells: Sequence[str], width: int) -> str:
    return f"{name[:width]:<{width}}" + "".join(f"{cell:>{ROOM}}" for cell in cells)


def within(seen: Record, begin: int, first: int, last: int) -> NDArray[np.bool_]:
    """Return which scored events are of the days from `first` up to `last`, bool[n]."""
    return (seen.time >= begin + first * DAY) & (seen.time < begin + last * DAY)
