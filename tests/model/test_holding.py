"""Weights that are held: drawn to an anchor, saved, and returned to."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from model import POLICIES, Learner
from model.holding import FADING, begin, hold
from model.parts import everything
from tests.model.made import EVERY_EVENT, RECOMMENDERS, SEED, catalogue, events, feed

ON = jnp.bool_(True)


def test_the_formulae() -> None:
    rng = np.random.Generator(np.random.PCG64(1))
    w, start, slope = (rng.standard_normal((3, 4)).astype(np.float32) for _ in range(3))
    anchor = begin({"w": jnp.asarray(start)})
    action = everything()._replace(pull=jnp.float32(0.3), save=jnp.float32(0.1), firm=jnp.float32(0.5))
    held = hold({"w": jnp.asarray(w)}, anchor, {"w": jnp.asarray(slope)}, action, ON)
    fisher = FADING * slope**2
    share = 0.5 + 0.5 * fisher / (fisher + fisher.mean() + 1e-12)
    drawn = w - 0.3 * share * (w - start)
    assert np.allclose(held["encoder"]["w"], drawn, atol=1e-6)
    assert np.allclose(held["anchor"].weights["w"], start + 0.1 * (drawn - start), atol=1e-6)
    assert np.allclose(held["anchor"].mattered["w"], fisher, rtol=1e-4)


def test_what_is_off_changes_nothing() -> None:
    anchor = begin({"w": jnp.ones(3)})
    action = everything()._replace(pull=jnp.float32(1), save=jnp.float32(1), firm=jnp.float32(1))
    held = hold({"w": jnp.zeros(3)}, anchor, {"w": jnp.ones(3)}, action, jnp.bool_(False))
    assert np.array_equal(held["encoder"]["w"], np.zeros(3))
    assert np.array_equal(held["anchor"].weights["w"], np.ones(3))
    assert np.array_equal(held["anchor"].mattered["w"], np.zeros(3))


def test_a_full_pull_keeps_the_encoder_where_it_began_while_vectors_move() -> None:
    lanes = [
        Learner(RECOMMENDERS["network/sage"], policy, catalogue(), 100, SEED)
        for policy in (POLICIES["anchor"](pull=1.0, pace=0.0), EVERY_EVENT)
    ]
    first = [jax.tree.map(np.array, lane.carry.state["encoder"]) for lane in lanes]
    for lane in lanes:
        feed(lane, events(100))
    moved = [
        max(jax.tree.leaves(jax.tree.map(lambda a, b: np.abs(a - b).max(), start, lane.carry.state["encoder"])))
        for start, lane in zip(first, lanes, strict=True)
    ]
    assert moved[0] == 0
    assert moved[1] > 0
    assert not np.array_equal(*(np.asarray(lane.carry.shop.served) for lane in lanes))
