"""Figures of whole lanes, by the measures of the report, as of a moment; they take longer than a frame.

difference   mean over chunks of the first lane's NDCG@10 less another's, with its bootstrap interval: chunks of one run
             stand for each other less well than seeds do, so an interval that excludes zero here is a hint, no proof
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from driftlab import report
from driftlab.intervals import Interval, paired
from driftlab.marketed import Marketed
from driftlab.measures.truth import recoveries
from driftlab.recorded import LEARNINGS_OF, Recorded, join_learnings, marketed, read
from journal.facts import SCORED, Facts, pick
from journal.runfile import RunFile
from tui.frame import Frame


class Arrived(NamedTuple):
    """What a pipeline has delivered up to a moment."""

    scored: int  # events that may be delivered
    delivered: int  # of them, at least once
    again: int  # deliveries of events that had been delivered before


class Figures(NamedTuple):
    """The report's table at a moment."""

    seq: int
    columns: tuple[report.Column, ...]
    rows: tuple[dict[str, Any], ...]  # a dict a lane: lane, and each column's value by its key
    back: Mapping[tuple[str, int], float]  # hours a lane took to be back after the drift at a time, inf: it is not yet
    campaigns: tuple[Marketed, ...]  # those that have begun, as far as they have come
    arrived: Arrived | None  # None where facts reach the lanes at once

    def recovered(self) -> dict[str, float]:
        """Return how long each lane took to recover, hours, where that is known."""
        return {row["lane"]: row["recovery"] for row in self.rows if "recovery" in row}


def figures(path: Path, seq: int) -> Figures:
    """Return the figures of a run file as of fact `seq`."""
    with RunFile.open(path) as file, file.still():
        whole = read(file)
        known = up_to(whole, seq)
        time = int(known.facts.time[-1]) if len(known.facts) else -1
        campaigns = marketed(file, known.facts, time) if whole.campaigns else ()
        arrived = None
        if whole.pipeline:
            delivered = before(file.deliveries(), seq, time)
            arrived = _arrived(delivered, known.facts)
            learned = {lane: before(file.outcomes(LEARNINGS_OF + lane), seq, time) for lane in known.records}
            records = {
                lane: replace(record, passed=join_learnings(learned[lane], delivered, known.facts))
                for lane, record in known.records.items()
            }
            known = replace(known, records=records)
    back = {
        (lane, drift.time): found.hours for lane, record in known.records.items() for drift, found in recoveries(record)
    }
    table = tuple(report.table(known))
    return Figures(seq, tuple(report.columns(whole)), table, back, campaigns, arrived)


def before(columns: Mapping[str, NDArray], seq: int, time: int) -> dict[str, NDArray]:
    """Return the rows of columns that are of facts up to `seq`, and came up to a time (us).

    >>> before({"seq": np.array([1, 1, 7]), "time": np.array([1, 5, 4])}, 2, 4)["time"].tolist()
    [1]
    """
    kept = (columns["seq"] <= seq) & (columns["time"] <= time) if columns else None
    return {name: column[kept] for name, column in columns.items()}


def _arrived(delivered: Mapping[str, NDArray], facts: Facts) -> Arrived:
    once = len(np.unique(delivered["seq"]))
    return Arrived(int(np.isin(facts.kind, SCORED).sum()), once, len(delivered["seq"]) - once)


def up_to(whole: Recorded, seq: int) -> Recorded:
    """Return what was known of a run as of fact `seq`: later drifts are unknown too."""
    time = int(whole.facts.time[seq - 1]) if 0 < seq <= len(whole.facts) else -1
    drifts = tuple(drift for drift in whole.drifts if drift.time <= time)
    records = {}
    for lane, record in whole.records.items():
        probes = record.probes
        if probes is not None:
            kept = probes.seq <= seq
            probes = replace(probes, **{field.name: getattr(probes, field.name)[kept] for field in fields(probes)})
            probes = probes if kept.any() else None
        records[lane] = replace(record.where(record.seq <= seq), probes=probes, drifts=drifts)
    return Recorded(whole.header, pick(whole.facts, slice(0, seq)), records, drifts)


def key(column: report.Column) -> str:
    """Return the key of a column in the rows of the report's table."""
    return column.measure if column.part == "all" else f"{column.measure} {column.part}"


def differences(frame: Frame) -> dict[str, Interval]:
    """Return the first lane's NDCG@10 less that of each other lane, chunk by chunk up to the moment."""
    first = frame.curves.get((frame.lanes[0], "ndcg@10"))
    found = {}
    for lane in frame.lanes[1:]:
        other = frame.curves.get((lane, "ndcg@10"))
        if first is None or other is None:
            continue
        n = int(np.searchsorted(first.seq, frame.seq, side="right"))
        n = min(n, int(np.searchsorted(other.seq, frame.seq, side="right")))
        if n >= 2:
            found[lane] = paired(first.value[:n].tolist(), other.value[:n].tolist())
    return found
