"""What is thrown into a run under way is a fact: with it the run is the same, however often it is stopped or done again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import driftlab
from driftlab import build, hand, inbox, sinks
from driftlab.lanes import Chunk
from driftlab.looking import Standing
from journal.errors import Refusal
from journal.facts import SCORED, Kind
from journal.runfile import RunFile
from simulator.rhythm import DAY
from tests.driftlab.test_runs import digests

BUSY = {"days": 3, "drift.0.at_day": 1.5, "sessions.per_day": 6}
"""Some eleven chunks in a second, if no network has to learn them."""

WAYS: dict[str, dict[str, Any]] = {
    "open": {},
    "closed": {"loop.mode": "closed", "loop.server": "popular"},
    "pipeline": {"delivery.delay": 900.0, "delivery.law": "exponential"},
}

THROWN = {
    "open": ("shock", "viral(magnitude=8.0)"),
    "closed": ("campaign", 'coupon(discount=0.5, days=0.5, category=1, audience="scored(share=0.3)")'),
    "pipeline": ("fault", "outage(hours=3.0)"),
}


@pytest.fixture(autouse=True)
def without_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the network, whose compilation would cost more than all else."""
    recipes = build.recipes
    monkeypatch.setattr(build, "recipes", lambda *asked: recipes(*asked)[1:])


def made(path: Path, way: str, **more: Any) -> driftlab.Run:
    return driftlab.run(
        "small", ["every_event"], encoders=["sage"], baselines=["popular"], settings=BUSY | WAYS[way] | more, out=path
    )


def commands(run: driftlab.Run) -> list[hand.CommandSpec]:
    return hand.commands_told(run.facts())


class Meanwhile:
    """Does something to a run when so many of its chunks have been written."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, deeds: dict[int, Callable[[Path], object]]) -> None:
        take = sinks.Committing.take

        def taken(sink: sinks.Committing, chunk: Chunk, *given: Any) -> None:
            is_new = chunk.number > sink._there.chunks
            take(sink, chunk, *given)
            if is_new and chunk.number in deeds:
                deeds.pop(chunk.number)(sink._run.path)

        monkeypatch.setattr(sinks.Committing, "take", taken)


def stop(path: Path) -> None:
    raise KeyboardInterrupt


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(way=st.sampled_from(sorted(WAYS)), thrown=st.integers(1, 3), stopped=st.integers(1, 7))
def test_thrown_in_anywhere_stopped_anywhere_it_is_the_run_in_which_it_was_scheduled(
    way: str, thrown: int, stopped: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, (family, part) = tmp_path_factory.mktemp("thrown"), THROWN[way]
    deeds = {thrown: lambda path: inbox.put(path, family, part)}
    deeds[stopped] = stop if stopped != thrown else lambda path: (inbox.put(path, family, part), stop(path))
    with pytest.MonkeyPatch.context() as patch:
        Meanwhile(patch, deeds)
        with pytest.raises(KeyboardInterrupt):
            made(folder / "live.run", way)
        live = driftlab.resume(folder / "live.run")
    (command,) = commands(live)
    assert (command.family, str(command.part)) == (family, part)
    scheduled = made(folder / "scheduled.run", way, command=[command.plain()])
    assert digests(live) == digests(scheduled)
    assert driftlab.verify(live.path) == live.cursor
    assert not inbox.inbox(live.path).exists()
    assert [fate.state for fate in inbox.fates(live.header).values()] == ["done"]


def test_several_are_numbered_by_their_day_and_the_truth_names_each(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def throw(path: Path) -> None:
        inbox.put(path, "drift", "abrupt(share=0.5)", 2.5)
        inbox.put(path, "drift", "walk(magnitude=1.0)")
        inbox.put(path, "shock", "flash_sale")

    Meanwhile(monkeypatch, {2: throw})
    live = made(tmp_path / "live.run", "open")
    assert [str(command.part) for command in commands(live)] == [
        "walk(magnitude=1.0)",
        "flash_sale",
        "abrupt(share=0.5)",
    ]
    facts, said = live.facts(), [moment["about"].partition("(")[0] for moment in live.summary()["drifts"]]
    assert sorted(said) == ["abrupt", "abrupt", "flash_sale", "walk"]
    told = facts.time[facts.kind == Kind.COMMAND]
    assert (told >= facts.time[2 * 1024 - 1]).all()  # nothing is thrown into what is over
    assert [json.loads(live.header[name])[-1] for name in ("drifts", "shocks")] == [
        "abrupt(share=0.5, at_day=2.5)",
        f"flash_sale(at_day={commands(live)[0].at_day})",
    ]
    driftlab.verify(live.path)


def test_a_run_that_stands_still_takes_it_up_when_it_is_resumed_and_a_fork_keeps_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "live.run"
    Meanwhile(monkeypatch, {3: stop})
    with pytest.raises(KeyboardInterrupt):
        made(path, "pipeline")
    fate = driftlab.inject(path, fault="lost(share=0.9)")
    assert fate.state == "waiting"
    live = driftlab.resume(path)
    (command,) = commands(live)
    facts = live.facts()
    with RunFile.open(path) as file:
        come = file.deliveries()["seq"]
        standing = Standing(file, "popular")
        standing.go(file.cursor.seq, lambda doing, done: None)
        assert standing._commands == 1
    told = facts.time >= command.at_day * DAY
    scored = np.isin(facts.kind, SCORED) & (facts.time < 2.9 * DAY)  # of those the delay is over
    come_share = [np.isin(facts.seq[scored & which], come).mean() for which in (~told, told)]
    assert come_share[0] == 1.0
    assert come_share[1] < 0.2
    fork = driftlab.fork(path, 2.75, drift="abrupt", out=tmp_path / "fork.run")
    assert [told.family for told in commands(fork)] == ["fault", "drift"]
    n = int((facts.time < 2.75 * DAY).sum())
    assert (fork.facts().time[:n] == facts.time[:n]).all()
    before = driftlab.fork(path, command.at_day - 0.1, drift="abrupt", out=tmp_path / "before.run")
    assert [told.family for told in commands(before)] == ["drift"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"fault": "lost"}, "has no pipeline"),
        ({"shock": "influx"}, "holds back"),
        ({"shock": "viril"}, "Did you mean 'viral'"),
        ({"shock": "viral(at_day=2.0)"}, "leave 'at_day' out"),
        ({"drift": "cascade"}, "nobody follows anybody"),
        ({"campaign": "coupon(dscount=0.5)"}, "Did you mean 'discount'"),
        ({"campaign": "coupon(discount=7)"}, "outside"),
        ({"campaign": 'coupon(audience="scored", category=1)'}, "closed loop only"),
        ({"campaign": "everybody"}, "No campaign is named"),
        ({"drift": "walk", "at": 9.0}, "not before the run ends"),
        ({}, "Give one of"),
    ],
)
def test_what_cannot_be_thrown_in_is_refused_before_it_waits(stopped: Path, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(Refusal, match=said):
        driftlab.inject(stopped, **asked)
    assert not inbox.inbox(stopped).exists()


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was stopped after its first chunk."""
    path = tmp_path_factory.mktemp("stopped") / "stopped.run"
    with pytest.MonkeyPatch.context() as patch:
        recipes = build.recipes
        patch.setattr(build, "recipes", lambda *asked: recipes(*asked)[1:])
        Meanwhile(patch, {1: stop})
        with pytest.raises(KeyboardInterrupt):
            made(path, "open")
    return path


def test_what_only_the_world_can_tell_is_refused_in_the_header_and_the_run_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def throw(path: Path) -> None:
        inbox.put(path, "shock", "click_farm")
        inbox.put(path, "shock", "stock_out(share=1.0)")
        inbox.put(path, "drift", "walk", 0.25)
        inbox.put(path, "flood", "walk")

    Meanwhile(monkeypatch, {2: throw})
    live = made(tmp_path / "live.run", "open")
    fates = inbox.fates(live.header)
    wanted = ("sham shoppers", "nothing on sale", "is not ahead", "cannot be thrown in")
    for fate, said in zip(fates.values(), wanted, strict=True):
        assert fate.state == "refused"
        assert said in fate.said
    assert digests(live) == digests(made(tmp_path / "plain.run", "open"))
    with pytest.raises(Refusal, match="is finished"):
        driftlab.inject(live.path, drift="walk")


def test_a_log_takes_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    rows = [f"u{n % 7},i{n % 11},view,{1_511_539_200 + 600 * n}" for n in range(30)]
    log.write_text("\n".join(["user_id,item_id,event_type,timestamp", *rows]) + "\n")
    run = driftlab.replay(log, ["every_event"], encoders=["paper"], baselines=["popular"], out=tmp_path / "log.run")
    with pytest.raises(Refusal, match="replay of a log"):
        driftlab.inject(run.path, drift="abrupt")


def test_a_shock_in_a_file_of_ones_own_is_kept_with_the_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    own = Path("rumour.py")
    own.write_text(
        "from simulator.shocks import SHOCKS\n\n\ndef rumour(at_day=1.0):\n    return SHOCKS['viral'](at_day=at_day)\n"
    )
    Meanwhile(monkeypatch, {1: lambda path: inbox.put(path, "shock", "rumour.py:rumour"), 5: stop})
    with pytest.raises(KeyboardInterrupt):
        made(tmp_path / "live.run", "open")
    own.write_text("raise ValueError('edited since')\n")
    live = driftlab.resume(tmp_path / "live.run")
    assert live.summary()["drifts"][-1]["about"].startswith("rumour.py:rumour(at_day=")
    driftlab.verify(live.path)
