"""A measure gives the figure of its formula, and says what it is."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftlab.measures import MEASURES, SLICED, SLICES
from driftlab.measures.accuracy import fading
from driftlab.measures.measure import gini
from driftlab.measures.truth import SLIDING, midranks, recoveries, spearman
from driftlab.record import Moment, Record, Traffic
from journal.facts import Kind
from tests.driftlab.made import probed, ranked, views


def value(name: str, seen: Record) -> float:
    return MEASURES[name].value(seen)


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_says_all_about_itself(name: str) -> None:
    measure = MEASURES[name]
    assert measure.about.endswith(".")
    assert all(measure[:-1])


@pytest.mark.parametrize("name", MEASURES)
def test_nothing_measured_is_not_a_number_but_for_sums(name: str) -> None:
    assert math.isnan(value(name, ranked([]))) or name in ("learned", "replayed", "rows", "gflop")


def test_accuracy_of_known_ranks() -> None:
    seen = ranked([1.0, 3.0, 10.5, 21.0])
    assert value("hr@10", seen) == 0.5
    assert value("hr@20", seen) == 0.75
    assert value("ndcg@10", seen) == pytest.approx((1 + 0.5) / 4)
    assert value("mrr", seen) == pytest.approx((1 + 1 / 3 + 1 / 10.5 + 1 / 21) / 4)
    assert value("mpr", seen) == pytest.approx(np.mean([0, 2, 9.5, 20]))


def test_all_products_tied_is_guessing() -> None:
    assert value("mpr", ranked([51.0] * 5)) == 50.0


@given(st.lists(st.floats(0, 1), max_size=50), st.integers(0, 50), st.floats(0.5, 0.9999))
def test_a_fading_mean_is_the_same_in_pieces(values: list[float], cut: int, factor: float) -> None:
    column = np.array(values)
    whole = fading(column, factor)
    pieces = fading(column[cut:], factor, fading(column[:cut], factor))
    assert pieces == pytest.approx(whole)


def test_slices_take_what_they_say() -> None:
    seen = ranked([1, 1, 1, 1], views([4, 4, 5, 4], [7, 7, 7, 8]))
    taken = {name: which(seen).tolist() for name, which in SLICES.items()}
    assert taken["repeats"] == [False, True, False, False]
    assert taken["without_repeats"] == [True, False, True, True]
    assert taken["new_shoppers"] == [True, False, True, False]
    assert taken["new_products"] == [True, False, False, True]
    assert taken["viewed"] == [True] * 4
    assert taken["carted"] == [False] * 4


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_slices_part_the_events(pairs: list[tuple[int, int]]) -> None:
    seen = ranked([1] * len(pairs), views(*map(list, zip(*pairs, strict=True))))
    for one, other in (("repeats", "without_repeats"), ("cold", "warm")):
        assert np.array_equal(SLICES[one](seen), ~SLICES[other](seen))
    assert sum(SLICES[kind.name.lower()](seen) for kind in (Kind.VIEWED, Kind.CARTED)).all()


def test_the_accuracy_measures_are_sliced() -> None:
    assert set(SLICED) == {"ndcg@10", "hr@10", "hr@20", "mrr", "mpr"}


@given(st.lists(st.integers(0, 20), min_size=1, max_size=30).filter(any))
def test_gini_is_the_mean_difference(counts: list[int]) -> None:
    x = np.array(counts, float)
    expected = np.abs(x[:, None] - x[None]).mean() / (2 * x.mean())
    assert gini(np.array(counts)) == pytest.approx(expected, abs=1e-12)


def dropped(before: float, after: list[float]) -> Record:
    """Return a lane whose gain is `before` for a day's worth of events, then each of `after` for `SLIDING` events."""
    gains = np.repeat([before, *after], [5 * SLIDING] + [SLIDING] * len(after))
    ranks = 2 ** (1 / gains) - 1
    seen = ranked(list(ranks))
    return Record(**{**vars(seen), "drifts": (Moment(5 * SLIDING * 1_000_000, 5 * SLIDING * 1_000_000, "a turn"),)})


def test_recovery_is_timed_from_the_drift_to_the_level_back() -> None:
    ((_, found),) = recoveries(dropped(0.8, [0.4, 0.8, 0.8]))
    assert found.before == pytest.approx(0.8, rel=1e-6)
    assert found.lowest == pytest.approx(0.4, rel=1e-6)
    # .72 is back: a level of 1,000 events from .4 to .8 is there when 800 of them are good again.
    assert found.hours * 3600 == pytest.approx(SLIDING + 800, abs=2)
    assert found.lost == pytest.approx(0.4 * SLIDING, rel=1e-3)


def test_a_level_that_is_there_by_chance_is_no_recovery() -> None:
    ((_, found),) = recoveries(dropped(0.8, [0.4, 0.9, 0.4, 0.4, 0.4, 0.8, 0.8, 0.8, 0.8]))
    assert found.hours * 3600 == pytest.approx(5 * SLIDING + 800, abs=2)


def test_no_recovery_is_told_as_never_and_no_loss_as_none() -> None:
    ((_, never),) = recoveries(dropped(0.8, [0.4, 0.5]))
    assert math.isinf(never.hours)
    ((_, none),) = recoveries(dropped(0.8, [0.79, 0.8]))
    assert (none.hours, none.lost) == (0.0, 0.0)


def test_drifts_at_one_moment_are_one_fall_and_one_recovery() -> None:
    seen = dropped(0.8, [0.4, 0.8, 0.8])
    (turn,) = seen.drifts
    twice = Record(**{**vars(seen), "drifts": (turn, turn._replace(about="a sale"))})
    (((_, alone),), ((told, both),)) = recoveries(seen), recoveries(twice)
    assert (told.about, both) == ("a sale", alone)


def test_too_few_events_beside_a_drift_are_not_judged() -> None:
    seen = ranked([1.0] * 150)
    drifts = (Moment(140_000_000, 140_000_000, "late"),)
    assert recoveries(Record(**{**vars(seen), "drifts": drifts})) == []


def test_a_lane_that_hardly_ever_hits_is_not_judged() -> None:
    assert recoveries(dropped(0.01, [0.01, 0.01])) == []
    assert math.isnan(value("recovery", dropped(0.01, [0.01])))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=20))
def test_spearman_is_pearson_of_mean_ranks(pairs: list[tuple[int, int]]) -> None:
    a, b = np.array(pairs, float).T

    def naive(x: np.ndarray) -> np.ndarray:
        return np.array([1 + np.sum(x < v) + (np.sum(x == v) - 1) / 2 for v in x])

    assert midranks(a[None])[0].tolist() == naive(a).tolist()
    constant = len(set(a)) == 1 or len(set(b)) == 1
    expected = 0.0 if constant else np.corrcoef(naive(a), naive(b))[0, 1]
    assert spearman(a[None], b[None])[0] == pytest.approx(expected, abs=1e-9)


def test_slate_measures_of_known_slates() -> None:
    seen = probed(
        slate=[[0, 1], [0, 2]],
        listed=np.array([4, 4]),
        meetings=np.array([12, 12]),
        popularity=np.array([[3, 7], [3, 1]]),
        profile=np.array([2.0, np.nan]),
        category=np.array([[1, 1], [1, 2]]),
        brand=np.array([[1, 2], [1, -1]]),
        regret=np.array([0.5, 1.5]),
        tracking=np.array([0.2, 0.4]),
    )
    assert value("coverage", seen) == 3 / 4
    assert value("catalogue_coverage", seen) == 3 / 4
    assert value("exposure_gini", seen) == pytest.approx(gini(np.array([0, 1, 1, 2])))
    assert value("novelty", seen) == pytest.approx(np.mean(-np.log2(np.array([4, 8, 4, 2]) / 16)))
    assert value("diversity_category", seen) == 0.5
    assert value("diversity_brand", seen) == 1.0
    assert value("popularity_lift", seen) == pytest.approx(5 / 2 - 1)
    assert value("regret", seen) == 1.0
    assert value("tracking_error", seen) == pytest.approx(0.3)


def test_closed_loop_measures_are_per_slate() -> None:
    seen = Record(**{**vars(ranked([])), "traffic": Traffic(slates=8, clicked=4, converted=2, revenue=16.0)})
    assert [value(name, seen) for name in ("click_through", "conversion", "revenue")] == [0.5, 0.25, 2.0]
