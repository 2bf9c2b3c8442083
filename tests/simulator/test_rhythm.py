"""The shop's clock: waits become times, in proportion to the rates."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.errors import Refusal
from simulator.rhythm import DAY, HOUR, WEEK, Rhythm
from simulator.spec import HOUR_SHARES, WEEK_SHARES, RhythmSpec
from simulator.world import World
from tests.simulator.conftest import SMALL

RHYTHM = Rhythm(RhythmSpec())


@given(st.integers(0, 5 * WEEK), st.floats(0, 1_000), st.floats(0, 1_000))
def test_two_waits_after_each_other_are_one(now: int, first: float, second: float) -> None:
    assert abs(RHYTHM.after(RHYTHM.after(now, first), second) - RHYTHM.after(now, first + second)) < 1_000


@given(st.integers(0, 5 * WEEK), st.integers(0, 4))
def test_over_a_week_both_clocks_run_equally_far(now: int, weeks: int) -> None:
    assert abs(RHYTHM.after(now, 168.0 * weeks) - now - weeks * WEEK) < 1_000


def test_even_waits_fall_in_proportion_to_the_rates() -> None:
    times = np.array([RHYTHM.after(0, wait) for wait in np.arange(20_000) * (168 / 20_000)])
    day, hour = np.bincount(times // DAY, minlength=7), np.bincount(times // HOUR % 24, minlength=24)
    assert np.allclose(day / day.sum(), np.array(WEEK_SHARES) / sum(WEEK_SHARES), atol=0.001)
    assert np.allclose(hour / hour.sum(), np.array(HOUR_SHARES) / sum(HOUR_SHARES), atol=0.001)


def test_nobody_comes_in_an_hour_without_a_rate() -> None:
    closed = Rhythm(RhythmSpec(weekdays=(1, 1, 1, 1, 1, 0, 0), hours=(0.0,) * 9 + (1.0,) * 9 + (0.0,) * 6))
    times = np.array([closed.after(0, wait) for wait in np.linspace(0.01, 500, 2_000)])
    assert set((times // HOUR % 24).tolist()) == set(range(9, 18))
    assert set((times // DAY % 7).tolist()) == set(range(5))


def surging(factor: float, *again: float) -> Rhythm:
    return Rhythm(RhythmSpec(surge=factor, surge_day=4.0, surge_hours=14.0, surge_again=again))


@given(st.integers(0, 2 * WEEK), st.floats(0, 300), st.floats(0, 300), st.sampled_from([0.25, 1.0, 8.0]))
def test_in_a_surge_too_two_waits_after_each_other_are_one(
    now: int, first: float, second: float, factor: float
) -> None:
    rhythm = surging(factor, 9.0, 12.5)
    assert abs(rhythm.after(rhythm.after(now, first), second) - rhythm.after(now, first + second)) < 10_000


def test_a_surge_makes_waits_shorter_by_its_factor_in_its_span_and_nowhere_else() -> None:
    calm, rhythm, begin, end = RHYTHM, surging(8.0), 4 * DAY, 4 * DAY + 14 * HOUR
    noon = 4 * DAY + 10 * HOUR
    assert abs(rhythm.after(noon, 8.0) - calm.after(noon, 1.0)) < 1_000
    assert rhythm.after(end, 30.0) == calm.after(end, 30.0)
    assert rhythm.after(2 * DAY, 5.0) == calm.after(2 * DAY, 5.0) < begin


def test_a_surge_that_comes_again_is_as_large_as_the_first_and_the_days_between_are_calm() -> None:
    once, again = surging(8.0), surging(8.0, 9.0, 12.5)
    for day in (4, 9):
        noon = day * DAY + 10 * HOUR
        assert abs(again.after(noon, 8.0) - RHYTHM.after(noon, 1.0)) < 1_000
    for now in (0, 3 * DAY, 4 * DAY + 20 * HOUR, 8 * DAY):
        assert again.after(now, 4.0) == once.after(now, 4.0)
    assert again.after(13 * DAY + 3 * HOUR, 60.0) == RHYTHM.after(13 * DAY + 3 * HOUR, 60.0)
    # A wait through all three is shorter than one through the first by what the clock runs ahead in the other two.
    saved = once.after(0, 500.0) - again.after(0, 500.0)
    assert saved > 14 * HOUR


def test_surges_that_overlap_are_refused() -> None:
    rhythm = RhythmSpec(surge=2.0, surge_day=4.0, surge_hours=48.0, surge_again=(20.0, 5.0))
    with pytest.raises(Refusal, match="two surges of 48 h overlap"):
        World(dataclasses.replace(SMALL, rhythm=rhythm), 1)
