"""Campaigns: who got a coupon, who used it, and what did it earn, by those held out and by the truth?

used   coupons that were redeemed up to a time, of each campaign
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from driftlab import campaigning
from journal.facts import Kind
from tui.chart import Chart, Mark, Series
from tui.frame import Frame
from tui.views.view import View, glyph, put

NONE = "This run has no campaign: its scenario gives no coupons."
NOT_YET = "No campaign has begun yet."


class Campaigns(View):
    """Coupons used over time, and the report's table of campaigns as of the moment."""

    title = "Campaigns"
    about = "coupons used over time, and what each campaign earned, by its control group and by the truth"

    def compose(self) -> ComposeResult:
        yield Chart(id="coupons", empty="no coupon was used yet")
        with VerticalScroll(id="earned", can_focus=False):
            yield Static(id="campaigns_table", markup=False)

    def focus_first(self) -> None:
        self.query_one("#coupons").focus()

    def show(self, frame: Frame) -> None:
        super().show(frame)
        day = float(frame.day(frame.time)) if frame.seq else None
        self.query_one(Chart).show(used(frame), spans(frame), day, title="coupons used", x_label="day")
        put(self.query_one("#campaigns_table", Static), self._told(frame), len(self.rows()))

    def _told(self, frame: Frame) -> str:
        if "audiences" not in frame.header or frame.header["audiences"] == "[]":
            return NONE
        if self.figures is None:
            return "counting …"
        if not self.figures.campaigns:
            return NOT_YET
        return "\n".join(campaigning.table(self.figures.campaigns, frame.opening))

    def rows(self) -> Sequence[dict[str, Any]]:
        """Return every marketing measure of each campaign as of the moment."""
        return campaigning.rows(self.figures.campaigns) if self.figures is not None else ()


def used(frame: Frame) -> list[Series]:
    """Return how many coupons of each campaign were used, over days."""
    facts = frame.facts
    rows = np.flatnonzero(facts.kind == Kind.COUPON_REDEEMED)
    campaign = facts.value[facts.cause[rows] - facts.seq[0]].astype(int) if len(rows) else rows
    found = []
    for place, number in enumerate(np.unique(campaign).tolist()):
        days = np.asarray(frame.day(facts.time[rows[campaign == number]]), np.float64)
        count = np.arange(1, len(days) + 1, dtype=np.float64)
        found.append(Series(f"campaign {number}", days, count, place, glyph(place)))
    return found


def spans(frame: Frame) -> list[Mark]:
    """Return a mark for each campaign that has begun, from its start to its end."""
    facts = frame.facts
    starts, ends = (
        {int(facts.value[row]): float(frame.day(int(facts.time[row]))) for row in np.flatnonzero(facts.kind == kind)}
        for kind in (Kind.CAMPAIGN_STARTED, Kind.CAMPAIGN_ENDED)
    )
    last = float(frame.day(int(facts.time[-1]))) if frame.last else 0.0
    return [Mark(day, ends.get(number, last), f"campaign {number}") for number, day in starts.items()]
