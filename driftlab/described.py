"""What can be described is a run file or a log; two are described for the same number of days.

A simulated shop keeps its own time, and its day 0 is a Monday; a log's times are UTC, and are told by how many hours
its shop's clock was ahead.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from driftlab.description import describe_facts
from driftlab.description.pace import DAY
from driftlab.logs import Asked, read
from journal.facts import INTERACTIONS, Facts, pick
from journal.runfile import RunFile

LOGS = (".csv", ".tsv", ".txt", ".gz", ".parquet")

FROM_MONDAY = 4 * 24.0
"""Hours that make the time 0 of a simulation a Monday: 1970-01-01 was a Thursday."""


class Described(NamedTuple):
    """Facts to describe, and what belongs to them."""

    facts: Facts
    category: NDArray[np.int32]  # [P], -1 where unknown
    clock: float  # hours by which the shop's clock is ahead of the facts' times
    rows: dict[str, int] | None = None  # of a log: how many were taken, and how many not

    def figures(self) -> dict[str, Any]:
        """Return the description."""
        rows = {} if self.rows is None else {"log": self.rows}
        return {**rows, **describe_facts(self.facts, self.category, self.clock)}

    @property
    def days(self) -> float:
        """Days from the first interaction to the last."""
        first, last = self._ends()
        return (last - first) / DAY

    def first(self, days: float) -> Described:
        """Return what happened before so many days after the first interaction had passed."""
        return self._replace(facts=pick(self.facts, self.facts.time <= self._ends()[0] + int(days * DAY)))

    def _ends(self) -> tuple[int, int]:
        times = self.facts.time[np.isin(self.facts.kind, INTERACTIONS)]
        return (int(times[0]), int(times[-1])) if len(times) else (0, 0)


def open_described(path: str | Path | Asked, utc_offset_hours: float) -> Described:
    """Return what a run file, or a log, holds; raises Refusal where it cannot be read."""
    if isinstance(path, Asked):
        return _log(path, utc_offset_hours)
    if str(path).lower().endswith(LOGS):
        return _log(Asked(str(path)), utc_offset_hours)
    with RunFile.open(path) as file:
        clock = FROM_MONDAY if file.header["source"] == "world" else utc_offset_hours
        return Described(file.facts(), file.array("category"), clock)


def _log(asked: Asked, utc_offset_hours: float) -> Described:
    source = read(asked)
    return Described(source.log.facts, source.log.category, utc_offset_hours, source.rows())


def for_as_long(one: Described, other: Described) -> tuple[Described, Described]:
    """Return both, the longer one cut to the days of the shorter: repeats and new products depend on the length."""
    days = min(one.days, other.days)
    return one.first(days), other.first(days)
