"""Shocks and broken deliveries show in the scenarios as they are: who suffers in them does, and who does not does not.

Lanes are rules, which cost seconds; `steady` is the control of shocks, since its accuracy moves with the weekdays, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import driftlab
from driftlab import build
from driftlab.measures import MEASURES
from driftlab.recorded import Recorded, read
from journal.runfile import RunFile
from scenarios import find
from simulator.rhythm import DAY

Made = Callable[..., Recorded]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Run a scenario with rules for lanes, for as many days as are looked at."""
    folder = tmp_path_factory.mktemp("laws")

    def make(id_: str, lanes: Sequence[str], days: float, policies: Sequence[str] = ("every_event",)) -> Recorded:
        def recipes(*given: object) -> list[build.Recipe]:
            parts = [(rule, find("baseline", rule)[0]) for rule in lanes]
            return [
                build.Recipe(rule if policy == "every_event" else f"{rule} {policy}", part, find("policy", policy)[0])
                for rule, part in parts
                for policy in policies
            ]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(build, "recipes", recipes)
            run = driftlab.run(id_, settings={"days": days}, out=Path(folder, f"{id_}.run"))
        with RunFile.open(run.path) as file:
            return read(file)

    return make


def over(run: Recorded, lane: str, since: float, until: float, measure: str = "ndcg@10") -> float:
    """A measure of a lane between two days."""
    seen = run.records[lane]
    return MEASURES[measure].value(seen.where((seen.time >= since * DAY) & (seen.time < until * DAY)))


POPULARITY = ("popular", "decayed_popular")


@pytest.mark.slow
def test_in_a_flash_sale_recent_popularity_gains_and_pushes_yesterday_s_bargains_on_the_day_after(made: Made) -> None:
    run = made("flash_sale", POPULARITY, 7.0)
    before, during, after = (over(run, "decayed_popular", *days) for days in ((2, 5.5), (5.5, 6), (6, 7)))
    assert during > 1.3 * before
    assert after < 0.7 * before
    assert over(run, "popular", 5.5, 6) < 0.75 * during


@pytest.mark.slow
def test_bots_ruin_popularity_and_not_what_there_is_to_know(made: Made) -> None:
    run = made("bot_attack", POPULARITY, 6.0)
    calm = made("steady", POPULARITY, 6.0)
    assert over(run, "popular", 5, 6) < 0.5 * over(calm, "popular", 5, 6)
    assert over(run, "decayed_popular", 5, 6) < 0.1 * over(calm, "decayed_popular", 5, 6)
    assert over(run, "oracle", 5, 6) > 0.95 * over(calm, "oracle", 5, 6)


@pytest.mark.slow
def test_a_wave_of_launches_is_found_by_recent_popularity_and_missed_by_that_of_all_time(made: Made) -> None:
    run = made("launch_wave", POPULARITY, 6.5)
    assert over(run, "popular", 5.5, 6) < 0.7 * over(run, "popular", 2, 5.5)
    assert over(run, "decayed_popular", 5.5, 6) > 1.8 * over(run, "popular", 5.5, 6)


@pytest.mark.slow
def test_on_black_friday_who_learns_event_by_event_falls_behind_a_batch_and_would_not_at_once(made: Made) -> None:
    run = made("black_friday", ["own_recent"], 5.0, ("every_event", "micro_batch(n=32)"))
    ordinary, batch = "own_recent", "own_recent micro_batch(n=32)"
    assert over(run, ordinary, 0, 4) > over(run, batch, 0, 4)
    assert over(run, ordinary, 4.4, 5) < 0.6 * over(run, batch, 4.4, 5)
    assert over(run, ordinary, 4.4, 5, "at_once") > over(run, batch, 4.4, 5, "at_once")
    assert over(run, ordinary, 4, 5, "lost_to_staleness") > 0.08 > 0.01 > over(run, ordinary, 0, 4, "lost_to_staleness")


@pytest.mark.slow
def test_in_an_outage_accuracy_is_lost_while_it_lasts_and_hardly_before_and_after(made: Made) -> None:
    run = made("outage", ["own_recent"], 5.5)
    lost = [over(run, "own_recent", *days, "lost_to_staleness") for days in ((0, 3.5), (3.5, 4), (4.5, 5.5))]
    assert lost[1] > 0.07
    assert max(lost[0], lost[2]) < 0.01


@pytest.mark.slow
def test_events_that_come_late_cost_those_most_who_live_of_the_last_ones(made: Made) -> None:
    run = made("late_events", ["own_recent", "popular"], 4.0)
    lost = {lane: over(run, lane, 1, 4, "lost_to_staleness") for lane in ("own_recent", "popular")}
    assert lost["own_recent"] > 0.02
    assert abs(lost["popular"]) < 0.25 * lost["own_recent"]
