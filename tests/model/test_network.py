"""The network learns what can be learned, and stays finite where nothing can."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from journal.chance import stream
from journal.errors import Refusal
from model import ENCODERS, Catalogue, Events, Learner, grid, network
from model.network import RANGES
from tests.model.made import EVERY_EVENT, RECOMMENDERS, SEED, SMALL, cut, events, feed, some

NETWORKS = [name for name in RECOMMENDERS if name.startswith("network/")]
LEARNS = RECOMMENDERS | {"network/paper": network(ENCODERS["paper"](), **SMALL | {"rate": 2.0})}


def tastes(n: int) -> Events:
    """Shoppers of four tastes, who hardly ever meet a product of another taste, and seldom one twice in a row."""
    draw = stream(6, "tastes")
    shopper = draw.integers(0, 40, n)
    product = (draw.integers(0, 25, n) * 4 + shopper % 4).astype(np.int32)
    product = np.where(draw.random(n) < 0.05, draw.integers(0, 100, n), product)
    seq = np.arange(1, n + 1)
    return Events(seq, seq * 60_000_000, np.full(n, 11, np.int16), shopper.astype(np.int32), product.astype(np.int32))


@pytest.mark.parametrize("name", NETWORKS)
def test_the_loss_falls_on_a_stream_that_can_be_learned(name: str) -> None:
    """-log softmax of the product that comes, over all products, before it is learned; chance is log 100 = 4.6."""
    none = np.full(100, -1, np.int32)
    stream_ = tastes(1100)
    lane = Learner(
        LEARNS[name], EVERY_EVENT, Catalogue(none, none, np.ones(100, np.float32), np.ones(100, bool)), 100, SEED
    )

    def loss(part: Events) -> float:
        total = 0.0
        for one in cut(part, 1):
            line = lane.scores(one.shopper, int(one.time[0]))[0].astype(float)
            total += np.logaddexp.reduce(line) - line[one.product[0]]
            lane.advance(one)
        return total / len(part.seq)

    first = loss(some(stream_, slice(0, 100)))
    ranks = feed(lane, some(stream_, slice(100, 1000)), 8).rank
    last = loss(some(stream_, slice(1000, 1100)))
    assert last < first - 0.1
    assert last < np.log(100)
    assert ranks[-200:].mean() < 44  # by chance 50.5


def _state_is_finite(lane: Learner) -> None:
    for leaf in jax.tree.leaves(lane.carry.state):
        assert np.isfinite(leaf).all()


def _served_is_on_the_grid(lane: Learner) -> None:
    served = np.asarray(lane.carry.shop.served)
    assert np.array_equal(served, np.round(served / grid.FINE) * grid.FINE)
    assert (np.linalg.norm(served[:, :-1], axis=1) <= grid.LONGEST).all()
    assert (np.abs(served[:, -1]) <= grid.HIGHEST).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_extreme_paces_are_survived(name: str) -> None:
    """A hundred events in one instant, then one after thirty years, then a hundred more of one shopper and product."""
    n = 201
    time = np.where(np.arange(n) < 100, 0, 30 * 365 * 86400 * 10**6)
    time[101:] += np.arange(100)
    one = np.zeros(n, np.int32)
    stream_ = Events(np.arange(1, n + 1), time, np.full(n, 14, np.int16), one, one + 1)
    lane = Learner(
        RECOMMENDERS[name],
        EVERY_EVENT,
        Catalogue(one[:100], one[:100], np.ones(100, np.float32), np.ones(100, bool)),
        100,
        SEED,
    )
    ranks = feed(lane, stream_, 8).rank
    _state_is_finite(lane)
    _served_is_on_the_grid(lane)
    assert (ranks >= 1).all()
    assert (ranks <= 100).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_the_highest_learning_rates_are_survived(name: str) -> None:
    rates = {rate: RANGES[rate][1] for rate in ("rate", "weights", "habit")}
    wild = network(ENCODERS[name.removeprefix("network/")](), **{**SMALL, **rates})
    lane = Learner(
        wild, EVERY_EVENT, Catalogue(*_everything(), np.ones(100, np.float32), np.ones(100, bool)), 100, SEED
    )
    outcomes = feed(lane, events(256), 8)
    assert (outcomes.rank >= 1).all()
    assert (outcomes.rank <= outcomes.candidates + 1).all()
    _served_is_on_the_grid(lane)
    _state_is_finite(lane)


@pytest.mark.parametrize(("name", "value"), [("rate", 10.0), ("weights", float("nan")), ("neighbours", 0)])
def test_numbers_out_of_range_are_refused(name: str, value: float) -> None:
    with pytest.raises(Refusal, match=f"{name} = {value} is outside"):
        network(ENCODERS["sage"](), **{name: value})


def _everything() -> tuple[np.ndarray, np.ndarray]:
    ids = np.arange(100, dtype=np.int32)
    return ids % 7, ids % 5
