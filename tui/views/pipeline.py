"""Pipeline: how late do facts reach each lane, how long is its queue, and what never came?

stale   age of the newest event that a lane had learned when it was asked, median of a chunk
queue   events that had been delivered and not learned when the lane was asked, on average of a chunk
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich.table import Table
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from driftlab.wording import duration, number
from tui.chart import Chart
from tui.figures import Arrived
from tui.frame import Frame
from tui.recording import QUEUE
from tui.views.live import curves, drift_marks
from tui.views.view import LANE, View, glyph, put

NONE = "In this run every fact is known to every lane at once: its scenario has no delivery and no fault."

TIMES, COUNTS = ("staleness_p50", "staleness_p99", "lag_p99"), ("queue_p99", "shed")
"""Measures of the report."""


class Pipeline(View):
    """Staleness and queues over time, and what was delivered."""

    title = "Pipeline"
    about = "how late facts reach each lane: staleness and queues over time, what was lost or came twice"

    def compose(self) -> ComposeResult:
        yield Static(id="way", markup=False)
        yield Chart(id="staleness", y_format=lambda seconds: duration(seconds) if seconds else "0")
        with Horizontal(id="waiting_below"):
            yield Chart(id="queue", empty="no queue: facts are learned as they come")
            yield Static(id="lags")

    def focus_first(self) -> None:
        self.query_one("#staleness").focus()

    def show(self, frame: Frame) -> None:
        super().show(frame)
        way = frame.header.get("delivery")
        arrived = self.figures.arrived if self.figures is not None else None
        said = f"delivery: {way}{told(arrived)}" if way else NONE
        put(self.query_one("#way", Static), said, len(said))
        day, marks = float(frame.day(frame.time)) if frame.seq else None, drift_marks(frame)
        for name, measure, title in (
            ("#staleness", "staleness_p50", "age of the newest event that was learned"),
            ("#queue", QUEUE, "events delivered and not learned"),
        ):
            self.query_one(name, Chart).show(curves(frame, measure), marks, day, title=title, x_label="day")
        table = self._table()
        put(self.query_one("#lags", Static), table, table.row_count)

    def _table(self) -> Table:
        made = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
        made.add_column("lane", no_wrap=True, overflow="ellipsis", max_width=LANE)
        for head in ("stale", "p99", "lag p99", "queue p99", "shed"):
            made.add_column(head, justify="right", no_wrap=True)
        for row in self.rows():
            times = (duration(row[name]) for name in TIMES)
            made.add_row(f"{row['sign']} {row['lane']}", *times, *(number(row[name]) for name in COUNTS))
        return made

    def rows(self) -> Sequence[dict[str, Any]]:
        """Return staleness, lag, queue and what was shed of each lane as of the moment, as the report does."""
        frame = self.frame
        if frame is None or self.figures is None:
            return ()
        own = {row["lane"]: row for row in self.figures.rows}
        return [
            {"sign": glyph(place), "lane": lane, **counted(own[lane])}
            for place, lane in enumerate(frame.lanes)
            if lane in own and not np.isnan(own[lane].get("staleness_p50", math.nan))
        ]


def counted(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of a lane; the report leaves out what nobody shed.

    >>> counted({"lag_p99": 9.0, "queue_p99": 4.0})
    {'staleness_p50': nan, 'staleness_p99': nan, 'lag_p99': 9.0, 'queue_p99': 4.0, 'shed': 0.0}
    """
    found = {name: row.get(name, math.nan) for name in (*TIMES, *COUNTS)}
    return found if "shed" in row or math.isnan(found["queue_p99"]) else {**found, "shed": 0.0}


def told(arrived: Arrived | None) -> str:
    """Say what was delivered.

    >>> told(Arrived(scored=1000, delivered=990, again=5))
    '; of 1,000 scored events 990 were delivered, 5 came once more'
    """
    if arrived is None:
        return ""
    return (
        f"; of {arrived.scored:,} scored events {arrived.delivered:,} were delivered, {arrived.again:,} came once more"
    )
