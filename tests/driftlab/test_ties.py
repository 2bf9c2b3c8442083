"""A run whose network reads follows and coupons can be stopped, gone on with and verified, and shows them; the lane beside it that
does not read them is what it is without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import driftlab
from driftlab import sinks
from driftlab.asks import Ask
from driftlab.looking import Standing, look
from journal.facts import Kind
from journal.runfile import RunFile
from tests.driftlab.test_runs import digests, stop_after

CAMPAIGN = {"at_day": 0.1, "days": 1.0, "discount": 0.5, "category": 1, "hold_out": 0.3, "budget": 1e6}
SETTINGS = {"days": 1.5, "drift": [], "social.use": "small_world", "social.follows": 4, "campaign": [CAMPAIGN]}
WORDS: dict[str, Any] = {"baselines": ["popular"], "settings": SETTINGS}
READS, PLAIN = "sage(follows=true, coupons=true)", "sage"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> driftlab.Run:
    path = tmp_path_factory.mktemp("follows") / "whole.run"
    return driftlab.run("small", ["every_event"], out=path, encoders=[READS, PLAIN], **WORDS)


def test_a_run_with_ties_is_resumed_and_verified(
    run: driftlab.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("driftlab.lanes.SNAPSHOT_EVERY", 1)
    with monkeypatch.context() as stopping:
        stopping.setattr(sinks.Committing, "take", stop_after(1))
        with pytest.raises(KeyboardInterrupt):
            driftlab.run("small", ["every_event"], out=tmp_path / "stopped.run", encoders=[READS, PLAIN], **WORDS)
    resumed = driftlab.resume(tmp_path / "stopped.run")
    assert digests(resumed) == digests(run)
    driftlab.verify(resumed.path)


def test_a_look_at_a_shopper_shows_whom_it_follows_and_its_coupon(run: driftlab.Run) -> None:
    facts = run.facts()
    which = facts.kind == Kind.FOLLOWED
    used = facts.shopper[facts.kind == Kind.COUPON_REDEEMED]
    shopper = int(next(who for who in used if who in facts.shopper[which]))
    seq = int(facts.seq[-1])
    with RunFile.open(run.path) as file:
        reads, plain = (Standing(file, f"{name} every_event") for name in (READS, PLAIN))
        shown = [
            look(standing, Ask(standing.lane, seq, shopper=shopper), lambda doing, done: None)
            for standing in (reads, plain)
        ]
    followed, nobody = ([one for one in made["relations"] if one["kind"] == "followed"] for made in shown)
    assert nobody == []
    its = which & (facts.shopper == shopper)
    since = dict(zip(facts.value[its].astype(int).tolist(), facts.time[its].tolist(), strict=True))
    # Times are float32 seconds in the graph: within 10 ms in a run of 1.5 days.
    assert {one["id"]: round(one["time"], -4) for one in followed} == {id_: round(t, -4) for id_, t in since.items()}
    assert {one["section"] for one in followed} == {"shopper"}
    coupon = [one for one in shown[0]["relations"] if one["section"] == "campaign"]
    assert [(one["id"], one["kind"]) for one in coupon] == [(0, "coupon_redeemed")]
    assert np.isclose(sum(one["share"] for one in [*followed, *coupon]), 1.0)
    assert [one["time"] for one in followed] == sorted((one["time"] for one in followed), reverse=True)


def test_who_does_not_read_follows_is_as_it_is_without_them(run: driftlab.Run, tmp_path: Path) -> None:
    alone = driftlab.run("small", ["every_event"], out=tmp_path / "alone.run", encoders=[PLAIN], **WORDS)
    lane = f"{PLAIN} every_event"
    ours, theirs = ([row for row in one.rows() if row["lane"] == lane] for one in (run, alone))
    assert repr(ours) == repr(theirs)
    assert any(row["lane"] == f"{READS} every_event" for row in run.rows())
