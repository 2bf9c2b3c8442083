"""A record joins outcomes to facts by seq, and counts what went before."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from driftlab.record import earlier, meetings, record, traffic
from driftlab.recorded import moments
from journal.facts import Kind, facts
from tests.driftlab.made import views


@given(st.lists(st.integers(-3, 3), max_size=50))
def test_earlier_counts_equals_before(keys: list[int]) -> None:
    assert earlier(np.array(keys, int)).tolist() == [keys[:i].count(key) for i, key in enumerate(keys)]


def test_only_interactions_are_meetings() -> None:
    kinds = [Kind.PRODUCT_LISTED, Kind.VIEWED, Kind.SESSION_STARTED, Kind.RETURNED]
    seen = facts(seq=[1, 2, 3, 4], time=[0] * 4, kind=kinds, shopper=[-1, 0, 0, 0], product=[7, 7, -1, 7])
    assert meetings(seen).of_product.tolist() == [0, 0, 0, 1]
    assert meetings(seen).repeat.tolist() == [False, False, False, True]


def test_outcomes_meet_the_facts_of_their_seq() -> None:
    seen = views([5, 6, 7], [1, 2, 3])
    made = record(seen, meetings(seen), {"seq": np.array([2, 3]), "rank": np.ones(2), "candidates": np.ones(2)})
    assert made.shopper.tolist() == [6, 7]
    assert made.product.tolist() == [2, 3]
    assert np.isnan(made.age).all()
    assert made.where(np.array([False, True])).shopper.tolist() == [7]


def test_a_purchase_counts_for_the_slate_at_the_root_of_its_causes() -> None:
    chain = [Kind.SLATE_SERVED, Kind.VIEWED, Kind.CARTED, Kind.PURCHASED]
    kinds = [*chain, Kind.SLATE_SERVED, Kind.VIEWED, Kind.PURCHASED]
    causes = [0, 1, 2, 3, 0, 0, 6]
    seen = facts(seq=range(1, 8), time=range(7), kind=kinds, cause=causes, value=[10, 0, 0, 20.0, 10, 0, 99.0])
    came = traffic(seen)
    assert (came.slates, came.clicked, came.converted, came.revenue) == (2, 1, 1, 20.0)


def test_a_drift_lasts_from_its_onset_to_its_last_move() -> None:
    columns = {
        "time": np.array([10, 20, 25, 50]),
        "part": np.array([0, 0, 1, 0]),
        "onset": np.array([True, False, True, True]),
        "affected": np.array([3, 4, 9, 5]),
    }
    found = moments(columns, {}, {"drifts": '["incremental", "abrupt"]'})
    assert [(m.time, m.until) for m in found] == [(10, 20), (25, 25), (50, 50)]
    assert found[0].about == "incremental, 4 shoppers"
