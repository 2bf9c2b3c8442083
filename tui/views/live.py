"""Live: how well does each lane recommend, and what has just happened?

The chart is accuracy over time, with every drift marked; beside it each lane at the moment, and the newest facts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.widgets import Static

from driftlab.recorded import thrown
from driftlab.wording import decimals, duration, number
from journal.facts import Kind, pick
from tui.chart import Chart, Mark, Series
from tui.frame import COLOURS, SIGNS, THROWN, Frame, clock, kind_of, name_of
from tui.views.view import LANE, View, glyph, put, so_far

MEASURES = ("fading ndcg@10", "ndcg@10", "hr@10", "mrr")
"""Measures that the chart can show, as the run file names them."""


class Live(View):
    """Accuracy over time, the lanes at the moment, the newest facts."""

    title = "Live"
    about = "accuracy over time of every lane, drifts marked; the lanes and the newest facts at the moment"
    BINDINGS: ClassVar = [Binding("m", "measure", "Measure", tooltip="Show the next measure", id="live.measure")]

    def compose(self) -> ComposeResult:
        self.measure = MEASURES[0]
        yield Chart(id="accuracy")
        with Horizontal(id="below"):
            yield Static(id="levels")
            yield Static(id="tail")

    def focus_first(self) -> None:
        self.query_one(Chart).focus()

    def show(self, frame: Frame) -> None:
        super().show(frame)
        series, marks = curves(frame, self.measure), drift_marks(frame)
        chart = self.query_one(Chart)
        chart.show(
            series,
            marks,
            float(frame.day(frame.time)) if frame.seq else None,
            title=f"{self.measure.upper().replace('FADING', 'fading')} of the next event, tested before it is learned",
            x_label="day",
            y_label="",
        )
        put(self.query_one("#levels", Static), self._levels(frame), (len(frame.lanes), bool(frame.drifts)))
        put(self.query_one("#tail", Static), told(frame, max(self.query_one("#below").size.height - 1, 1)))

    def action_measure(self) -> None:
        """Show the next measure."""
        self.measure = MEASURES[(MEASURES.index(self.measure) + 1) % len(MEASURES)]
        if self.frame:
            self.show(self.frame)

    def _levels(self, frame: Frame) -> Table:
        table = Table(box=None, padding=(0, 1, 0, 0), expand=False, header_style="bold")
        table.add_column("lane", no_wrap=True, overflow="ellipsis", max_width=LANE)
        heads = {"now": 4, "trend": 5, "learned": 9, "GFLOP": 5, "stale": 8, **({"back in": 8} if frame.drifts else {})}
        for head, width in heads.items():  # wide enough for what will stand there: nothing moves about
            table.add_column(head, justify="right", min_width=width, no_wrap=True)
        for row in self.rows():
            cells = [decimals(row["now"]), arrow(row["trend"]), number(row["learned"]), number(row["gflop"])]
            cells.append(duration(row["stale"]))
            if frame.drifts:
                cells.append(so_far(duration(3_600.0 * row["recovery"])))
            table.add_row(f"{row['sign']} {row['lane']}", *cells)
        return table

    def rows(self) -> Sequence[dict[str, Any]]:
        """Return the lanes at the moment, the best first."""
        frame = self.frame
        if frame is None:
            return ()
        found: list[dict[str, Any]] = []
        recovered = self.figures.recovered() if self.figures else {}
        for place, lane in enumerate(frame.lanes):
            level, learned, cost = (frame.curves.get((lane, name)) for name in (self.measure, "learned", "gflop"))
            stale = frame.curves.get((lane, "staleness_p50"))
            found.append(
                {
                    "sign": glyph(place),
                    "lane": lane,
                    "now": level.at(frame.seq) if level else float("nan"),
                    "trend": level.trend(frame.seq) if level else float("nan"),
                    "learned": learned.total(frame.seq) if learned else float("nan"),
                    "gflop": cost.total(frame.seq) if cost else float("nan"),
                    "stale": stale.at(frame.seq) if stale else float("nan"),
                    "recovery": recovered.get(lane, float("nan")),
                }
            )
        return sorted(found, key=lambda row: -np.nan_to_num(row["now"], nan=-1.0))


def curves(frame: Frame, measure: str) -> list[Series]:
    """Return a series of each lane that has values of a measure, over days."""
    found = []
    for place, lane in enumerate(frame.lanes):
        curve = frame.curves.get((lane, measure))
        if curve is not None:
            days = np.asarray(frame.day(curve.time), np.float64)
            found.append(Series(lane, days, curve.value, place, glyph(place)))
    return found


def drift_marks(frame: Frame) -> list[Mark]:
    """Return a mark for each drift of the truth: a moment, or the span over which it goes on; and for what a person
    threw in and no drift or shock marks, as a fault or a campaign."""
    marks, by_hand = [], {(one.time, name_of(one)) for one in frame.thrown}
    for moment in (*frame.drifts, *frame.thrown):
        key = moment.time, name_of(moment)
        is_drift, sign = moment in frame.drifts, f"{THROWN} " if key in by_hand else ""
        if is_drift or key not in {(drift.time, name_of(drift)) for drift in frame.drifts}:
            marks.append(Mark(float(frame.day(moment.time)), float(frame.day(moment.until)), f"{sign}{key[1]}"))
    return marks


def arrow(trend: float) -> str:
    """Write a trend as a sign, of which the size does not matter below a hundredth.

    >>> arrow(0.05), arrow(-0.05), arrow(0.001), arrow(float("nan"))
    ('↗', '↘', '→', '')
    """
    if np.isnan(trend):
        return ""
    return "↗" if trend > 0.01 else "↘" if trend < -0.01 else "→"


def told(frame: Frame, lines: int) -> Text:
    """Return the newest facts up to the moment, the newest first, with the rank that the first lane gave each."""
    text = Text(no_wrap=True, overflow="ellipsis")
    if not frame.seq:
        return text.append("Nothing has happened yet.", "dim")
    text.append(f"{'facts at the moment':<29}rank in {frame.lanes[0]}\n", "bold")
    facts = frame.facts
    for place in range(frame.seq - 1, max(frame.seq - lines, -1), -1):
        kind = int(facts.kind[place])
        text.append(clock(float(frame.day(int(facts.time[place])))).removeprefix("day ") + "  ", "dim")
        text.append(f"{SIGNS.get(kind, '?')} {kind_of(kind):<16}", COLOURS.get(kind, ""))
        rank = frame.ranks.get(place + 1)
        known = f"{rank:>6,.0f}" if rank is not None else " " * 6
        text.append(known, "bold" if rank is not None and rank <= 10 else "dim")
        if facts.shopper[place] >= 0:
            text.append(f"  shopper {facts.shopper[place]}")
        if facts.product[place] >= 0:
            text.append(f"  product {facts.product[place]}")
        if kind == Kind.COMMAND:
            text.append(f"  {thrown(pick(facts, slice(place, place + 1)))[0].about}")
        text.append("\n")
    return text
