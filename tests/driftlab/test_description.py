"""A description gives the figures by which logs are compared; on the real slice, those measured by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import driftlab
from driftlab.cli import command
from driftlab.description import BAND, Distance, describe_facts, distances, lines
from driftlab.description.distance import FIGURES
from driftlab.logs import Asked
from journal.chance import stream
from journal.facts import MICROSECONDS, Facts, Kind, facts

SLICE = Path(__file__).parents[3] / "shared" / "data" / "taobao_userbehavior_100k.csv"

MEASURED = {
    ("funnel", "cart per view"): (0.0607, 0.0001),
    ("funnel", "favourite per view"): (0.0306, 0.0001),
    ("funnel", "purchase per view"): (0.0234, 0.0001),
    ("funnel", "purchase per cart"): (0.386, 0.001),
    ("funnel", "purchases without an earlier view"): (0.49, 0.005),
    ("funnel", "purchases carted before"): (0.16, 0.005),
    ("sessions", "number"): (16_724, 0),
    ("sessions", "events mean"): (5.98, 0.01),
    ("sessions", "events p50"): (3, 0),
    ("sessions", "events p90"): (15, 0),
    ("sessions", "events max"): (135, 0),
    ("sessions", "of one event"): (0.31, 0.005),
    ("sessions", "with a cart"): (0.195, 0.001),
    ("sessions", "with a purchase"): (0.096, 0.001),
    ("sessions", "seconds p50 of longer ones"): (555, 1),
    ("shoppers", "events p10"): (19, 0),
    ("shoppers", "events p50"): (74, 0),
    ("shoppers", "events p90"): (219, 0),
    ("shoppers", "events p99"): (447, 1),
    ("shoppers", "gini"): (0.45, 0.005),
    ("gaps", "seconds p50"): (75, 0),
    ("gaps", "burstiness"): (0.60, 0.005),
    ("popularity", "gini"): (0.30, 0.005),
    ("popularity", "zipf exponent"): (0.32, 0.005),
    ("popularity", "met once"): (0.73, 0.005),
    ("repeats", "of all"): (0.24, 0.005),
    ("repeats", "of views"): (0.21, 0.005),
    ("repeats", "of purchases"): (0.045, 0.001),
    ("repeats", "of category"): (0.76, 0.005),
    ("repeats", "next in the same category"): (0.41, 0.005),
    ("tenths", "first 100 kept by the next"): (0.05, 0.01),
    ("interests", "core share"): (0.35, 0.05),
    ("interests", "time constant days"): (1.8, 0.4),
}


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    if not SLICE.is_file():
        pytest.skip(f"no real log at {SLICE}")
    window = Asked(str(SLICE), start=1_511_539_200, end=1_512_316_800)
    return driftlab.describe(window, utc_offset_hours=8)


@pytest.mark.parametrize("figure", MEASURED, ids=" ".join)
def test_the_real_slice_is_described_as_measured(described: dict[str, Any], figure: tuple[str, str]) -> None:
    expected, tolerance = MEASURED[figure]
    assert described[figure[0]][figure[1]] == pytest.approx(expected, abs=tolerance)


def test_every_row_of_the_real_slice_is_accounted_for(described: dict[str, Any]) -> None:
    rows = described["log"]
    assert (rows["rows"], rows["taken"], rows["outside the window"]) == (100_001, 99_957, 44)


def test_nothing_is_described_as_nothing() -> None:
    assert describe_facts(facts(seq=[], time=[], kind=[]))["counts"]["interactions"] == 0


def test_one_interaction_is_a_session_of_one() -> None:
    found = describe_facts(facts(seq=[1], time=[0], kind=[Kind.PURCHASED], shopper=[0], product=[0]))
    assert found["sessions"]["number"] == 1
    assert found["funnel"]["purchases without an earlier view"] == 1.0
    assert found["rhythm"]["weekdays from Monday"][3] == 1.0  # the epoch was a Thursday
    assert any("purchased 1" in line for line in lines(found))


def test_what_is_new_in_each_tenth_of_the_real_slice(described: dict[str, Any]) -> None:
    new = described["tenths"]["on products not met before"]
    assert (max(new), min(new)) == (pytest.approx(0.83, abs=0.005), pytest.approx(0.55, abs=0.005))


def test_nine_days_hold_two_saturdays_and_are_told_for_one(described: dict[str, Any]) -> None:
    rhythm = described["rhythm"]
    assert rhythm["weekdays from Monday"][5] == pytest.approx(0.238, abs=0.0005)
    assert rhythm["one of each weekday"][5] == pytest.approx(0.156, abs=0.0005)


DAY = 86_400 * MICROSECONDS


def browsing(core: float, shoppers: int = 200, days: int = 12) -> tuple[Facts, np.ndarray]:
    """Two sessions a day of eight views: a share of them in a shopper's own category, the rest in one of the day's."""
    rng = stream(1, "browsing")
    shape = (days, shoppers, 2, 8)
    own = np.broadcast_to(np.arange(shoppers)[None, :, None, None], shape)
    todays = np.broadcast_to(rng.integers(shoppers, 10_000, (days, shoppers, 1, 1)), shape)
    product = np.where(rng.random(shape) < core, own, todays)
    day, shopper, session, place = (axis.ravel() for axis in np.indices(shape))
    time = day * DAY + session * DAY // 2 + place * 60 * MICROSECONDS
    order = np.argsort(time, kind="stable")
    columns = {"time": time[order], "shopper": shopper[order], "product": product.ravel()[order]}
    seen = facts(seq=np.arange(1, len(order) + 1), kind=np.full(len(order), Kind.VIEWED), **columns)
    return seen, np.arange(10_000, dtype=np.int32)


@pytest.mark.parametrize("core", [1.0, 0.5])
def test_the_core_of_interests_is_found_beneath_the_noise(core: float) -> None:
    found = describe_facts(*browsing(core))["interests"]
    assert found["core share"] == pytest.approx(core, abs=0.06)
    assert found["excess by lag"] == pytest.approx([core] * len(found["excess by lag"]), abs=0.1)


def test_interests_of_a_short_log_are_not_told() -> None:
    assert describe_facts(*browsing(0.5, days=5))["interests"] == {}


def test_every_figure_has_no_distance_from_itself(small: driftlab.Run, capsys: pytest.CaptureFixture[str]) -> None:
    told = driftlab.describe(small.path, small.path)["distances"]
    assert len(told) > 30
    assert {(row["distance"], row["within"]) for row in told} == {(0.0, True)}
    assert command(["describe", str(small.path), str(small.path)]) == 0
    assert f"{len(told)} of {len(told)} figures within 15 %" in capsys.readouterr().out
    assert command(["describe", str(small.path), str(small.path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["distances"] == told


@pytest.mark.parametrize(
    ("group", "name", "one", "other", "distance"),
    [
        ("funnel", "cart per view", 0.046, 0.04, 0.15),
        ("funnel", "cart per view", 0.03, 0.04, 0.25),
        ("rhythm", "hours", [0.5, 0.5], [0.25, 0.75], 0.25),
        ("gaps", "seconds by doubling", [0.5, 0.5], [0.25, 0.5, 0.25], 0.25),
        ("gaps", "seconds by doubling", [1.0], [0.0, 0.0, 1.0], 1.0),
        ("tenths", "on products not met before", [0.9, 0.6], [1.0, 0.5], 0.2 / 1.5),
    ],
)
def test_a_distance_is_that_of_its_definition(group: str, name: str, one: Any, other: Any, distance: float) -> None:
    [apart] = distances({group: {name: one}}, {group: {name: other}})
    assert apart.distance == pytest.approx(distance)
    assert apart.within == (round(distance, 9) <= BAND)


def test_what_a_log_does_not_record_has_no_distance() -> None:
    bought = facts(seq=[1, 2], time=[0, 9], kind=[Kind.PURCHASED] * 2, shopper=[0, 0], product=[5, 5])
    both = facts(seq=[1, 2], time=[0, 9], kind=[Kind.VIEWED, Kind.PURCHASED], shopper=[0, 0], product=[5, 5])
    apart = {each.figure: each for each in distances(describe_facts(both), describe_facts(bought))}
    for figure in ("purchase per view", "purchases without an earlier view", "of views"):
        assert np.isnan(apart[figure].distance)
        assert not apart[figure].within
        assert apart[figure].row()["within"] is None


def test_every_figure_that_is_compared_is_described(described: dict[str, Any]) -> None:
    assert [(group, name) for group, name in FIGURES if name not in described[group]] == []


def test_a_world_beside_the_real_slice_is_told_for_as_many_days(small: driftlab.Run) -> None:
    if not SLICE.is_file():
        pytest.skip(f"no real log at {SLICE}")
    told = driftlab.describe(small.path, Asked(str(SLICE), start=1_511_539_200, end=1_512_316_800), utc_offset_hours=8)
    days = told["one"]["counts"]["days"]
    assert days == pytest.approx(told["other"]["counts"]["days"], abs=0.01)
    apart = [Distance(*(row[name] for name in Distance._fields)) for row in told["distances"]]
    assert {each.within for each in apart} == {True, False}


def test_a_simulated_week_begins_on_a_monday(small: driftlab.Run) -> None:
    met = [fact for fact in small.facts().time.tolist() if fact < DAY]
    assert met
    weekdays = driftlab.describe(small.path, utc_offset_hours=5)["rhythm"]["weekdays from Monday"]
    assert weekdays[0] > 0.1
    assert weekdays[4:] == [0.0] * 3
