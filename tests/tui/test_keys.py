"""Every key on every view does what its law here says; a key without a law fails, so that none is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from textual.pilot import Pilot

from driftlab.asks import Ask
from journal.facts import CHUNK
from tests.tui.driving import drive, text, until
from tests.tui.made import LOOK, made
from tui.app import Driftlab
from tui.asking import Heard
from tui.chart import Chart
from tui.neighbourhood import Neighbourhood
from tui.scatter import Scatter
from tui.screen import VIEWS, RunScreen
from tui.views.live import Live

N = 3 * CHUNK
AT = 2 * CHUNK + 7
"""The moment at which each key is pressed: after the drift, within a session."""

LEAVING = {"leave", "quit"}
"""Actions that end the program; they have a test of their own."""


class State(NamedTuple):
    """What a key may change."""

    seq: int
    live: bool
    playing: bool
    speed: int
    view: str
    measure: str
    screens: int
    helped: bool
    subject: object
    lane: int
    told: int
    files: int
    copied: str
    focused: str
    chart: object
    map: object
    chosen: tuple[str, object]


class Known:
    """An inspector that knows one look: a run made by hand cannot be folded."""

    def __init__(self, screen: RunScreen) -> None:
        self._screen = screen

    def ask(self, ask: Ask) -> None:
        kind, id_ = ("shopper", ask.shopper) if ask.shopper is not None else ("product", ask.product)
        look = {**LOOK, "lane": ask.lane, "seq": ask.seq, "subject": {"kind": kind, "id": id_}}
        self._screen.call_later(self._screen._heard, Heard(ask, look=look))

    def close(self) -> None:
        pass


def state(pilot: Pilot[Any]) -> State:
    app = pilot.app
    screen = next(screen for screen in app.screen_stack if isinstance(screen, RunScreen))
    view, clock, focused = screen.view, screen.clock, app.focused
    neighbourhood, scatter = screen.query_one(Neighbourhood), screen.query_one(Scatter)
    chart = focused if isinstance(focused, Chart) else next(iter(view.query(Chart)), None) if view is not None else None
    return State(
        seq=clock.seq,
        live=clock.live,
        playing=clock.playing,
        speed=clock.speed,
        view=str(view.id) if view is not None else "",
        measure=screen.query_one(Live).measure,
        screens=len(app.screen_stack),
        helped=bool(screen.query("HelpPanel")),
        subject=screen.subject,
        lane=screen.lane,
        told=len(app._notifications),
        files=len(list(Path.cwd().iterdir())),
        copied=app.clipboard,
        focused=str(focused.id) if focused is not None else "",
        chart=chart.view if chart is not None else None,
        map=(scatter._times, scatter._centre),
        chosen=(neighbourhood.chosen, scatter.chosen),
    )


Law = Callable[[State, State], bool]


def moved(step: int) -> Law:
    return lambda before, after: (after.seq - before.seq) * step > 0 and not after.live and not after.playing


def same_view(before: State, after: State) -> bool:
    return after.view == before.view and after.screens == before.screens


def asked(before: State, after: State) -> bool:
    return after.screens == before.screens + 1


LAWS: dict[str, Law] = {
    "pause": lambda before, after: after.playing is not before.playing,
    "event(1)": moved(1),
    "event(-1)": moved(-1),
    "session(1)": moved(1),
    "session(-1)": moved(-1),
    "scrub(1)": moved(1),
    "scrub(-1)": moved(-1),
    "scrub(-100)": lambda before, after: after.seq == 1,
    "follow": lambda before, after: after.live and after.playing,
    "drift(1)": lambda before, after: after.seq == before.seq,  # there is none after this moment
    "drift(-1)": moved(-1),
    "speed(1)": lambda before, after: after.speed == before.speed + 1 and after.playing,
    "speed(-1)": lambda before, after: after.speed == before.speed - 1 and after.playing,
    **{
        f"view('{view.__name__.lower()}')": lambda _, after, view=view: after.view == view.__name__.lower()
        for view in VIEWS
    },
    "fork": asked,
    "inject": asked,
    "search": asked,
    "active": lambda before, after: isinstance(after.subject, tuple) and after.view in ("graph", "shopper"),
    "lane": lambda before, after: after.lane != before.lane,
    "copy": lambda before, after: str(AT) in after.copied,
    "hold": lambda before, after: after.told == before.told + 1,
    "resume": lambda before, after: after.told == before.told + 1,
    "save": lambda before, after: after.told == before.told + 1,
    "shot": lambda before, after: after.files == before.files + 1,
    "help": lambda before, after: after.helped is not before.helped,
    "command_palette": asked,
    "measure": lambda before, after: after.measure != before.measure,
    "app.focus_next": lambda before, after: after.focused != "",
    "app.focus_previous": lambda before, after: after.focused != "",
    "screen.copy_text": lambda before, after: True,
    "help_quit": lambda before, after: after.told == before.told + 1,
    # Of drawings.
    "zoom(0.5)": lambda before, after: before.chart is None or before.chart != after.chart or "map" in after.focused,
    "zoom(2)": lambda before, after: "map" not in after.focused or before.map != after.map,
    "reach": lambda before, after: True,
    "choose": lambda before, after: before.chosen != after.chosen,
    "pick": lambda before, after: after.subject != before.subject,
}
"""What is true after a key, by its action, with or without what the action is given. Of all others: the view stays."""


def law_of(action: str) -> Law | None:
    plain = action.replace(" ", "")
    return LAWS.get(plain) or LAWS.get(plain.partition("(")[0]) or (same_view if is_of_textual(action) else None)


def is_of_textual(action: str) -> bool:
    """Whether a key only moves within a widget, as Textual's own lists and scrolls do, or what a drawing shows."""
    name = action.partition("(")[0].removeprefix("screen.")
    return name.startswith(("scroll_", "page_", "cursor_", "first", "last", "select", "reset", "pan", "minimize"))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("keys") / "made.run", N)


def focusable(screen: RunScreen) -> Iterator[Any]:
    assert screen.view is not None
    return (widget for widget in screen.focus_chain if screen.view in widget.ancestors)


async def anew(pilot: Pilot[Any], screen: RunScreen, view: str, focus: str | None) -> None:
    """Bring the screen to where every key is pressed: a view, a moment at rest, a widget with the keys."""
    while len(pilot.app.screen_stack) > 2:
        await pilot.app.pop_screen()
    if screen.query("HelpPanel"):
        pilot.app.action_hide_help_panel()
    while screen.query("HelpPanel"):
        await asyncio.sleep(0.01)
    clock, wanted = screen.clock, (view, ("shopper", 3), 0, AT, False)
    if (screen.view and screen.view.id, screen.subject, screen.lane, clock.seq, clock.playing) != wanted:
        screen.subject, screen.lane = wanted[1:3]
        clock.step_to(AT, N)
        screen.action_view(view)
    screen.set_focus(screen.query_one(f"#{focus}") if focus else None)
    pilot.app.clear_notifications()
    await asyncio.sleep(0.01)


async def strike(pilot: Pilot[Any], key: str, holds: Callable[[], bool]) -> bool:
    """Strike a key and tell whether something holds soon after; the pilot's own way waits for an idle processor."""
    pilot.app.simulate_key(key)
    for _ in range(100):
        await asyncio.sleep(0.02)
        if holds():
            return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("name", [view.__name__.lower() for view in VIEWS])
def test_every_key_does_what_its_law_says(
    path: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tried: set[str] = set()

    async def act(pilot: Pilot[Any]) -> None:
        screen = pilot.app.screen
        assert isinstance(screen, RunScreen)
        screen.inspector = Known(screen)  # type: ignore[assignment]
        await until(pilot, lambda: screen.view is not None and screen.shown is not None)
        await until(pilot, lambda: screen.counting.want(screen.clock.seq, at_rest=True) is not None)
        await anew(pilot, screen, name, None)
        for focus in [str(widget.id) for widget in focusable(screen)] or [None]:
            await anew(pilot, screen, name, focus)
            for key, active in screen.active_bindings.items():
                action = active.binding.action
                if action in LEAVING or (active.node in (screen, pilot.app) and key in tried):
                    continue
                tried.add(key)
                law = law_of(action)
                assert law is not None, f"no law says what {key} ({action}) does"
                await anew(pilot, screen, name, focus)
                before = state(pilot)
                held = await strike(
                    pilot,
                    key,
                    lambda law=law, before=before: law(before, state(pilot)) and bool(text(pilot.app).strip()),
                )
                assert held, f"{key} ({action}) on {name}, {focus} focused: {before} to {state(pilot)}"
        await pilot.pause()  # a key may still be on its way

    drive(Driftlab(str(path)), act)
    assert {"space", "full_stop", "f", "slash", "1", "5", "question_mark"} <= tried


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
def test_it_is_left_by_key(path: Path, key: str) -> None:
    async def act(pilot: Pilot[Any]) -> None:
        await pilot.press(key)
        await pilot.pause()
        assert not pilot.app.is_running

    drive(Driftlab(str(path)), act)
