"""What is published of products says who likes those that nobody has met; where it is not read, nothing changes."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from journal.chance import stream
from journal.errors import Refusal
from model import ENCODERS, Catalogue, Events, Learner, content, looking, network
from model.weighing import chances
from tests.model.made import EVERY_EVENT, RECOMMENDERS, SEED, SHOPPERS, SMALL, catalogue, events, feed

TASTES, PRODUCTS, NEW = 4, 100, 20
"""Product p is of taste p mod 4; nobody meets the last 20."""


def published() -> Catalogue:
    """Products without category or brand, whose content is a noisy image of their taste."""
    draw, none = stream(8, "published"), np.full(PRODUCTS, -1, np.int32)
    image = np.eye(TASTES)[np.arange(PRODUCTS) % TASTES] @ draw.normal(size=(TASTES, 12))
    told = (image + 0.5 * draw.normal(size=image.shape)).astype(np.float32)
    return Catalogue(none, none, np.ones(PRODUCTS, np.float32), np.ones(PRODUCTS, bool), told)


def tastes(n: int) -> Events:
    """Shoppers of four tastes who meet products of their taste, but none of the new ones."""
    draw = stream(9, "tastes")
    shopper = draw.integers(0, 40, n)
    product = draw.integers(0, (PRODUCTS - NEW) // TASTES, n) * TASTES + shopper % TASTES
    seq = np.arange(1, n + 1)
    columns = np.full(n, 11, np.int16), shopper.astype(np.int32), product.astype(np.int32)
    return Events(seq, seq * 60_000_000, *columns)


def share_in_order(name: str) -> float:
    """Return the share of pairs of new products, one of a shopper's taste and one of another, that are in order."""
    lane, source = Learner(RECOMMENDERS[name], EVERY_EVENT, published(), 40, SEED), tastes(400)
    feed(lane, source, 100)
    shoppers = np.arange(40, dtype=np.int32)
    lines = lane.scores(shoppers, int(source.time[-1]))[:, PRODUCTS - NEW :]
    own = (np.arange(PRODUCTS - NEW, PRODUCTS) % TASTES)[None] == (shoppers % TASTES)[:, None]
    pairs = [(line[yes][:, None] > line[~yes][None]).mean() for line, yes in zip(lines, own, strict=True)]
    return float(np.mean(pairs))


def test_a_product_that_nobody_met_is_ranked_by_its_content() -> None:
    assert share_in_order("content/sage") > 0.9
    assert abs(share_in_order("network/sage") - 0.5) < 0.15


@pytest.mark.parametrize("name", ["own_recent", "network/sage"])
def test_content_that_is_not_read_changes_no_bit(name: str) -> None:
    lanes = [
        Learner(RECOMMENDERS[name], EVERY_EVENT, shop, SHOPPERS, SEED)
        for shop in (catalogue(), catalogue()._replace(content=None))
    ]
    outcomes = [feed(lane, events(80), 40) for lane in lanes]
    assert lanes[0].digest() == lanes[1].digest()
    assert np.array_equal(outcomes[0].rank, outcomes[1].rank)
    assert np.array_equal(outcomes[0].flops, outcomes[1].flops)


def test_what_a_lane_reads_costs() -> None:
    costs = [feed(Learner(RECOMMENDERS[n], EVERY_EVENT, catalogue(), SHOPPERS, SEED), events(40), 40) for n in BOTH]
    assert costs[1].flops.sum() > costs[0].flops.sum()


BOTH = "network/sage", "content/sage"


def test_the_parts_of_a_score_add_up_and_content_is_one() -> None:
    lane, source = Learner(RECOMMENDERS["content/sage"], EVERY_EVENT, catalogue(), SHOPPERS, SEED), events(120)
    feed(lane, source, 40)
    now = int(source.time[-1])
    parts = looking.parts(lane, 3, now)
    assert list(parts) == ["interests", "content", "popularity", "habits"]
    assert np.abs(parts["content"]).max() > 0
    line = lane.scores(np.array([3], np.int32), now)[0]
    on_sale = line > -np.inf
    assert np.array_equal(sum(parts.values())[on_sale], line[on_sale])


def test_the_content_that_is_served_is_that_of_the_catalogue_after_learning_and_growth() -> None:
    lane = Learner(RECOMMENDERS["content/sage"], EVERY_EVENT, catalogue(60), 60, SEED)
    feed(lane, events(120, products=150, shoppers=150), 40)
    served = np.asarray(lane.carry.shop.served)[:, -6:-1]
    assert np.array_equal(served[:60], content.standardised(catalogue(60).content))
    assert not served[60:].any()
    assert len(lane.carry.state["content"]) == lane.layout.products + 1 > 129


def test_scores_stay_within_what_the_grid_can_sum() -> None:
    """See `model.grid`: 400 of the vectors, 256 of bias and bonus each, and what is left."""
    wild = np.where(np.eye(100, 7) > 0, 1e30, 0).astype(np.float32)
    c = content.standardised(wild)
    assert np.linalg.norm(c, axis=1).max() <= content.LONGEST + 0.1
    assert 400 + 2 * 256 + 20 * np.linalg.norm(c, axis=1).max() < 1024


def test_the_slopes_are_those_of_the_loss() -> None:
    draw = stream(5, "slopes")
    weights, shopper, shown, habits, target, others, extra = (
        jnp.asarray(draw.normal(size=shape), jnp.float32) for shape in ((5, 3), 5, (7, 3), 4, 4, (6, 4), 6)
    )

    def loss(habits, weights):
        liked = shown @ (shopper @ weights)
        return -jnp.log(chances(habits, target, others, extra + liked[:-1] - liked[-1])[-1])

    found = content.slopes(content.Weighed(habits, target, others, extra), weights, shopper, shown)
    for ours, derived in zip(found, jax.grad(loss, argnums=(0, 1))(habits, weights), strict=True):
        assert np.allclose(ours, derived, atol=1e-5)


def test_content_that_is_not_there_and_content_without_habits_are_refused() -> None:
    with pytest.raises(Refusal, match=r"sage\(content=true\) reads what is published .* content_0"):
        Learner(RECOMMENDERS["content/sage"], EVERY_EVENT, catalogue()._replace(content=None), SHOPPERS, SEED)
    with pytest.raises(Refusal, match=r"paper\(content=true\) takes habits=true"):
        network(ENCODERS["paper"](content=True), **SMALL)
