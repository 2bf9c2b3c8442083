"""Paired bars compare two numbers a label, the true one and the learned one, on one scale, the greatest true one first.

pair      the true bar above, the learned one below, where all labels have room for both
columns   else the two side by side, a row a label
a number below zero has a bar as long as its size, in a grey pattern
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

from tui.axes import plain_number
from tui.canvas import Canvas
from tui.drawing import PLAIN, QUIET, STRONG, Drawing
from tui.legend import shortened

_EIGHTHS = " ▏▎▍▌▋▊▉"
_LABEL = 20  # cells
_TRUE, _LEARNED = 0, 1  # inks


def bar(share: float, width: int) -> str:
    """Return a bar that fills a share of `width` cells, to an eighth of a cell.

    >>> bar(0.5, 5), bar(1.0, 3), bar(0.0, 3)
    ('██▌', '███', '')
    """
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


class PairedBars(Drawing):
    """Draws two bars a label, or one where only one is known."""

    def __init__(
        self,
        *,
        names: tuple[str, str] = ("true", "learned"),
        number_format: Callable[[float], str] = plain_number,
        empty: str = "nothing to compare yet",
        id: str | None = None,  # noqa: A002 - as every widget calls it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._names, self._number_format, self._empty = names, number_format, empty
        self._title, self._greatest, self._room = "", 1.0, 0
        self._labels: list[str] = []
        self._sides: list[tuple[str, int, NDArray]] = []

    def show(self, labels: Sequence[str], true: NDArray | None, learned: NDArray | None, title: str = "") -> None:
        """Show other numbers, float64[n] each for n labels; either may be None, and nan is written as a dash."""
        given = zip(self._names, (_TRUE, _LEARNED), (true, learned), strict=True)
        sides = [(name, ink, np.asarray(values, np.float64)) for name, ink, values in given if values is not None]
        first = sides[0][2] if sides else np.zeros(0)
        order = np.argsort(-first, kind="stable")  # nan comes last
        self._labels = [labels[place] for place in order.tolist()] if sides else []
        self._sides = [(name, ink, values[order]) for name, ink, values in sides]
        numbers = np.concatenate([values for *_, values in self._sides]) if sides else first
        self._greatest = float(np.abs(numbers[np.isfinite(numbers)]).max(initial=0.0)) or 1.0
        self._room = max((cell_len(self._number_format(number)) for number in numbers.tolist()), default=0)
        self._title = title
        self.redraw()

    def draw(self, canvas: Canvas) -> None:
        """Draw a heading and as many labels as there is room for."""
        if not self._labels:
            canvas.text((canvas.width - cell_len(self._empty)) // 2, canvas.height // 2, self._empty, PLAIN)
            return
        sides = len(self._sides)
        title = int(canvas.height >= 8 and bool(self._title))
        heading = title + (canvas.height >= 4)
        rows = canvas.height - heading
        paired = sides * len(self._labels) <= rows or canvas.width < 40
        each = sides if paired else 1
        fit = min(len(self._labels), rows // each)
        fit -= fit < len(self._labels) and fit * each == rows  # the last row says how many more
        if title:
            canvas.text(0, 0, self._title, STRONG)
        if heading > title:
            self._draw_heading(canvas, title, each)
        body = canvas.window(0, heading, canvas.width, rows)
        for number in range(fit):
            self._draw_label(body, number, each)
        if fit < len(self._labels):
            body.text(0, fit * each, f"and {len(self._labels) - fit} more", QUIET)

    def _left(self, width: int) -> int:
        """Return the cells of labels and the gap behind them."""
        return min(max(cell_len(label) for label in self._labels), _LABEL, width // 3) + 1

    def _draw_heading(self, canvas: Canvas, row: int, each: int) -> None:
        """Draw the names of the sides above their bars."""
        column = left = self._left(canvas.width)
        share = (canvas.width - left) // len(self._sides)
        for number, (name, ink, _) in enumerate(self._sides):
            text = f"{'▀▄'[number] if each > 1 else '█'} {name}"
            canvas.text(column, row, text, ink)
            column += cell_len(text) + 3 if each > 1 else share

    def _draw_label(self, canvas: Canvas, number: int, each: int) -> None:
        """Draw a label's bars: below one another in `each` rows, or side by side."""
        left = self._left(canvas.width)
        beside = len(self._sides) // each
        share = (canvas.width - left) // beside
        canvas.text(0, number * each, shortened(self._labels[number], left - 1), PLAIN)
        for place, (_, ink, values) in enumerate(self._sides):
            row, column = number * each + place % each, left + share * (place // each)
            self._draw_bar(canvas.window(column, row, share - (beside > 1), 1), values[number], ink)

    def _draw_bar(self, canvas: Canvas, value: float, ink: int) -> None:
        text = self._number_format(float(value))
        if np.isfinite(value):
            drawn = bar(abs(value) / self._greatest, canvas.width - self._room - 1)
            canvas.text(0, 0, drawn if value >= 0 else "▒" * len(drawn), ink)
        canvas.text(canvas.width - cell_len(text), 0, text, PLAIN)
