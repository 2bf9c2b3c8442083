"""A map keeps its proportions, names groups where they lie, and knows which point is nearest to a click."""

from __future__ import annotations

import numpy as np
import pytest
from textual.events import MouseScrollUp
from textual.pilot import Pilot

from journal.chance import stream
from tests.tui.stage import SIZES, THEMES, play, seen
from tui.scatter import Lens, Scatter

CENTRES = np.array([[-8.0, 0.0], [8.0, 0.0], [0.0, 4.0]])
GROUPS = np.arange(300) % 3
POINTS = CENTRES[GROUPS] + 0.5 * stream(1, "scatter").standard_normal((300, 2))
KEYS = [f"key {number}" for number in range(300)]
LABELS = {0: "left", 1: "right", 2: "above"}


def scatter(trail: np.ndarray | None = None, focus: int | None = None) -> Scatter:
    made = Scatter()
    made.show(POINTS, GROUPS, KEYS, LABELS, trail, focus)
    return made


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
def test_it_draws_at_every_size_in_every_theme(size: tuple[int, int], theme: str) -> None:
    rows = seen(scatter(np.array([[0.0, 0.0], [np.nan, 1.0], [3.0, 1.0]]), 4), size, theme)
    text = "\n".join(rows)
    assert [len(row) for row in rows] == [size[0]] * size[1]
    assert "◉" in text
    assert "key 4" in text


def test_groups_are_named_where_they_lie() -> None:
    rows = seen(scatter())
    at = {
        name: next((row.index(name), number) for number, row in enumerate(rows) if name in row)
        for name in LABELS.values()
    }
    assert at["left"][0] < at["above"][0] < at["right"][0]
    assert at["above"][1] < at["left"][1]


@pytest.mark.parametrize("size", SIZES)
def test_a_unit_is_as_long_across_as_down(size: tuple[int, int]) -> None:
    widget, lenses = scatter(), []

    async def look(_: Pilot) -> None:
        lenses.append(widget.lens())

    play(widget, look, size)
    lens = lenses[0]
    assert lens is not None
    square = lens.dots(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    assert square[1, 0] - square[0, 0] == pytest.approx(square[0, 1] - square[2, 1])
    everything = lens.dots(POINTS)
    assert (everything >= 0).all()
    assert (everything <= (lens.width - 1, lens.height - 1)).all()


@pytest.mark.parametrize(
    "points",
    [np.zeros((0, 2)), np.full((3, 2), np.nan), np.zeros((3, 2)), np.array([[0, 0], [np.inf, 1], [1e9, -1e9]])],
    ids=["none", "nan", "one place", "far"],
)
def test_strange_points_are_drawn_or_said_to_be_none(points: np.ndarray) -> None:
    widget = Scatter(empty="no map yet")
    many = len(points)
    widget.show(points, np.zeros(many, int), KEYS[:many], {}, focus=0 if many else None)
    assert ("no map yet" in "\n".join(seen(widget))) == (not np.isfinite(points).all(axis=1).any())


def test_keys_zoom_pan_and_reset() -> None:
    widget, lenses = scatter(), list[Lens | None]()

    async def press(pilot: Pilot) -> None:
        lenses.append(widget.lens())
        for key in ("plus", "shift+left", "shift+up", "minus", "r"):
            await pilot.press(key)
            lenses.append(widget.lens())

    play(widget, press)
    whole, close, left, up, out, reset = (lens for lens in lenses if lens is not None)
    assert close.unit == whole.unit / 2
    assert left.x < close.x
    assert up.y > left.y
    assert out == reset == whole


def test_a_click_picks_the_nearest_and_the_wheel_magnifies_there() -> None:
    widget, units = scatter(), []

    async def point(pilot: Pilot) -> None:
        lens = widget.lens()
        assert lens is not None
        across, down = lens.dots(POINTS[7:8])[0]
        await pilot.click(Scatter, offset=(int(across + 0.5) // 2, int(down + 0.5) // 4))
        await pilot._post_mouse_events([MouseScrollUp], Scatter, offset=(1, 1))
        units.extend([lens.unit, (widget.lens() or lens).unit])

    app = play(widget, point, (240, 70))
    keys = [message.key for message in app.heard if isinstance(message, Scatter.Picked)]
    away = np.linalg.norm(POINTS[KEYS.index(keys[0])] - POINTS[7])
    assert away <= 5 * units[0]
    assert units[1] == units[0] / 1.25


def test_keys_choose_points_outwards_and_look_at_one() -> None:
    widget, chosen, rows = scatter(focus=7), [], []

    async def press(pilot: Pilot) -> None:
        for key in ("down", "down", "up"):
            await pilot.press(key)
            chosen.append(widget.chosen)
        rows.extend(pilot.app.rows)
        await pilot.press("enter")

    app = play(widget, press, (120, 40))
    order = np.argsort(np.linalg.norm(POINTS - POINTS[7], axis=1))
    assert chosen == [order[2], order[3], order[2]]
    assert rows[-1].startswith(f"[•] {KEYS[order[2]]}")
    assert "[" in "\n".join(rows[:-1])
    assert [message.key for message in app.heard if isinstance(message, Scatter.Picked)] == [KEYS[order[2]]]


def test_where_there_is_no_point_keys_do_no_harm() -> None:
    async def press(pilot: Pilot) -> None:
        await pilot.press("down", "up", "enter")

    assert play(Scatter(), press).heard == []
