"""Compare: what does each lane earn, and what does it cost? The report's table at the moment, and the frontier.

frontier     accuracy against the share of scored events that were learned
difference   see `tui.figures`
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Static

from driftlab.intervals import Interval
from tui.chart import Chart, Series
from tui.figures import Figures, differences, key
from tui.frame import Frame
from tui.views.view import LANE, View, glyph, so_far


class Compare(View):
    """The table, the frontier, the differences to the first lane."""

    title = "Compare"
    about = "all lanes in the report's figures as of the moment, accuracy against cost, differences with intervals"

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="lanes"):
            yield Static(id="table")
        with Horizontal(id="beside"):
            yield Chart(id="frontier")
            with VerticalScroll(id="apart"):
                yield Static(id="differences")

    def focus_first(self) -> None:
        self.query_one(Chart).focus()

    def show(self, frame: Frame) -> None:
        super().show(frame)
        if self.figures is None:
            self.query_one("#table", Static).update("[dim]counting …[/]")
            return
        self.query_one("#table", Static).update(table(self.figures, frame.lanes, wide=self.app.size.width >= 100))
        self.query_one(Chart).show(
            frontier(self.figures, frame.lanes), title="NDCG@10 against events learned", x_label="events"
        )
        self.query_one("#differences", Static).update(apart(frame.lanes[0], differences(frame)))

    def rows(self) -> Sequence[dict[str, Any]]:
        """Return the table of the report at the moment."""
        return self.figures.rows if self.figures else ()


SHORT = ("ndcg@10", "mrr", "ndcg@10 without_repeats", "recovery", "learned")
"""The columns for which a narrow screen has room."""


def table(figures: Figures, lanes: Sequence[str], wide: bool) -> Table:
    """Write the report's table, or as much of it as a narrow screen has room for."""
    columns = [column for column in figures.columns if wide or key(column) in SHORT]
    made = Table(box=None, padding=(0, 1, 0, 0), header_style="bold", title_style="")
    made.add_column("lane", no_wrap=True, overflow="ellipsis", max_width=LANE)
    for column in columns:
        group = " w/o rep." if column.part == "without_repeats" else ""
        made.add_column(f"{column.heading}{group}", justify="right", no_wrap=True)
    best = {key(column): _best(figures, key(column)) for column in columns}
    for row in figures.rows:
        cells = []
        for column in columns:
            value = row[key(column)]
            cells.append(Text(so_far(column.write(value)), "bold" if value == best[key(column)] else ""))
        made.add_row(f"{glyph(lanes.index(row['lane']))} {row['lane']}", *cells)
    return made


def _best(figures: Figures, name: str) -> float:
    """Return the highest value of an accuracy but for the oracle, which is told the truth; NaN for other columns."""
    if not name.startswith(("ndcg", "hr", "mrr")):
        return math.nan
    values = [row[name] for row in figures.rows if row["lane"] != "oracle" and not math.isnan(row[name])]
    return max(values, default=math.nan)


def frontier(figures: Figures, lanes: Sequence[str]) -> list[Series]:
    """Return a point for each lane that learns from events: how much it learned, how well it recommends."""
    points = []
    for row in figures.rows:
        place = lanes.index(row["lane"])
        if not math.isnan(row["ndcg@10"]) and row["lane"] != "oracle":
            x, y = np.array([row["learned"]]), np.array([row["ndcg@10"]])
            points.append(Series(row["lane"], x.astype(np.float64), y, place, glyph(place)))
    return points


def apart(first: str, found: Mapping[str, Interval]) -> Text:
    """Write the differences as whiskers around zero."""
    text = Text(no_wrap=True)
    text.append(f"NDCG@10 of {first} less that of\n", "bold")
    widest = max((max(abs(one.low), abs(one.high)) for one in found.values()), default=1.0) or 1.0
    for lane, one in sorted(found.items(), key=lambda pair: -pair[1].difference):
        mark = "*" if one.excludes_zero else " "
        text.append(f"{lane[:18]:<18} {one.difference:+.3f} [{one.low:+.3f}, {one.high:+.3f}]{mark} ")
        text.append(whisker(one, widest) + "\n", "bold" if one.excludes_zero else "dim")
    text.append("over the chunks of this run; * excludes zero: a hint, as chunks are not seeds", "dim")
    return text


def whisker(one: Interval, widest: float, half: int = 4) -> str:
    """Draw an interval around zero.

    >>> whisker(Interval(0.5, 0.25, 1.0, 9, 0.01), 1.0, half=4)
    '    │━●━━'
    """
    cells = [" "] * (2 * half + 1)
    low, middle, high = (half + round(half * value / widest) for value in (one.low, one.difference, one.high))
    cells[half] = "│"
    for place in range(low, high + 1):
        if place != half:
            cells[place] = "━"
    cells[middle] = "●"
    return "".join(cells)
