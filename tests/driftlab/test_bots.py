"""Bots are learned from, but nobody is asked to foresee them, and what learning them cost is not forgotten."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import driftlab
from driftlab.looking import Standing
from driftlab.measures import MEASURES
from driftlab.record import without
from driftlab.recorded import read
from journal.runfile import RunFile
from tests.driftlab.conftest import FEW
from tests.driftlab.made import ranked, views

ATTACK = {"use": "click_farm", "targets": 12, "bots": 20, "visits": 60, "at_day": 1.0, "for_days": 1.5}


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> driftlab.Run:
    """The short run with a click farm in it."""
    path = Path(tmp_path_factory.mktemp("runs"), "attacked.run")
    return driftlab.run(
        "small", ["every_event"], out=path, **{**FEW, "settings": {**FEW["settings"], "shock": [ATTACK]}}
    )


def test_what_is_left_out_lays_its_cost_on_the_event_before() -> None:
    seen = ranked([1.0, 2.0, 3.0, 4.0, 5.0], views([9, 0, 9, 9, 1], [0, 1, 2, 3, 4]))
    seen = replace(seen, learned=np.arange(1, 6, dtype=np.int32), alarm=np.array([False, False, False, True, False]))
    kept = without(seen, np.array([9], np.int32))
    assert kept.rank.tolist() == [2.0, 5.0]
    assert kept.learned.tolist() == [1 + 2 + 3 + 4, 5]
    assert kept.learned.dtype == seen.learned.dtype
    assert kept.alarm.tolist() == [True, False]
    assert without(seen, np.zeros(0, np.int32)).rank.tolist() == seen.rank.tolist()
    assert len(without(seen, np.array([0, 1, 9], np.int32))) == 0


def test_a_click_farm_fools_popularity_more_than_the_network(small: driftlab.Run, attacked: driftlab.Run) -> None:
    """Shoppers do the same in both runs, so the difference is what bots do to the lanes."""
    left = {}
    for lane in ("sage every_event", "popular", "oracle"):
        calm, hit = (_record(run, lane) for run in (small, attacked))
        assert (calm.product == hit.product).all()
        assert (calm.shopper == hit.shopper).all()
        late = calm.time > 86_400e6
        left[lane] = MEASURES["ndcg@10"].value(hit.where(late)) / MEASURES["ndcg@10"].value(calm.where(late))
    assert left["oracle"] == 1
    assert left["popular"] < 0.5
    assert left["sage every_event"] > 0.75


def test_bots_are_neither_scored_nor_probed_nor_in_the_live_measures(attacked: driftlab.Run) -> None:
    with RunFile.open(attacked.path) as file:
        assert Standing(file, "sage every_event").true(100, 0, lambda doing, done: None) is None  # a bot wants nothing
        whole, bots = read(file), file.truth("bot")["shopper"]
        live = [metric for metric in file.metrics() if metric.lane == "popular" and metric.measure == "hr@10"]
    assert bots.tolist() == list(range(100, 120))
    assert whole.sham > 2_000
    for seen in whole.records.values():
        assert not np.isin(seen.shopper, bots).any()
        assert seen.probes is not None
        assert not np.isin(seen.probes.shopper, bots).any()
    last = live[-1]
    seen = whole.records["popular"]
    of_chunk = seen.where((seen.seq <= last.seq) & (seen.seq > (last.seq - 1) // 1024 * 1024))
    assert np.isclose(last.value, MEASURES["hr@10"].value(of_chunk))
    assert MEASURES["learned"].value(seen) == len(seen) + whole.sham
    assert "of bots: learned from, not scored" in str(attacked)
    assert "click_farm" in str(attacked)
    assert "20 bots" in str(attacked)


def _record(run: driftlab.Run, lane: str) -> driftlab.record.Record:
    with RunFile.open(run.path) as file:
        return read(file).records[lane]
