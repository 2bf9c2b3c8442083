"""What all views share: they show a frame, and may be asked what of it can be copied or saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.containers import Vertical
from textual.visual import VisualType
from textual.widgets import Static

from tui.figures import Figures
from tui.frame import Frame

GLYPHS = "●■▲◆▼★○□△◇▽☆" + "abcdefghijklmnopqrstuvwxyz"
"""A sign for each lane, so that lanes can be told apart without colour."""

LANE = 36
"""Cells for the name of a lane in a table: that of a fork's chain is longer than all its figures."""


def put(widget: Static, content: VisualType, shape: object = None) -> None:
    """Put content into a widget; where its shape is the one it had, nothing around it is laid out anew: that costs
    as much as all the drawing."""
    had = getattr(widget, "shape_of_content", widget)
    widget.update(content, layout=had != shape)
    widget.shape_of_content = shape  # type: ignore[attr-defined]


class View(Vertical):
    """A part of the screen that answers one question."""

    title: ClassVar[str]
    about: ClassVar[str]

    frame: Frame | None = None
    figures: Figures | None = None

    def show(self, frame: Frame) -> None:
        """Show a frame; called when the view is seen, and when the frame changed."""
        self.frame = frame

    def on_resize(self) -> None:
        """Show the frame again: how much of it there is room for has changed."""
        if self.frame is not None:
            self.show(self.frame)

    def focus_first(self) -> None:
        """Give the keys to the part of the view that takes most of them."""
        raise NotImplementedError

    def rows(self) -> Sequence[dict[str, Any]]:
        """Return what is shown as rows of plain values, to be saved as CSV."""
        return ()


def so_far(written: str) -> str:
    """Return what was written of a recovery as one says it of a moment: what has not come may still come."""
    return "not yet" if written == "never" else written


def glyph(lane: int) -> str:
    """Return the sign of a lane by its place."""
    return GLYPHS[lane % len(GLYPHS)]
