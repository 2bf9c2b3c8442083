"""What Graph and Shopper share: they show a look into the model, which takes longer than a frame to be had.

look   what a lane knows at a moment of one shopper or product; see `driftlab.inspector`
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual.widgets import Static

from tui.frame import Frame
from tui.views.view import View, put

BAR = 24


class Looking(View):
    """A view of a look; what it asks for is a subject and, where `wants_map`, the map of all vectors."""

    wants_map = False
    look: Mapping[str, Any] | None = None

    def show_look(self, look: Mapping[str, Any], frame: Frame) -> None:
        """Draw a look that has come."""
        raise NotImplementedError

    def show_status(self, text: str) -> None:
        """Say on the view's first line what is looked at, or what is being waited for."""
        put(self.query_one(".status", Static), text)

    def hear(self, look: Mapping[str, Any], frame: Frame) -> None:
        """Take a look."""
        self.look, self.frame = look, frame
        self.show_look(look, frame)


def progress(what: str, done: float) -> str:
    """Write how far the process that looks into the model is.

    >>> progress("folding", 0.5)
    'folding ━━━━━━━━━━━━──────────── 50 %'
    """
    full = round(BAR * done)
    return f"{what} {'━' * full}{'─' * (BAR - full)} {100 * done:.0f} %"
