"""A log says what its world was made with, and a world is found that looks like the log; what is found is a scenario."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driftlab.calibration.search import Found, begun, moved, search
from driftlab.calibration.sizing import target
from driftlab.calibration.starting import matched
from driftlab.calibration.trials import simulated
from driftlab.calibration.written import scenario_text
from driftlab.cli import command
from driftlab.described import Described
from scenarios import loads

TRUE: dict[str, Any] = {
    "days": 7.0,
    "catalogue.products": 300,
    "catalogue.categories": 20,
    "catalogue.launched": 0.0,
    "catalogue.appeal": 2.0,
    "shoppers.category_interest": 0.5,
    "shoppers.shoppers": 80,
    "shoppers.joining": 0.0,
    "sessions.per_day": 1.6,
    "sessions.activity": 0.5,
    "sessions.gap": 30.0,
    "sessions.gap_spread": 0.7,
    "sessions.recall": 0.3,
    "sessions.recency": 1.4,
    "funnel.new": [0.05, 0.1, 0.1],
    "funnel.returned": 0.2,
    "funnel.return_days": 0.3,
    "rhythm.hours": [1.0] * 12 + [3.0] * 12,
}
"""A world whose log is calibrated to."""


@pytest.fixture(scope="module")
def log() -> Described:
    return simulated(TRUE, 5)


@pytest.fixture(scope="module")
def found(log: Described) -> Found:
    return search(log, 8, 1)


def test_what_a_log_says_at_once_is_what_its_world_was_made_with(log: Described) -> None:
    read = begun(target(log, 1))
    near = {"sessions.per_day": 0.15, "sessions.activity": 0.3, "sessions.gap": 0.1, "sessions.gap_spread": 0.15}
    near |= {"catalogue.products": 0.3, "shoppers.shoppers": 0.02, "funnel.returned": 0.3, "days": 0.02}
    near |= {"funnel.return_days": 0.3}
    for key, tolerance in near.items():
        assert read[key] == pytest.approx(TRUE[key], rel=tolerance), key
    assert read["funnel.new"] == pytest.approx(TRUE["funnel.new"], abs=0.02)
    hours = np.array(read["rhythm.hours"])
    assert hours[12:].sum() / hours[:12].sum() == pytest.approx(3, rel=0.3)
    assert read["sessions.length"] == pytest.approx(3.0, rel=0.25)  # the default


def test_the_search_gets_nearer(log: Described, found: Found) -> None:
    assert found.best.score < search(log, 0, 1).best.score < 0.4
    assert found.best.within > 0.5 * len(found.best.apart)


def test_the_search_is_seeded(log: Described) -> None:
    made = [scenario_text(search(log, 1, seed), "log", "mine") for seed in (1, 1, 2)]
    assert made[0] == made[1] != made[2]


def test_what_is_written_is_the_world_that_was_judged(found: Found) -> None:
    text = scenario_text(found, "log.csv", "mine")
    scenario = loads(text, "mine.toml")
    assert scenario.id == "mine"
    assert scenario.sessions.per_day == found.best.values["sessions.per_day"]
    assert scenario.catalogue.products == found.best.values["catalogue.products"]
    assert [use.use for use in scenario.drift] == ["gradual", "abrupt"]
    for each in found.best.apart:
        assert f"#   {each.figure}" in text


def test_a_stop_keeps_the_best_so_far(log: Described) -> None:
    def impatient(done: float, events: int) -> None:
        raise KeyboardInterrupt

    stopped = search(log, 4, 1, impatient)
    assert (stopped.trials, stopped.stopped) == (1, True)
    assert "1 trials (stopped)" in scenario_text(stopped, "log", "mine")


def test_a_move_stays_within_the_range_and_keeps_the_rest() -> None:
    values = {"sessions.recall": 0.94, "catalogue.products": 12, "rhythm.hours": [1.0] * 24, "days": 2.0}
    made = [moved(values, 0.0, seed, 0) for seed in range(30)]
    assert {type(each["catalogue.products"]) for each in made} == {int}
    assert all(0 <= each["sessions.recall"] <= 0.95 and each["catalogue.products"] >= 10 for each in made)
    assert all(each["days"] == 2.0 and each["rhythm.hours"] == [1.0] * 24 for each in made)
    assert len({each["sessions.recall"] for each in made}) > 5


def test_a_matched_funnel_makes_what_the_log_does_with_the_stages_that_the_world_has() -> None:
    wanted = np.array([[0.6, 0.02, 0.06, 0.02], [0.2, 0.01, 0.01, 0.02], [0.04, 0.0, 0.01, 0.01]])
    stages = np.array([0.8, 0.15, 0.05])
    made = np.zeros((3, 4))
    made[:, 0] = stages
    funnel = matched(wanted, made)
    rates = np.array([funnel[f"funnel.{stage}"] for stage in ("new", "seen", "carted")])
    assert np.allclose(rates * stages[:, None], wanted[:, 1:], atol=1e-5)


def write(path: Path, rows: list[tuple[object, ...]]) -> None:
    path.write_text("user_id,item_id,event_type,timestamp\n" + "".join(f"{','.join(map(str, row))}\n" for row in rows))


@pytest.mark.parametrize("kind", ["purchase", "rating"])
def test_a_log_of_one_kind_is_calibrated_to_as_far_as_it_tells(
    kind: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "log.csv", [(at % 37, at * at % 101, kind, 1_600_000_000 + at * 997) for at in range(700)])
    assert command(["calibrate", "log.csv", "--trials", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["scenario"] == "log_world.toml"
    assert any("categories" in note for note in told["notes"])
    assert any(("reviews are taken for views" if kind == "rating" else "Nothing is viewed") in n for n in told["notes"])
    assert {"cart per view", "purchase per view"}.isdisjoint(row["figure"] for row in told["distances"])
    assert command(["scenarios", "check", "log_world.toml"]) == 0
    capsys.readouterr()
    assert command(["calibrate", "log.csv"]) == 2
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rows", "words", "said"),
    [
        (40, [], "too little of its shop"),
        (900, ["--trials", "-1"], "-1 trials"),
        (900, ["--out", "world.json"], "no place for a scenario"),
        (900, ["--out", "nowhere/world.toml"], "no place for a scenario"),
    ],
)
def test_what_cannot_be_calibrated_is_told(
    rows: int,
    words: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "log.csv", [(at % 9, at % 7, "view", 1_600_000_000 + at * 997) for at in range(rows)])
    assert command(["calibrate", "log.csv", *words]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["log.csv"]
