"""A drawing is a widget that draws itself on a canvas when what it shows, its size or the theme has changed.

ink   0..7 are colours for what is to be told apart; the others say what a thing is
"""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding
from textual.strip import Strip
from textual.widget import Widget

from tui.canvas import Canvas

COLOURS = 8
"""Colours to tell things apart; a ninth looks like the first."""

PLAIN, QUIET, STRONG, CURSOR, EVENT = range(COLOURS, COLOURS + 5)
"""Inks of words, of axes and asides, of titles, of the chosen moment or thing, and of what happened."""

_CLASSES = (
    *(f"drawing--colour-{colour}" for colour in range(COLOURS)),
    *(f"drawing--{name}" for name in ("plain", "quiet", "strong", "cursor", "event")),
)


class Drawing(Widget, can_focus=True):
    """Draws in colours of the theme; a subclass says what, in `draw`."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(_CLASSES)

    # The theme has four hues that are legible on its own background; the others are given for dark and for light.
    DEFAULT_CSS = """
    Drawing {
        width: 1fr;
        height: 1fr;
        &:focus { background-tint: $foreground 4%; }
        .drawing--colour-0 { color: $text-primary; }
        .drawing--colour-1 { color: $text-accent; }
        .drawing--colour-2 { color: $text-success; }
        .drawing--colour-3 { color: $text-error; }
        .drawing--colour-4 { color: #b794f6; }
        .drawing--colour-5 { color: #4fd1c5; }
        .drawing--colour-6 { color: #f28bd8; }
        .drawing--colour-7 { color: #b8b8a8; }
        &:light .drawing--colour-4 { color: #6b3fc4; }
        &:light .drawing--colour-5 { color: #00706b; }
        &:light .drawing--colour-6 { color: #a81f88; }
        &:light .drawing--colour-7 { color: #5c5c50; }
        .drawing--plain { color: $foreground; }
        .drawing--quiet { color: $foreground 60%; }
        .drawing--strong { color: $foreground; text-style: bold; }
        .drawing--cursor { color: $foreground; text-style: bold; }
        .drawing--event { color: $foreground 85%; }
    }
    """

    _strips: list[Strip] | None = None

    def draw(self, canvas: Canvas) -> None:
        """Draw on an empty canvas of the widget's size."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw again before the next refresh."""
        self._strips = None
        self.refresh()

    def notify_style_update(self) -> None:
        """Draw again in the colours of a new theme."""
        self._strips = None
        super().notify_style_update()

    def on_focus(self) -> None:
        """Draw again: what is chosen is seen."""
        self.redraw()

    def on_blur(self) -> None:
        """Draw again: what is chosen is seen no more."""
        self.redraw()

    def render_line(self, y: int) -> Strip:
        """Return a row of the drawing."""
        width, height = self.content_size
        strips = self._strips
        if strips is None or len(strips) != height or (strips and strips[0].cell_length != width):
            strips = self._strips = self._drawn(width, height)
        return strips[y] if y < len(strips) else Strip.blank(width, self.rich_style)

    def _drawn(self, width: int, height: int) -> list[Strip]:
        canvas = Canvas(width, height)
        self.draw(canvas)
        styles = [self.get_component_rich_style(name) for name in _CLASSES]
        return [Strip([Segment(text, styles[ink]) for text, ink in runs], width) for runs in canvas.rows()]


def bound(name: str, key: str, action: str, description: str, tooltip: str) -> Binding:
    """Return a key that a drawing takes while it has the focus; `name` is its id where keys are reassigned."""
    sign = {"plus,equals_sign": "+", "minus": "-"}.get(key)
    return Binding(key, action, description, show=False, key_display=sign, tooltip=tooltip, id=name)
