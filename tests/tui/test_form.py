"""What is thrown in is asked for by a form: it says what will be done, and does it; what cannot be is said in the form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Checkbox, Input, OptionList

from driftlab.inbox import Fate, waiting, written
from driftlab.throwable import Form, forms
from journal.facts import CHUNK, Kind, facts
from tests.tui.driving import drive, notices, text, until
from tests.tui.made import DAY, begun, commit, happened, made, pick
from tui.app import Driftlab
from tui.form import Injecting
from tui.screen import RunScreen


def form_of(family: str, name: str) -> Form:
    return next(form for form in forms() if (form.family, form.name) == (family, name))


async def opened(pilot: Pilot[Any], form: Form) -> Injecting:
    """Open the form and mark a part in it."""
    screen = pilot.app.screen
    assert isinstance(screen, RunScreen)
    await until(pilot, lambda: screen.shown is not None and screen.shown.seq > 0)
    await pilot.press("i")
    await until(pilot, lambda: isinstance(pilot.app.screen, Injecting))
    asked = pilot.app.screen
    assert isinstance(asked, Injecting)
    choices = asked.query_one(OptionList)
    choices.highlighted = choices.get_option_index(str(forms().index(form)))
    await until(pilot, lambda: len(asked.query(Input)) == len(form.fields) + 1)
    await pilot.press("enter")
    await until(pilot, lambda: pilot.app.focused is asked.query(Input).first())
    return asked


@pytest.mark.parametrize(
    ("size", "family", "name", "typed", "part"),
    [
        ((80, 24), "drift", "walk", {"share": "0.5"}, "walk(share=0.5)"),
        ((120, 40), "shock", "viral", {"magnitude": "7"}, "viral(magnitude=7)"),
        ((80, 24), "fault", "outage", {}, "outage"),
        (
            (120, 40),
            "campaign",
            "coupon",
            {"audience": "inactive(for_days=2.0)"},
            'coupon(audience="inactive(for_days=2.0)")',
        ),
        ((80, 24), "shock", "of your own", {"part": "mine.py:rumour"}, "mine.py:rumour"),
    ],
)
def test_into_a_run_under_way_goes_a_part_of_any_family(
    tmp_path: Path, size: tuple[int, int], family: str, name: str, typed: dict[str, str], part: str
) -> None:
    path, form = made(tmp_path / "live.run", 2 * CHUNK, finish=False), form_of(family, name)

    async def act(pilot: Pilot[Any]) -> None:
        asked = await opened(pilot, form)
        seen = text(pilot.app)
        assert "throw it into this run" in seen
        shown = [
            word
            for field in form.fields[:2]
            for word in (field.name, str(field.default)[:10], field.allowed.split()[0])
        ]
        assert [word for word in shown if word not in seen] == []
        for line in asked.query(Input):
            line.value = typed.get(str(line.name), line.value)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        assert waiting(path) == {1: {"family": family, "part": part, "at": None}}
        assert f"{family} {part} is thrown in" in notices(pilot.app)

    drive(Driftlab(str(path)), act, size)


def test_what_is_not_allowed_is_said_in_the_form_and_a_moment_of_the_past_is_forked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = made(tmp_path / "live.run", 2 * CHUNK, finish=False)

    async def act(pilot: Pilot[Any]) -> None:
        await pilot.press("space", "left")
        asked = await opened(pilot, form_of("fault", "lost"))
        assert "fork. A run of its own, the same until day" in text(pilot.app)
        assert not asked.query_one(Checkbox).value
        asked.query(Input).first().value = "1.5"
        await pilot.press("enter")
        assert "share = 1.5 is not allowed: 0 to 1." in text(pilot.app)
        asked.query(Input).first().value = "0.5"
        await pilot.press("enter")
        await until(pilot, lambda: "scenario" in text(pilot.app) and "q: back" in text(pilot.app), 60.0)
        assert not waiting(path)

    drive(Driftlab(str(path)), act)


def test_a_finished_run_can_only_be_forked(tmp_path: Path) -> None:
    path = made(tmp_path / "done.run", CHUNK)

    async def act(pilot: Pilot[Any]) -> None:
        asked = await opened(pilot, form_of("shock", "viral"))
        assert "fork. A run of its own" in text(pilot.app)
        assert not asked.query(Checkbox)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, RunScreen)

    drive(Driftlab(str(path)), act)


def test_what_became_of_it_is_told_and_stands_in_the_tail_and_on_the_time_axis(tmp_path: Path) -> None:
    whole, levels, path = happened(6 * CHUNK), dict[str, float](), tmp_path / "live.run"
    row = CHUNK + 1500  # in the second chunk written below
    kind = whole.kind.copy()
    kind[row] = Kind.COMMAND
    told = {row + 1: '{"at_day": 1.5, "fault": "outage(hours=3.0)"}'}
    columns = {name: getattr(whole, name) for name in ("seq", "time", "shopper", "product", "session")}
    columns["shopper"][row] = columns["product"][row] = -1
    thrown = facts(told, **columns, kind=kind)
    with begun(path) as run:
        commit(run, pick(thrown, slice(0, CHUNK)), levels)

        async def act(pilot: Pilot[Any]) -> None:
            await opened(pilot, form_of("fault", "outage"))
            await pilot.press("enter")
            await until(pilot, lambda: bool(waiting(path)))
            commit(run, pick(thrown, slice(CHUNK, 2 * CHUNK)), levels)
            run.set_header("by hand", written({1: Fate("coming", "fault outage, day 1.5")})["by hand"])
            await until(pilot, lambda: "fault outage, day 1.5: it is coming" in notices(pilot.app))
            commit(run, pick(thrown, slice(2 * CHUNK, 3 * CHUNK)), levels)
            run.set_header("by hand", written({1: Fate("done", "fault outage, day 1.5")})["by hand"])
            await until(pilot, lambda: "fault outage, day 1.5: it has set in" in notices(pilot.app))
            screen = pilot.app.screen
            assert isinstance(screen, RunScreen)
            assert not screen.awaited
            pilot.app.clear_notifications()
            await pilot.press("D")
            await until(pilot, lambda: screen.clock.seq == row + 1)
            seen = text(pilot.app)
            assert "◆ command" in seen
            assert "outage(hours=3.0), a fault" in seen
            assert "◆outage" in seen.splitlines()[-2]
            assert screen.shown is not None
            assert screen.shown.thrown[0].time == int(whole.time[row]) < 2 * DAY

        drive(Driftlab(str(path)), act, (140, 40))
