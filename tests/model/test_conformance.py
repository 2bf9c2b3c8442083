"""What every recommender keeps, whoever wrote it: found by name, so a new one is tested as soon as it is listed."""

from __future__ import annotations

import numpy as np
import pytest

from model import Catalogue, Events, Learner
from model.layout import room
from tests.model.made import (
    EVERY_EVENT,
    RECOMMENDERS,
    SEED,
    assert_equal,
    catalogue,
    each,
    events,
    feed,
    joined,
    learner,
    run,
    scored,
    some,
)

ALL = list(RECOMMENDERS)


@pytest.mark.parametrize("name", ALL)
def test_two_runs_are_equal(name: str) -> None:
    lane = learner(name)
    outcomes, digest = run(name)
    assert_equal(feed(lane, events(256)), outcomes)
    assert lane.digest() == digest


@pytest.mark.parametrize("size", [2, pytest.param(64, marks=pytest.mark.slow), 512])
@pytest.mark.parametrize("name", each(ALL, ("markov", "bpr_mf", "network/paper")))
def test_the_length_of_a_call_changes_no_bit(name: str, size: int) -> None:
    lane = learner(name)
    assert_equal(feed(lane, events(256), size), run(name)[0])
    assert lane.digest() == run(name)[1]


@pytest.mark.parametrize("name", ALL)
def test_only_events_that_shoppers_foretell_are_scored(name: str) -> None:
    stream, (outcomes, _) = events(256), run(name)
    assert np.array_equal(outcomes.seq, stream.seq[scored(stream)])
    assert (outcomes.rank >= 1).all()
    assert (outcomes.rank <= outcomes.candidates + 1).all()
    assert (outcomes.learned == 1).all()
    assert (outcomes.waiting == 0).all()


@pytest.mark.parametrize("name", ALL)
def test_scores_are_a_read(name: str) -> None:
    stream, lane, parts = events(256), learner(name), []
    everybody = np.arange(20, dtype=np.int32)
    for at in range(0, 256, 7):
        now = int(stream.time[at])
        first = lane.scores(everybody, now)
        slates = lane.slates(everybody, now, 10)
        parts.append(lane.advance(some(stream, slice(at, at + 7))))
        assert np.array_equal(lane.scores(everybody, now).shape, first.shape)
    again = lane.scores(everybody, now)
    assert np.array_equal(again, lane.scores(everybody, now))
    assert np.array_equal(lane.slates(everybody, now, 10), lane.slates(everybody, now, 10))
    assert slates.shape == (20, 10)
    assert_equal(joined(parts), run(name)[0])
    assert lane.digest() == run(name)[1]


@pytest.mark.parametrize("name", ALL)
def test_one_shopper_scores_the_same_alone_and_among_others(name: str) -> None:
    stream, lane = events(256), learner(name)
    feed(lane, stream)
    now = int(stream.time[-1])
    together = lane.scores(np.arange(9, dtype=np.int32), now)
    alone = np.concatenate([lane.scores(np.array([n], np.int32), now) for n in range(9)])
    assert np.array_equal(together, alone)


@pytest.mark.parametrize("name", ALL)
def test_a_snapshot_continues_to_the_bit(name: str) -> None:
    stream, lane, other = events(256), learner(name), learner(name)
    head = feed(lane, some(stream, slice(0, 98)))
    kept, digest = lane.snapshot(), lane.digest()
    feed(lane, some(stream, slice(98, 120)))
    other.restore(kept)
    assert other.digest() == digest
    assert_equal(joined([head, feed(other, some(stream, slice(98, 256)))]), run(name)[0])
    assert other.digest() == run(name)[1]
    lane.restore(kept)
    assert lane.digest() == digest


@pytest.mark.parametrize("name", ALL)
def test_slates_hold_listed_products_by_score_then_id(name: str) -> None:
    stream, lane = events(256), learner(name)
    feed(lane, stream)
    now, everybody = int(stream.time[-1]), np.arange(12, dtype=np.int32)
    lines = lane.scores(everybody, now)
    exclude = np.zeros(lines.shape, bool)
    exclude[:, ::3] = True
    for hidden in (np.zeros(lines.shape, bool), exclude):
        slates = lane.slates(everybody, now, 90, exclude=hidden)
        for line, slate, off in zip(lines, slates, hidden, strict=True):
            order = sorted(np.flatnonzero((line > -np.inf) & ~off).tolist(), key=lambda i: (-line[i], i))
            assert slate.tolist() == (order + [-1] * 90)[:90]


@pytest.mark.parametrize("name", ALL)
def test_candidates_and_scores_follow_the_listings(name: str) -> None:
    stream, lane = events(256), learner(name)
    on_sale = catalogue().listed.copy()
    candidates = []
    for place, (kind, product) in enumerate(zip(stream.kind, stream.product, strict=True)):
        if kind in (1, 5):
            on_sale[product] = True
        elif kind in (2, 4):
            on_sale[product] = False
        elif scored(some(stream, slice(place, place + 1)))[0]:
            candidates.append(on_sale.sum())
    feed(lane, stream)
    line = lane.scores(np.array([0], np.int32), int(stream.time[-1]))[0]
    assert np.array_equal(line > -np.inf, on_sale)
    assert np.array_equal(run(name)[0].candidates, candidates)


@pytest.mark.parametrize(
    "kind", [*(pytest.param(one, marks=pytest.mark.slow) for one in ("shoppers", "products")), "both"]
)
@pytest.mark.parametrize("name", each(ALL, ("bpr_mf", "network/sage")))
def test_growing_changes_no_bit(name: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = events(256, "growing")
    products = 60 if kind != "shoppers" else 100
    shoppers = 1 if kind != "products" else 100
    small = learner(name, products=products, shoppers=shoppers)
    before = small.layout
    outcomes = feed(small, stream)
    assert small.layout.rows > before.rows
    monkeypatch.setattr("model.learner.room", lambda count, least=64: room(count, 128 if least == 64 else least))
    large = learner(name, products=products, shoppers=shoppers)
    assert large.layout == small.layout
    assert_equal(outcomes, feed(large, stream))
    assert small.digest() == large.digest()


@pytest.mark.parametrize("name", ["bpr_mf", *each(["network/sage", "network/paper"], ("network/sage",))])
def test_a_product_is_known_from_its_first_event_on_whatever_the_call(name: str) -> None:
    stream = events(100, "arrivals")
    one, many = (learner(name, products=70) for _ in range(2))
    assert_equal(feed(one, stream, 1), feed(many, stream, 7))
    assert one.digest() == many.digest()


def test_a_shopper_without_a_row_scores_as_one_who_did_nothing() -> None:
    lane = learner("own_recent", products=10, shoppers=64)
    full = np.arange(64)
    lane.advance(
        Events(full + 1, full * 10**6, np.full(64, 11, np.int16), full.astype(np.int32), np.full(64, 3, np.int32))
    )
    assert lane.scores(np.array([63], np.int32), 10**9)[0, 3] > 0
    stranger = lane.scores(np.array([64], np.int32), 10**9)[0]
    assert np.unique(stranger[stranger > -np.inf]).size == 1


@pytest.mark.parametrize("name", ["own_recent", "bpr_mf"])
def test_restoring_goes_back_before_a_growth(name: str) -> None:
    stream = events(100, "arrivals")
    lane = learner(name, products=70)
    head = feed(lane, some(stream, slice(0, 14)))
    kept, digest = lane.snapshot(), lane.digest()
    first = feed(lane, some(stream, slice(14, 100)))
    end = lane.digest()
    lane.restore(kept)
    assert lane.digest() == digest
    assert lane.scores(np.array([0], np.int32), int(stream.time[14])).shape == (
        1,
        max(70, stream.product[:14].max() + 1),
    )
    assert_equal(feed(lane, some(stream, slice(14, 100))), first)
    assert lane.digest() == end
    assert len(head.seq) == scored(some(stream, slice(0, 14))).sum()


@pytest.mark.parametrize("name", each(ALL, ("own_recent", "network/paper")))
def test_a_catalogue_that_says_nothing_is_survived(name: str) -> None:
    none = np.full(100, -1, np.int32)
    lane = Learner(
        RECOMMENDERS[name],
        EVERY_EVENT,
        Catalogue(
            none, none, np.full(100, np.nan, np.float32), np.ones(100, bool), np.full((100, 3), np.nan, np.float32)
        ),
        100,
        SEED,
    )
    stream = events(60)
    outcomes = feed(lane, stream)
    assert np.isfinite(outcomes.rank).all()
    line = lane.scores(np.array([0, 99], np.int32), int(stream.time[-1]))
    assert not np.isnan(line).any()
    assert (line < np.inf).all()


def test_a_slate_longer_than_the_catalogue_is_filled_up() -> None:
    slates = learner().slates(np.array([0, 1], np.int32), 0, 150)
    assert slates.shape == (2, 150)
    assert (slates[:, catalogue().listed.sum() :] == -1).all()


def test_chance_shows_each_shopper_another_slate() -> None:
    slates = learner("random").slates(np.arange(8, dtype=np.int32), 0, 10)
    assert len(np.unique(slates, axis=0)) > 1
