"""A plot is numbers over time: a line each, what happened as dotted lines, the moment looked at as a solid one.

series   points in the order of x; y may have gaps (nan)
mark     a moment or a stretch of time at which something happened
cursor   the moment looked at; the legend gives the values there
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

from tui.axes import Span, plain_number, span_of, ticks
from tui.canvas import DASHED, DOTTED, SOLID, Canvas
from tui.drawing import COLOURS, CURSOR, EVENT, PLAIN, QUIET, STRONG
from tui.legend import Entry, column_width, draw_column, draw_line, shortened

_APART = 24  # cells between the glyphs on a line
_SPARSE = (1, 7)  # dots of the lines that carry an eye from a tick to the right


class Series(NamedTuple):
    """A line: x and y float64[n], x ascending; `glyph` is one character that tells it apart without colour."""

    name: str
    x: NDArray
    y: NDArray
    colour: int
    glyph: str
    dashed: bool = False

    def value_at(self, x: float | None) -> float:
        """Return the last known y at or before x, of all if x is None; nan if there is none."""
        place = len(self.x) if x is None else int(np.searchsorted(self.x, x, side="right"))
        known = np.flatnonzero(np.isfinite(self.y[:place]))
        return float(self.y[known[-1]]) if len(known) else np.nan


class Mark(NamedTuple):
    """Something that happened from x to `until` (x itself for a moment)."""

    x: float
    until: float
    label: str
    dashed: bool = False


class Picture(NamedTuple):
    """What a plot shows, and how it writes numbers."""

    series: Sequence[Series] = ()
    marks: Sequence[Mark] = ()
    cursor: float | None = None
    title: str = ""
    x_label: str = ""
    y_label: str = ""
    x_format: Callable[[float], str] = plain_number
    y_format: Callable[[float], str] = plain_number


class Frame(NamedTuple):
    """Where numbers lie: `plot` is the window at column `left` and row `top` on which x and y are shown."""

    plot: Canvas
    left: int
    top: int
    x: Span
    y: Span

    def across(self, numbers: NDArray | float) -> NDArray:
        """Return the dots, from the left, of x float64[n]."""
        return self.x.places(numbers, 2 * self.plot.width)

    def down(self, numbers: NDArray | float) -> NDArray:
        """Return the dots, from the top, of y float64[n]."""
        return 4 * self.plot.height - 1 - self.y.places(numbers, 4 * self.plot.height)

    def column(self, number: float) -> int:
        """Return the column of the plot in which an x lies."""
        return int(self.across(number) + 0.5) // 2


def y_span(series: Sequence[Series], x: Span, from_zero: bool) -> Span | None:
    """Return the y of what lies in a span of x (of everything if nothing does), and a little above; None for no y."""
    seen = np.concatenate([line.y[(line.x >= x.low) & (line.x <= x.high)] for line in series])
    if not np.isfinite(seen).any():
        seen = np.concatenate([line.y for line in series])
    if not np.isfinite(seen).any():
        return None
    span = span_of(np.append(seen, 0.0) if from_zero else seen)
    return span and Span(span.low, span.high + 0.04 * span.length)


def draw_plot(canvas: Canvas, picture: Picture, x: Span, y: Span) -> Frame:
    """Draw from the back to the front; return where the numbers lie."""
    entries = _entries(picture)
    beside = column_width(entries)
    beside = beside if canvas.width >= 64 and 3 * beside <= canvas.width else 0
    line = not beside and canvas.height >= 5
    header = int(canvas.height >= 8 and bool(picture.title or picture.y_label))
    top = header + (canvas.height >= 10 and any(mark.label for mark in picture.marks))
    rows = max(canvas.height - top - 2 - line, 1)
    levels = {level: picture.y_format(level) for level in ticks(y, max(rows // 3, 2))}
    left = max((cell_len(text) for text in levels.values()), default=0) + 1
    plot = canvas.window(left, top, canvas.width - left - (beside + 2) * bool(beside), rows)
    frame = Frame(plot, left, top, x, y)
    if header:
        canvas.text(0, 0, picture.title, STRONG)
        canvas.text(cell_len(picture.title) + 2 * bool(picture.title), 0, picture.y_label, QUIET)
    _draw_levels(canvas, frame, levels)
    _draw_times(canvas, frame, picture)
    _draw_moments(frame, picture)
    for series in picture.series:
        _draw_series(frame, series)
    _draw_glyphs(frame, picture)
    _draw_labels(canvas, frame, header, picture.marks)
    if beside:
        draw_column(canvas.window(canvas.width - beside, top, beside, rows), entries)
    elif line:
        draw_line(canvas, canvas.height - 1, entries)
    return frame


def draw_empty(canvas: Canvas, title: str, text: str) -> None:
    """Draw a plot that waits for its first number."""
    canvas.text(0, 0, title, STRONG)
    floor = canvas.height - 2
    for row in range(1, floor):
        canvas.text(0, row, "│", QUIET)
    canvas.text(0, floor, "└" + "─" * (canvas.width - 1), QUIET)
    middle = max(floor // 2, 0)
    canvas.line([4, 2 * canvas.width - 4], [4 * middle + 2] * 2, QUIET, _SPARSE)
    text = f"  {text}  "
    canvas.text((canvas.width - cell_len(text)) // 2, middle, text, PLAIN)


def _entries(picture: Picture) -> list[Entry]:
    """Return the legend: each line with its value at the cursor, or its last, the greatest first."""
    values = [(line.value_at(picture.cursor), line) for line in picture.series]
    values.sort(key=lambda pair: -pair[0] if np.isfinite(pair[0]) else np.inf)
    return [
        Entry(line.glyph + ("╌" if line.dashed else "─"), line.name, picture.y_format(value), line.colour % COLOURS)
        for value, line in values
    ]


def _draw_levels(canvas: Canvas, frame: Frame, levels: Mapping[float, str]) -> None:
    """Draw the axis of y, its numbers, and a sparse line from each."""
    axis = frame.left - 1
    for row in range(frame.plot.height):
        canvas.text(axis, frame.top + row, "│", QUIET)
    for level, text in levels.items():
        dot = float(frame.down(level))
        row = frame.top + int(dot + 0.5) // 4
        canvas.text(axis - cell_len(text), row, text, QUIET)
        canvas.text(axis, row, "┤", QUIET)
        frame.plot.line([3, 2 * frame.plot.width], [dot, dot], QUIET, _SPARSE)


def _draw_times(canvas: Canvas, frame: Frame, picture: Picture) -> None:
    """Draw the axis of x, the cursor's number, and as many others as have room."""
    plot, floor = frame.plot, frame.top + frame.plot.height
    canvas.text(frame.left - 1, floor, "└" + "─" * plot.width, QUIET)

    def write(x: float, sign: str, ink: int) -> None:
        text, column = picture.x_format(x), frame.column(x)
        start = min(max(column - cell_len(text) // 2, 0), plot.width - cell_len(text)) + frame.left
        # A number needs a gap on both sides, but none beyond the edge of the canvas.
        first, last = max(start - 1, 0), min(start + cell_len(text) + 1, canvas.width)
        if canvas.is_free(first, floor + 1, last - first):
            canvas.text(start, floor + 1, text, ink)
            canvas.text(frame.left + column, floor, sign, ink)

    if picture.cursor is not None and frame.x.holds(picture.cursor):
        write(picture.cursor, "┷", CURSOR)
    room = cell_len(picture.x_label)
    if room + 16 <= plot.width:
        start = frame.left + plot.width - room
        if canvas.is_free(start - 1, floor + 1, room + 1):
            canvas.text(start, floor + 1, picture.x_label, QUIET)
    widest = max(cell_len(picture.x_format(end)) for end in (frame.x.low, frame.x.high))
    for x in ticks(frame.x, max(plot.width // (widest + 4), 2)):
        write(x, "┴", QUIET)


def _draw_moments(frame: Frame, picture: Picture) -> None:
    """Draw the lines of marks and of the cursor."""
    bottom = 4 * frame.plot.height - 1
    for mark in picture.marks:
        start, stop = float(frame.across(mark.x)), float(frame.across(mark.until))
        pattern = DASHED if mark.dashed else DOTTED
        frame.plot.line([start, start], [0, bottom], EVENT, pattern)
        if mark.until > mark.x:
            frame.plot.line([stop, stop], [0, bottom], EVENT, pattern)
            frame.plot.line([start, stop], [0, 0], EVENT, pattern)
    if picture.cursor is not None:
        at = float(frame.across(picture.cursor))
        frame.plot.line([at, at], [0, bottom], CURSOR)


def _draw_series(frame: Frame, series: Series) -> None:
    """Draw what is in view, and the points on either side of it."""
    first = max(int(np.searchsorted(series.x, frame.x.low)) - 1, 0)
    last = int(np.searchsorted(series.x, frame.x.high, side="right")) + 1
    x, y = series.x[first:last], series.y[first:last]
    ink = series.colour % COLOURS
    frame.plot.line(frame.across(x), frame.down(y), ink, DASHED if series.dashed else SOLID)


def _draw_glyphs(frame: Frame, picture: Picture) -> None:
    """Draw each line's glyph upon it now and then, each line at columns of its own, and at the cursor."""
    for number, series in enumerate(picture.series):
        if not len(series.x):
            continue
        start = 2 + number * _APART // len(picture.series)
        columns = np.arange(start, frame.plot.width, _APART)
        at = np.array([frame.x.number_at(2 * column + 0.5, 2 * frame.plot.width) for column in columns])
        if len(series.x) == 1:  # a point is its glyph
            columns, at = np.array([frame.column(float(series.x[0]))]), series.x
        elif picture.cursor is not None and frame.x.holds(picture.cursor):
            at, columns = np.append(at, picture.cursor), np.append(columns, frame.column(picture.cursor))
        down = frame.down(np.interp(at, series.x, series.y, np.nan, np.nan))
        for column, dot in zip(columns.tolist(), down.tolist(), strict=True):
            if -0.5 <= dot < 4 * frame.plot.height - 0.5:
                frame.plot.text(column, int(dot + 0.5) // 4, series.glyph, series.colour % COLOURS)


def _draw_labels(canvas: Canvas, frame: Frame, row: int, marks: Sequence[Mark]) -> None:
    """Write on a row what happened: from its line on, or moved to the left as far as needed, where there is room."""
    end = frame.left + frame.plot.width
    for mark in marks:
        if not mark.label or not frame.x.holds(mark.x):
            continue
        text = shortened(mark.label, 24)
        column, width = frame.left + frame.column(mark.x), cell_len(text)
        for start in (min(column, end - width), column - width + 1):
            if start >= frame.left and canvas.is_free(start - 1, row, width + 1):
                canvas.text(start, row, text, EVENT)
                break
