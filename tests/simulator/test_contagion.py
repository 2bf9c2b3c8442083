"""Contagion spreads along follows and nowhere else, as fast as its hazards say."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from journal.chance import stream
from journal.errors import Refusal
from simulator.contagion import cascade, conformity, trend
from simulator.drifts import Drift
from simulator.social import Follows, none, preferential, small_world
from simulator.world import World
from tests.simulator.conftest import SMALL

SHOPPERS, FACTORS, DT = 1_000, 8, 1 / 8
COHORTS = (np.arange(SHOPPERS) % 8).astype(np.int32)
WORLD = small_world(10, 0.1).draw(stream(1, "social"), COHORTS)


def live(
    drift: Drift, days: float, follows: Follows = WORLD
) -> tuple[list[dict[str, Any]], list[NDArray[np.float64]], list[NDArray[np.bool_]]]:
    """States, interests and who moved, after every step; the start is a state and interests too."""
    assert drift.meet is not None
    states = [drift.meet(drift.init(stream(2, "init"), COHORTS, FACTORS), follows)]
    interests, moves = [stream(1, "start").standard_normal((SHOPPERS, FACTORS))], []
    for tick in range(1, round(days / DT) + 1):
        state, displacement, moved = drift.step(stream(2, "step", tick), states[-1], interests[-1], tick * DT, DT)
        assert (displacement[~moved] == 0).all()
        states.append(state)
        interests.append(interests[-1] + displacement)
        moves.append(moved)
    return states, interests, moves


@pytest.mark.parametrize("build", [trend, cascade])
def test_nobody_catches_what_none_of_the_followed_has(build) -> None:  # type: ignore[no-untyped-def]
    states, _, _ = live(build(at_day=1.0), 6.0)
    begun = round(1.0 / DT)
    assert not states[begun - 1]["has"].any()
    assert 5 < states[begun]["has"].sum() < 40
    for before, after in itertools.pairwise(states[begun:]):
        new = after["has"] & ~before["has"]
        exposed = np.bincount(WORLD.follower, before["has"][WORLD.followed], SHOPPERS) > 0
        assert exposed[new].all()
        assert not (new & before["had"]).any()
    assert states[-1]["had"].sum() > 300


@pytest.mark.parametrize("build", [trend, cascade])
def test_where_nobody_follows_it_stays_with_the_first(build) -> None:  # type: ignore[no-untyped-def]
    states, _, _ = live(build(at_day=1.0), 4.0, none().draw(stream(1, "none"), COHORTS))
    assert states[-1]["had"].sum() == states[round(1.0 / DT)]["has"].sum()


def test_a_trend_is_caught_and_lost_at_its_hazards() -> None:
    """Of those who see m of the followed with it, 1 - exp(-m per_day dt) catch it; it is held for `lasts_days`."""
    per_day, lasts = 0.3, 3.0
    states, _, _ = live(trend(at_day=1.0, per_day=per_day, lasts_days=lasts), 12.0)
    expected = caught = held = lost = 0.0
    for before, after in itertools.pairwise(states[9:]):
        with_it = np.bincount(WORLD.follower, before["has"][WORLD.followed], SHOPPERS)
        free = ~before["had"]
        expected += (1 - np.exp(-per_day * DT * with_it[free])).sum()
        caught += (after["has"] & free).sum()
        held += before["has"].sum() * (1 - np.exp(-DT / lasts))
        lost += (before["has"] & ~after["has"]).sum()
    assert abs(caught / expected - 1) < 4 / np.sqrt(expected)
    assert abs(lost / held - 1) < 4 / np.sqrt(held)


def test_a_trend_reaches_more_the_faster_it_spreads_and_rises_and_falls() -> None:
    reached = []
    for per_day in (0.05, 0.1, 0.5):
        states, _, _ = live(trend(at_day=1.0, per_day=per_day), 14.0)
        reached.append(int(states[-1]["had"].sum()))
    assert reached[0] < 0.4 * SHOPPERS < reached[1] < 0.95 * SHOPPERS < reached[2]
    having = [int(state["has"].sum()) for state in states]
    peak = int(np.argmax(having))
    assert having[8] < having[peak] / 4 > having[-1]
    assert 8 < peak < len(having) - 20


def test_who_has_it_wants_one_direction_more_and_is_as_before_without_it() -> None:
    states, interests, moves = live(trend(magnitude=0.5, at_day=1.0), 6.0)
    shift, has = interests[-1] - interests[0], states[-1]["has"]
    assert np.allclose(shift[~has], 0)
    assert np.allclose(shift[has], shift[has][0])
    assert np.isclose(np.linalg.norm(shift[has][0]), 0.5 * np.sqrt(FACTORS))
    assert (moves[-1] == states[-1]["has"] | states[-2]["has"]).all()  # one drift from its first day to its last


def test_a_cascade_passes_thresholds_and_stops_at_them() -> None:
    """Granovetter 1978: with low thresholds everybody follows the first few, with high ones hardly anybody does."""
    low, high = (live(cascade(at_day=1.0, threshold=level), 14.0)[0][-1]["has"].sum() for level in (0.1, 0.5))
    assert low > 0.95 * SHOPPERS
    assert high < 0.5 * SHOPPERS
    states = live(cascade(at_day=1.0), 8.0)[0]
    assert all((before["has"] <= after["has"]).all() for before, after in itertools.pairwise(states))


def test_influence_runs_from_the_followed_to_the_follower_only() -> None:
    """Two follow one, who follows nobody: the one neither catches a trend from them nor comes nearer to them."""
    star = Follows(np.array([1, 2], np.int32), np.array([0, 0], np.int32), SHOPPERS)
    _, interests, moves = live(conformity(time_constant_days=1.0), 3.0, star)
    assert (interests[-1][0] == interests[0][0]).all()
    assert np.flatnonzero(moves[-1]).tolist() == [1, 2]
    alike = [interests[-1][who] @ interests[0][0] / np.linalg.norm(interests[-1][who]) for who in (1, 2)]
    assert min(alike) > 0.9 * np.linalg.norm(interests[0][0])


def test_conformity_brings_followers_nearer_and_keeps_lengths() -> None:
    _, interests, _ = live(conformity(time_constant_days=4.0), 6.0)

    def agreement(theta: NDArray[np.float64]) -> float:
        unit = theta / np.linalg.norm(theta, axis=1, keepdims=True)
        return float((unit[WORLD.follower] * unit[WORLD.followed]).sum(1).mean())

    assert agreement(interests[0]) < 0.1 < 0.3 < agreement(interests[-1])
    assert np.allclose(np.linalg.norm(interests[-1], axis=1), np.linalg.norm(interests[0], axis=1))


def test_in_a_world_a_trend_is_one_drift_of_the_truth() -> None:
    world = World(SMALL, 7, [trend(at_day=1.0, per_day=0.5, first=0.05)], social=preferential())
    rows = [piece.truth["drift"] for piece in world.run() if "drift" in piece.truth]
    onset, affected = (np.concatenate([row[name] for row in rows]) for name in ("onset", "affected"))
    assert onset.sum() == 1
    assert affected[0] < 20 < 40 < affected.max()


def test_a_world_without_follows_refuses_a_contagion() -> None:
    with pytest.raises(Refusal, match="Drift 0 spreads from shopper to shopper, but nobody follows anybody"):
        World(SMALL, 7, [trend()])


@pytest.mark.parametrize(
    ("build", "given", "match"),
    [
        (trend, {"first": 2.0}, "trend has first = 2.0, which is outside 0 to 1"),
        (cascade, {"threshold": 0.9}, "threshold = 0.9, which is outside 0 to 0.5"),
        (conformity, {"time_constant_days": 0.0}, "time_constant_days = 0.0, which is outside"),
    ],
)
def test_a_parameter_out_of_range_is_refused(build, given: dict[str, float], match: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Refusal, match=match):
        build(**given)
