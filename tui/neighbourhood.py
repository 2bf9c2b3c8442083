"""A neighbourhood is a drawing of who is linked to what around one thing: a sign each, lines between them.

sign     tells the kind of a node; the one looked at stands in brackets
line     its colour and a letter tell the kind of a link, its weight how strong it is: double, solid, dashed, dotted
label    a node's name, where it hides no other; the weaker one gives way
chosen   the node that keys have come to, in square brackets; as long as the drawing has the keys
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len
from textual import events
from textual.binding import BindingType
from textual.message import Message

from tui.canvas import DASHED, DOTTED, SOLID, Canvas
from tui.drawing import COLOURS, CURSOR, PLAIN, QUIET, STRONG, Drawing, bound
from tui.layout import Link, Node, Places, placed, strongest
from tui.legend import Entry, draw_line, shortened

__all__ = ["Link", "Neighbourhood", "Node"]

SIGNS = {"shopper": "●", "product": "■", "brand": "◆", "category": "▲", "campaign": "★"}

_LINKS = ("viewed", "carted", "purchased", "favourited", "reviewed", "of_brand", "of_category", "shown_in")
_MOST = 60  # nodes; more is a thicket
_LABEL = 20  # cells
_STRONG, _CLEAR, _WEAK = 0.75, 0.5, 0.25


Cell = tuple[int, int]


class Spot(NamedTuple):
    """Cells, from column `first` up to `last`, at which a node or its label is seen."""

    row: int
    first: int
    last: int
    key: str


def _draw_strokes(canvas: Canvas, ends: NDArray, inks: NDArray, pattern: tuple[int, int]) -> None:
    """Draw n strokes at once: ends float64[n, 2, 2], inks uint8[n]."""
    gaps = np.full((len(ends), 1, 2), np.nan)
    x, y = np.concatenate([ends, gaps], axis=1).reshape(-1, 2).T
    canvas.line(x, y, np.repeat(inks, 3), pattern)


def _word(kind: str) -> str:
    """Return a kind of link as one reads it: `of_brand` is brand."""
    return kind.removeprefix("of_").replace("_", " ")


class Neighbourhood(Drawing):
    """Draws nodes and links around a focus, each node where it was before, and says which node was picked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("neighbourhood.next", "down", "choose(1)", "Next", "Choose the node that is next in strength"),
        bound("neighbourhood.before", "up", "choose(-1)", "Before", "Choose the node that is stronger by one"),
        bound("neighbourhood.right", "shift+right", "reach(1, 0)", "Right", "Choose the nearest node to the right"),
        bound("neighbourhood.left", "shift+left", "reach(-1, 0)", "Left", "Choose the nearest node to the left"),
        bound("neighbourhood.below", "shift+down", "reach(0, 1)", "Below", "Choose the nearest node below"),
        bound("neighbourhood.above", "shift+up", "reach(0, -1)", "Above", "Choose the nearest node above"),
        bound("neighbourhood.pick", "enter", "pick", "Look", "Look at the chosen node"),
    ]

    class Picked(Message):
        """A node was clicked, or chosen and taken."""

        def __init__(self, neighbourhood: Neighbourhood, key: str) -> None:
            super().__init__()
            self.neighbourhood, self.key = neighbourhood, key

        @property
        def control(self) -> Neighbourhood:
            """The neighbourhood, for `@on(Neighbourhood.Picked, "#id")`."""
            return self.neighbourhood

    def __init__(
        self,
        *,
        empty: str = "nothing is known here yet",
        id: str | None = None,  # noqa: A002 - as every widget calls it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._empty = empty
        self._shown: list[Node] = []
        self._links: list[Link] = []
        self._focus, self._hidden = "", 0
        self._kinds = {kind: number for number, kind in enumerate(_LINKS)}  # a colour each, kept while one looks
        self._places: Places = {}
        self._placed: object = None  # what the places were found for
        self._spots: list[Spot] = []
        self._chosen = ""

    def show(self, nodes: Sequence[Node], links: Sequence[Link], focus: str) -> None:
        """Show other nodes and links around the node with the key `focus`; of more than 60 the weakest are left out."""
        self._shown, self._links = strongest(nodes, links, focus, _MOST)
        self._focus, self._hidden = focus, len(nodes) - len(self._shown)
        for link in self._links:
            self._kinds.setdefault(link.kind, len(self._kinds))
        if self._chosen == focus or self._chosen not in {node.key for node in self._shown}:
            self._chosen = ""
        self.redraw()

    @property
    def chosen(self) -> str:
        """Key of the node that keys have come to, the strongest at first; none where nothing is linked to the focus."""
        return self._chosen or next((node.key for node in self._shown if node.key != self._focus), "")

    def _choose(self, key: str) -> None:
        self._chosen = key
        self.redraw()

    def action_choose(self, step: int) -> None:
        """Choose the next node by strength, or the one before; the last is followed by the first."""
        keys = [node.key for node in self._shown if node.key != self._focus]
        if keys:
            self._choose(keys[(keys.index(self.chosen) + step) % len(keys)])

    def action_reach(self, right: int, down: int) -> None:
        """Choose the node that is nearest in a direction: within a right angle of it, a row as high as two columns."""
        at = {spot.key: (spot.first, 2 * spot.row) for spot in reversed(self._spots)}  # a sign comes before its name
        if self.chosen not in at:
            return
        x, y = at[self.chosen]
        ahead = {}
        for key, (column, row) in at.items():
            along, aside = (column - x) * right + (row - y) * down, abs((column - x) * down) + abs((row - y) * right)
            if key != self._focus and along > 0 and aside <= along:
                ahead[key] = along + aside
        if ahead:
            self._choose(min(ahead, key=lambda key: ahead[key]))

    def action_pick(self) -> None:
        """Say that the chosen node is picked."""
        if self.chosen:
            self.post_message(self.Picked(self, self.chosen))

    def on_click(self, event: events.Click) -> None:
        """Say which node was clicked: the one whose sign or label is there, or else near."""
        offset = event.get_content_offset(self)
        if offset is None:
            return

        def away(spot: Spot) -> int:
            return max(spot.first - offset.x, offset.x - spot.last + 1, 0) + 2 * abs(spot.row - offset.y)

        nearest = min(self._spots, key=away, default=None)
        if nearest is not None and away(nearest) <= 2:
            self.post_message(self.Picked(self, nearest.key))

    def draw(self, canvas: Canvas) -> None:
        """Draw links, then signs upon them, then names where there is room."""
        self._spots = []
        if not self._shown:
            canvas.text((canvas.width - cell_len(self._empty)) // 2, canvas.height // 2, self._empty, PLAIN)
            return
        self._place()
        below = 2 if canvas.height >= 12 else int(canvas.height >= 5)
        self._draw_legend(canvas.window(0, canvas.height - below, canvas.width, below))
        field = canvas.window(0, 0, canvas.width, canvas.height - below)
        # The sides keep room for names, the brackets of the focus and the upper row.
        aside = min(8, field.width // 8)
        cells = {
            key: (
                round(aside + (x + 1) / 2 * max(field.width - 1 - 2 * aside, 0)),
                round((y + 1) / 2 * max(field.height - 1, 0)),
            )
            for key, (x, y) in self._places.items()
        }
        self._draw_links(field, cells)
        self._draw_nodes(field, cells)
        self._draw_hidden(field)

    def _place(self) -> None:
        """Find places if there are other nodes or links than before."""
        pairs = {frozenset((link.a, link.b)) for link in self._links}
        wanted = (self._focus, {node.key for node in self._shown}, pairs)
        if wanted != self._placed:
            self._places = placed(self._shown, self._links, self._focus, self._places)
            self._placed = wanted

    def _draw_links(self, canvas: Canvas, cells: Mapping[str, Cell]) -> None:
        """Draw the strong ones over the faint ones, and a letter for the kind in the middle of the focus's own."""
        ends = np.array([[cells[link.a], cells[link.b]] for link in self._links], np.float64).reshape(-1, 2, 2)
        ends = ends * (2, 4) + (0.5, 1.5)  # float64[links, 2 ends, across and down], the middles of cells
        inks = np.array([self._kinds[link.kind] % COLOURS for link in self._links], np.uint8)
        strength = np.array([link.strength for link in self._links])
        weight = np.searchsorted([_WEAK, _CLEAR], strength, side="right")
        for number, pattern in enumerate((DOTTED, DASHED, SOLID)):
            some = weight == number
            _draw_strokes(canvas, ends[some], inks[some], pattern)
        # A strong one is double: the second line lies a dot below, or to the right of a steep one.
        strong = ends[strength >= _STRONG]
        size = np.abs(strong[:, 1] - strong[:, 0])
        steep = size[:, :1] < size[:, 1:]
        _draw_strokes(canvas, strong + np.stack([steep, ~steep], axis=-1), inks[strength >= _STRONG], SOLID)
        letters = self._letters()
        for link in self._links:
            (x0, y0), (x1, y1) = cells[link.a], cells[link.b]
            column, row = (x0 + x1) // 2, (y0 + y1) // 2
            if self._focus in (link.a, link.b) and max(abs(x1 - x0), 2 * abs(y1 - y0)) >= 6:
                canvas.text(column, row, letters[link.kind], self._kinds[link.kind] % COLOURS)

    def _draw_nodes(self, canvas: Canvas, cells: Mapping[str, Cell]) -> None:
        """Draw signs, on the nearest free cell if another was there first, and then labels, the strongest first."""
        at: dict[str, Cell] = {}
        for node in self._shown:
            column, row = cells[node.key]
            taken = {(spot.first, spot.row) for spot in self._spots}
            steps = ((0, 0), (2, 0), (-2, 0), (0, 1), (0, -1), (2, 1), (-2, -1), (4, 0), (-4, 0))
            column, row = next(
                ((column + x, row + y) for x, y in steps if (column + x, row + y) not in taken), (column, row)
            )
            at[node.key] = column, row
            canvas.text(column, row, SIGNS[node.kind], PLAIN)
            self._spots.append(Spot(row, column, column + 1, node.key))
        chosen = self.chosen if self.has_focus else ""
        for node in sorted(self._shown, key=lambda node: node.key != chosen):  # its name is hidden by no other
            ink = {self._focus: STRONG, chosen: CURSOR}.get(node.key, PLAIN)
            if ink != PLAIN:
                before, after = "()" if ink == STRONG else "[]"
                canvas.text(at[node.key][0] - 1, at[node.key][1], f"{before}{SIGNS[node.kind]}{after}", ink)
            self._draw_label(canvas, node, *at[node.key], ink)
            if node.key == chosen:  # where its name has no room beside it, it is read here
                canvas.text(0, canvas.height - 1, f"[{SIGNS[node.kind]}] {node.label} ", CURSOR)

    def _draw_label(self, canvas: Canvas, node: Node, column: int, row: int, ink: int) -> None:
        """Draw a name right of its sign, left, below or above, where there is room; nowhere if there is none."""
        label = shortened(node.label, _LABEL)
        width, side = cell_len(label), 2 + (ink != PLAIN)  # the brackets take a cell more
        middle = column - width // 2
        for start, line in (
            (column + side, row),
            (column - side + 1 - width, row),
            (middle, row + 1),
            (middle, row - 1),
        ):
            # A blank cell on both sides keeps names from running into one another, and lines from touching them.
            text, first = f" {label} ", start - 1
            if line == row and start > column:
                text = f" {label}" if start + width == canvas.width else text
            elif first < 0 and start == 0:
                text, first = f"{label} ", 0
            if canvas.is_free(first, line, cell_len(text)):
                canvas.text(first, line, text, ink)
                self._spots.append(Spot(line, start, start + width, node.key))
                return

    def _draw_hidden(self, canvas: Canvas) -> None:
        """Say in a corner how many nodes are left out."""
        if self._hidden:
            text = f"{self._hidden} weaker ones not shown"
            corners = [(canvas.width - cell_len(text), 0), (0, 0), (canvas.width - cell_len(text), canvas.height - 1)]
            column, row = next((at for at in corners if canvas.is_free(*at, cell_len(text))), corners[0])
            canvas.text(column, row, text, QUIET)

    def _letters(self) -> dict[str, str]:
        """Return a letter for each kind of link, its first that no other has."""
        found: dict[str, str] = {}
        for kind in self._kinds:
            word = _word(kind) + "abcdefghijklmnopqrstuvwxyz"
            found[kind] = next((sign for sign in word if sign not in found.values()), "?")
        return found

    def _draw_legend(self, canvas: Canvas) -> None:
        shown = {node.kind for node in self._shown}
        signs = [Entry(sign, kind, "", PLAIN) for kind, sign in SIGNS.items() if kind in shown]
        draw_line(canvas, 0, [*signs, Entry("═─╌┄", "strong to faint", "", QUIET)])
        used, letters = {link.kind for link in self._links}, self._letters()
        kinds = [kind for kind in self._kinds if kind in used]
        draw_line(canvas, 1, [Entry(letters[kind], _word(kind), "", self._kinds[kind] % COLOURS) for kind in kinds])
