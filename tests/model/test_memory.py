"""The memory of a node: what a gated recurrent unit in plain numpy makes of its events, one late; read, it is whole."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from journal.chance import stream
from model import ENCODERS, POLICIES, Events, Learner, chain, grid, looking, network
from model.encoders.sage import Sage
from model.graph import FIRST_KIND, Columns
from model.neighbourhood import around, read
from model.parts import Query
from tests.model.made import EVERY_EVENT, RECOMMENDERS, SEED, SHOPPERS, SMALL, catalogue, events, feed, scored, some
from tests.model.test_encoders import UNITS, C, D, module, sigma
from tests.model.test_encoders import around as drawn

COLUMNS = Columns(D, SMALL["neighbours"], SMALL["followers"], UNITS + D + 1)
MEMORY = ENCODERS["memory"](reach=0.5)

STILL = network(MEMORY, **SMALL, rate=0.0, weights=0.0, habit=0.0)
"""A network that learns nothing but who met whom."""

DAY = 86400.0


def lane(recommender: Any = STILL, policy: Any = EVERY_EVENT) -> Learner:
    return Learner(recommender, policy, catalogue(), SHOPPERS, SEED)


def moved(made: Learner, seed: int = 5) -> dict[str, np.ndarray]:
    """Move every weight of a still lane's encoder from where it starts, and return them."""
    draw = stream(seed, "moved")
    weights = {
        name: np.asarray(leaf) + draw.normal(size=leaf.shape, scale=0.3).astype(np.float32)
        for name, leaf in made.carry.state["encoder"].items()
    }
    made.carry = made.carry._replace(state={**made.carry.state, "encoder": jax.tree.map(jnp.asarray, weights)})
    return {name: leaf.astype(float) for name, leaf in weights.items()}


def unit(weights: dict[str, np.ndarray], m: np.ndarray, v: np.ndarray, kind: int, gap: float) -> np.ndarray:
    """The gated recurrent unit of Cho et al. 2014, a gate at a time."""
    W, U, b = (np.split(weights[name], 3, axis=-1) for name in ("message", "before", "shift"))
    a = np.concatenate([v, np.eye(6)[kind], [np.log1p(gap / 3600)]])
    r = sigma(a @ W[0] + m @ U[0] + b[0])
    s = sigma(a @ W[1] + m @ U[1] + b[1])
    return s * m + (1 - s) * np.tanh(a @ W[2] + r * (m @ U[2]) + b[2])


def kept(made: Learner, row: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Memory, message and gap of a row."""
    found = np.asarray(made.carry.state["table"])[row, COLUMNS.kept].astype(float)
    return found[:UNITS], found[UNITS:-1], found[-1]


def only_scored(n: int) -> Events:
    source = events(n, "memory", moves=0.0)
    return some(source, scored(source))


def test_memory_is_its_formula() -> None:
    made: Any = module("memory")
    full = drawn()
    weights = {name: np.asarray(leaf, float) for name, leaf in nnx.to_pure_dict(nnx.state(made)).items()}
    expected = np.asarray(Sage.__call__(made, full), float)
    for c in range(C):
        m, v, gap = np.split(full.kept[c].astype(float), [UNITS, UNITS + D])
        since = 0.0
        if full.there[c, 0]:
            m, since = unit(weights, m, v, full.kind[c, 0], gap[0]), np.log1p(full.age[c, 0] / 3600)
        reach = weights["product_reach" if c else "shopper_reach"]
        expected[c] += ((1 + weights["drift"][min(c, 1)] * since) * m) @ reach
    assert np.allclose(made(full), expected, atol=1e-3)


def _vectors(state: Any, ends: Any, now: Any, layout: Any) -> Any:
    seen = read(state["table"], ends, COLUMNS, layout)
    shape, _ = nnx.split(ENCODERS["memory"]().make(D, nnx.Rngs(0)))
    return nnx.merge(shape, state["encoder"])(around(seen, seen.vectors, now))


def test_what_is_kept_is_the_unit_over_all_events_but_the_last() -> None:
    """And the message of the last is the other's vector at that moment, to the bit the one that was asked with."""
    made, source = lane(), only_scored(40)
    weights = moved(made)
    vectors, query = jax.jit(_vectors, static_argnums=3), jax.jit(made.recommender.query, static_argnums=3)
    began: dict[int, tuple[np.ndarray, Any, float]] = {}  # row: memory, last message, time of the last event
    for at in range(len(source.seq)):
        event = some(source, slice(at, at + 1))
        now = (int(event.time[0]) - int(source.time[0])) / 1e6
        who = int(made.layout.shopper(int(event.shopper[0])))
        ends, state = (who, int(event.product[0])), made.carry.state
        z = vectors(state, jnp.array(ends), jnp.float32(now), made.layout)
        asked = Query(jnp.int32(0), jnp.float32(now), jnp.int32(event.shopper[0]))
        answer = query(state, made.carry.shop, asked, made.layout)
        made.advance(event)
        for row, other in (ends, ends[::-1]):
            m, told, last = began.get(row, (np.zeros(UNITS), None, now))
            if told is not None:
                m = unit(weights, m, *told)
            memory, v, gap = kept(made, row)
            assert np.allclose(memory, m, atol=1e-4), (at, row)
            assert gap == pytest.approx(now - last, rel=1e-3, abs=1.0)
            assert np.allclose(v, grid.vectors(z)[ends.index(other)], atol=grid.STEP)
            began[row] = m, (v, int(event.kind[0]) - FIRST_KIND, gap), now
        assert np.array_equal(kept(made, ends[1])[1], np.asarray(answer.vector[:-1]))
    assert max(np.abs(m).max() for m, _, _ in began.values()) > 0.1


def test_a_replay_leaves_what_is_kept_alone() -> None:
    source = only_scored(60)
    plain, again = lane(), lane(policy=POLICIES["replay"](size=16, ratio=2.0))
    feed(plain, source)
    assert feed(again, source).replayed.sum() > 50
    one, other = (np.asarray(one.carry.state["table"]) for one in (plain, again))
    assert np.abs(one[:, COLUMNS.kept]).sum() > 1
    assert np.array_equal(one[:, COLUMNS.body], other[:, COLUMNS.body])


def test_the_loss_of_later_events_teaches_the_unit() -> None:
    """Though what a message makes of a memory is written by no gradient."""
    made = lane(RECOMMENDERS["network/memory"])
    first = jax.tree.map(np.asarray, made.carry.state["encoder"])
    feed(made, events(256))
    last = jax.tree.map(np.asarray, made.carry.state["encoder"])
    taught = {name: float(np.abs(last[name] - first[name]).max()) for name in first}
    gates = last["message"][:, : 2 * UNITS] - first["message"][:, : 2 * UNITS]
    for name in ("message", "before", "shift", "shopper_reach", "product_reach", "drift"):
        assert taught[name] > 1e-6, name
    assert np.abs(gates).max() > 1e-6


def vector(made: Learner, shopper: int, seconds: float) -> np.ndarray:
    asked = Query(jnp.int32(0), jnp.float32(seconds), jnp.int32(shopper))
    answer = made.recommender.query(made.carry.state, made.carry.shop, asked, made.layout)
    return np.asarray(answer.vector[:-1], float)


def test_a_memory_fades_with_time_where_sage_stands_still() -> None:
    """Of one relation sage takes all, however old; a memory drifts back to sage's vector, here by 1 - 0.05 log(25) in
    a day."""
    one = events(60, "once", moves=0.0)
    one = some(one, scored(one))
    one = some(one, slice(0, 1))._replace(product=np.array([14], np.int32))  # of a category and a brand
    still = {**SMALL, "spread": 0.05, "rate": 0.0, "weights": 0.0, "habit": 0.0}
    remembers, sage = (lane(network(part, **still)) for part in (MEMORY, ENCODERS["sage"]()))
    for each in (remembers, sage):
        feed(each, one)
    who = int(one.shopper[0])
    assert np.array_equal(vector(sage, who, 0.0), vector(sage, who, DAY))
    now, later = (vector(remembers, who, t) - vector(sage, who, t) for t in (0.0, DAY))
    assert np.linalg.norm(now) > 0.2
    assert np.allclose(later, (1 - 0.05 * np.log1p(24)) * now, atol=2 * grid.STEP)


def test_a_memory_tells_apart_what_sage_cannot() -> None:
    """Two orders of more products than relations are kept leave sage the same neighbours."""
    n = 8
    seq, kind, who = np.arange(1, n + 1), np.full(n, 11, np.int16), np.zeros(n, np.int32)
    last = [14, 22, 30]  # SMALL keeps three
    orders = [np.array([*first, *last], np.int32) for first in ([2, 3, 4, 6, 7], [57, 58, 59, 60, 62])]
    still = {**SMALL, "spread": 0.05, "rate": 0.0, "weights": 0.0, "habit": 0.0}
    found = {}
    for name in ("memory", "sage"):
        recommender = network(MEMORY if name == "memory" else ENCODERS["sage"](), **still)
        for which, products in enumerate(orders):
            made = lane(recommender)
            feed(made, Events(seq, seq * 60_000_000, kind, who, products))
            found[name, which] = vector(made, 0, 600.0)
    assert np.array_equal(found["sage", 0], found["sage", 1])
    assert np.abs(found["memory", 0] - found["memory", 1]).max() > 0.05


def test_a_look_finds_the_same_relations_as_of_sage() -> None:
    source, found = events(200), []
    for name in ("memory", "sage"):
        made = lane(RECOMMENDERS[f"network/{name}"])
        feed(made, source)
        relations = looking.relations(made, "shopper", 0, int(source.time[-1]))
        found.append([(one.section, one.id, one.kind, one.time, one.times) for one in relations])
        found.append(looking.followers(made, int(relations[0].id)))
    assert found[0] == found[2]
    assert found[1] == found[3]
    assert len(found[0]) == 3


def test_from_scratch_a_memory_begins_anew() -> None:
    made = lane(RECOMMENDERS["network/memory"])
    feed(made, only_scored(40))
    carry = made.carry
    state, _ = made.recommender.anew(carry.state, carry.shop, made.layout, catalogue(128), SEED)
    table = np.asarray(state["table"])
    assert np.abs(np.asarray(carry.state["table"])[:, COLUMNS.kept]).sum() > 0
    assert not table[:, COLUMNS.kept].any()
    assert np.array_equal(table[:, COLUMNS.relations], np.asarray(carry.state["table"])[:, COLUMNS.relations])


def test_a_neighbourhood_in_which_nothing_is_kept_is_refused() -> None:
    with pytest.raises(TypeError, match="nothing kept"):
        module("memory")(drawn()._replace(kept=None))


def test_in_a_chain_with_a_replay_the_length_of_a_call_changes_no_bit() -> None:
    policy, source = chain(POLICIES["replay"](size=8, ratio=0.5)), events(100)
    one, many = (lane(RECOMMENDERS["network/memory"], policy) for _ in range(2))
    feed(one, source, 1)
    feed(many, source, 40)
    assert one.digest() == many.digest()
