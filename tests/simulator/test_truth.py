"""The truth is written when it is needed, and is what the simulator went by."""

from __future__ import annotations

import numpy as np

from journal.facts import Facts, Kind
from simulator.rhythm import DAY, HOUR
from simulator.truth import STALE, Truth
from simulator.world import Piece, World

START = np.ones((4, 2))


def test_a_row_is_written_at_joining_and_only_when_interests_changed() -> None:
    truth = Truth(START)
    for time in (0, 5, 9):
        truth.interest(1, time)
    rows = truth.tables()["interest"]
    assert (rows["time"].tolist(), rows["shopper"].tolist()) == ([0], [1])
    assert rows["theta"].dtype == np.float32
    assert truth.tables() == {}


def test_a_large_move_is_written_at_once_for_those_who_have_joined_a_small_one_waits() -> None:
    truth = Truth(START)
    truth.interest(0, 0)
    truth.interest(1, 0)
    moved = np.array([True, True, True, False])
    truth.move(0, True, np.array([[1.5, 0], [0.05, 0], [1.5, 0], [0, 0]]), moved, 7)
    truth.tell(7)
    made = truth.tables()
    assert made["interest"]["shopper"].tolist() == [0, 1, 0]
    assert made["drift"]["affected"].tolist() == [3]
    assert np.isclose(made["drift"]["magnitude"][0], (1.5 + 0.05 + 1.5) / 3 / np.sqrt(2))
    assert truth.interest(1, 9)[0] == np.float32(1.05)
    assert truth.tables()["interest"]["time"].tolist() == [9]


def test_every_session_has_interests_before_it_and_nobody_is_written_who_has_not_joined(
    world: World, pieces: list[Piece], facts: Facts
) -> None:
    rows = [piece.truth["interest"] for piece in pieces if "interest" in piece.truth]
    time, shopper = (np.concatenate([row[name] for row in rows]) for name in ("time", "shopper"))
    assert (np.diff(time) >= 0).all()
    assert (time >= world.truth["join_time"][shopper]).all()
    joined = facts.shopper[facts.kind == Kind.SHOPPER_JOINED]
    assert set(joined.tolist()) == set(shopper.tolist())
    told = -1
    for piece in pieces:  # truth never comes later than the facts it explains
        if "interest" in piece.truth:
            told = max(told, int(piece.truth["interest"]["time"].max()))
        starts = piece.facts.time[piece.facts.kind == Kind.SESSION_STARTED]
        assert not len(starts) or told >= 0


def test_interests_in_the_truth_are_never_too_far_from_what_is_so() -> None:
    truth, told = Truth(START), START.copy()
    truth.interest(3, 0)
    for tick in range(1, 60):
        truth.move(0, tick == 1, np.full((4, 2), 0.03), np.ones(4, bool), tick)
        truth.tell(tick)
        for theta in truth.tables().get("interest", {"theta": []})["theta"]:
            told[3] = theta
        assert np.linalg.norm(truth.interests[3] - told[3]) <= STALE * np.linalg.norm(truth.interests[3])
    assert (told[3] > 1.5).all()


def test_drifts_are_written_with_their_onset(pieces: list[Piece]) -> None:
    rows = [piece.truth["drift"] for piece in pieces if "drift" in piece.truth]
    time, part, onset, affected, magnitude = (
        np.concatenate([row[name] for row in rows]) for name in ("time", "part", "onset", "affected", "magnitude")
    )
    assert time[onset & (part == 0)].tolist() == [HOUR]
    assert (part == 0).sum() == 5 * 24 - 1
    assert time[part == 1].tolist() == [3 * DAY]
    assert onset[part == 1].all()
    assert 0 < affected[part == 1][0] < 150
    assert np.allclose(magnitude[part == 1], np.sqrt(2), atol=1e-5)
