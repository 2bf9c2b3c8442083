"""A canvas is a grid of cells, each of 2 x 4 braille dots or one character, and each of one ink: the last one used.

cell   a place for one character: column 0..width-1 from the left, row 0..height-1 from the top
dot    the point (x, y) in dots, whole numbers at the middle of each: x in 0..2 width-1, y in 0..4 height-1, downwards
ink    a small number; what it looks like is not known here
text   lies over dots, whichever came first
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

Run = tuple[str, int]
"""Characters side by side in one ink."""

Points = NDArray | Sequence[float]
"""Numbers float64[n], in dots."""

SOLID, DASHED, DOTTED = (1, 0), (5, 3), (1, 2)
"""Dots that a line draws and then leaves out."""

_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.uint8)
_BLANK, _TAIL = 0, 0xFFFF  # no text here; the right half of a wide character
_FAR = 1e9  # beyond every canvas, and small enough for float64 to tell dots apart


def _numbers(points: Points) -> NDArray[np.float64]:
    return np.asarray(points, np.float64)


class Canvas:
    """Dots and text, `width` by `height` cells.

    >>> canvas = Canvas(6, 1)
    >>> canvas.line([0, 7], [3, 0], ink=2)
    >>> canvas.text(4, 0, "up", ink=1)
    >>> canvas.rows()
    [[('⣀⠤⠒⠉', 2), ('up', 1)]]
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = max(width, 0), max(height, 0)
        self._dots = np.zeros((4 * self.height, 2 * self.width), np.bool_)
        self._ink = np.zeros((self.height, self.width), np.uint8)
        self._text = np.full((self.height, self.width), _BLANK, np.uint32)

    def window(self, column: int, row: int, width: int, height: int) -> Canvas:
        """Return a part of this canvas as a canvas: what is drawn there is drawn here, and is cut at its edges."""
        left, top = min(max(column, 0), self.width), min(max(row, 0), self.height)
        right, bottom = min(max(column + width, left), self.width), min(max(row + height, top), self.height)
        part = Canvas(0, 0)
        part.width, part.height = right - left, bottom - top
        part._dots = self._dots[4 * top : 4 * bottom, 2 * left : 2 * right]
        part._ink = self._ink[top:bottom, left:right]
        part._text = self._text[top:bottom, left:right]
        return part

    def dots(self, x: Points, y: Points, ink: int | NDArray) -> None:
        """Set the dots nearest to points, x and y float[n]; those outside, or not finite, are left out.

        `ink` is one for all, or uint8[n].
        """
        x, y = _numbers(x), _numbers(y)
        inside = (x >= -0.5) & (x < 2 * self.width - 0.5) & (y >= -0.5) & (y < 4 * self.height - 0.5)
        across, down = (x[inside] + 0.5).astype(np.intp), (y[inside] + 0.5).astype(np.intp)
        self._dots[down, across] = True
        self._ink[down // 4, across // 2] = np.broadcast_to(ink, x.shape)[inside]

    def line(self, x: Points, y: Points, ink: int | NDArray, pattern: tuple[int, int] = SOLID) -> None:
        """Draw a line through points, x and y float[n]; one that is not finite breaks it.

        `ink` is one for all, or uint8[n]: of a stroke it is that of its first point.
        """
        x, y = _numbers(x), _numbers(y)
        known = np.isfinite(x) & np.isfinite(y)
        x, y = np.clip(x, -_FAR, _FAR), np.clip(y, -_FAR, _FAR)
        joined = known[:-1] & known[1:]
        alone = known.copy()
        alone[:-1] &= ~joined
        alone[1:] &= ~joined
        start = np.concatenate([np.flatnonzero(joined), np.flatnonzero(alone)])
        stop = start + np.repeat([1, 0], [joined.sum(), alone.sum()])
        inks = np.broadcast_to(ink, x.shape)[start]
        self._strokes(x[start], y[start], x[stop] - x[start], y[stop] - y[start], inks, pattern)

    def _strokes(
        self, x: NDArray, y: NDArray, dx: NDArray, dy: NDArray, inks: NDArray, pattern: tuple[int, int]
    ) -> None:
        """Draw strokes float64[n] in inks uint8[n], each going on with the pattern where the one before left it."""
        length = np.maximum(np.abs(dx), np.abs(dy))
        before = np.cumsum(length) - length
        enter, leave = self._inside(x, y, dx, dy)
        seen = enter <= leave
        x, y, dx, dy, inks, length, before, enter, leave = (
            of[seen] for of in (x, y, dx, dy, inks, length, before, enter, leave)
        )
        steps = np.ceil(length * (leave - enter)).astype(np.intp)
        many = steps + 1
        step = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
        along = np.repeat(enter, many) + step * np.repeat((leave - enter) / np.maximum(steps, 1), many)
        across = np.repeat(x, many) + along * np.repeat(dx, many)
        down = np.repeat(y, many) + along * np.repeat(dy, many)
        inks = np.repeat(inks, many)
        on, off = pattern
        if off:
            drawn = np.rint(np.repeat(before, many) + along * np.repeat(length, many)) % (on + off) < on
            across, down, inks = across[drawn], down[drawn], inks[drawn]
        self.dots(across, down, inks)

    def _inside(self, x: NDArray, y: NDArray, dx: NDArray, dy: NDArray) -> tuple[NDArray, NDArray]:
        """Return the shares float64[n] of each stroke at which it enters and leaves (Liang and Barsky 1984)."""
        enter, leave = np.zeros(len(x)), np.ones(len(x))
        for at, by, dots in ((x, dx, 2 * self.width), (y, dy, 4 * self.height)):
            still = by == 0
            rate = np.where(still, 1.0, by)
            near, far = (-0.5 - at) / rate, (dots - 0.5 - at) / rate
            never = still & ((at < -0.5) | (at > dots - 0.5))
            first = np.where(still, -np.inf, np.minimum(near, far))
            enter = np.maximum(enter, np.where(never, np.inf, first))
            leave = np.minimum(leave, np.where(still, np.inf, np.maximum(near, far)))
        return enter, leave

    def text(self, column: int, row: int, text: str, ink: int) -> None:
        """Write over cells; what falls outside is cut, and signs without a width are left out."""
        if not 0 <= row < self.height:
            return
        codes = [code for sign in text for code in (ord(sign), _TAIL)[: min(cell_len(sign), 2)]]
        first, last = max(column, 0), min(column + len(codes), self.width)
        codes = codes[first - column : last - column] if first < last else []
        if not codes:
            return
        line = self._text[row]
        if line[first] == _TAIL:  # the left half of a sign is left behind
            line[first - 1] = ord(" ")
        if last < self.width and line[last] == _TAIL:
            line[last] = ord(" ")
        if codes[0] == _TAIL:
            codes[0] = ord(" ")
        if cell_len(chr(codes[-1])) == 2:
            codes[-1] = ord(" ")
        line[first:last] = codes
        self._ink[row, first:last] = ink

    def is_free(self, column: int, row: int, width: int) -> bool:
        """Return whether cells are on the canvas and hold no text yet."""
        inside = 0 <= row < self.height and column >= 0 and column + width <= self.width
        return inside and not self._text[row, column : column + width].any()

    def rows(self) -> list[list[Run]]:
        """Return the runs of each row, from the left; together they are as wide as the canvas."""
        height, width = self._ink.shape
        bits = np.einsum("iajb,ab->ij", self._dots.reshape(height, 4, width, 2).view(np.uint8), _BITS)
        braille = np.where(bits > 0, bits + np.uint32(0x2800), np.uint32(ord(" ")))
        codes = np.where(self._text == _BLANK, braille, self._text).astype("<u4")
        text = codes.tobytes().decode("utf-32-le")
        changes = self._ink[:, 1:] != self._ink[:, :-1]
        found = []
        for row, inks in enumerate(self._ink):
            at = [0, *(np.flatnonzero(changes[row]) + 1).tolist(), width] if width else []
            line = text[row * width : (row + 1) * width]
            runs = zip(at, at[1:], inks[at[:-1]].tolist(), strict=False)
            found.append([(line[a:b].replace(chr(_TAIL), ""), ink) for a, b, ink in runs])
        return found
