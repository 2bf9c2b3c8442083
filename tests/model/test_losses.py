"""What teaches the vectors: losses against their formulae, and draws against the chances that are told of them."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from journal.errors import Refusal
from model import ENCODERS, Learner, network
from model.losses import LOSSES
from model.parts import Event, Seen
from model.samplers import SAMPLERS, Sampler
from tests.model.made import EVERY_EVENT, SEED, SMALL, assert_equal, catalogue, events, feed

A, B = jnp.float32(0.7), jnp.array([0.2, -1.0, 0.9, 3.0], jnp.float32)
FAIR = np.array([True, True, True, False])
LOG_Q = jnp.log(jnp.array([0.1, 0.2, 0.3, 0.4], jnp.float32))


def of(name: str) -> float:
    return float(LOSSES[name]().of(A, B, LOG_Q, jnp.asarray(FAIR)))


def test_the_formulae() -> None:
    a, b, q = 0.7, np.array([0.2, -1.0, 0.9]), np.array([0.1, 0.2, 0.3])
    assert of("softmax") == pytest.approx(np.log(np.exp(a) + np.exp(b).sum()) - a, rel=1e-5)
    assert of("sampled_softmax") == pytest.approx(np.log(np.exp(a) + (np.exp(b) / (4 * q)).sum()) - a, rel=1e-5)
    assert of("bpr") == pytest.approx(np.log1p(np.exp(b - a)).sum(), rel=1e-5)


def test_a_sampled_softmax_of_all_products_is_the_softmax_over_the_catalogue() -> None:
    """Drawn once each with q = 1 / n, every product stands for itself."""
    log_q = jnp.full(4, -np.log(4.0))
    everyone = jnp.ones(4, bool)
    sampled = LOSSES["sampled_softmax"]().of(A, B, log_q, everyone)
    assert float(sampled) == pytest.approx(float(LOSSES["softmax"]().of(A, B, log_q, everyone)), rel=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_pulls_the_product_that_came_and_pushes_fair_draws_alone(name: str) -> None:
    up, down = jax.grad(lambda a, b: LOSSES[name]().of(a, b, LOG_Q, jnp.asarray(FAIR)), (0, 1))(A, B)
    assert up < 0
    assert (np.asarray(down)[:3] > 0).all()
    assert down[3] == 0
    huge = LOSSES[name]().of(jnp.float32(-400), jnp.full(4, 400.0), LOG_Q, jnp.asarray(FAIR))
    assert np.isfinite(huge)
    assert np.isfinite(LOSSES[name]().of(A, B, LOG_Q, jnp.zeros(4, bool)))


def draws(sampler: Sampler, products: list[int], n: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Draws after these products came, one an event, and the log q that was told of each."""
    state, zero = sampler.init(), jnp.int32(0)

    def seen(seq: int, product: int) -> Seen:
        return Seen(Event(jnp.int32(seq), jnp.float32(0), zero, zero, jnp.int32(product)), zero)

    for seq, product in enumerate(products, 1):
        state = sampler.note(state, seen(seq, product), jnp.bool_(True))
    ids, log_q = sampler.draw(state, jnp.int32(SEED), seen(99, 5), n, jnp.int32(10))
    return np.asarray(ids), np.asarray(log_q)


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_chance_that_is_told_is_the_chance_of_the_draw(name: str) -> None:
    ids, log_q = draws(SAMPLERS[name](**({} if name == "uniform" else {"last": 6})), [9, 9, 1, 1, 1, 2, 3, 1])
    shares = np.bincount(ids, minlength=10) / len(ids)
    for one in np.unique(ids):
        told = np.exp(log_q[ids == one])
        assert np.ptp(told) == 0
        assert abs(shares[one] - told[0]) < 4 * np.sqrt(told[0] / len(ids))
    expected = range(10) if name == "uniform" else (1, 2, 3)  # the two 9 are no longer among the last six
    assert sorted(np.unique(ids)) == list(expected)


def test_before_the_first_event_the_draw_is_no_fair_one() -> None:
    ids, log_q = draws(SAMPLERS["popular"](), [], 3)
    assert ids.tolist() == [5, 5, 5]  # the product that comes
    assert np.isfinite(log_q).all()


@pytest.mark.slow
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_pair_learns_and_the_length_of_a_call_changes_no_bit(loss: str, sampler: str) -> None:
    made = network(ENCODERS["sage"](), **SMALL, loss=LOSSES[loss](), sampler=SAMPLERS[sampler]())
    one, many = (Learner(made, EVERY_EVENT, catalogue(), 100, SEED) for _ in range(2))
    before = np.asarray(one.carry.shop.served).copy()
    assert_equal(feed(one, events(128), 3), feed(many, events(128), 50))
    assert one.digest() == many.digest()
    assert not np.array_equal(before, one.carry.shop.served)


def test_kinds_that_teach_nothing_move_no_vector() -> None:
    made = network(ENCODERS["sage"](), **SMALL, kinds=(0.0, 1.0, 1.0, 1.0, 1.0, 1.0))
    lane = Learner(made, EVERY_EVENT, catalogue(), 100, SEED)
    first = np.asarray(lane.carry.state["table"])[:, :8].copy()
    views = events(60, moves=0.0)
    views = views._replace(kind=np.full(60, 11, np.int16))
    feed(lane, views)
    assert np.array_equal(np.asarray(lane.carry.state["table"])[:, :8], first)
    feed(lane, views._replace(kind=np.full(60, 14, np.int16), seq=views.seq + 60))
    assert not np.array_equal(np.asarray(lane.carry.state["table"])[:, :8], first)


def test_kinds_of_another_number_are_refused() -> None:
    with pytest.raises(Refusal, match="2 numbers; it takes 6: viewed, favourited"):
        network(ENCODERS["sage"](), kinds=(1.0, 2.0))
