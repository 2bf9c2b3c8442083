"""A scatter is a map of points in two dimensions without axes: near is alike, and a unit is as long across as down.

group   points of one colour, named at their centre of mass
trail   the way the focused point has come, from a ring to its sign
view    the centre of what is shown, and how many times it is magnified
chosen  the point that keys have come to, in square brackets; as long as the map has the keys
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len
from textual import events
from textual.binding import BindingType
from textual.message import Message

from tui.canvas import Canvas
from tui.drawing import COLOURS, CURSOR, PLAIN, STRONG, Drawing, bound
from tui.legend import shortened

_CLOSEST = 64.0  # times
_LABEL = 20  # cells


class Lens(NamedTuple):
    """Where points lie: the centre in the middle of `width` by `height` dots, `unit` the length of a dot."""

    x: float
    y: float
    unit: float
    width: int
    height: int

    def dots(self, xy: NDArray) -> NDArray:
        """Return the dots float64[n, 2], across and down, of points float[n, 2].

        >>> Lens(0.0, 0.0, 0.5, 21, 11).dots(np.array([[0.0, 0.0], [1.0, 2.0]])).tolist()
        [[10.0, 5.0], [12.0, 1.0]]
        """
        middle = np.array([(self.width - 1) / 2, (self.height - 1) / 2])
        return middle + (xy - (self.x, self.y)) * (1 / self.unit, -1 / self.unit)

    def point(self, across: float, down: float) -> tuple[float, float]:
        """Return the point at a dot; the inverse of `dots`."""
        return (
            self.x + (across - (self.width - 1) / 2) * self.unit,
            self.y - (down - (self.height - 1) / 2) * self.unit,
        )


class Scatter(Drawing):
    """Draws a map in which one zooms and pans, and says which point is nearest to a click."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("scatter.zoom_in", "plus,equals_sign", "zoom(2)", "Zoom in", "Magnify the middle of the map"),
        bound("scatter.zoom_out", "minus", "zoom(0.5)", "Zoom out", "Show more of the map"),
        bound("scatter.left", "shift+left", "pan(-0.2, 0)", "Left", "Move what is shown to the left"),
        bound("scatter.right", "shift+right", "pan(0.2, 0)", "Right", "Move what is shown to the right"),
        bound("scatter.up", "shift+up", "pan(0, 0.2)", "Up", "Move what is shown up"),
        bound("scatter.down", "shift+down", "pan(0, -0.2)", "Down", "Move what is shown down"),
        bound("scatter.reset", "r", "reset", "Show all", "Show the whole map again"),
        bound("scatter.farther", "down", "choose(1)", "Next", "Choose the point that is next, away from the focus"),
        bound("scatter.nearer", "up", "choose(-1)", "Before", "Choose the point that is nearer to the focus by one"),
        bound("scatter.pick", "enter", "pick", "Look", "Look at the chosen point"),
    ]

    class Picked(Message):
        """The point nearest to a click, or chosen and taken."""

        def __init__(self, scatter: Scatter, key: str) -> None:
            super().__init__()
            self.scatter, self.key = scatter, key

        @property
        def control(self) -> Scatter:
            """The scatter, for `@on(Scatter.Picked, "#id")`."""
            return self.scatter

    def __init__(
        self,
        *,
        empty: str = "no map yet",
        written: Callable[[str], str] = str,
        id: str | None = None,  # noqa: A002 - as every widget calls it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._empty, self._written = empty, written
        self._points = np.zeros((0, 2))
        self._groups = np.zeros(0, np.int64)
        self._keys: Sequence[str] = ()
        self._group_labels: Mapping[int, str] = {}
        self._trail = np.zeros((0, 2))
        self._focus: int | None = None
        self._chosen = ""  # its key
        self._centre: tuple[float, float] | None = None  # None: the middle of all points
        self._times = 1.0

    def show(
        self,
        xy: NDArray,
        group: NDArray,
        keys: Sequence[str],
        labels: Mapping[int, str],
        trail: NDArray | None = None,
        focus: int | None = None,
    ) -> None:
        """Show n points float[n, 2] of groups int[n]; the trail is float[m, 2], the focus a place in 0..n-1."""
        self._points, self._groups = np.asarray(xy, np.float64).reshape(-1, 2), np.asarray(group, np.int64)
        self._keys, self._group_labels, self._focus = keys, labels, focus
        self._trail = np.zeros((0, 2)) if trail is None else np.asarray(trail, np.float64).reshape(-1, 2)
        self.redraw()

    def lens(self) -> Lens | None:
        """Return how the map lies on the widget, None if there is none."""
        known = self._points[np.isfinite(self._points).all(axis=1)]
        width, height = 2 * self.content_size.width, 4 * self.content_size.height
        if not len(known) or not width or not height:
            return None
        low, high = known.min(axis=0), known.max(axis=0)
        middle = (low + high) / 2
        # A margin of two dots, so that no point lies upon the edge.
        unit = float(((high - low) / np.maximum(np.array([width, height]) - 5, 1)).max()) or 1.0
        x, y = middle.tolist() if self._centre is None else self._centre
        return Lens(x, y, unit / self._times, width, height)

    def zoom(self, times: float, across: float, down: float) -> None:
        """Magnify, the point at a dot staying where it is."""
        lens = self.lens()
        wanted = min(max(self._times * times, 1.0), _CLOSEST)
        if lens is None or wanted == self._times:
            return
        x, y = lens.point(across, down)
        share = self._times / wanted
        self._centre = (x + (lens.x - x) * share, y + (lens.y - y) * share) if wanted > 1 else None
        self._times = wanted
        self.redraw()

    def action_zoom(self, times: float) -> None:
        """Magnify about the middle."""
        if (lens := self.lens()) is not None:
            self.zoom(times, (lens.width - 1) / 2, (lens.height - 1) / 2)

    def action_pan(self, right: float, up: float) -> None:
        """Move the view by shares of its width and height, no further than the outermost points."""
        if (lens := self.lens()) is not None:
            known = self._points[np.isfinite(self._points).all(axis=1)]
            wanted = np.array([lens.x + right * lens.width * lens.unit, lens.y + up * lens.height * lens.unit])
            x, y = np.clip(wanted, known.min(axis=0), known.max(axis=0)).tolist()
            self._centre = x, y
            self.redraw()

    def action_reset(self) -> None:
        """Show all."""
        self._centre, self._times = None, 1.0
        self.redraw()

    @property
    def chosen(self) -> int | None:
        """Place of the point that keys have come to, the one nearest to the focus at first; None if there is none."""
        order = self._outwards()
        if self._chosen in self._keys:
            return self._keys.index(self._chosen)
        return int(order[0]) if len(order) else None

    def _outwards(self) -> NDArray[np.intp]:
        """Return the places of all points but the focus, the nearest to it (or to the middle) first."""
        known = np.flatnonzero(np.isfinite(self._points).all(axis=1))
        if not len(known):
            return known
        middle = self._points[known].mean(axis=0) if self._focus is None else self._points[self._focus]
        away = ((self._points[known] - middle) ** 2).sum(axis=1)
        order = known[np.argsort(away, kind="stable")]
        return order if self._focus is None else order[order != self._focus]

    def action_choose(self, step: int) -> None:
        """Choose the next point outwards, or inwards; the last is followed by the first."""
        order, chosen = self._outwards(), self.chosen
        if len(order) and chosen is not None:
            place = int(np.flatnonzero(order == chosen)[0]) if chosen in order else -1
            self._chosen = self._keys[int(order[(place + step) % len(order)])]
            self.redraw()

    def action_pick(self) -> None:
        """Say that the chosen point is picked."""
        if (chosen := self.chosen) is not None:
            self.post_message(self.Picked(self, self._keys[chosen]))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Magnify at the pointer."""
        self._scroll(event, 1.25)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Show more around the pointer."""
        self._scroll(event, 0.8)

    def _scroll(self, event: events.MouseEvent, times: float) -> None:
        if (offset := event.get_content_offset(self)) is not None:
            event.stop()
            self.zoom(times, 2 * offset.x + 0.5, 4 * offset.y + 1.5)

    def on_click(self, event: events.Click) -> None:
        """Say which point is nearest."""
        offset, lens = event.get_content_offset(self), self.lens()
        if offset is not None and lens is not None:
            away = ((lens.dots(self._points) - (2 * offset.x + 0.5, 4 * offset.y + 1.5)) ** 2).sum(axis=1)
            self.post_message(
                self.Picked(self, self._keys[int(np.nanargmin(np.where(np.isfinite(away), away, np.nan)))])
            )

    def draw(self, canvas: Canvas) -> None:
        """Draw points, the trail, the focus, and the names of groups where there is room, the largest first."""
        lens = self.lens()
        if lens is None:
            canvas.text((canvas.width - cell_len(self._empty)) // 2, canvas.height // 2, self._empty, PLAIN)
            return
        at = lens.dots(self._points)
        canvas.dots(at[:, 0], at[:, 1], (self._groups % COLOURS).astype(np.uint8))
        way = lens.dots(self._trail)
        canvas.line(way[:, 0], way[:, 1], CURSOR)
        if len(way):
            self._write(canvas, way[0], "○", CURSOR)
        if self.has_focus and (chosen := self.chosen) is not None:
            self._write(canvas, at[chosen], "[•]", CURSOR)
            canvas.text(0, canvas.height - 1, f"[•] {self._written(self._keys[chosen])} ", CURSOR)
        if self._focus is not None:
            self._write(canvas, at[self._focus], "◉", STRONG, shortened(self._written(self._keys[self._focus]), _LABEL))
        inside = ((at >= -0.5) & (at < (lens.width - 0.5, lens.height - 0.5))).all(axis=1)
        groups, counts = np.unique(self._groups[inside], return_counts=True)
        for group in groups[np.argsort(-counts, kind="stable")].tolist():
            label = f" {shortened(self._group_labels.get(group, ''), _LABEL)} "
            centre = at[inside & (self._groups == group)].mean(axis=0)
            column, row = _cell(centre)
            start = min(max(column - cell_len(label) // 2, 0), max(canvas.width - cell_len(label), 0))
            for line in (row, row + 1, row - 1, row + 2, row - 2):
                if label.strip() and canvas.is_free(start, line, cell_len(label)):
                    canvas.text(start, line, label, group % COLOURS)
                    break

    def _write(self, canvas: Canvas, dot: NDArray, sign: str, ink: int, label: str = "") -> None:
        """Write a sign at a dot float64[2], and a label on the side that has room for it."""
        if not np.isfinite(dot).all():
            return
        column, row = _cell(dot)
        aside = cell_len(sign) // 2
        canvas.text(column - aside, row, sign, ink)
        if label:
            right = column + aside + 1
            start = right if right + 1 + cell_len(label) <= canvas.width else column - aside - 2 - cell_len(label)
            canvas.text(start, row, f" {label} ", ink)


def _cell(dot: NDArray) -> tuple[int, int]:
    """Return the column and row of a dot float64[2]."""
    across, down = np.floor(np.clip(dot, -1e6, 1e6) + 0.5).astype(np.int64).tolist()
    return across // 2, down // 4
