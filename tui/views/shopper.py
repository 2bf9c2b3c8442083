"""Shopper: what does one shopper want, what does the lane believe, and what would it show, and why?

true      chance that the next product is of a category, by the shopper's true interests (a simulation alone knows)
learned   the same, by the lane's scores
slate     the ten products that the lane would show now, with the parts of each score, which add up to it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Static

from driftlab.wording import decimals, duration
from journal.facts import INTERACTIONS, Kind
from tui.bars import PairedBars
from tui.frame import COLOURS, SIGNS, Frame, clock, kind_of
from tui.views.looking import Looking


class Shopper(Looking):
    """True against learned interests, the slate with reasons, the history."""

    title = "Shopper"
    about = "true against learned interests of one shopper, the slate with reasons, the history"

    def compose(self) -> ComposeResult:
        yield Static(classes="status", markup=False)
        with Horizontal():
            with Vertical(id="believed"):
                yield PairedBars(id="interests", number_format=decimals)
                yield Static(id="moved", markup=False)
            with VerticalScroll(id="shown"):
                yield Static(id="slate")
                yield Static(id="history")

    def focus_first(self) -> None:
        self.query_one(PairedBars).focus()

    def show_look(self, look: Mapping[str, Any], frame: Frame) -> None:
        learned, true = (None if look.get(name) is None else np.array(look[name]) for name in ("learned", "true"))
        size = 0 if learned is None else len(learned)
        bars = self.query_one(PairedBars)
        bars.show([f"category {n}" for n in range(size)], true, learned, "chance that the next product is of")
        self.query_one("#slate", Static).update(slate(look, wide=self.app.size.width >= 100))
        shopper = int(look["subject"]["id"])
        self.query_one("#history", Static).update(history(frame, shopper))
        back = self.figures.back if self.figures is not None else {}
        self.query_one("#moved", Static).update(f"{moved(frame, shopper)}\n\n{returned(frame, look['lane'], back)}")

    def rows(self) -> Sequence[dict[str, Any]]:
        """Return the slate."""
        return [
            {"place": place, **{key: value for key, value in line.items() if key not in ("parts", "reasons")}}
            | line["parts"]
            | {"reasons": "; ".join(line["reasons"])}
            for place, line in enumerate(self.look.get("slate", ()) if self.look else (), 1)
        ]


def slate(look: Mapping[str, Any], wide: bool) -> Table:
    """Write the slate of a look: product, score, what it is made of where it is wide enough, why."""
    lines = look.get("slate") or []
    parts = list(lines[0]["parts"]) if lines and wide else []
    table = Table(title="slate now", box=None, padding=(0, 1, 0, 0), title_style="bold", title_justify="left")
    table.add_column("")
    table.add_column("product", no_wrap=True)
    for name in ("score", *parts):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("why", style="dim", no_wrap=True, overflow="ellipsis")
    for place, line in enumerate(lines, 1):
        numbers = [f"{line['score']:.2f}", *(f"{line['parts'][name]:+.2f}" for name in parts)]
        table.add_row(f"{place}", f"{line['product']}", *numbers, "; ".join(line["reasons"]))
    return table


def history(frame: Frame, shopper: int, sessions: int = 6) -> Text:
    """Write the last sessions of a shopper before the moment, the newest first."""
    facts = frame.facts
    own = np.flatnonzero((facts.shopper[: frame.seq] == shopper) & np.isin(facts.kind[: frame.seq], INTERACTIONS))
    text = Text("\nlast sessions\n", "bold")
    if not len(own):
        return text.append("none yet", "not bold dim")
    for session in list(dict.fromkeys(facts.session[own][::-1].tolist()))[:sessions]:
        places = own[facts.session[own] == session]
        text.append(clock(float(frame.day(int(facts.time[places[0]])))) + "  ", "not bold dim")
        for place in places[:16].tolist():
            kind = int(facts.kind[place])
            text.append(f"{SIGNS[kind]}{facts.product[place]} ", f"not bold {COLOURS.get(kind, '')}".strip())
        text.append("…\n" if len(places) > 16 else "\n")
    known = ", ".join(f"{SIGNS[kind]} {kind_of(kind)}" for kind in INTERACTIONS if kind != Kind.RETURNED)
    return text.append(known, "not bold dim")


def moved(frame: Frame, shopper: int) -> str:
    """Say when a shopper's true interests moved before the moment, and how far; nothing where there is no truth."""
    interests = frame.interests
    if not frame.simulated:
        return "what shoppers of a real log want is not known"
    if "theta" not in interests:
        return "true interests are not told yet"
    own = (interests["shopper"] == shopper) & (interests["time"] <= frame.time)
    times, theta = interests["time"][own], interests["theta"][own].astype(np.float64)
    lines = ["true interests moved"]
    for before, after, time in zip(theta, theta[1:], times[1:], strict=False):
        share = np.linalg.norm(after - before) / max(float(np.linalg.norm(before)), 1e-9)
        if share >= 0.05:
            lines.append(f"{clock(float(frame.day(int(time))))} by {100 * share:.0f} %")
    return "\n".join([lines[0], *lines[1:][-5:]]) if len(lines) > 1 else "true interests have not moved yet"


def returned(frame: Frame, lane: str, back: Mapping[tuple[str, int], float]) -> str:
    """Say of each drift or shock before the moment when it set in, and when the lane was back from it."""
    lines = [f"{lane} is back" if frame.drifts else ""]
    for drift in frame.drifts:
        hours = back.get((lane, drift.time))
        if drift.time > frame.time or hours is None:
            continue
        name, day = drift.about.partition("(")[0], float(frame.day(drift.time))
        then = "not yet" if hours == float("inf") else f"{duration(3_600 * hours)} later, {clock(day + hours / 24)}"
        lines.append(f"from {name} of {clock(day)}: {then}")
    return "\n".join(lines) if len(lines) > 1 else ""
