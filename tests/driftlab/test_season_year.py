"""season_year is a year: rushes, seasons that come back, launches; who learns weekly falls at every turn."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import driftlab
from driftlab import build
from driftlab.measures import MEASURES
from driftlab.recorded import Recorded, read
from journal.facts import INTERACTIONS, SCORED
from journal.runfile import RunFile
from scenarios import find
from simulator.rhythm import DAY

TURNS = (79.0, 170.25, 261.5, 352.75)
RUSHES = (41.0, 130.0, 326.0, 343.0)
WEEKLY = "every_seconds(s=604800)"


class Year(NamedTuple):
    """The run, and the category of each product."""

    recorded: Recorded
    category: np.ndarray


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Year:
    """The scenario as it is, with rules for lanes: who follows its last event at once and weekly, and popularity."""
    lanes = [("markov", "every_event"), ("markov", WEEKLY), ("popular", "every_event")]
    made = [
        build.Recipe(f"{rule} {policy}", find("baseline", rule)[0], find("policy", policy)[0]) for rule, policy in lanes
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "recipes", lambda *given: made)
        run = driftlab.run("season_year", out=Path(tmp_path_factory.mktemp("year"), "year.run"))
    with RunFile.open(run.path) as file:
        return Year(read(file), file.array("category"))


def accuracy(year: Year, lane: str, since: float, until: float) -> float:
    """NDCG@10 of a lane between two days."""
    seen = year.recorded.records[lane]
    return MEASURES["ndcg@10"].value(seen.where((seen.time >= since * DAY) & (seen.time < until * DAY)))


def demand(year: Year, since: float, until: float) -> np.ndarray:
    """The share of each category in what shoppers met between two days."""
    facts = year.recorded.facts
    met = np.isin(facts.kind, INTERACTIONS) & (facts.time >= since * DAY) & (facts.time < until * DAY)
    counts = np.bincount(year.category[facts.product[met]])
    return counts / counts.sum()


def far(one: np.ndarray, other: np.ndarray) -> float:
    """Total variation distance."""
    return float(np.abs(one - other).sum() / 2)


@pytest.mark.slow
def test_before_holidays_more_than_twice_as_many_come_as_in_the_weeks_around(year: Year) -> None:
    days = year.recorded.facts.time[np.isin(year.recorded.facts.kind, SCORED)] / DAY
    for rush in RUSHES:
        during = ((days >= rush) & (days < rush + 3)).sum() / 3
        around = ((days >= rush - 14) & (days < rush)).sum() / 14
        assert 2 < during / around < 3.2


@pytest.mark.slow
def test_what_is_in_demand_turns_with_each_season_autumn_is_as_spring_and_winter_comes_back(year: Year) -> None:
    bounds = zip((0, *TURNS), (*TURNS, 395.0), strict=True)
    winter, spring, summer, autumn, again = (demand(year, since, until) for since, until in bounds)
    for one, other in ((winter, spring), (spring, summer), (summer, autumn), (autumn, again)):
        assert far(one, other) > 0.11
    assert far(winter, summer) > 2 * max(far(spring, autumn), far(winter, again))


@pytest.mark.slow
def test_who_learns_weekly_falls_at_each_turn_and_who_learns_at_once_hardly_does(year: Year) -> None:
    kept: dict[str, list[float]] = {"every_event": [], WEEKLY: []}
    for policy, shares in kept.items():
        for turn in TURNS:
            before, after = (
                accuracy(year, f"markov {policy}", *days) for days in ((turn - 21, turn), (turn, turn + 5))
            )
            shares.append(after / before)
    assert np.less(kept[WEEKLY], np.array(kept["every_event"]) - 0.15).all()
    assert np.mean(kept[WEEKLY]) < 0.65 < 0.85 < np.mean(kept["every_event"])


@pytest.mark.slow
def test_popularity_loses_a_third_when_spring_comes_and_has_it_back_in_autumn(year: Year) -> None:
    winter, spring, autumn = (
        accuracy(year, "popular every_event", *days) for days in ((30, 79), (79, 100), (262, 283))
    )
    assert spring < 0.67 * winter
    assert autumn > 1.25 * spring
