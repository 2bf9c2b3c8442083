"""Paired bars are as long as their numbers, the greatest true one first, and what finds no room is counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.stage import SIZES, THEMES, seen
from tui.bars import PairedBars, bar

NAMES = ["shoes", "lamps", "books"]
TRUE, LEARNED = np.array([0.2, 0.9, 0.4]), np.array([0.45, 0.9, np.nan])


def bars(true: np.ndarray | None, learned: np.ndarray | None, labels: list[str] = NAMES) -> PairedBars:
    made = PairedBars()
    made.show(labels, true, learned, "Interests")
    return made


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
def test_it_draws_at_every_size_in_every_theme(size: tuple[int, int], theme: str) -> None:
    rows = seen(bars(TRUE, LEARNED), size, theme)
    assert [len(row) for row in rows] == [size[0]] * size[1]
    assert "lamps" in "\n".join(rows)


def test_pairs_stand_one_above_the_other_the_greatest_first() -> None:
    rows = seen(bars(TRUE, LEARNED))
    assert [row.split()[0] for row in rows[2:8:2]] == ["lamps", "books", "shoes"]
    assert rows[0].startswith("Interests")
    assert "▀ true" in rows[1]
    assert "▄ learned" in rows[1]
    assert rows[2].count("█") == rows[3].count("█") == 2 * rows[7].count("█") + rows[7].count("▌")
    assert [row.split()[-1] for row in rows[2:8]] == ["0.9", "0.9", "0.4", "–", "0.2", "0.45"]


def test_many_stand_side_by_side_and_the_rest_is_counted() -> None:
    many = 40
    rows = seen(bars(np.arange(many, dtype=float), np.ones(many), [f"label {n}" for n in range(many)]))
    assert rows[2].startswith("label 39")
    assert [word in rows[1] for word in ("█ true", "█ learned")] == [True, True]
    assert "and 19 more" in rows[-1]


@pytest.mark.parametrize(("true", "learned", "name"), [(TRUE, None, "true"), (None, LEARNED, "learned")])
def test_one_side_alone_is_enough(true: np.ndarray | None, learned: np.ndarray | None, name: str) -> None:
    rows = seen(bars(true, learned))
    assert rows[2].split()[0] == "lamps"
    assert rows[1].strip() == f"█ {name}"


@pytest.mark.parametrize(
    "numbers", [np.zeros(3), np.array([-1.0, 2.0, np.inf]), np.full(3, np.nan)], ids=["zero", "below", "nan"]
)
@pytest.mark.parametrize("size", SIZES)
def test_strange_numbers_are_drawn(numbers: np.ndarray, size: tuple[int, int]) -> None:
    assert "\n".join(seen(bars(numbers, numbers), size)).strip()


def test_a_number_below_zero_has_a_bar_of_its_size_in_grey() -> None:
    rows = seen(bars(np.array([-1.0, 0.5, 1.0]), None))
    assert rows[4].count("▒") == rows[2].count("█")


@pytest.mark.parametrize("given_", [([], np.zeros(0), np.zeros(0)), (NAMES, None, None)])
def test_nothing_to_compare_is_said(given_: tuple[list[str], np.ndarray | None, np.ndarray | None]) -> None:
    labels, true, learned = given_
    assert "nothing to compare yet" in "\n".join(seen(bars(true, learned, labels)))


@given(st.floats(0, 1), st.integers(0, 60))
def test_a_bar_is_right_to_an_eighth(share: float, width: int) -> None:
    drawn = bar(share, width)
    eighths = sum("▏▎▍▌▋▊▉█".index(sign) + 1 for sign in drawn)
    assert abs(eighths - share * width * 8) <= 0.5 + 1e-9
    assert len(drawn) <= width
