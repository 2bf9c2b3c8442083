"""Each term of the law of choice weighs in as stated."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from journal.facts import Kind
from simulator.choice import CARTED, SEEN, Mind, Visit
from simulator.rhythm import DAY, HOUR
from simulator.shop import Shop
from simulator.spec import CatalogueSpec, SessionSpec, ShopperSpec, WorldSpec

SPEC = WorldSpec(
    catalogue=CatalogueSpec(products=6, categories=3, brands=2),
    shoppers=ShopperSpec(factors=2, satiation=2.0, satiation_days=2.0, newness=1.0, newness_days=2.0),
    sessions=SessionSpec(memory=3),
)
NOW = 10 * DAY
"""By then nobody calls a product new."""


@pytest.fixture
def shop() -> Shop:
    """Six products: two in each of three categories, brands in turn, product 5 launched on day 2; all else equal."""
    published = {
        "category": np.array([2, 0, 1, 0, 1, 2], np.int32),
        "brand": np.array([0, 0, 0, 1, 1, 1], np.int32),
        "price": np.array([10, 10, 10, 20, 20, 20], np.float32),
        "launch_time": np.array([0, 0, 0, 0, 0, 2 * DAY], np.int64),
    }
    truth = {
        "category_vector": np.array([[1, 0], [0, 1], [-1, 0]], np.float32),
        "product_vector": np.zeros((6, 2), np.float32),
        "category_appeal": np.zeros(3, np.float32),
        "appeal": np.zeros(6, np.float32),
    }
    return Shop(published, truth, SPEC)


def mind() -> Mind:
    """Whoever can pay anything and likes no brand."""
    return Mind(budget=100.0, sensitivity=1.0, novelty=1.0, loyalty=1.0)


def visit(shop: Shop, of: Mind, now: int = NOW, theta: tuple[float, float] = (0.0, 0.0)) -> Visit:
    """A visit."""
    return Visit(shop, of, np.array(theta, np.float32), now)


def by_id(shop: Shop, made: Visit) -> NDArray[np.float64]:
    """Its probabilities by product id."""
    chance = np.empty(6)
    chance[shop.order] = made.probabilities()
    return chance


def test_with_all_equal_every_product_is_as_likely(shop: Shop) -> None:
    assert np.allclose(by_id(shop, visit(shop, mind(), 100 * DAY)), 1 / 6)


def test_interests_decide_the_category(shop: Shop) -> None:
    chance = by_id(shop, visit(shop, mind(), theta=(0.5, 0.0)))
    assert np.isclose(chance[1] / chance[2], np.exp(0.5 * SPEC.shoppers.category_interest))
    assert np.isclose(chance[1], chance[3])


def test_price_counts_above_the_budget_only(shop: Shop) -> None:
    poor = Mind(budget=float(np.log(10)), sensitivity=2.0, novelty=0.0, loyalty=0.0)
    chance = by_id(shop, visit(shop, poor))
    assert np.isclose(chance[1] / chance[3], 2.0**2)


def test_a_product_is_new_after_its_launch_and_absent_before(shop: Shop) -> None:
    assert by_id(shop, visit(shop, mind(), 2 * DAY - 1))[5] == 0
    chance = by_id(shop, visit(shop, mind(), 2 * DAY))
    assert np.isclose(chance[5] / chance[0], np.e)
    chance = by_id(shop, visit(shop, mind(), 4 * DAY + HOUR // 2))
    assert np.isclose(chance[5] / chance[0], np.exp(np.exp(-1)))


def test_a_purchase_satiates_the_category_makes_loyal_and_counts_from_the_next_visit(shop: Shop) -> None:
    who = mind()
    first = visit(shop, who)
    first.take(1, Kind.PURCHASED, NOW)
    before = by_id(shop, first)
    assert np.isclose(before[2], before[4])
    who.known.clear()
    chance = by_id(shop, visit(shop, who, NOW + 2 * DAY))
    assert np.isclose(chance[2] / chance[4], np.e)
    assert np.isclose((chance[1] + chance[3]) / (chance[2] + chance[4]), np.exp(-2 * np.exp(-1)))


def test_what_is_known_is_recalled_by_recency_and_shunned_otherwise(shop: Shop) -> None:
    who = mind()
    first = visit(shop, who)
    first.take(1, Kind.VIEWED, NOW)
    first.take(2, Kind.CARTED, NOW)
    assert who.known == {1: SEEN, 2: CARTED}
    again = visit(shop, who, NOW + DAY)
    chance, recall = by_id(shop, again), SPEC.sessions.recall
    shunned = np.exp(-1) / (1 + np.exp(-1)) / 3 * (1 - recall)
    assert np.isclose(chance[2], shunned + recall * (1 / 1.5))
    assert np.isclose(chance[1], shunned + recall * (0.5 / 1.5))
    assert np.isclose(chance.sum(), 1)


def test_memory_is_cut_between_visits(shop: Shop) -> None:
    who = mind()
    first = visit(shop, who)
    for product in (0, 1, 2, 3, 0):
        first.take(product, Kind.VIEWED, NOW)
    assert list(who.known) == [1, 2, 3, 0]
    who.forget(SPEC.sessions.memory)
    assert list(who.known) == [2, 3, 0]


def test_the_category_persists_within_a_visit(shop: Shop) -> None:
    made = visit(shop, Mind(100.0, 0.0, 0.0, 0.0), 100 * DAY)
    made.take(1, Kind.VIEWED, NOW)
    chance, stay, recall = by_id(shop, made), SPEC.sessions.stay, SPEC.sessions.recall
    assert np.isclose(chance[3], (1 - recall) * (stay / 2 + (1 - stay) / 6))
    assert np.isclose(chance[1], chance[3] + recall)


def test_a_slate_is_a_cascade_that_comes_before_the_first_choice(shop: Shop) -> None:
    made = visit(shop, mind(), 100 * DAY)
    before, utility = by_id(shop, made), made.utilities()
    clicks = made.offer([4, 1])
    chance = 1 / (1 + np.exp(SPEC.loop.reluctance - utility.astype(float)))
    assert np.isclose(clicks[4], chance[4])
    assert np.isclose(clicks[1], (1 - chance[4]) * SPEC.loop.attention * chance[1])
    mixed = by_id(shop, made)
    assert np.isclose(mixed[4], clicks[4] + (1 - clicks[4] - clicks[1]) * before[4])
    made.take(0, Kind.VIEWED, NOW)
    assert np.isclose(by_id(shop, made).sum(), 1)
    assert by_id(shop, made)[4] < mixed[4]
