"""A pipeline moves what is learned and when, and nothing else: not a fact, not a truth, not an oracle's rank."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import driftlab
from driftlab import Refusal, build, sinks
from driftlab.measures.accuracy import gain
from driftlab.recorded import AT_ONCE, LEARNINGS_OF
from journal.facts import MICROSECONDS, SCORED
from journal.runfile import RunFile
from scenarios import find
from tests.driftlab.test_runs import digests, stop_after

HOUR = 3600
Made = Callable[..., driftlab.Run]

BROKEN = [
    {"use": "late", "share": 0.3, "hours": 3.0},
    {"use": "duplicated", "share": 0.3},
    {"use": "lost", "share": 0.1},
    {"use": "skewed", "share": 0.5},
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Make a run of `small` with settings, each once, with baselines alone: what a network adds is compiling."""
    folder, runs, recipes = tmp_path_factory.mktemp("pipeline"), dict[str, driftlab.Run](), build.recipes

    def make(**settings: Any) -> driftlab.Run:
        key = repr(sorted(settings.items()))
        if key not in runs:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(build, "recipes", lambda *given: recipes(*given)[1:])
                words = {key.replace("__", "."): value for key, value in settings.items()}
                runs[key] = driftlab.run(
                    "small",
                    ["every_event"],
                    encoders=["sage"],
                    baselines=["popular", "own_recent"],
                    settings={"drift": [], **words},
                    out=folder / f"{len(runs)}.run",
                )
        return runs[key]

    return make


def outcomes(run: driftlab.Run, lane: str = "own_recent") -> dict[str, np.ndarray]:
    with RunFile.open(run.path) as file:
        return file.outcomes(lane)


def value(run: driftlab.Run, measure: str, lane: str = "own_recent") -> float:
    rows = run.rows()
    return next(r["value"] for r in rows if (r["lane"], r["measure"], r["events"]) == (lane, measure, "all"))


def test_facts_truth_and_oracle_are_the_same_with_and_without_a_pipeline(made: Made) -> None:
    plain, broken = made(), made(fault=BROKEN, delivery__delay=600.0)
    with RunFile.open(plain.path) as one, RunFile.open(broken.path) as two:
        assert one.facts_digest() == two.facts_digest()
        assert one.outcomes_digest("oracle") == two.outcomes_digest("oracle")
        assert one.outcomes_digest("own_recent") != two.outcomes_digest("own_recent")
        assert one.deliveries() == {}
        assert LEARNINGS_OF + "popular" in two.lanes()
        assert LEARNINGS_OF + "popular" not in one.lanes()


def test_a_pipeline_that_does_nothing_changes_no_rank(made: Made) -> None:
    plain, through = made(), made(delivery={})
    for lane in ("popular", "own_recent"):
        for column in ("seq", "rank", "candidates", "age", "waiting"):
            assert np.array_equal(outcomes(plain, lane)[column], outcomes(through, lane)[column], equal_nan=True)


def test_accuracy_falls_with_delay(made: Made) -> None:
    levels = [value(made(delivery__delay=float(seconds)), "ndcg@10") for seconds in (0, 600, 12 * HOUR)]
    assert levels[0] > levels[1] * 1.1
    assert levels[1] > levels[2] * 1.1


def test_a_lane_at_once_is_the_lane_of_a_run_without_a_pipeline_and_what_is_lost_is_the_difference(made: Made) -> None:
    plain, late = made(), made(delivery__delay=12.0 * HOUR, delivery__at_once=True)
    for lane in ("popular", "own_recent"):
        assert np.array_equal(outcomes(plain, lane)["rank"], outcomes(late, AT_ONCE + lane)["rank"])
        assert value(late, "at_once", lane) == value(plain, "ndcg@10", lane)
        lost = value(plain, "ndcg@10", lane) - value(late, "ndcg@10", lane)
        assert value(late, "lost_to_staleness", lane) == pytest.approx(lost)
        assert np.array_equal(
            outcomes(made(delivery__delay=12.0 * HOUR), lane)["rank"], outcomes(late, lane)["rank"]
        )  # who runs beside a lane moves nothing in it
    assert value(late, "lost_to_staleness") > 0.05
    assert np.isnan(value(made(delivery__delay=12.0 * HOUR), "lost_to_staleness"))
    with RunFile.open(late.path) as file:
        assert not any(metric.lane.startswith(AT_ONCE) for metric in file.metrics())
    assert [row["lane"] for row in late.table()] == ["popular", "own_recent", "oracle"]


def test_staleness_and_lag_are_the_delay(made: Made) -> None:
    run = made(delivery__delay=600.0)
    assert value(run, "lag_p50") == value(run, "lag_p99") == pytest.approx(600.0)
    assert value(run, "staleness_p50") > 600.0
    assert value(run, "undelivered") < 20


def test_duplicates_change_nothing_where_learning_is_idempotent_and_something_where_it_is_naive(made: Made) -> None:
    twice = [{"use": "duplicated", "share": 0.5, "minutes": 60.0}]
    plain, doubled, naive = made(delivery={}), made(fault=twice), made(fault=twice, delivery__naive=True)
    with RunFile.open(plain.path) as one, RunFile.open(doubled.path) as two, RunFile.open(naive.path) as three:
        for lane in ("popular", "own_recent"):
            assert one.outcomes_digest(lane) == two.outcomes_digest(lane)
            assert one.outcomes_digest(lane) != three.outcomes_digest(lane)
    assert value(doubled, "doubled") > 300
    assert value(naive, "learned") > value(doubled, "learned") * 1.3


def test_what_is_lost_is_scored_and_not_learned(made: Made) -> None:
    plain, thin = made(delivery={}), made(fault=[{"use": "lost", "share": 0.5}])
    assert np.array_equal(outcomes(plain)["seq"], outcomes(thin)["seq"])
    assert value(thin, "learned") == pytest.approx(value(plain, "learned") / 2, rel=0.1)
    assert value(thin, "ndcg@10") < value(plain, "ndcg@10")


def test_in_an_outage_staleness_rises_and_returns(made: Made) -> None:
    run = made(fault=[{"use": "outage", "at_day": 2.0, "hours": 12.0, "catch_up": 20.0}])
    seen, facts = outcomes(run), run.facts()
    hours = facts.time[seen["seq"] - 1] / MICROSECONDS / HOUR
    calm, last, after = (hours < 48) & (hours > 24), (hours > 58) & (hours < 60), (hours > 61) & (hours < 80)
    assert seen["age"][last].min() > 10 * HOUR
    assert np.median(seen["age"][after]) < 2 * np.median(seen["age"][calm]) < 0.5 * HOUR


@pytest.mark.parametrize("snapshots", [1, 32])
def test_a_run_stopped_and_resumed_is_the_undisturbed_run(
    snapshots: int, made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("driftlab.lanes.SNAPSHOT_EVERY", snapshots)
    pipeline = {"fault": BROKEN, "delivery.delay": 600.0, "delivery.event_seconds": 30.0, "delivery.workers": 2}
    pipeline["delivery.at_once"] = True
    settings, recipes = {"drift": [], **pipeline}, build.recipes
    whole = made(**{key.replace(".", "__"): value for key, value in pipeline.items()})
    monkeypatch.setattr(build, "recipes", lambda *given: recipes(*given)[1:])
    with monkeypatch.context() as stopping:
        stopping.setattr(sinks.Committing, "take", stop_after(1))
        with pytest.raises(KeyboardInterrupt, match="driftlab resume"):
            driftlab.run("small", ["every_event"], encoders=["sage"], baselines=["popular", "own_recent"],
                         settings=settings, out=tmp_path / "stopped.run")  # fmt: skip
    resumed = driftlab.resume(tmp_path / "stopped.run")
    assert digests(resumed) == digests(whole)
    assert repr(resumed.rows()) == repr(whole.rows())
    driftlab.verify(resumed.path)


def test_deliveries_are_kept_with_the_chunk_in_which_they_fall(made: Made) -> None:
    run = made(fault=BROKEN, delivery__delay=600.0)
    with RunFile.open(run.path) as file:
        told, facts = file.deliveries(), file.facts()
    scored = np.isin(facts.kind, SCORED)
    assert (np.diff(told["time"]) >= 0).all()
    assert (told["time"] >= facts.time[told["seq"] - 1]).all()
    assert 0.8 < len(np.unique(told["seq"])) / scored.sum() < 0.95
    assert 0.2 < (told["copy"] > 0).mean() < 0.3
    assert 0.3 < (told["skew"] != 0).mean() < 0.7


RUSH = {
    "drift": [],
    "rhythm.surge": 8.0,
    "rhythm.surge_day": 2.3333,
    "rhythm.surge_hours": 12.0,
    "delivery.event_seconds": 4.0,
    "delivery.call_seconds": 40.0,
    "delivery.at_once": True,
}
"""Black Friday in a shop a tenth as large: by 36 seconds an event cheaper in batches of ten."""


def rush(path: Path, **settings: Any) -> driftlab.Run:
    """Run it with two lanes of one rule: one learns event by event, the other in batches."""
    part = find("baseline", "own_recent")[0]
    made = [(name, find("policy", name)[0]) for name in ("every_event", "micro_batch(n=10)")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "recipes", lambda *given: [build.Recipe(name, part, policy) for name, policy in made])
        words = {key.replace("__", "."): value for key, value in settings.items()}
        return driftlab.run("small", settings={**RUSH, **words}, out=path)


def test_who_learns_event_by_event_falls_behind_a_batch_when_more_comes_than_can_be_learned(tmp_path: Path) -> None:
    friday, calm = rush(tmp_path / "friday.run"), rush(tmp_path / "calm.run", rhythm__surge=1.0)
    ordinary, batch = "every_event", "micro_batch(n=10)"
    facts = friday.facts()
    day = facts.time[outcomes(friday, batch)["seq"] - 1] / (24 * HOUR * MICROSECONDS)
    surge = (day > 2.3333) & (day < 2.8333)
    rate, seconds = surge.sum() / (12 * HOUR), {ordinary: 44.0, batch: 8.0}
    assert rate * seconds[ordinary] > 1.5 > 1.0 > rate * seconds[batch]  # one worker can, the other cannot keep up
    waiting = {lane: outcomes(friday, lane)["waiting"][surge] for lane in seconds}
    assert waiting[ordinary].max() > 10 * waiting[batch].max() > 0
    assert value(friday, "lag_p99", ordinary) > 3 * HOUR > HOUR > value(friday, "lag_p50", batch)
    accuracy = {lane: gain(outcomes(friday, lane)["rank"][surge], 10).mean() for lane in seconds}
    assert accuracy[batch] > 1.1 * accuracy[ordinary]
    assert value(friday, "ndcg@10", batch) > value(friday, "ndcg@10", ordinary)
    assert value(calm, "ndcg@10", batch) < value(calm, "ndcg@10", ordinary)
    lost = {lane: value(friday, "lost_to_staleness", lane) for lane in seconds}
    assert lost[ordinary] > 3 * abs(lost[batch])
    assert value(friday, "at_once", ordinary) > value(friday, "at_once", batch)  # but for the wait it would be ahead
    assert lost[ordinary] > 2 * value(calm, "lost_to_staleness", ordinary)
    told = " ".join(str(friday).split())
    assert "an hour has room to learn 82 events one by one, in large batches 900" in told
    assert "worst for the first lane was day 2: every_event had NDCG@10" in told
    assert "best then of those that learn was micro_batch(n=10)" in told


def test_a_queue_that_is_full_sheds(tmp_path: Path) -> None:
    run = rush(tmp_path / "shed.run", delivery__queue=50, delivery__when_full="shed_oldest")
    assert value(run, "shed", "every_event") > 100
    assert value(run, "queue_p99", "every_event") <= 51


def test_the_report_tells_the_days(made: Made) -> None:
    told = str(made(fault=[{"use": "outage", "at_day": 2.0, "hours": 12.0, "catch_up": 20.0}]))
    assert "by day" in told
    assert "worst for the first lane was day 2" in told
    assert "own_recent, 1 more" in told or "popular, 1 more" in told
    assert "delivery: at once; outage(at_day=2.0, hours=12.0, catch_up=20.0)" in told
    assert "by day" not in str(made())


def test_in_the_closed_loop_what_is_served_is_as_stale_as_the_pipeline_makes_it_and_a_stop_changes_nothing(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = {"drift": [], "loop.mode": "closed", "loop.server": "own_recent"}
    prompt, late = (made(**{**_words(closed), "delivery__delay": 3600.0 * hours}) for hours in (0.01, 24))
    clicks = [value(run, "click_through") for run in (prompt, late)]
    assert clicks[0] > 1.1 * clicks[1]
    recipes = build.recipes
    monkeypatch.setattr(build, "recipes", lambda *given: recipes(*given)[1:])
    with monkeypatch.context() as stopping:
        stopping.setattr(sinks.Committing, "take", stop_after(1))
        with pytest.raises(KeyboardInterrupt, match="driftlab resume"):
            driftlab.run("small", ["every_event"], encoders=["sage"], baselines=["popular", "own_recent"],
                         settings={**closed, "delivery.delay": 3600.0 * 24}, out=tmp_path / "stopped.run")  # fmt: skip
    resumed = driftlab.resume(tmp_path / "stopped.run")
    assert digests(resumed) == digests(late)
    driftlab.verify(resumed.path)


def _words(settings: dict[str, Any]) -> dict[str, Any]:
    return {key.replace(".", "__"): value for key, value in settings.items()}


def test_a_log_goes_through_the_same_pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipes = build.recipes
    monkeypatch.setattr(build, "recipes", lambda *given: recipes(*given)[1:])
    path = tmp_path / "log.csv"
    rows = [f"{n % 9},{n % 7},view,{1_600_000_000 + 60 * n}" for n in range(300)]
    path.write_text("\n".join(["user_id,item_id,event_type,timestamp", *rows]))
    run = driftlab.replay(path, ["every_event"], encoders=["sage"], baselines=["own_recent"], out=tmp_path / "log.run",
                          settings={"delivery.delay": 600, "fault": [{"use": "lost", "share": 0.2}]})  # fmt: skip
    assert value(run, "lag_p50") == 600.0
    assert value(run, "undelivered") == pytest.approx(60, abs=25)
    with pytest.raises(Refusal, match=r"but the run ends on day 0.20\d*, so nothing would break. .* or a longer log"):
        driftlab.replay(path, ["every_event"], encoders=["sage"], baselines=["own_recent"], out=tmp_path / "late.run",
                        settings={"fault": ["outage(at_day=1)"]})  # fmt: skip
    assert not (tmp_path / "late.run").exists()
    assert "delivery: delay = 600.0; lost(share=0.2)" in str(run)
    driftlab.verify(run.path)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"delivery.delay": -1.0}, "--set delivery.delay=-1.0: delivery.delay = -1.0 is outside 0 to 1e+07 (seconds"),
        ({"delivery.law": "normal"}, "delivery.law = 'normal' is not one of constant, exponential, lognormal"),
        ({"delivery.dely": 1.0}, "'dely' is not a key of [delivery]. Did you mean 'delay'?"),
        ({"fault": ["losst"]}, "No fault named 'losst'. Did you mean 'lost'?"),
        ({"fault": ["lost(shar=0.1)"]}, "'shar' is not a parameter. Did you mean 'share'?"),
        ({"fault": ["outage(at_day=9)"]}, "fault 'outage': it begins on day 9, but the run ends on day 4, so nothing"),
        ({"fault": ["lost(share=3.0)"]}, "A fault's share = 3.0 is outside 0 to 1."),
    ],
)
def test_a_mistake_is_told_with_its_place_and_the_way_out(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(Refusal) as refusal:
        driftlab.run("small", settings=settings)
    assert told in str(refusal.value)
