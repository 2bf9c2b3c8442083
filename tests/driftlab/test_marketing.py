"""Marketing measures say what a campaign earned: by its control group what, on the whole, the truth says too."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import driftlab
from driftlab import build, campaigning, lanes
from driftlab.lanes import LearningLane
from driftlab.marketed import Marketed, campaigns
from driftlab.measures.marketing import MARKETING, area_under_uplift, estimate, qini_coefficient, uplift_curve
from driftlab.sinks import Committing
from journal.facts import Kind, facts, join
from simulator import Campaign, World
from simulator.audiences import Audience, everybody, persuadable
from simulator.spec import CatalogueSpec, SessionSpec, ShopperSpec, TermsSpec, UpliftSpec, WorldSpec
from simulator.uplift import SLEEPING_DOG
from tests.driftlab.test_runs import stop_after

SPEC = WorldSpec(
    days=4.0,
    catalogue=CatalogueSpec(products=100, categories=5, brands=10, launched=0.0),
    shoppers=ShopperSpec(shoppers=500, joining=0.0),
    sessions=SessionSpec(per_day=1.5),
    uplift=UpliftSpec(lift=1.6),
)
TERMS = TermsSpec(at_day=1.0, days=3.0, discount=0.15, budget=1e9, contact_cost=0.1, hold_out=0.5)


def came_of(audience: Audience, seed: int, terms: TermsSpec = TERMS) -> Marketed:
    """Run a world with one campaign and read what came of it, as a report does."""
    world = World(SPEC, seed, campaigns=[Campaign(terms, audience)])
    pieces = list(world.run())

    def table(name: str) -> dict:
        parts = [piece.truth[name] for piece in pieces if name in piece.truth]
        return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]} if parts else {}

    seen = join([piece.facts for piece in pieces])
    catalogue = world.catalogue["category"], world.catalogue["price"]
    (made,) = campaigns(seen, *catalogue, ["somebody"], table("coupon"), table("uplift"))
    return made


def value(name: str, came: Marketed) -> float:
    """A measure of a campaign."""
    return MARKETING[name].value(came)


@pytest.fixture(scope="module")
def all_of_them() -> list[Marketed]:
    """A campaign for everybody, in ten worlds."""
    return [came_of(everybody(), seed) for seed in range(10)]


def test_the_control_group_s_interval_holds_the_truth_as_often_as_it_says(all_of_them: list[Marketed]) -> None:
    held = [
        value("incremental_conversions_low", came)
        <= value("true_conversions", came)
        <= value("incremental_conversions_high", came)
        for came in all_of_them
    ]
    assert sum(held) >= 8  # 95 % of ten; fewer by chance once in 90 times
    off = [value("incremental_conversions", came) - value("true_conversions", came) for came in all_of_them]
    assert abs(np.mean(off)) < 3 * np.std(off, ddof=1) / np.sqrt(len(off))
    wide = [value("incremental_conversions_high", c) - value("incremental_conversions_low", c) for c in all_of_them]
    assert 0.6 < np.std(off, ddof=1) / (np.mean(wide) / 2 / 1.96) < 1.6


def test_persuadables_earn_more_than_all_and_sleeping_dogs_cost(all_of_them: list[Marketed]) -> None:
    dogs = Audience(lambda known: np.equal(known.answers, SLEEPING_DOG))
    few = dataclasses.replace(TERMS, hold_out=0.2)
    for seed in range(3):
        best, worst = came_of(persuadable(), seed, few), came_of(dogs, seed, few)
        assert value("audience_precision", best) == 1.0
        assert value("audience_precision", worst) == 0.0
        assert value("true_roi", best) > value("true_roi", all_of_them[seed]) + 0.3
        assert value("true_conversions", worst) < 0
        assert value("true_roi", worst) < -1
        assert value("redemption_rate", worst) == 0.0
        assert 0.15 < value("audience_precision", all_of_them[seed]) < 0.35


def test_roi_is_extra_margin_less_cost_over_cost(all_of_them: list[Marketed]) -> None:
    came = all_of_them[0]
    cost = came.given.sum() + 0.1 * came.issued.sum()
    assert value("campaign_cost", came) == pytest.approx(cost)
    assert value("true_roi", came) == pytest.approx((came.truth.margin.sum() - cost) / cost)  # type: ignore[union-attr]
    assert value("roi", came) == pytest.approx((estimate(came.margin, came.issued).extra - cost) / cost)
    assert np.allclose(came.margin[came.purchases == 0], 0)


def test_who_is_persuaded_most_comes_first_in_the_qini_curve_of_the_truth(all_of_them: list[Marketed]) -> None:
    qini = [value("true_qini", came) for came in all_of_them]
    assert np.mean(qini) > 3 * np.std(qini, ddof=1) / np.sqrt(10)
    assert np.mean(qini) > 2 * np.mean([value("qini", came) for came in all_of_them])


def test_the_qini_curve_by_hand() -> None:
    """Four shoppers by score: coupon and 1 purchase; held out and none; coupon and none; held out and 1."""
    score, issued = np.array([4.0, 3, 2, 1]), np.array([True, False, True, False])
    outcome = np.array([1.0, 0, 0, 1])
    many, qini = uplift_curve(score, issued, outcome)
    assert many.tolist() == [0, 1, 2, 3, 4]
    assert qini.tolist() == [0, 1, 1, 1, 0]
    assert area_under_uplift(score, issued, outcome) == (0.5 + 1 + 1 + 0.5) / 4
    assert qini_coefficient(score, issued, outcome) == 0.75
    tied, at_end = uplift_curve(np.zeros(4), issued, outcome)
    assert (tied.tolist(), at_end.tolist()) == ([0, 4], [0, 0])


def test_the_estimate_by_hand() -> None:
    outcome, issued = np.array([2.0, 4, 1, 1, 4]), np.array([True, True, False, False, False])
    found = estimate(outcome, issued)
    assert found.extra == pytest.approx(6 - 2 * 2)
    assert found.high - found.extra == pytest.approx(1.959964 * 2 * np.sqrt(2 / 2 + 3 / 3))
    assert np.isnan(estimate(outcome, np.ones(5, bool)).extra)


def test_what_is_read_of_a_campaign_is_in_scope_and_in_time() -> None:
    terms = {"discount": 0.5, "category": 1, "contact_cost": 0.0, "margin": 0.4, "until": 100, "held_out": [2]}
    bought, redeemed = Kind.PURCHASED, Kind.COUPON_REDEEMED
    seen = facts(
        seq=range(1, 9),
        time=[5, 10, 10, 20, 20, 30, 40, 100],
        kind=[bought, Kind.CAMPAIGN_STARTED, Kind.COUPON_ISSUED, bought, redeemed, bought, bought, bought],
        shopper=[1, -1, 1, 1, 1, 1, 2, 1],
        product=[0, -1, -1, 1, 1, 0, 1, 1],
        value=[7.0, 0, 0, 10.0, 5.0, 7.0, 10.0, 10.0],
        cause=[0, 0, 2, 0, 3, 0, 0, 0],
        payload={2: json.dumps(terms)},
    )
    category, price = np.array([0, 1], np.int32), np.array([7.0, 20.0], np.float32)
    (came,) = campaigns(seen, category, price, ["x"], {}, {})
    assert (came.shopper.tolist(), came.issued.tolist()) == ([1, 2], [True, False])
    assert came.before.tolist() == [7.0, 0.0]
    assert came.purchases.tolist() == [1.0, 1.0]
    assert came.revenue.tolist() == [10.0, 10.0]
    assert came.margin.tolist() == [-2.0, -2.0]  # sold for half, at a cost of .6 of the list price
    assert (came.redeemed.tolist(), came.given.tolist()) == ([1.0, 0.0], [5.0, 0.0])
    assert came.truth is None
    assert np.isnan(value("true_roi", came))
    assert campaigning.table([came], 0)[0] == "0: day 0.0 to 0.0, 50 % off, x"


def test_nobody_chosen_is_told_as_unknown() -> None:
    nobody = Audience(lambda known: np.zeros(known.shoppers, bool))
    came = came_of(nobody, 1)
    found = campaigning.values(came)
    assert found["targeted"] == 0.0
    assert np.isnan(found["roi"])
    assert campaigning.table([came], 0)[4].split() == ["0", "0", "0", "-", "-", "-", "-", "0", "-", "-"]


def test_every_measure_says_what_it_is() -> None:
    for name, measure in MARKETING.items():
        assert name == measure.name
        assert measure.about.endswith(".")
        assert measure.formula
        assert measure.source


TOML = """
base = "small"
title = "A coupon for whom the model thinks of"
about = "Expect it."
drift = []
days = 2.0
[catalogue]
launch_until_day = 1.5
[sessions]
per_day = 3.0
[loop]
mode = "closed"
[[campaign]]
audience = "scored(share=0.3)"
category = 2
at_day = 0.5
days = 1.0
[network]
encoders = ["sage"]
policies = ["every_event"]
baselines = ["isgd"]
"""


def test_the_live_model_chooses_an_audience_and_a_stopped_run_finds_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipes = build.recipes
    # Without the network, whose compilation costs more than all else: so isgd serves. Resumed, it begins at a snapshot.
    monkeypatch.setattr(build, "recipes", lambda *given: recipes(*given)[1:])
    monkeypatch.setattr(lanes, "SNAPSHOT_EVERY", 1)
    (tmp_path / "mine.toml").write_text(TOML)
    made = driftlab.run(tmp_path / "mine.toml", out=tmp_path / "whole.run")
    (campaign,) = made.campaigns()
    assert campaign["audience"] == "scored(share=0.3)"
    assert 20 <= campaign["targeted"] <= 30  # of a hundred shoppers, some of whom have not joined
    with monkeypatch.context() as patch:
        patch.setattr(Committing, "take", stop_after(2))
        with pytest.raises(KeyboardInterrupt):
            driftlab.run(tmp_path / "mine.toml", out=tmp_path / "stopped.run")
    stopped = driftlab.Run(tmp_path / "stopped.run")
    assert stopped.campaigns()[0]["end"] == campaign["end"]  # it had begun
    assert driftlab.resume(tmp_path / "stopped.run").cursor == made.cursor


def test_for_whom_products_stand_high() -> None:
    """By hand: of the products on sale, in standard deviations from their mean, whatever the scale of the shopper."""
    scores = np.array([[1.0, 2, 3, -np.inf], [30, 20, 10, -np.inf]])
    lane = LearningLane("by hand", SimpleNamespace(scores=lambda some, time: scores[some]), 0)  # type: ignore[arg-type]
    none = facts(seq=[], time=[], kind=[])
    assert lane.standing(none, 2, np.array([2, 3]), 0) == pytest.approx([1.5**0.5, -(1.5**0.5)])
    assert (lane.standing(none, 2, np.array([3]), 0) == -np.inf).all()
