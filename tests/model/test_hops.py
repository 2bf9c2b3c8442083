"""Two hops reach what one cannot, keep what one hop keeps, and cost what they say."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from journal.chance import stream
from model import ENCODERS, Catalogue, Events, Learner, network
from model.compiling import in_one_piece
from model.encoders.contract import Neighbourhood
from model.encoders.hops import BEYOND
from model.graph import Columns
from model.laws import LAWS, judge
from model.laws.encoders import around
from model.neighbourhood import further, read
from model.parts import Event, Query
from tests.model.made import EVERY_EVENT, SEED, SHOPPERS, SMALL, assert_equal, catalogue, each, events, feed
from tests.model.test_copies import LARGE, bodies, copies
from tests.model.test_encoders import UNITS, D

HOPPING = ["sage", "gat", "lightgcn", "memory"]
TWO = network(ENCODERS["sage"](hops=2), **SMALL)
COLUMNS = Columns(D, SMALL["neighbours"], SMALL["followers"])


def lane(recommender: Any = TWO, products: int = 100) -> Learner:
    return Learner(recommender, EVERY_EVENT, catalogue(products), SHOPPERS, SEED)


def moved(name: str, hops: int) -> Any:
    """An encoder whose every parameter has been moved, the same way for one hop and for two."""
    made = ENCODERS[name](hops=hops).make(D, nnx.Rngs(1))
    weights = nnx.to_pure_dict(nnx.state(made))
    for key, leaf in weights.items():
        for part, inner in leaf.items() if isinstance(leaf, dict) else [("", leaf)]:
            drawn = stream(5, "weights", key, part).normal(size=inner.shape, scale=0.3)
            new = inner + jnp.asarray(drawn, jnp.float32)
            weights[key] = {**weights[key], part: new} if part else new
    state = nnx.state(made)
    nnx.replace_by_pure_dict(state, weights)
    nnx.update(made, state)
    return made


def joined(hop: Any, full: Neighbourhood) -> np.ndarray:
    """The neighbours with what they met, a neighbour at a time."""
    w, decay, order, g = (np.asarray(getattr(hop, n)[...], float) for n in ("kind", "decay", "order", "gate"))
    far, near = full.beyond, np.asarray(full.near, float).copy()
    for c, k in np.ndindex(near.shape[:2]):
        js = np.flatnonzero(far.there[c, k])
        kind = np.asarray(far.kind[c, k, js])
        age, rank = np.log1p(np.asarray(far.age[c, k, js]) / 3600), np.log1p(np.asarray(far.rank[c, k, js]))
        a = np.exp(np.asarray(far.strength[c, k, js]) + w[kind] - decay[kind] * age - order * rank)
        if len(js):
            near[c, k] += g[min(c, 1)] * (a / a.sum() @ np.asarray(far.near[c, k, js], float))
    return near.astype(np.float32)


@pytest.mark.parametrize("name", HOPPING)
def test_two_hops_are_one_over_neighbours_joined_by_what_they_met(name: str) -> None:
    one, two = (moved(name, hops) for hops in (1, 2))
    full = around(kept=UNITS + D + 1, beyond=BEYOND)
    assert np.allclose(two(full), one(full._replace(near=jnp.asarray(joined(two.hop, full)))), atol=1e-4)
    assert not np.allclose(two(full), one(full), atol=1e-2)


@pytest.mark.parametrize("name", each(HOPPING, ("sage",)))
def test_two_hops_keep_the_laws(name: str) -> None:
    verdicts = judge(LAWS["encoder"], ENCODERS[name](hops=2))
    assert [verdict for verdict in verdicts if verdict.outcome != "passed"] == []


def met(*pairs: tuple[int, int]) -> Events:
    """Shoppers and products that meet, a minute apart."""
    seq = np.arange(1, len(pairs) + 1)
    shopper, product = np.array(pairs, np.int32).T
    return Events(seq, seq * 60_000_000, np.full(len(pairs), 11, np.int16), shopper, product)


def asked(made: Learner, shopper: int) -> np.ndarray:
    query = Query(jnp.int32(0), jnp.float32(600), jnp.int32(shopper))
    return np.asarray(made.recommender.query(made.carry.state, made.carry.shop, query, made.layout).vector)


def nudged(made: Learner, row: int) -> None:
    """Move the vector of one row, far."""
    state = made.carry.state
    made.carry = made.carry._replace(state={**state, "table": state["table"].at[row, :D].add(1.0)})


def test_a_shopper_hears_of_who_met_the_same_product_and_learns_them() -> None:
    """Shopper 1 is two relations away from shopper 0, by product 2; shopper 3 is further, by product 4."""
    source = met((1, 2), (3, 4), (1, 4), (0, 2))
    for hops, reaches in ((1, False), (2, True)):
        made = lane(network(ENCODERS["sage"](hops=hops), **SMALL))
        made.advance(source)
        first = asked(made, 0)
        for shopper, hears in ((1, reaches), (3, False)):
            nudged(made, made.layout.shopper(shopper))
            assert np.array_equal(asked(made, 0), first) != hears, (hops, shopper)
            first = asked(made, 0)
        before = np.asarray(made.carry.state["table"]).copy()
        made.advance(met((0, 2))._replace(seq=np.array([5]), time=np.array([360_000_000])))
        rows = [made.layout.shopper(shopper) for shopper in (0, 1)]
        after = np.asarray(made.carry.state["table"])
        changed = [not np.array_equal(before[row, :D], after[row, :D]) for row in rows]
        assert changed == [True, True] if reaches else changed[0]


def test_nobody_hears_an_echo_and_a_replay_nothing_that_came_later() -> None:
    """A product's relation to the shopper in the middle is not one of those beyond, nor is what came after."""
    made = lane()
    made.advance(met((1, 2), (0, 2), (3, 2), (4, 2)))
    table, layout = made.carry.state["table"], made.layout
    centres = jnp.array([layout.shopper(0)])
    # Three relations of the product are kept: shoppers 4, 3 and 0, a minute apart.
    for before, expected in ((np.inf, {3, 4}), (150.0, {3}), (90.0, set())):
        one = read(table, centres, COLUMNS, layout, jnp.float32(before))
        far = further(one, table, BEYOND, COLUMNS, layout, jnp.float32(before)).far
        there = np.asarray(far.relations.ids[0, 0])
        assert {int(row) for row in there[there >= 0]} == {layout.shopper(who) for who in expected}


def test_the_length_of_a_call_changes_no_bit_and_growing_none() -> None:
    source = events(128, "hops")
    one, many, small = lane(), lane(), lane(products=60)
    ours = feed(one, source, 7)
    assert_equal(feed(many, source, 64), ours)
    assert one.digest() == many.digest()
    assert np.isfinite(feed(small, source, 7).rank).all()
    assert small.layout.products == one.layout.products


def test_the_loop_is_one_piece_and_copies_no_table() -> None:
    ids = np.arange(LARGE, dtype=np.int32)
    shop = Catalogue(ids % 8, ids % 8, np.ones(LARGE, np.float32), np.ones(LARGE, bool))
    made = Learner(TWO, EVERY_EVENT, shop, LARGE, SEED)
    block = Event(*(np.zeros(8, np.float32 if field == "time" else np.int32) for field in Event._fields))
    arguments = made.carry, block, np.int32(8)
    text = made._advance.like(*arguments).lower(*arguments).compile().as_text()
    assert in_one_piece(text)
    assert len(bodies(text)) > 50
    assert copies(text, LARGE) == []


def test_what_an_encoder_costs_is_its_own() -> None:
    """Multiplications and additions of an event; a second hop writes the rows it reaches, too."""
    cost = {name: network(part()).cost for name, part in ENCODERS.items()}
    assert cost["sage"] == cost["paper"] == (148, 4 * 10 * (4 * 64 * 64 + 20 * 64) + 4 * 64 * 64)
    rows, two = network(ENCODERS["sage"](hops=2)).cost
    assert rows == 148 + 10 * 10 * BEYOND
    assert two - cost["sage"][1] == 4 * 10 * 2 * 10 * (BEYOND + 1) * 64
    assert cost["lightgcn"][1] < cost["sage"][1] < min(cost[name][1] for name in ("gat", "vgae", "memory"))
    assert network(ENCODERS["sage"](hops=2), neighbours=2).cost[0] < rows


def test_hops_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="hops are 3; they must be 1 or 2"):
        ENCODERS["gat"](hops=3)
    with pytest.raises(TypeError, match="ends with them"):
        moved("sage", 2)(around())
