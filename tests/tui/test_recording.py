"""A recording is the run file, however much of it was there when it was first read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.errors import Refusal
from journal.facts import CHUNK, SCORED, pick
from tests.tui.made import DAY, LANES, begun, commit, happened, made
from tui.frame import Frame
from tui.recording import Growing, Recording


@given(st.lists(st.lists(st.integers(0, 99), max_size=50), max_size=8))
def test_columns_grow_at_the_end_and_keep_what_they_had(pieces: list[list[int]]) -> None:
    grown, seen = Growing(), []
    for piece in pieces:
        before = grown.all()
        grown.add({"a": np.array(piece, np.int64), "b": np.array(piece, np.int64).repeat(2).reshape(-1, 2)})
        assert all(np.array_equal(column, grown[name][: len(column)]) for name, column in before.items())
        seen += piece
    if pieces:
        assert grown["a"].tolist() == seen
        assert grown["b"].tolist() == [[value, value] for value in seen]


def assert_same(a: Frame, b: Frame) -> None:
    assert (a.seq, a.last, a.drifts, a.ranks, a.lanes) == (b.seq, b.last, b.drifts, b.ranks, b.lanes)
    assert a.facts.time.tolist() == b.facts.time.tolist()
    assert a.curves.keys() == b.curves.keys()
    for key, curve in a.curves.items():
        assert all(np.array_equal(x, y) for x, y in zip(curve, b.curves[key], strict=True))


def test_a_run_read_while_it_is_written_is_the_run_read_at_once(tmp_path: Path) -> None:
    whole, levels, path = happened(5 * CHUNK - 100), {}, tmp_path / "made.run"
    with begun(path) as run:
        recording = Recording(path)
        assert not recording.refresh()
        assert recording.frame(0).last == 0
        for start in range(0, len(whole), CHUNK):
            commit(run, pick(whole, slice(start, start + CHUNK)), levels)
            assert recording.refresh()
            assert not recording.refresh()
            assert recording.frame(99).last == min(start + CHUNK, len(whole))
        assert not recording.frame(1).finished
        run.finish("finished", 1.0)
        assert recording.refresh()
        assert recording.frame(1).finished
    later = Recording(path)
    later.refresh()
    assert_same(recording.frame(3_000), later.frame(3_000))
    recording.close()
    later.close()


def test_what_is_thrown_in_is_named_with_the_chunk_that_it_comes_with(tmp_path: Path) -> None:
    """The header names a shock in the same transaction that tells of it, after the terminal has read the header."""
    whole, path = happened(CHUNK), tmp_path / "made.run"
    row = {"time": [5 * DAY], "until": [6 * DAY], "part": [0], "on": [0], "affected": [1], "magnitude": [0.5]}
    truth = {"shock": {name: np.array(column) for name, column in row.items()}}
    with begun(path) as run:
        recording = Recording(path)
        run.commit(whole, truth=truth, header={"shocks": '["viral(magnitude=7.0)"]'})
        assert recording.refresh()
    (shock,) = recording.frame(1).drifts
    assert shock.about == "viral(magnitude=7.0), 1 product, 50 % of demand"
    recording.close()


def test_a_frame_knows_its_moment(tmp_path: Path) -> None:
    recording = Recording(made(tmp_path / "made.run"))
    recording.refresh()
    frame = recording.frame(3_000)
    assert frame.lanes == LANES
    assert frame.time == int(frame.facts.time[2_999])
    assert frame.seq_at(float(frame.day(frame.time))) == 3_000
    assert [drift.time for drift in frame.drifts] == [2 * DAY]
    assert set(frame.ranks) == {seq for seq in range(2_936, 3_001) if frame.facts.kind[seq - 1] in SCORED}
    curve = frame.curves[LANES[0], "ndcg@10"]
    assert curve.at(0) != curve.at(0)
    assert curve.at(CHUNK) == curve.value[0]
    assert curve.at(10**9) == curve.value[-1]
    assert curve.total(2 * CHUNK) == pytest.approx(curve.value[:2].sum())
    recording.close()


def test_the_next_scored_fact_is_found_in_both_directions(tmp_path: Path) -> None:
    recording = Recording(made(tmp_path / "made.run", CHUNK))
    recording.refresh()
    scored = (np.flatnonzero(np.isin(recording.facts.kind, SCORED)) + 1).tolist()
    assert recording.next_scored(0, 1) == scored[0]
    assert recording.next_scored(scored[0], -1) == scored[0]
    assert recording.next_scored(scored[3], 1) == scored[4]
    assert recording.next_scored(scored[4], -1) == scored[3]
    assert recording.next_scored(CHUNK, 1) == CHUNK
    recording.close()


def test_what_is_no_run_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.run").write_text("hello")
    with pytest.raises(Refusal, match=r"no\.run"):
        Recording(tmp_path / "no.run")
