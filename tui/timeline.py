"""The timeline is the whole run on two lines: what happened when, where interests drifted, the moment shown."""

from __future__ import annotations

import tomllib

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual.events import Click
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from driftlab.recorded import DAY
from tui.frame import THROWN, Frame, name_of

BARS = " ▁▂▃▄▅▆▇█"


def days_of(frame: Frame) -> float:
    """Return how many days the run has in all: a scenario says so; a log is known as far as it was read."""
    so_far = (int(frame.facts.time[-1]) - frame.opening) / DAY if frame.last else 0.0
    if not frame.simulated:
        return max(so_far, 1e-9)
    return float(tomllib.loads(frame.header["scenario"])["days"])


class Timeline(Widget):
    """Two lines at the foot of every view."""

    DEFAULT_CSS = "Timeline { height: 2; }"

    class Picked(Message):
        """A day was chosen."""

        def __init__(self, day: float) -> None:
            super().__init__()
            self.day = day

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own word
        super().__init__(id=id)
        self._frame: Frame | None = None
        self._days = 1.0
        self._known: tuple[int, int] = (-1, -1)  # facts and width for which the bars were made
        self._bars = ""

    def show(self, frame: Frame) -> None:
        """Show the moment of a frame."""
        self._frame, self._days = frame, days_of(frame)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width, frame = self.size.width, self._frame
        if frame is None or width < 10:
            return Strip.blank(width)
        return self._above(frame, width) if y == 0 else self._below(frame, width)

    def _column(self, day: float, width: int) -> int:
        return min(int(day / self._days * width), width - 1)

    def _above(self, frame: Frame, width: int) -> Strip:
        if self._known != (frame.last, width):
            counts = np.histogram(frame.day(frame.facts.time), bins=width, range=(0.0, self._days))[0]
            heights = np.ceil(8.0 * counts / max(int(counts.max()), 1)).astype(int)
            self._bars, self._known = "".join(BARS[height] for height in heights), (frame.last, width)
        at = self._column(float(frame.day(frame.time)), width)
        before, after = Style(color="cyan"), Style(dim=True)
        cursor = Style(bold=True, reverse=True)
        segments = [Segment(self._bars[:at], before), Segment("┃", cursor), Segment(self._bars[at + 1 :], after)]
        return Strip(segments, width)

    def _below(self, frame: Frame, width: int) -> Strip:
        line = [" "] * width
        step = next(s for s in (1, 2, 5, 7, 14, 28, 91, 365, 3650) if s / self._days * width >= 8 or s == 3650)
        for day in range(0, int(self._days) + 1, step):
            for offset, letter in enumerate(f"{day}"):
                place = self._column(day, width) + offset
                if place < width:
                    line[place] = letter
        drifted = np.zeros(width, np.bool_)
        for sign, moment in [*(("▲", drift) for drift in frame.drifts), *((THROWN, one) for one in frame.thrown)]:
            for offset, letter in enumerate(sign + name_of(moment)):
                place = self._column(float(frame.day(moment.time)), width) + offset
                if place < width and not (drifted[place] and letter != sign):
                    line[place], drifted[place] = letter, True
        segments = [
            Segment(letter, Style(color="yellow", bold=True) if own else Style(dim=True))
            for letter, own in zip(line, drifted, strict=True)
        ]
        return Strip(segments, width).simplify()

    def on_click(self, event: Click) -> None:
        """Choose the day under the pointer."""
        self.post_message(self.Picked(self._days * (event.x + 0.5) / max(self.size.width, 1)))
