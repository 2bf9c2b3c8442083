"""A chart is a plot of numbers over time in which one zooms and pans, and points at moments.

view   the part of x that is shown: all of it, until one zooms
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
from textual import events
from textual.binding import BindingType
from textual.message import Message

from tui.axes import Span, plain_number, span_of
from tui.canvas import Canvas
from tui.drawing import Drawing, bound
from tui.plot import Frame, Mark, Picture, Series, draw_empty, draw_plot, y_span

__all__ = ["Chart", "Mark", "Series"]

_NEAREST = 1e-6  # a view is at least this share of all


class Chart(Drawing):
    """Draws series, marks and a cursor; zooms and pans along x, and says which x was clicked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound(
            "chart.zoom_in", "plus,equals_sign", "zoom(0.5)", "Zoom in", "Show half as long a time, about the cursor"
        ),
        bound("chart.zoom_out", "minus", "zoom(2)", "Zoom out", "Show twice as long a time, about the cursor"),
        bound("chart.earlier", "shift+left", "pan(-0.2)", "Earlier", "Move what is shown to earlier times"),
        bound("chart.later", "shift+right", "pan(0.2)", "Later", "Move what is shown to later times"),
        bound("chart.reset", "r", "reset", "Show all", "Show all of the time again"),
    ]

    class Picked(Message):
        """A moment was clicked."""

        def __init__(self, chart: Chart, x: float) -> None:
            super().__init__()
            self.chart, self.x = chart, x

        @property
        def control(self) -> Chart:
            """The chart, for `@on(Chart.Picked, "#id")`."""
            return self.chart

    def __init__(
        self,
        *,
        x_format: Callable[[float], str] = plain_number,
        y_format: Callable[[float], str] = plain_number,
        from_zero: bool = True,
        empty: str = "no scored event yet",
        id: str | None = None,  # noqa: A002 - as every widget calls it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._from_zero, self._empty = from_zero, empty
        self._picture = Picture(x_format=x_format, y_format=y_format)
        self._view: Span | None = None
        self._frame: Frame | None = None

    def show(
        self,
        series: Sequence[Series],
        marks: Sequence[Mark] = (),
        cursor: float | None = None,
        title: str = "",
        x_label: str = "",
        y_label: str = "",
    ) -> None:
        """Show other numbers; a view that held the cursor goes along with it."""
        if self._view is not None and cursor is not None and self._view.holds(self._picture.cursor):
            self._view = self._view.holding(cursor)
        self._picture = self._picture._replace(
            series=series, marks=marks, cursor=cursor, title=title, x_label=x_label, y_label=y_label
        )
        self.redraw()

    @property
    def view(self) -> Span | None:
        """The part of x that is shown, None if there is nothing to show."""
        return self._view or self._whole()

    def _whole(self) -> Span | None:
        ends = [end for line in self._picture.series if len(line.x) for end in (line.x[0], line.x[-1])]
        if ends and self._picture.cursor is not None:
            ends.append(self._picture.cursor)
        return span_of(np.array(ends, np.float64))

    def zoom(self, factor: float, about: float) -> None:
        """Show a view `factor` times as long, `about` staying where it is; a cursor in view stays in view."""
        whole, shown = self._whole(), self.view
        if whole is None or shown is None or shown.length * factor < whole.length * _NEAREST:
            return
        view = shown.zoomed(factor, about).held_within(whole)
        cursor = self._picture.cursor
        if cursor is not None and shown.holds(cursor):
            view = view.holding(cursor)
        self._view = None if view == whole else view
        self.redraw()

    def action_zoom(self, factor: float) -> None:
        """Zoom around the cursor, or the middle if it is not in view."""
        if (shown := self.view) is not None:
            cursor = self._picture.cursor
            seen = cursor is not None and shown.holds(cursor)
            self.zoom(factor, cursor if cursor is not None and seen else (shown.low + shown.high) / 2)

    def action_pan(self, share: float) -> None:
        """Move the view by a share of its length."""
        whole = self._whole()
        if self._view is not None and whole is not None:
            self._view = self._view.moved(share * self._view.length).held_within(whole)
            self.redraw()

    def action_reset(self) -> None:
        """Show all."""
        self._view = None
        self.redraw()

    def _x_under(self, event: events.MouseEvent) -> float | None:
        """Return the x under the pointer, None outside the plot."""
        offset, frame = event.get_content_offset(self), self._frame
        if offset is None or frame is None or not 0 <= offset.x - frame.left < frame.plot.width:
            return None
        x = frame.x.number_at(2 * (offset.x - frame.left) + 0.5, 2 * frame.plot.width)
        return min(max(x, frame.x.low), frame.x.high)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Zoom in at the pointer."""
        self._scroll(event, 0.8)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Zoom out at the pointer."""
        self._scroll(event, 1.25)

    def _scroll(self, event: events.MouseEvent, factor: float) -> None:
        if (x := self._x_under(event)) is not None:
            event.stop()
            self.zoom(factor, x)

    def on_click(self, event: events.Click) -> None:
        """Say which moment was clicked."""
        if (x := self._x_under(event)) is not None:
            self.post_message(self.Picked(self, x))

    def draw(self, canvas: Canvas) -> None:
        """Draw the plot, or say that there is nothing to show yet."""
        x = self.view
        y = None if x is None else y_span(self._picture.series, x, self._from_zero)
        if x is None or y is None:
            self._frame = None
            draw_empty(canvas, self._picture.title, self._empty)
        else:
            self._frame = draw_plot(canvas, self._picture, x, y)
