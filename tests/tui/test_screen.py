"""A run on the screen: what each key does, on every view, and how each view looks at two sizes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot

from driftlab.asks import Ask
from driftlab.kept import Run
from driftlab.showing import previews
from journal.facts import CHUNK
from tests.tui.driving import SIZES, drive, notices, text, until
from tests.tui.made import DAY, LANES, LOOK, made
from tui.app import Driftlab
from tui.recording import Recording
from tui.screen import VIEWS, RunScreen
from tui.subjects import listed, read

GOLDEN = Path(__file__).parent / "golden"
N = 6 * CHUNK


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("run") / "made.run", N)


def run_screen(pilot: Pilot[Any]) -> RunScreen:
    screen = pilot.app.screen
    assert isinstance(screen, RunScreen)
    return screen


async def settled(pilot: Pilot[Any]) -> RunScreen:
    """Wait until the figures of the moment are counted and shown."""
    screen = run_screen(pilot)
    await until(pilot, lambda: screen.view is not None and screen.shown is not None)
    await until(pilot, lambda: bool(screen.view.figures) and screen.view.figures.seq == screen.clock.seq)
    return screen


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "{}x{}".format(*size))
@pytest.mark.parametrize("number", range(1, len(VIEWS) + 1), ids=[view.__name__ for view in VIEWS])
def test_each_view_looks_as_it_did(path: Path, number: int, size: tuple[int, int]) -> None:
    """Changed on purpose? Delete the file under golden/, run the test twice, and look at what it wrote."""
    golden = GOLDEN / f"{VIEWS[number - 1].__name__.lower()}-{size[0]}x{size[1]}.txt"

    async def act(pilot: Pilot[Any]) -> None:
        screen = await settled(pilot)
        screen.clock.step_to(4 * CHUNK, N)
        screen.show()
        await settled(pilot)
        subject = LOOK["subject"]
        screen.subject = subject["kind"], subject["id"]
        screen._look = Ask(LANES[0], 4 * CHUNK, shopper=subject["id"], map=True), LOOK
        await pilot.press(str(number))
        await settled(pilot)
        seen = text(pilot.app) + "\n"
        if not golden.exists():
            golden.parent.mkdir(exist_ok=True)
            golden.write_text(seen, encoding="utf-8")
            pytest.fail(f"{golden} was not there; it is now: look at it, and run again")
        assert seen == golden.read_text(encoding="utf-8")

    drive(Driftlab(str(path)), act, size)


def test_time_moves_as_asked(path: Path) -> None:
    async def act(pilot: Pilot[Any]) -> None:
        screen = await settled(pilot)
        clock = screen.clock
        assert (clock.seq, clock.live) == (N, True)
        await pilot.press("full_stop")
        assert not clock.live
        await pilot.press("comma")
        assert N - 3 < clock.seq < N
        await pilot.press("home")
        assert clock.seq == 1
        await pilot.press("right_square_bracket")
        assert clock.seq == 10
        await pilot.press("right_square_bracket", "left_square_bracket")
        assert clock.seq == 10
        await pilot.press("d")
        assert (
            int(screen.recording.facts.time[clock.seq - 1]) >= 2 * DAY > int(screen.recording.facts.time[clock.seq - 3])
        )
        at = clock.seq
        await pilot.press("right")
        assert clock.seq == pytest.approx(at + N / 100, abs=2)
        await pilot.press("left")
        assert clock.seq == pytest.approx(at, abs=2)
        await pilot.press("D")
        assert clock.seq == pytest.approx(at, abs=2)
        await pilot.press("less_than_sign")
        assert clock.playing
        await pilot.press("space")
        assert not clock.playing
        await pilot.press("end")
        await until(pilot, lambda: clock.seq == N and clock.live)

    drive(Driftlab(str(path)), act)


def test_the_past_is_played(path: Path) -> None:
    async def act(pilot: Pilot[Any]) -> None:
        screen = await settled(pilot)
        await pilot.press("home", "space")
        await until(pilot, lambda: 1 < screen.clock.seq < N)
        await pilot.press("space")
        at = screen.clock.seq
        await pilot.pause(0.6)
        assert screen.clock.seq == at

    drive(Driftlab(str(path)), act)


def test_a_click_on_the_timeline_goes_there(path: Path) -> None:
    async def act(pilot: Pilot[Any]) -> None:
        screen = await settled(pilot)
        assert await pilot.click("#timeline", offset=(60, 0))
        await until(pilot, lambda: not screen.clock.live)
        assert screen.clock.seq == pytest.approx(N / 2, abs=N / 50)

    drive(Driftlab(str(path)), act)


def test_the_measure_of_the_chart_changes(path: Path) -> None:
    async def act(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        assert "fading NDCG@10" in text(pilot.app)
        await pilot.press("m", "m")
        assert "HR@10 of the next event" in text(pilot.app)

    drive(Driftlab(str(path)), act)


def test_what_is_shown_can_be_saved(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def act(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        for view in ("1", "4"):
            await pilot.press(view, "w", "s")
            await pilot.pause()

    drive(Driftlab(str(path)), act)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        f"made-{view}-{N}.{end}" for view in ("compare", "live") for end in ("csv", "svg")
    ]
    lines = (tmp_path / f"made-compare-{N}.csv").read_text(encoding="utf-8").splitlines()
    table = Run(path).table()
    assert lines[0].split(",") == list(table[0])
    assert lines[1].split(",")[1] == str(table[0]["ndcg@10"])


def test_figures_of_a_moment_are_those_of_a_run_that_ends_there(path: Path, tmp_path: Path) -> None:
    from tui.figures import figures

    shorter = made(tmp_path / "shorter.run", N)  # the same facts, as far as they go
    there = figures(shorter, 3 * CHUNK)
    again = figures(path, 3 * CHUNK)
    assert [row["ndcg@10"] for row in there.rows] == [row["ndcg@10"] for row in again.rows]
    assert there.rows != figures(path, N).rows
    assert figures(path, N).rows[0]["ndcg@10"] == Run(path).table()[0]["ndcg@10"]


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("shopper 3", ("shopper", 3)),
        ("p4", ("product", 4)),
        ("Brand 2", ("product", None)),
        ("c1", ("product", None)),
        ("product 40", None),
        ("brand 3", None),
        ("sofa", None),
    ],
)
def test_what_is_searched_is_found(path: Path, answer: str, found: tuple[str, int | None] | None) -> None:
    with_names = Recording(path)
    assert with_names.refresh()
    frame = with_names.frame(N)
    with_names.close()
    subject = read(answer, frame)
    if found is None or found[1] is not None:
        assert subject == found
        return
    kind, number = ("brand", 2) if "rand" in answer else ("category", 1)
    own = np.flatnonzero(getattr(frame.names, kind) == number)
    met = [int((frame.facts.product == product).sum()) for product in own]
    assert subject == ("product", int(own[np.argmax(met)]))
    assert (f"{kind} {number}", f"{sum(met):,} interactions") in listed(frame)


def test_what_keys_do_is_in_the_palette(path: Path) -> None:
    async def act(pilot: Pilot[Any]) -> None:
        screen = await settled(pilot)
        titles = [command.title for command in pilot.app.get_system_commands(screen)]
        assert {f"{view.title} ({number})" for number, view in enumerate(VIEWS, 1)} <= set(titles)
        assert len(titles) == len(set(titles)) > 30
        compare = next(command for command in pilot.app.get_system_commands(screen) if command.title == "Compare (4)")
        await compare.callback()
        await until(pilot, lambda: screen.view is not None and screen.view.id == "compare")

    drive(Driftlab(str(path)), act)


def test_help_and_theme_and_quit(path: Path) -> None:
    async def act(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        await pilot.press("question_mark")
        await until(pilot, lambda: "Move the moment" in text(pilot.app) or "Next scored" in text(pilot.app))
        await pilot.press("question_mark")
        pilot.app.theme = "textual-light"
        await pilot.pause(0.3)
        assert "sage every_event" in text(pilot.app)
        await pilot.press("q")
        await pilot.pause()
        assert not pilot.app.is_running

    drive(Driftlab(str(path)), act)


def test_a_run_of_nobody_says_how_to_go_on(tmp_path: Path) -> None:
    unfinished = made(tmp_path / "half.run", 2 * CHUNK, finish=False)

    async def act(pilot: Pilot[Any]) -> None:
        screen = run_screen(pilot)
        await until(pilot, lambda: screen.shown is not None)
        assert "R resumes it" in text(pilot.app)
        await pilot.press("h")
        await until(pilot, lambda: "No engine of this terminal is running" in notices(pilot.app))

    drive(Driftlab(str(unfinished)), act)


def test_a_file_that_is_no_run_is_told(tmp_path: Path) -> None:
    (tmp_path / "no.run").write_text("hello")

    async def act(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "is no run file" in text(pilot.app))

    drive(Driftlab(str(tmp_path / "no.run")), act)


def test_the_picker_previews_scenarios_and_runs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)

    async def act(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "closed_loop" in text(pilot.app))
        assert "drift" in text(pilot.app)
        await pilot.press(*["down"] * len(previews()))
        await pilot.pause()
        assert "A run made by hand" in text(pilot.app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        await settled(pilot)
        await pilot.press("q")
        await until(pilot, lambda: "pick a scenario" in text(pilot.app))

    drive(Driftlab(), act)
