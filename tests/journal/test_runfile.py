"""A run file keeps what is committed, whole chunks at a time, for one writer and many readers."""

import hashlib
import math
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from journal import CHUNK, Kind, Metric, Refusal, Reject, RunFile, Source, facts, pick
from tests.journal.drawn import any_facts
from tests.journal.made import outcomes_of, same_bits, shop


def commit_all(run, whole, chunk=CHUNK):
    for start in range(0, len(whole), chunk):
        piece = pick(whole, slice(start, start + chunk))
        run.commit(piece, outcomes={"network": outcomes_of(piece)})


@settings(max_examples=25, deadline=None)
@given(any_facts())
def test_facts_come_back_bit_for_bit_in_any_cut(tmp_path_factory, kept):
    path = tmp_path_factory.mktemp("bits") / "a.run"
    with RunFile.create(path, {}) as run:
        commit_all(run, kept, chunk=7)
    with RunFile.open(path) as run:
        run.check_chain()
        assert same_bits(run.facts(), kept)
        assert sum(map(len, run.chunks())) == len(kept)


def test_everything_that_came_of_a_chunk_comes_back(tmp_path):
    whole = shop(2500)
    theta = np.arange(12, dtype=np.float32).reshape(3, 4)
    with RunFile.create(tmp_path / "a.run", {"seed": "7", "scenario": 'id = "steady"'}) as run:
        for number, start in enumerate(range(0, 2500, CHUNK), 1):
            piece = pick(whole, slice(start, start + CHUNK))
            cursor = run.commit(
                piece,
                truth={"interest": {"shopper": np.arange(3, dtype=np.int32), "theta": theta * number}},
                deliveries={"seq": piece.seq, "copy": np.zeros(len(piece), np.int8)},
                outcomes={"network": outcomes_of(piece), "a baseline": outcomes_of(piece)},
                metrics=[("network", "ndcg", int(piece.seq[-1]), int(piece.time[-1]), number / 4)],
                snapshots={"network": bytes([number])},
            )
            assert (cursor.chunks, cursor.seq) == (number, int(piece.seq[-1]))
            assert run.cursor == cursor
        run.commit(facts(seq=[], time=[], kind=[]), metrics=[("network", "mrr", 2500, 1, math.nan)])
        run.put_array("truth/style", theta)
        run.put_names("product", ["tea", "Kännchen"])
        run.put_rejects([(9, "missing value", "a,,b"), (3, "unknown type", "x,y,z")])
        run.put_source("mine.py", "def mine(): ...")
        run.set_header("machine", "two cores")
        assert not run.finished
        run.finish("complete", 1.5)
    with RunFile.open(tmp_path / "a.run") as run:
        run.check_chain()
        assert same_bits(run.facts(), whole)
        assert same_bits(run.facts(1000, 1100), pick(whole, slice(999, 1100)))
        assert len(run.facts(2501)) == len(run.facts(5, 4)) == 0
        assert [len(chunk) for chunk in run.chunks()] == [1024, 1024, 452, 0]
        assert run.truth("interest")["theta"].tolist() == np.concatenate([theta, theta * 2, theta * 3]).tolist()
        assert run.truth("drift") == {}
        assert run.deliveries()["seq"].tolist() == whole.seq.tolist()
        assert run.outcomes("network")["rank"].tobytes() == outcomes_of(whole)["rank"].tobytes()
        assert run.lanes() == ["network", "a baseline"]
        assert run.metrics()[1] == Metric("network", "ndcg", 2048, int(whole.time[2047]), 0.5)
        assert math.isnan(run.metrics()[-1].value)
        assert run.snapshot("network") == (3, b"\3")
        assert run.snapshot("a baseline") is None
        assert run.array("truth/style").tobytes() == theta.tobytes()
        assert run.names("product") == ["tea", "Kännchen"]
        assert run.names("shopper") == []
        assert run.rejects() == [Reject(3, "unknown type", "x,y,z"), Reject(9, "missing value", "a,,b")]
        assert run.sources() == [Source("mine.py", "def mine(): ...", hashlib.sha256(b"def mine(): ...").hexdigest())]
        assert run.finished
        assert run.header["seed"] == "7"
        assert (run.header["status"], run.header["wall_seconds"]) == ("complete", "1.5")


def test_digests_of_facts_and_outcomes_do_not_depend_on_the_cut_but_on_every_bit(tmp_path):
    whole, digests = shop(600), []
    other = shop(600)
    other.value[4] = -0.0 if other.value[4] == 0 else other.value[4] * -1
    for name, kept, chunk in (("a", whole, 100), ("b", whole, 256), ("c", other, 100)):
        with RunFile.create(tmp_path / name, {}) as run:
            commit_all(run, kept, chunk)
            digests.append((run.facts_digest(), run.outcomes_digest("network")))
    assert digests[0] == digests[1]
    assert digests[0][0] != digests[2][0]
    assert digests[0][1] == digests[2][1]


def test_the_chain_tells_apart_what_came_of_the_same_facts(tmp_path):
    piece, cursors = shop(10), []
    for name, more in (
        ("a", {}),
        ("b", {"metrics": [("l", "m", 1, 1, 0.5)], "snapshots": {"l": b"x"}}),
        ("c", {"truth": {"t": {"x": np.arange(3)}}}),
        ("d", {"outcomes": {"t": {"x": np.arange(3)}}}),
        ("e", {"deliveries": {"x": np.arange(3)}}),
    ):
        with RunFile.create(tmp_path / name, {"name": name}) as run:
            cursors.append(run.commit(piece, **more).digest)
    assert cursors[0] == cursors[1]
    assert len(set(cursors)) == 4


def test_a_commit_that_fails_leaves_nothing(tmp_path):
    whole = shop(30)
    with RunFile.create(tmp_path / "a.run", {}) as run:
        before = run.commit(pick(whole, slice(0, 10)))
        for wrong in (pick(whole, slice(11, 20)), pick(whole, slice(0, 10)), pick(whole, np.arange(19, 9, -1))):
            with pytest.raises(ValueError, match="do not follow"):
                run.commit(wrong)
        early = facts(seq=[11], time=[0], kind=[Kind.VIEWED])
        with pytest.raises(ValueError, match="backwards"):
            run.commit(early)
        with pytest.raises(TypeError):
            run.commit(pick(whole, slice(10, 20)), outcomes={"l": {"x": np.array(["text"])}})
        with pytest.raises(ZeroDivisionError):
            run.commit(pick(whole, slice(10, 20)), metrics=(("l", "m", 1, 1, 1 / i) for i in (1, 0)))
        assert run.cursor == before
        assert run.metrics() == []
        run.commit(pick(whole, slice(10, 30)))
        run.check_chain()
        assert same_bits(run.facts(), whole)


def test_readers_see_committed_chunks_while_the_writer_writes(tmp_path):
    whole = shop(300)
    with RunFile.create(tmp_path / "a.run", {}) as run, RunFile.open(tmp_path / "a.run") as reader:
        seen = reader.chunks()
        for start in range(0, 300, 100):
            run.commit(pick(whole, slice(start, start + 100)))
            assert reader.cursor == run.cursor
            assert int(next(seen).seq[0]) == start + 1
        assert next(seen, None) is None
        with pytest.raises(Refusal, match="was opened to read"):
            reader.set_header("a", "b")


def test_a_run_file_has_one_writer(tmp_path):
    path = tmp_path / "a.run"
    with RunFile.create(path, {}) as run:
        run.commit(shop(10))
        with pytest.raises(Refusal, match="Another writer is at"):
            RunFile.open(path, write=True)
        attempt = f"from journal import *; RunFile.open({str(path)!r}, write=True)"
        other = subprocess.run([sys.executable, "-c", attempt], capture_output=True, text=True, check=False)
        assert "Another writer is at" in other.stderr
    with RunFile.open(path, write=True) as run:
        assert run.cursor.seq == 10
        run.commit(pick(shop(20), slice(10, 20)))


def test_closing_leaves_one_file(tmp_path):
    with RunFile.create(tmp_path / "a.run", {}) as run:
        run.commit(shop(10))
    with RunFile.open(tmp_path / "a.run") as run:
        run.facts()
    assert [file.name for file in tmp_path.iterdir()] == ["a.run"]


def test_the_newest_two_snapshots_are_kept_and_a_spoilt_one_is_passed_over(tmp_path):
    whole = shop(40)
    with RunFile.create(tmp_path / "a.run", {}) as run:
        for start in range(0, 40, 10):
            run.commit(pick(whole, slice(start, start + 10)), snapshots={"l": b"s%d" % start})
        assert run.snapshot("l") == (4, b"s30")
    with sqlite3.connect(tmp_path / "a.run") as plain:
        assert plain.execute("SELECT chunk FROM snapshot").fetchall() == [(3,), (4,)]
        plain.execute("UPDATE snapshot SET bytes = x'00' WHERE chunk = 4")
    plain.close()
    with RunFile.open(tmp_path / "a.run") as run:
        assert run.snapshot("l") == (3, b"s20")


def test_anybodys_sqlite_reads_the_plain_tables(tmp_path):
    with RunFile.create(tmp_path / "a.run", {"seed": "1"}) as run:
        run.commit(shop(10), metrics=[("l", "m", 3, 4, 0.5)])
        run.put_rejects([(2, "why", "text")])
        plain = sqlite3.connect(f"file:{tmp_path / 'a.run'}?mode=ro", uri=True)
        index = plain.execute("SELECT number, facts, first_seq, last_seq, first_time, last_time FROM chunk").fetchall()
        assert index == [(1, 10, 1, 10, 0, 2250002)]
        assert plain.execute("SELECT * FROM metric").fetchall() == [("l", "m", 3, 4, 0.5)]
        assert plain.execute("SELECT * FROM run").fetchall() == [("seed", "1")]
        assert plain.execute("SELECT * FROM reject").fetchall() == [(2, "why", "text")]
        plain.close()


def test_an_array_that_is_not_there_is_refused_with_the_nearest_name(tmp_path):
    with RunFile.create(tmp_path / "a.run", {}) as run:
        run.put_array("price", np.arange(3.0))
        with pytest.raises(Refusal, match="no array named 'prise'. Did you mean 'price'"):
            run.array("prise")


def test_a_still_reader_sees_one_moment_of_a_run_that_grows(tmp_path: Path) -> None:
    path = tmp_path / "growing.run"
    with RunFile.create(path, {}) as writer, RunFile.open(path) as reader:
        writer.commit(facts(seq=[1], time=[0], kind=[Kind.VIEWED]))
        with reader.still():
            before = reader.cursor
            writer.commit(facts(seq=[2], time=[1], kind=[Kind.VIEWED]))
            assert reader.cursor == before
            assert len(reader.facts()) == 1
        assert reader.cursor.seq == 2
        with writer.still():
            assert writer.cursor.seq == 2
