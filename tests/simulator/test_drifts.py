"""Drifts move whom they say, together with whom they say, as far as they say."""

from __future__ import annotations

import inspect
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from journal.chance import stream
from journal.errors import Refusal
from simulator.drifts import DRIFTS, LEVELS, Drift
from simulator.drifts.turning import abrupt, blip, context_switch, incremental, mixture, recurring
from simulator.drifts.wandering import gradual, life_event, none, walk

COHORTS = (np.arange(60) % 4).astype(np.int32)
START = stream(1, "start").standard_normal((60, 8))


def live(drift: Drift, days: float, start: NDArray[np.float64] = START, dt: float = 0.25) -> list[NDArray[np.float64]]:
    """Interests after every step, the start included."""
    state, made = drift.init(stream(2, "init"), COHORTS[: len(start)], start.shape[1]), [start]
    for tick in range(1, round(days / dt) + 1):
        state, displacement, moved = drift.step(stream(2, "step", tick), state, made[-1], tick * dt, dt)
        assert (displacement[~moved] == 0).all()
        made.append(made[-1] + displacement)
    return made


def cosine(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cosine of each row with its like."""
    made: NDArray[np.float64] = (one * other).sum(1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)
    return made


@given(st.sampled_from(LEVELS), st.floats(0, 2), st.sampled_from([abrupt, incremental, recurring]))
def test_a_turn_keeps_lengths_and_its_angle_is_the_magnitude(level: str, magnitude: float, build) -> None:  # type: ignore[no-untyped-def]
    after = live(build(level=level, magnitude=magnitude, at_day=0.5, **late(build)), 2.0)[-1]
    assert np.allclose(np.linalg.norm(after, axis=1), np.linalg.norm(START, axis=1))
    assert np.allclose(cosine(START, after), np.cos(magnitude * np.pi / 2))


def late(build) -> dict[str, float]:  # type: ignore[no-untyped-def]
    """Parameters with which two days are enough to see the whole turn."""
    return {incremental: {"over_days": 1.0}, recurring: {"period_days": 4.0}}.get(build, {})


def test_who_moves_together_turns_alike() -> None:
    """Angles between shoppers of a group stay, those between groups do not."""
    before = START @ START.T
    for level in LEVELS:
        after = live(abrupt(level=level, at_day=1.0), 1.0)[-1]
        same = np.isclose(after @ after.T, before)
        alike = {
            "population": np.ones((60, 60), bool),
            "cohort": COHORTS[:, None] == COHORTS,
            "individual": np.eye(60) > 0,
        }
        assert same[alike[level]].all()
        assert same[~alike[level]].mean() < 0.1 if (~alike[level]).any() else True


def test_share_is_who_moves() -> None:
    for level, share in (("individual", 0.3), ("population", 0.3)):
        moved = (live(abrupt(level=level, share=share, at_day=1.0), 1.0)[-1] != START).any(1)
        assert 5 < moved.sum() < 32
    moved = (live(abrupt(level="cohort", share=0.5, at_day=1.0), 1.0)[-1] != START).any(1)
    assert sorted(moved[:4].tolist()) == [False, False, True, True]
    assert all(len(set(moved[cohort == COHORTS])) == 1 for cohort in range(4))


def test_abrupt_is_once_incremental_is_even_recurring_comes_back() -> None:
    def still(made: list[NDArray[np.float64]]) -> list[bool]:
        return [bool((one == other).all()) for one, other in itertools.pairwise(made)]

    assert still(live(abrupt(at_day=1.0), 2.0)) == [True] * 3 + [False] + [True] * 4
    ramp = live(incremental(at_day=1.0, over_days=1.0), 2.5)
    assert still(ramp) == [True] * 4 + [False] * 4 + [True] * 2
    assert np.allclose(cosine(ramp[4], ramp[6]), np.cos(np.pi / 4))
    wave = live(recurring(at_day=1.0, period_days=1.0), 2.5)
    assert still(wave) == [True] * 3 + [False, True] * 3 + [False]
    assert np.allclose(wave[6], START)
    assert np.allclose(wave[4], wave[8])


def test_a_recurring_drift_of_two_steps_is_four_seasons_of_which_two_are_alike() -> None:
    year = live(recurring(at_day=1.0, period_days=2.0, steps=2), 3.25)
    winter, spring, summer, autumn, again = year[3], year[5], year[7], year[9], year[11]
    assert np.allclose(winter, START)
    assert np.allclose(cosine(winter, spring), np.cos(np.pi / 4))
    assert np.allclose(cosine(winter, summer), 0)
    assert np.allclose(spring, autumn)
    assert np.allclose(winter, again)
    assert recurring(at_day=1.0, period_days=2.0, steps=2).turns(3.2) == (1.0, 1.5, 2.0, 2.5, 3.0)


def test_an_individual_abrupt_drift_can_spread_over_days() -> None:
    made = live(abrupt(level="individual", at_day=1.0, within_days=2.0), 4.0)
    when = [np.flatnonzero([(a[u] != b[u]).any() for a, b in itertools.pairwise(made)]) for u in range(60)]
    assert all(len(ticks) == 1 for ticks in when)
    assert len({int(ticks[0]) for ticks in when}) > 5


def test_gradual_wanders_as_far_as_it_says_and_keeps_the_core() -> None:
    start = np.repeat(START, 40, axis=0)[:1_000]
    cohorts = np.zeros(1_000, np.int32)
    drift = gradual(magnitude=0.5, time_constant_days=2.0)
    state, interests = drift.init(stream(2, "init"), cohorts, 8), start
    for tick in range(1, 41):
        state, displacement, moved = drift.step(stream(2, "step", tick), state, interests, tick * 0.5, 0.5)
        interests = interests + displacement
        assert moved.all()
    assert abs((interests - start).std() - 0.5) < 0.02
    assert abs((interests - start).mean()) < 0.02


def test_a_blip_is_over_and_nothing_is_left_of_it() -> None:
    made = live(blip(at_day=1.0, hours=12.0), 3.0)
    away = [not np.allclose(one, START) for one in made]
    assert away == [False] * 4 + [True] * 2 + [False] * 7


def test_a_mixture_goes_over_by_chance_and_for_good() -> None:
    start = np.repeat(START, 20, axis=0)[:1_000]
    drift = mixture(at_day=1.0, over_days=2.0)
    state, interests, new = drift.init(stream(2, "init"), np.zeros(1_000, np.int32), 8), start, []
    for tick in range(1, 17):
        state, displacement, _ = drift.step(stream(2, "step", tick), state, interests, tick * 0.25, 0.25)
        interests = interests + displacement
        new.append(float((np.abs(cosine(start, interests)) < 0.5).mean()))
    assert new[:3] == [0.0] * 3
    assert abs(new[7] - 0.5) < 0.06  # half way, on day 2
    assert abs(new[9] - 1 / (1 + 99**-0.5)) < 0.06  # three quarters of the way: ln 99 / 2 above even odds
    assert new[12:] == [1.0] * 4


def test_a_context_is_left_as_it_was_entered() -> None:
    for context, hours in (("evening", range(18, 24)), ("night", range(6))):
        made = live(context_switch(context), 2.0, dt=1 / 24)
        away = [hour for hour in range(1, 49) if not np.allclose(made[hour], START)]
        assert away == [hour for hour in range(1, 49) if hour % 24 in hours]


def test_a_walk_grows_with_the_root_of_time() -> None:
    for dt in (0.25, 1.0):
        made = live(walk(magnitude=0.3), 16.0, np.repeat(START, 20, axis=0)[:60], dt)
        assert abs((made[-1] - made[0]).std() - 0.3 * 4) < 0.15


def test_life_events_come_one_by_one_and_turn_by_the_magnitude() -> None:
    made = live(life_event(every_days=4.0, magnitude=0.5), 4.0)
    moved = np.array([(one != other).any(1) for one, other in itertools.pairwise(made)])
    assert 0.6 < moved.sum() / 60 < 1.4
    assert moved.mean(1).max() < 0.25
    for (one, other), who in zip(itertools.pairwise(made), moved, strict=True):
        assert np.allclose(cosine(one, other)[who], np.cos(np.pi / 4))


def test_none_moves_nobody() -> None:
    assert all((made == START).all() for made in live(none(), 1.0))


@pytest.mark.parametrize("name", sorted(DRIFTS))
def test_one_shopper_more_moves_nobody_else(name: str) -> None:
    given = inspect.signature(DRIFTS[name]).parameters
    for level in LEVELS if "level" in given else ("",):
        drift = DRIFTS[name](**({"share": 0.6} if "share" in given else {}), **({"level": level} if level else {}))
        assert (live(drift, 8.0)[-1][:59] == live(drift, 8.0, START[:59])[-1]).all()


@pytest.mark.parametrize(
    ("name", "given", "match"),
    [
        ("abrupt", {"level": "cohrt"}, "no level 'cohrt'. Did you mean 'cohort'"),
        ("abrupt", {"share": 1.5}, "share = 1.5 is outside 0 to 1"),
        ("abrupt", {"magnitude": float("nan")}, "magnitude = nan is outside 0 to 2"),
        ("incremental", {"over_days": 0.0}, "over_days = 0.0 is outside"),
        ("recurring", {"period_days": -1.0}, "period_days = -1.0 is outside"),
        ("gradual", {"time_constant_days": 0}, "time_constant_days = 0 is outside"),
        ("blip", {"hours": 0}, "hours = 0 is outside"),
        ("life_event", {"every_days": 0}, "every_days = 0 is outside"),
        ("reinforcement", {"dial": 1.1}, "dial = 1.1 is outside 0 to 1"),
        ("context_switch", {"context": "weekends"}, "no context 'weekends'. Did you mean 'weekend'"),
    ],
)
def test_a_parameter_out_of_range_is_refused(name: str, given: dict[str, object], match: str) -> None:
    with pytest.raises(Refusal, match=match):
        DRIFTS[name](**given)
