"""The scenarios social_trend and coupon_week do in their worlds what they say; no model is needed to see it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from driftlab.build import Finder, Simulated
from driftlab.marketed import Marketed, campaigns
from driftlab.measures.marketing import MARKETING
from journal.facts import INTERACTIONS, Facts, join
from scenarios import load
from simulator.rhythm import DAY

Tables = dict[str, dict[str, NDArray[Any]]]


def lived(id_: str, seed: int) -> tuple[Simulated, Facts, Tables]:
    """Run a scenario's world without a lane: the world, its facts and its truth."""
    source = Simulated(load(id_, {"seed": seed}), Finder())
    pieces = list(source.pieces(None))
    names = {name for piece in pieces for name in piece.truth}
    parts = {name: [piece.truth[name] for piece in pieces if name in piece.truth] for name in sorted(names)}
    truth = {name: {key: np.concatenate([p[key] for p in rows]) for key in rows[0]} for name, rows in parts.items()}
    return source, join([piece.facts for piece in pieces]), truth


def popular(facts: Facts, since: float, until: float) -> set[int]:
    """The fifty products met most between two days."""
    met = np.isin(facts.kind, INTERACTIONS) & (facts.time >= since * DAY) & (facts.time < until * DAY)
    return set(np.argsort(-np.bincount(facts.product[met]), kind="stable")[:50].tolist())


def test_a_trend_moves_what_is_popular_without_a_moment_of_change() -> None:
    """Against the same shoppers, seed and days without it."""
    kept = {}
    for id_ in ("steady", "social_trend"):
        _, facts, truth = lived(id_, 1)
        kept[id_] = len(popular(facts, 0.0, 4.0) & popular(facts, 8.0, 12.0)) / 50
    assert kept["social_trend"] < kept["steady"] - 0.1
    having, when = truth["drift"]["affected"], truth["drift"]["time"] / DAY
    peak = int(np.argmax(having))
    assert having[0] < 40 < 150 < having[peak]
    assert 6 < when[peak] < 13
    assert np.diff(having.astype(int)).max() < having[peak] / 10  # no hour in which it comes at once


@pytest.fixture(scope="module")
def weeks() -> list[list[Marketed]]:
    """The campaigns of coupon_week, of two seeds."""
    made = []
    for seed in (1, 2):
        source, facts, truth = lived("coupon_week", seed)
        catalogue = source.world.catalogue
        came = campaigns(facts, catalogue["category"], catalogue["price"], "abc", truth["coupon"], truth["uplift"])
        made.append(list(came))
    return made


def test_coupons_for_the_persuadable_earn_and_those_for_the_active_do_not(weeks: list[list[Marketed]]) -> None:
    for active, idle, best in weeks:
        roi = [MARKETING["true_roi"].value(came) for came in (active, idle, best)]
        assert roi[2] > 0.5
        assert roi[0] < 0
        assert roi[2] > max(roi[:2]) + 0.5
        assert MARKETING["redemption_rate"].value(best) > MARKETING["redemption_rate"].value(active)


def test_budgets_are_kept_and_the_intervals_of_control_groups_are_wide_but_right(weeks: list[list[Marketed]]) -> None:
    held = []
    for came in (one for week in weeks for one in week):
        assert came.given.sum() <= came.terms["budget"]
        low, high = (MARKETING[f"incremental_conversions_{end}"].value(came) for end in ("low", "high"))
        true = MARKETING["true_conversions"].value(came)
        held.append(low <= true <= high)
        assert high - low > true / 2
    assert sum(held) >= 5
