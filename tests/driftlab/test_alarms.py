"""Alarms are counted, timed and valued as their formulae say, on records small enough to count by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftlab.measures import MEASURES
from driftlab.measures.alarms import BESIDE, MAX_DELAY, change_after, judged
from driftlab.record import Moment, Record, meetings, record
from tests.driftlab.made import ranked, views

NAMES = ("alarm_delay", "alarm_delay_share", "false_alarms", "alarm_precision", "alarm_recall")


def alarmed(n: int, alarms: list[int], drifts: list[tuple[int, int]], ranks: list[float] | None = None) -> Record:
    """Return the record of a lane that alarmed at these places of n; one event a second."""
    alarm = np.zeros(n, np.bool_)
    alarm[alarms] = True
    moments = tuple(Moment(first * 1_000_000, last * 1_000_000, "a turn") for first, last in drifts)
    return replace(ranked(ranks or [1.0] * n), alarm=alarm, drifts=moments)


def values(seen: Record) -> list[float]:
    return [MEASURES[name].value(seen) for name in NAMES]


def test_alarms_of_known_drifts() -> None:
    # Found after 100, with a second true alarm; missed; found in the midst of a gradual drift, and again after it. One alarm is false.
    seen = alarmed(20_000, [400, 1100, 1200, 9500, 13_000], [(1000, 1000), (5000, 5000), (9000, 12_000)])
    delay = (100 + 500) / 2
    assert values(seen) == pytest.approx([delay, delay / MAX_DELAY, 1000 / 20_000, 4 / 5, 4 / 5])


def test_only_an_alarm_from_the_onset_to_the_longest_delay_is_true() -> None:
    drifts = np.array([[100, 150]])
    for place, true in ((99, 0), (100, 1), (150, 1), (350, 1), (351, 0)):
        assert judged(np.array([place]), drifts, max_delay=200).true == true


def test_an_alarm_belongs_to_one_drift() -> None:
    found = judged(np.array([120]), np.array([[100, 100], [110, 110]]), max_delay=50)
    assert (found.true, found.missed, found.delays.tolist()) == (1, 1, [20])


@given(st.sets(st.integers(0, 999)), st.sets(st.integers(0, 999)), st.integers(1, 300))
def test_every_alarm_is_true_or_false_and_every_drift_found_or_missed(
    alarms: set[int], onsets: set[int], delay: int
) -> None:
    drifts = np.array([(at, at) for at in sorted(onsets)], np.int64).reshape(-1, 2)
    found = judged(np.array(sorted(alarms), np.int64), drifts, delay)
    assert found.true + found.false == len(alarms)
    assert found.missed + len(found.delays) == len(onsets)
    assert ((found.delays >= 0) & (found.delays <= delay)).all()


def test_without_alarms_or_drifts_there_is_nothing_to_judge() -> None:
    for seen in (alarmed(100, [], [(50, 50)]), alarmed(100, [60], [])):
        assert all(map(math.isnan, values(seen)))
    assert math.isnan(MEASURES["alarm_earned"].value(alarmed(5000, [], [])))


def test_no_drift_found_has_no_delay_but_a_recall_of_nothing() -> None:
    delay, share, _, precision, recall = values(alarmed(100, [10], [(50, 50)]))
    assert math.isnan(delay)
    assert math.isnan(share)
    assert (precision, recall) == (0.0, 0.0)


def test_what_an_alarm_earned_is_the_change_of_the_gain_around_it() -> None:
    n, at = 3 * BESIDE, BESIDE + 200
    ranks = [1.0 if place > at else 3.0 for place in range(n)]
    assert MEASURES["alarm_earned"].value(alarmed(n, [at], [], ranks)) == pytest.approx(0.5)
    assert MEASURES["alarm_earned"].value(alarmed(n, [at, n - 10], [], ranks)) == pytest.approx(0.5)
    assert math.isnan(MEASURES["alarm_earned"].value(alarmed(n, [n - 10], [], ranks)))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(1, 5))
def test_the_change_is_a_difference_of_means(gains: list[float], beside: int) -> None:
    column, alarms = np.array(gains), np.arange(len(gains))
    expected = [
        column[a + 1 : a + 1 + beside].mean() - column[a + 1 - beside : a + 1].mean()
        for a in alarms
        if a + 1 >= beside and a + 1 + beside <= len(gains)
    ]
    assert change_after(column, alarms, beside) == pytest.approx(expected, abs=1e-9)


def test_a_record_without_alarms_has_none_and_keeps_those_it_is_told() -> None:
    seen = views([0, 0, 1], [4, 5, 6])
    outcomes = {"seq": seen.seq, "rank": np.ones(3, np.float32), "candidates": np.full(3, 9)}
    assert record(seen, meetings(seen), outcomes).alarm.tolist() == [False] * 3
    told = record(seen, meetings(seen), {**outcomes, "alarm": np.array([0, 1, 0])})
    assert told.alarm.dtype == np.bool_
    assert told.where(slice(1, 3)).alarm.tolist() == [True, False]
