"""A fork is its parent until its moment, fact by fact and rank by rank, and a run of its own from then on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import driftlab
from driftlab.looking import Standing
from journal.errors import Refusal
from journal.runfile import RunFile

DAY = 86_400_000_000
AT = 2.0


def ranks(run: driftlab.Run, lane: str) -> tuple[np.ndarray, np.ndarray]:
    """Return time and rank of what a lane scored."""
    with RunFile.open(run.path) as file:
        outcomes, facts = file.outcomes(lane), file.facts()
    return facts.time[outcomes["seq"] - 1], outcomes["rank"]


def lanes(run: driftlab.Run) -> list[str]:
    with RunFile.open(run.path) as file:
        return file.lanes()


def test_another_policy_takes_over_at_the_moment(small: driftlab.Run, tmp_path: Path) -> None:
    fork = driftlab.fork(small.path, AT, policy="never", out=tmp_path / "fork.run")
    assert "small.run at day 2" in fork.header["parent"]
    first, second, *_ = lanes(fork)
    assert first == "sage every_event"
    assert second.startswith('sage during(policy="every_event", until=')
    with RunFile.open(small.path) as one, RunFile.open(fork.path) as other:
        assert one.facts_digest() == other.facts_digest()
        assert one.outcomes_digest(first) == other.outcomes_digest(first)
        learned = other.outcomes(second)["learned"]
    time, rank = ranks(fork, first)
    _, forked = ranks(fork, second)
    before = time < AT * DAY
    assert np.array_equal(rank[before], forked[before])
    assert not np.array_equal(rank[~before], forked[~before])
    assert learned[before].all()
    assert not learned[~before][1:].any()
    driftlab.verify(fork.path)


def test_one_more_drift_sets_in_at_the_moment(small: driftlab.Run, tmp_path: Path) -> None:
    fork = driftlab.fork(small.path, AT, drift='abrupt(level="population", share=1.0)', out=tmp_path / "fork.run")
    one, other = small.facts(), fork.facts()
    n = int((one.time < AT * DAY).sum())
    for column in ("time", "kind", "shopper", "product"):
        assert np.array_equal(getattr(one, column)[:n], getattr(other, column)[:n])
    assert not np.array_equal(one.product[n:], other.product[n:])
    assert [drift["time"] for drift in fork.summary()["drifts"]] == [1.5 * DAY, AT * DAY]
    driftlab.verify(fork.path, chain_only=True)


def test_one_more_shock_sets_in_at_the_moment(small: driftlab.Run, tmp_path: Path) -> None:
    fork = driftlab.fork(small.path, AT, shock="viral(magnitude=8.0, decay_days=2.0)", out=tmp_path / "fork.run")
    one, other = small.facts(), fork.facts()
    n = int((one.time < AT * DAY).sum())
    for column in ("time", "kind", "shopper", "product"):
        assert np.array_equal(getattr(one, column)[:n], getattr(other, column)[:n])
    moments = fork.summary()["drifts"]
    assert [moment["time"] for moment in moments] == [1.5 * DAY, AT * DAY]
    assert "viral(magnitude=8.0, decay_days=2.0, at_day=2.0), 1 product" in moments[1]["about"]
    true = []
    for run in (small, fork):
        with RunFile.open(run.path) as file:
            market, standing = file.truth("market"), Standing(file, "sage every_event")
            standing.go(file.cursor.seq, lambda doing, done: None)
            last = int(other.time[-1])
            found = [standing.true(who, last, lambda doing, done: None) for who in range(20)]
            true.append(np.array(found, np.float32))
    product = int(market["product"][0])
    assert np.median((true[1] - true[0])[:, product]) > 3  # who looks into the fork knows of it, too
    assert (other.product[n:] == product).sum() > 10 * (one.product[n:] == product).sum()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "needs something to be different"),
        ({"policy": "evry(n=4)"}, "Did you mean 'every'?"),
        ({"policy": "every(n=0)"}, "n is 0"),
        ({"drift": "abrpt"}, "Did you mean 'abrupt'?"),
        ({"drift": "cascade"}, "nobody follows anybody"),
        ({"fault": "outage"}, "has no pipeline"),
        ({"campaign": "coupon(discount=7.0)"}, "discount = 7.0 is outside"),
        ({"drift": "abrupt("}, "does not read as parts"),
        ({"shock": "viril"}, "Did you mean 'viral'?"),
        ({"shock": "influx"}, "holds back what was there before"),
        ({"at": 9.0, "policy": "never"}, "is not a day of"),
    ],
)
def test_what_cannot_be_forked_is_refused(small: driftlab.Run, tmp_path: Path, given: dict, said: str) -> None:
    with pytest.raises(Refusal, match=said.replace("?", r"\?")):
        driftlab.fork(small.path, given.pop("at", AT), **given, out=tmp_path / "fork.run")
    assert list(tmp_path.iterdir()) == []


def test_a_log_is_forked_by_policy_alone(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    rows = [f"u{n % 7},i{n % 11},view,{1_511_539_200 + 600 * n}" for n in range(300)]
    log.write_text("\n".join(["user_id,item_id,event_type,timestamp", *rows]) + "\n")
    few = {"encoders": ["paper"], "baselines": ["popular"]}
    run = driftlab.replay(log, ["every_event"], out=tmp_path / "log.run", **few)
    with pytest.raises(Refusal, match="shoppers did what they did"):
        driftlab.fork(run.path, 1.0, drift="abrupt", out=tmp_path / "no.run")
    fork = driftlab.fork(run.path, 1.0, policy="never", out=tmp_path / "fork.run")
    time, rank = ranks(fork, lanes(fork)[0])
    _, forked = ranks(fork, lanes(fork)[1])
    before = time < time[0] + DAY
    assert np.array_equal(rank[before], forked[before])
    assert not np.array_equal(rank, forked)
