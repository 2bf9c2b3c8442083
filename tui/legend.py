"""A legend names what is drawn, strongest first: in a column beside it where there is room, else in one line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from tui.canvas import Canvas
from tui.drawing import PLAIN, QUIET

_LONGEST = 28  # cells of a name
_GAP = 2


class Entry(NamedTuple):
    """A sign as it is drawn, what it stands for, its value if it has one, and the ink of the sign."""

    sign: str
    name: str
    value: str
    ink: int

    def width(self, longest: int = _LONGEST) -> int:
        """Return its cells in a line, where a name has at most `longest`."""
        return (
            cell_len(self.sign) + 1 + min(cell_len(self.name), longest) + (cell_len(self.value) + 1) * bool(self.value)
        )


def shortened(text: str, width: int) -> str:
    """Return a text in at most `width` cells.

    >>> shortened("every_event", 8), shortened("never", 8), shortened("never", 0)
    ('every_e…', 'never', '')
    """
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…" if width > 0 else ""


def column_width(entries: Sequence[Entry]) -> int:
    """Return the cells that a column needs: values stand below one another."""
    signs = max((cell_len(entry.sign) for entry in entries), default=0)
    names = max((cell_len(entry.name) for entry in entries), default=0)
    values = max((cell_len(entry.value) for entry in entries), default=0)
    return signs + 1 + min(names, _LONGEST) + (values + 2) * bool(values)


def draw_column(canvas: Canvas, entries: Sequence[Entry]) -> None:
    """Draw a row each, values at the right edge; the last row counts those that find no place."""
    fit = canvas.height if len(entries) <= canvas.height else canvas.height - 1
    for row, entry in enumerate(entries[: max(fit, 0)]):
        left, right = cell_len(entry.sign) + 1, canvas.width - cell_len(entry.value)
        canvas.text(0, row, entry.sign, entry.ink)
        canvas.text(left, row, shortened(entry.name, right - left - bool(entry.value)), PLAIN)
        canvas.text(right, row, entry.value, entry.ink)
    if len(entries) > fit:
        canvas.text(0, max(fit, 0), f"and {len(entries) - fit} more", QUIET)


def draw_line(canvas: Canvas, row: int, entries: Sequence[Entry]) -> None:
    """Draw a row of them all, names shortened to fit; if even that is too long, the last are counted."""
    for longest in range(_LONGEST, 3, -1):
        if sum(entry.width(longest) + _GAP for entry in entries) - _GAP <= canvas.width:
            break
    column = 0
    for number, entry in enumerate(entries):
        left = len(entries) - number - 1
        more = f"+{left}" if left else ""
        if column + entry.width(longest) + (_GAP + len(more)) * bool(left) > canvas.width and (left or number):
            canvas.text(column, row, f"+{left + 1}", QUIET)
            return
        canvas.text(column, row, entry.sign, entry.ink)
        name = shortened(entry.name, longest)
        canvas.text(column + cell_len(entry.sign) + 1, row, name, PLAIN)
        column += entry.width(longest)
        canvas.text(column - cell_len(entry.value), row, entry.value, entry.ink)
        column += _GAP
