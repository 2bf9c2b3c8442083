"""A dot is where it should be, a line has no holes, and nothing outside a canvas can be drawn or break it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.canvas import DASHED, DOTTED, SOLID, Canvas

WIDTH, HEIGHT = 7, 3
BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
dots = st.tuples(st.integers(0, 2 * WIDTH - 1), st.integers(0, 4 * HEIGHT - 1))
numbers = st.floats(allow_nan=True, allow_infinity=True) | st.floats(-50, 50)
points = st.lists(st.tuples(numbers, numbers), max_size=30)


def drawn(canvas: Canvas) -> set[tuple[int, int]]:
    """Return the dots that the rows of a canvas show."""
    found = set()
    for row, runs in enumerate(canvas.rows()):
        for column, sign in enumerate("".join(text for text, _ in runs)):
            bits = ord(sign) - 0x2800 if sign != " " else 0
            found |= {
                (2 * column + x, 4 * row + y) for y, line in enumerate(BITS) for x, bit in enumerate(line) if bits & bit
            }
    return found


@given(st.lists(dots, max_size=20))
def test_dots_are_where_they_were_set(at: list[tuple[int, int]]) -> None:
    canvas = Canvas(WIDTH, HEIGHT)
    canvas.dots([x for x, _ in at], [y for _, y in at], 3)
    assert drawn(canvas) == set(at)


@given(dots, dots)
def test_a_line_joins_its_ends_along_the_straight_way(a: tuple[int, int], b: tuple[int, int]) -> None:
    canvas = Canvas(WIDTH, HEIGHT)
    canvas.line([a[0], b[0]], [a[1], b[1]], 0)
    found = drawn(canvas)
    length = max(abs(a[0] - b[0]), abs(a[1] - b[1]))
    assert {a, b} <= found
    assert len(found) == length + 1
    for x, y in found:
        off = (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])
        assert abs(off) <= 0.5 * length + 1e-9


@given(points, st.sampled_from([SOLID, DASHED, DOTTED]), st.integers(0, 5), st.integers(0, 3))
def test_nothing_breaks_a_canvas(
    at: list[tuple[float, float]], pattern: tuple[int, int], width: int, height: int
) -> None:
    canvas = Canvas(width, height)
    x, y = np.array([x for x, _ in at]), np.array([y for _, y in at])
    canvas.line(x, y, 1, pattern)
    canvas.dots(x, y, 2)
    rows = canvas.rows()
    assert len(rows) == height
    assert all(sum(len(text) for text, _ in runs) == width for runs in rows)


@given(st.tuples(numbers, numbers), st.tuples(numbers, numbers))
def test_what_is_outside_does_not_move_what_is_inside(a: tuple[float, float], b: tuple[float, float]) -> None:
    canvas = Canvas(WIDTH, HEIGHT)
    canvas.line([a[0], b[0]], [a[1], b[1]], 0)
    if not np.isfinite([*a, *b]).all() or max(map(abs, (*a, *b))) > 1e6:
        return
    length = np.hypot(b[0] - a[0], b[1] - a[1])
    for x, y in drawn(canvas):
        off = (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])
        assert abs(off) <= 0.75 * length + 1e-6


def test_a_gap_breaks_a_line_and_a_lone_point_is_a_dot() -> None:
    canvas = Canvas(4, 1)
    canvas.line([0, 1, np.nan, 5, np.inf, 7], [0, 0, 0, 0, 0, 3], 0)
    assert drawn(canvas) == {(0, 0), (1, 0), (5, 0), (7, 3)}


def test_a_pattern_goes_on_around_a_corner() -> None:
    canvas = Canvas(4, 2)
    canvas.line([0, 4, 4], [0, 0, 6], 0, DOTTED)
    assert drawn(canvas) == {(0, 0), (3, 0), (4, 2), (4, 5)}


def test_the_last_ink_of_a_cell_is_shown() -> None:
    canvas = Canvas(3, 1)
    canvas.line([0, 5], [0, 0], 1)
    canvas.dots([2], [3], 2)
    assert canvas.rows() == [[("⠉", 1), ("⡉", 2), ("⠉", 1)]]


def test_inks_may_differ_from_dot_to_dot() -> None:
    canvas = Canvas(2, 1)
    canvas.dots([0, 2], [0, 0], np.array([4, 5], np.uint8))
    assert canvas.rows() == [[("⠁", 4), ("⠁", 5)]]


def test_text_lies_over_dots() -> None:
    canvas = Canvas(3, 1)
    canvas.text(1, 0, "a", 1)
    canvas.line([0, 5], [0, 0], 2)
    assert canvas.rows() == [[("⠉a⠉", 2)]]


@pytest.mark.parametrize(
    ("column", "row", "shown"), [(-2, 0, "c   "), (3, 0, "   a"), (1, 0, " abc"), (0, 1, "    "), (9, 0, "    ")]
)
def test_text_is_cut_at_the_edges(column: int, row: int, shown: str) -> None:
    canvas = Canvas(4, 1)
    canvas.text(column, row, "abc", 0)
    assert "".join(text for text, _ in canvas.rows()[0]) == shown


@given(st.lists(st.tuples(st.integers(-4, 8), st.text(st.sampled_from("aé手机\u0301\n\x1b"), max_size=6)), max_size=4))
def test_wide_signs_never_change_the_width_of_a_row(texts: list[tuple[int, str]]) -> None:
    canvas = Canvas(6, 1)
    for ink, (column, text) in enumerate(texts):
        canvas.text(column, 0, text, ink)
    assert sum(cell_len(text) for text, _ in canvas.rows()[0]) == 6
    assert not any(sign in text for text, _ in canvas.rows()[0] for sign in "\n\x1b")


@given(st.integers(-3, 9), st.integers(-3, 9), st.integers(-2, 9), st.integers(-2, 9))
def test_a_window_draws_on_its_canvas_and_nowhere_else(column: int, row: int, width: int, height: int) -> None:
    canvas = Canvas(WIDTH, HEIGHT)
    part = canvas.window(column, row, width, height)
    part.line([-9, 99], [0, 0], 1)
    left, top = min(max(column, 0), WIDTH), min(max(row, 0), HEIGHT)
    expected = {(x, 4 * top) for x in range(2 * left, 2 * (left + part.width))} if part.width and part.height else set()
    assert drawn(canvas) == expected


def test_free_cells_are_on_the_canvas_and_hold_no_text() -> None:
    canvas = Canvas(5, 1)
    canvas.line([0, 9], [0, 0], 0)
    canvas.text(2, 0, "x", 0)
    assert [canvas.is_free(column, 0, 2) for column in (-1, 0, 1, 2, 3, 4)] == [False, True, False, False, True, False]
    assert not canvas.is_free(0, 1, 1)
