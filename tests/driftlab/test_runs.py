"""A run is decided by scenario and seed alone, can be stopped anywhere and gone on with, and can be done again."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import driftlab
from driftlab import Refusal, sinks
from driftlab.lanes import Chunk
from journal.facts import Kind
from journal.runfile import RunFile
from scenarios import load
from simulator.catalogue import draw_catalogue
from tests.driftlab.conftest import FEW


def digests(run: driftlab.Run) -> list[str]:
    with RunFile.open(run.path) as file:
        return [file.cursor.digest, file.facts_digest(), *(file.outcomes_digest(lane) for lane in file.lanes())]


def stop_after(chunks: int) -> Callable[..., None]:
    """Return a `take` for a sink that is stopped, as by ctrl-c, when it has taken so many chunks."""
    take = sinks.Committing.take

    def stopped(self: sinks.Committing, chunk: Chunk, *given: object) -> None:
        take(self, chunk, *given)  # type: ignore[arg-type]
        if chunk.number == chunks:
            raise KeyboardInterrupt

    return stopped


def test_the_same_seed_twice_gives_the_same_bits(small: driftlab.Run, tmp_path: Path) -> None:
    again = driftlab.run("small", ["every_event"], out=tmp_path / "again.run", **FEW)
    assert digests(again) == digests(small)
    assert repr(again.rows()) == repr(small.rows())


@pytest.mark.slow
def test_another_policy_sees_the_same_facts_and_changes_no_other_lane(small: driftlab.Run, tmp_path: Path) -> None:
    other = driftlab.run("small", ["never"], out=tmp_path / "never.run", **FEW)
    with RunFile.open(small.path) as one, RunFile.open(other.path) as two:
        assert one.facts_digest() == two.facts_digest()
        assert one.outcomes_digest("popular") == two.outcomes_digest("popular")
        assert one.outcomes_digest("oracle") == two.outcomes_digest("oracle")
        assert one.outcomes_digest("sage every_event") != two.outcomes_digest("sage never")


def test_another_seed_gives_other_facts(small: driftlab.Run, tmp_path: Path) -> None:
    other = driftlab.run("small", ["every_event"], seed=2, out=tmp_path / "two.run", **FEW)
    assert digests(other)[1] != digests(small)[1]


def test_what_the_shop_publishes_is_in_the_file(small: driftlab.Run) -> None:
    published, _ = draw_catalogue(load("small").world, 1)
    with RunFile.open(small.path) as file:
        for name in ("category", "brand", "price", "content"):
            assert np.array_equal(file.array(name), published[name])


def test_every_scored_fact_has_an_outcome_in_every_lane(small: driftlab.Run) -> None:
    with RunFile.open(small.path) as file:
        seqs = [file.outcomes(lane)["seq"] for lane in ("sage every_event", "popular", "oracle")]
        facts = file.facts()
    scored = facts.seq[(facts.kind >= Kind.VIEWED) & (facts.kind <= Kind.REVIEWED)]
    assert all(np.array_equal(seq, scored) for seq in seqs)


def test_the_oracle_is_the_best_lane_and_gives_nothing_away(small: driftlab.Run) -> None:
    rows = {row["lane"]: row for row in small.table()}
    assert max(rows, key=lambda lane: rows[lane]["ndcg@10"]) == "oracle"
    assert rows["oracle"]["regret"] == 0.0
    assert all(rows[lane]["regret"] >= 0.0 for lane in rows)


@pytest.mark.parametrize("snapshots", [1, 32])
@pytest.mark.parametrize("mode", ["open", pytest.param("closed", marks=pytest.mark.slow)])
def test_a_run_stopped_and_resumed_is_the_undisturbed_run(
    mode: str, snapshots: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("driftlab.lanes.SNAPSHOT_EVERY", snapshots)
    words = {**FEW, "settings": {**FEW["settings"], "loop.mode": mode}}
    whole = driftlab.run("small", ["every_event"], out=tmp_path / "whole.run", **words)
    with monkeypatch.context() as stopping:
        stopping.setattr(sinks.Committing, "take", stop_after(1))
        with pytest.raises(KeyboardInterrupt, match="driftlab resume"):
            driftlab.run("small", ["every_event"], out=tmp_path / "stopped.run", **words)
    with RunFile.open(tmp_path / "stopped.run") as file:
        assert (file.finished, file.cursor.chunks) == (False, 1)
        assert (file.snapshot("popular") is not None) == (snapshots == 1)
    resumed = driftlab.resume(tmp_path / "stopped.run")
    assert digests(resumed) == digests(whole)
    assert repr(resumed.rows()) == repr(whole.rows())
    driftlab.verify(resumed.path)


@pytest.mark.slow
def test_the_closed_loop_serves_slates_and_says_what_came_of_them(tmp_path: Path) -> None:
    words = {**FEW, "settings": {**FEW["settings"], "loop.mode": "closed"}}
    run = driftlab.run("small", ["every_event"], out=tmp_path / "closed.run", **words)
    rows = {row["measure"]: row["value"] for row in run.rows() if row["lane"] == "sage every_event"}
    assert 0.0 < rows["click_through"] <= 1.0
    assert "served" in str(run)


def test_a_finished_run_is_sound_and_resuming_it_changes_nothing(small: driftlab.Run) -> None:
    before = small.path.read_bytes()
    assert driftlab.verify(small.path) == small.cursor
    driftlab.resume(small.path)
    assert small.path.read_bytes() == before


def test_verify_finds_an_outcome_that_was_changed(small: driftlab.Run, tmp_path: Path) -> None:
    path = tmp_path / "changed.run"
    shutil.copy(small.path, path)
    with sqlite3.connect(path) as file:
        block = file.execute("SELECT bytes FROM outcome WHERE name = 'popular' AND chunk = 2").fetchone()[0]
        changed = block[:-1] + bytes([block[-1] ^ 1])
        file.execute("UPDATE outcome SET bytes = ? WHERE name = 'popular' AND chunk = 2", (changed,))
    with pytest.raises(Refusal, match="chunk 2"):
        driftlab.verify(path, chain_only=True)


def test_verify_finds_a_run_that_comes_out_different(small: driftlab.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("driftlab.probing.SHOPPERS", 31)
    with pytest.raises(Refusal, match="lane 'probes of .*' of chunk 2 .* comes out different"):
        driftlab.verify(small.path)


def test_resume_refuses_a_world_that_tells_other_facts(
    small: driftlab.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as stopping:
        stopping.setattr(sinks.Committing, "take", stop_after(1))
        with pytest.raises(KeyboardInterrupt):
            driftlab.run("small", ["every_event"], out=tmp_path / "stopped.run", **FEW)
    with sqlite3.connect(tmp_path / "stopped.run") as file:
        file.execute("UPDATE run SET value = replace(value, 'seed = 1', 'seed = 2') WHERE key = 'scenario'")
    with pytest.raises(Refusal, match="are not told again by the same scenario and seed"):
        driftlab.resume(tmp_path / "stopped.run")


@pytest.mark.slow
def test_a_policy_object_runs_and_its_run_says_why_it_cannot_be_verified(tmp_path: Path) -> None:
    from model import POLICIES

    run = driftlab.run("small", [POLICIES["every"](n=3)], out=tmp_path / "object.run", **FEW)
    assert run.table()[0]["lane"] == "sage every"
    with pytest.raises(Refusal, match="made in Python"):
        driftlab.verify(run.path)


@pytest.mark.slow
def test_a_users_own_policy_is_kept_with_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    mine = Path("mine.py")
    mine.write_text("from model import POLICIES\n\ndef third():\n    return POLICIES['every'](n=3)\n")
    run = driftlab.run("small", ["mine.py:third"], **FEW)
    mine.unlink()
    driftlab.verify(run.path)
    with RunFile.open(run.path) as file:
        assert [source.name for source in file.sources()] == ["mine.py"]


def test_an_error_in_a_users_own_policy_names_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    update = "    def update(action, state, seen):\n        return action._replace(rate=state['x']), state\n"
    Path("mine.py").write_text(
        f"from model import Policy\n\ndef broken():\n{update}    return Policy(lambda: {{}}, update)\n"
    )
    with pytest.raises(Refusal, match=r"mine.py, line 5, in update: KeyError: 'x'"):
        driftlab.run("small", ["mine.py:broken"], **FEW)


def test_metrics_are_a_tidy_frame(small: driftlab.Run) -> None:
    pandas = pytest.importorskip("pandas")
    frame = small.metrics()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == ["lane", "measure", "events", "count", "value", "unit", "better"]
    assert not frame.duplicated(["lane", "measure", "events"]).any()
    assert {"ndcg@10", "fading ndcg@10", "regret", "tracking"} <= set(small.windows()["measure"])


def test_without_pandas_it_is_said_how_to_get_the_values(small: driftlab.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(Refusal, match=r"driftlab\[frames\]"):
        small.metrics()
    assert small.rows()


def test_a_default_name_is_numbered_where_a_finished_run_has_it_and_refused_where_an_unfinished_one_has(
    small: driftlab.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from driftlab.files import free_name

    monkeypatch.chdir(tmp_path)
    assert free_name("small-1") == Path("small-1.run")
    shutil.copy(small.path, "small-1.run")
    assert free_name("small-1") == Path("small-1-2.run")
    with sqlite3.connect("small-1.run") as file:
        file.execute("DELETE FROM run WHERE key = 'status'")
    with pytest.raises(Refusal, match=r"not finished .*`driftlab resume small-1.run`"):
        free_name("small-1")


def log_of(path: Path, rows: int) -> Path:
    """Write a log of three shoppers who go round seven products, two of its rows not to be taken."""
    lines = [f"u{i % 3},p{i % 7},view,{1_500_000_000 + 60 * i}" for i in range(rows)]
    path.write_text("\n".join(["user_id,item_id,event_type,timestamp", *lines, ",p1,view,1500000000", "u1,p1,stare,1"]))
    return path


@pytest.mark.slow
def test_a_log_is_replayed_stopped_resumed_and_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = log_of(tmp_path / "log.csv", 1_500)
    words = {"encoders": ["sage"], "baselines": ["markov"]}
    whole = driftlab.replay(log, ["every_event"], out=tmp_path / "whole.run", **words)
    with monkeypatch.context() as stopping:
        stopping.setattr(sinks.Committing, "take", stop_after(1))
        with pytest.raises(KeyboardInterrupt):
            driftlab.replay(log, ["every_event"], out=tmp_path / "stopped.run", **words)
    assert digests(driftlab.resume(tmp_path / "stopped.run")) == digests(whole)
    driftlab.verify(tmp_path / "stopped.run")
    assert "1,502 rows of the log: 1,500 taken, 2 rejected" in str(whole)
    with RunFile.open(whole.path) as file:
        assert [reject.line for reject in file.rejects()] == [1502, 1503]
    markov = next(row for row in whole.table() if row["lane"] == "markov")
    assert markov["hr@10"] > 0.9  # who goes round is easy to foresee
    log.write_text(log.read_text() + "\nu1,p1,view,1600000000")
    with pytest.raises(Refusal, match="has changed since the run was made"):
        driftlab.verify(tmp_path / "stopped.run")


def test_a_disk_that_fills_up_leaves_a_run_that_can_be_gone_on_with(
    small: driftlab.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = RunFile.commit

    def full(self: RunFile, *given: object, **more: object) -> object:
        if self.cursor.chunks == 1:
            raise Refusal("The disk is full.")
        return commit(self, *given, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as filling:
        filling.setattr(RunFile, "commit", full)
        with pytest.raises(Refusal, match="full"):
            driftlab.run("small", ["every_event"], out=tmp_path / "full.run", **FEW)
    assert digests(driftlab.resume(tmp_path / "full.run")) == digests(small)
