"""A chart shows values, drifts and the cursor at any size; zooming keeps the cursor in view, and clicks name moments."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.events import MouseScrollUp
from textual.pilot import Pilot

from tests.tui.stage import SIZES, THEMES, play, seen
from tui.axes import Span, ticks
from tui.chart import Chart, Mark, Series

X = np.linspace(0.0, 10_000.0, 2_000)
LINES = [
    Series("every_event", X, 0.3 + 0 * X, 0, "●"),
    Series("batch_1000", X, np.where(X < 5_000, 0.2, 0.4), 1, "▲", dashed=True),
    Series("never", X, np.where(X < 100, np.nan, 0.1), 2, "◆"),
]
MARKS = [Mark(5_000.0, 5_000.0, "sudden"), Mark(7_000.0, 8_000.0, "gradual", dashed=True)]


def chart(cursor: float | None = None) -> Chart:
    made = Chart()
    made.show(LINES, MARKS, cursor, title="Recall", x_label="event", y_label="mean")
    return made


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
def test_it_draws_at_every_size_in_every_theme(size: tuple[int, int], theme: str) -> None:
    rows = seen(chart(2_500.0), size, theme)
    text = "\n".join(rows)
    assert [len(row) for row in rows] == [size[0]] * size[1]
    assert "2,500" in text
    assert all(line.glyph in text for line in LINES)


def test_words_are_where_one_looks_for_them() -> None:
    rows = seen(chart(2_500.0))
    assert rows[0].startswith("Recall  mean")
    assert "sudden" in rows[1]
    assert "gradual" in rows[1]
    assert rows[-1].rstrip().endswith("event") or "event" in rows[-1]
    assert rows[-2].lstrip().startswith("└")


@pytest.mark.parametrize(
    ("cursor", "order"),
    [
        (2_500.0, ["every_event", "batch_1000", "never"]),
        (None, ["batch_1000", "every_event", "never"]),
        (50.0, ["every_event", "batch_1000", "never"]),
    ],
)
def test_the_legend_is_sorted_by_the_values_at_the_cursor(cursor: float | None, order: list[str]) -> None:
    rows = [row for row in seen(chart(cursor)) if any(name in row for name in order)]
    assert [next(name for name in order if name in row) for row in rows] == order
    assert rows[-1].rstrip().endswith("–" if cursor == 50.0 else "0.1")


def test_lines_are_told_apart_without_colour() -> None:
    rows = seen(chart())
    plots = [row[:50] for row in rows[2:-2]]
    assert all(sum(line.glyph in row for row in plots) >= 1 for line in LINES)


@pytest.mark.parametrize(
    "series",
    [[], [Series("a", np.zeros(0), np.zeros(0), 0, "●")], [Series("a", X, np.full(len(X), np.nan), 0, "●")]],
    ids=["no line", "no point", "no number"],
)
@pytest.mark.parametrize("size", SIZES)
def test_without_a_number_it_says_so(series: list[Series], size: tuple[int, int]) -> None:
    widget = Chart(empty="no scored event yet")
    widget.show(series, MARKS, 3.0, title="Recall")
    text = "\n".join(seen(widget, size))
    assert "no scored event yet" in text
    assert "Recall" in text


@pytest.mark.parametrize("x", [[5.0], [5.0, 5.0], [0.0, 1e-9], [-1e12, 1e12]])
@pytest.mark.parametrize("y", [0.0, -3.0, 1e-12, 1e12])
def test_strange_numbers_are_drawn(x: list[float], y: float) -> None:
    widget = Chart()
    widget.show([Series("a", np.array(x), np.full(len(x), y), 9, "●")], [Mark(9.0, 99.0, "x")], x[0])
    assert "●" in "\n".join(seen(widget))


@pytest.mark.parametrize("cursor", [0.0, 3_000.0, 10_000.0])
def test_keys_zoom_about_the_cursor_pan_and_reset(cursor: float) -> None:
    widget = chart(cursor)
    views: list[Span | None] = []

    async def press(pilot: Pilot) -> None:
        for key in ("plus", "plus", "minus", "shift+right", "shift+left", "shift+left", "r"):
            await pilot.press(key)
            views.append(widget.view)

    play(widget, press)
    lengths = [round(view.length) for view in views if view]
    assert lengths == [5_000, 2_500, 5_000, 5_000, 5_000, 5_000, 10_000]
    assert all(view is not None and view.holds(cursor) for view in views[:3])


def test_arrows_alone_are_left_to_the_app() -> None:
    keys = {key for binding in Chart.BINDINGS for key in binding.key.split(",")}
    assert not keys & {"left", "right", "space"}
    assert all(binding.id and binding.tooltip for binding in Chart.BINDINGS)


@given(
    st.floats(0, 10_000), st.lists(st.tuples(st.sampled_from([0.5, 0.8, 1.25, 2.0]), st.floats(0, 10_000)), max_size=40)
)
def test_zooming_never_loses_the_cursor(cursor: float, zooms: list[tuple[float, float]]) -> None:
    widget = chart(cursor)
    for factor, about in zooms:
        widget.zoom(factor, about)
        view = widget.view
        assert view is not None
        assert view.low - 1e-6 <= cursor <= view.high + 1e-6
        assert view.low >= -1e-6
        assert view.high <= 10_000 + 1e-6


def test_a_view_goes_along_with_the_cursor_it_holds() -> None:
    widget = chart(1_000.0)
    widget.zoom(0.1, 1_000.0)
    widget.show(LINES, MARKS, 9_000.0)
    assert widget.view is not None
    assert widget.view.holds(9_000.0)


def test_the_wheel_zooms_at_the_pointer_and_a_click_names_the_moment() -> None:
    widget = chart()
    views: list[Span | None] = []

    async def point(pilot: Pilot) -> None:
        await pilot.click(Chart, offset=(4, 10))
        await pilot.click(Chart, offset=(79, 10))  # the legend is no moment
        await pilot._post_mouse_events([MouseScrollUp], Chart, offset=(4, 10))
        views.append(widget.view)

    app = play(widget, point)
    picked = [message.x for message in app.heard if isinstance(message, Chart.Picked)]
    assert len(picked) == 1
    assert 0 <= picked[0] < 200  # a cell wide
    assert views[0] is not None
    assert views[0].length == pytest.approx(8_000)
    assert views[0].low < 100


def test_it_is_drawn_anew_for_another_size_and_theme() -> None:
    widget = chart(2_500.0)
    styles = []

    async def change(pilot: Pilot) -> None:
        styles.append(widget.render_line(0)._segments[0].style)
        pilot.app.theme = THEMES[1]
        await pilot.resize_terminal(50, 12)
        await pilot.pause()
        styles.append(widget.render_line(0)._segments[0].style)
        assert widget.render_line(0).cell_length == 50

    play(widget, change)
    assert styles[0] != styles[1]


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 12))
def test_ticks_are_round_and_in_the_span(low: float, length: float, most: int) -> None:
    span = Span(low, low + length)
    found = ticks(span, most)
    assert len(found) <= most + 1
    slack = 1e-6 * (abs(low) + length)
    assert all(span.low - slack <= tick <= span.high + slack for tick in found)


@pytest.mark.parametrize("cursor", [None, 2.5])
def test_a_series_of_one_point_is_its_glyph(cursor: float | None) -> None:
    made = Chart()
    one = Series("one", np.array([2.0]), np.array([0.5]), 0, "◇")
    made.show([one, Series("other", np.array([1.0, 3.0]), np.array([0.1, 0.9]), 1, "■")], cursor=cursor)
    assert "\n".join(seen(made, (80, 24), THEMES[0])).count("◇") >= 2  # in the plot, and in the legend
