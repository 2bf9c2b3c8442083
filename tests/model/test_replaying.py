"""What is learned again: by which events, in which order, and that nothing is counted twice."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from journal.errors import Refusal
from model import POLICIES, Events, Learner, Outcomes, Policy, chain
from tests.model.made import (
    EVERY_EVENT,
    PARTS,
    RECOMMENDERS,
    SEED,
    assert_equal,
    catalogue,
    each,
    events,
    feed,
    learner,
    scored,
    some,
)

REPLAYING = ("replay", "periodic_retrain", "hybrid")
BUFFERS = ("reservoir", "recent", "by_shopper", "inverse_degree")


def only_scored(n: int = 256, name: str = "events") -> Events:
    """A stream in which every event is scored."""
    stream = events(n, name, moves=0.0)
    return some(stream, scored(stream))


def following(policy: Policy, stream: Events, sizes: int = 1) -> tuple[Outcomes, list[list[int]]]:
    """Outcomes, and the seqs that the policy asked to be replayed after each event."""
    lane, asked, parts = learner("own_recent", policy), [], []
    for at in range(len(stream.seq)):
        parts.append(lane.advance(some(stream, slice(at, at + 1))))
        replays = lane.carry.action.replays
        asked.append(np.asarray(replays.events.seq)[: int(replays.n)].tolist())
    return Outcomes(*(np.concatenate(columns) for columns in zip(*parts, strict=True))), asked


@pytest.mark.parametrize("buffer", BUFFERS)
def test_replayed_events_have_been_and_come_at_the_ratio(buffer: str) -> None:
    stream = only_scored()
    policy = POLICIES["replay"](buffer=buffer, size=16, ratio=1.5)
    outcomes, asked = following(policy, stream)
    for seq, again in zip(stream.seq, asked, strict=True):
        assert all(one < seq for one in again)
    assert outcomes.replayed.tolist() == [len(again) for again in asked]
    assert (outcomes.learned == outcomes.replayed + 1).all()
    assert abs(outcomes.replayed.sum() - 1.5 * len(asked)) < 40


def test_a_recent_buffer_holds_the_last_ones_and_a_reservoir_all_times() -> None:
    stream = only_scored(600)
    gaps = {}
    for buffer in ("recent", "reservoir"):
        _, asked = following(POLICIES["replay"](buffer=buffer, size=16), stream)
        place = {seq: n for n, seq in enumerate(stream.seq.tolist())}
        gaps[buffer] = [n - place[one] for n, again in enumerate(asked) for one in again]
    assert max(gaps["recent"]) <= 16
    assert np.mean(gaps["reservoir"]) > 100


def test_by_shopper_replays_each_shopper_alike() -> None:
    stream = only_scored(600)
    shopper = dict(zip(stream.seq.tolist(), stream.shopper.tolist(), strict=True))
    shares = {}
    for buffer in ("reservoir", "by_shopper"):
        _, asked = following(POLICIES["replay"](buffer=buffer, size=128), stream)
        counts = np.bincount([shopper[one] for again in asked[300:] for one in again])
        shares[buffer] = counts.max() / counts.sum()
    assert shares["by_shopper"] < shares["reservoir"] / 2


def test_inverse_degree_prefers_products_seldom_met() -> None:
    stream = only_scored(600)
    product = dict(zip(stream.seq.tolist(), stream.product.tolist(), strict=True))
    met = np.bincount(stream.product)
    mean = {}
    for buffer in ("reservoir", "inverse_degree"):
        _, asked = following(POLICIES["replay"](buffer=buffer, size=128), stream)
        mean[buffer] = np.mean([met[product[one]] for again in asked for one in again])
    assert mean["inverse_degree"] < 0.85 * mean["reservoir"]


@pytest.mark.parametrize("name", REPLAYING)
def test_counting_recommenders_do_not_count_twice(name: str) -> None:
    """A model that counts learns each event at most once, however often it is replayed."""
    stream = only_scored()
    lane = learner("popular", PARTS[name])
    outcomes = feed(lane, stream)
    assert outcomes.replayed.sum() > 0
    counted = np.asarray(lane.carry.state["table"])[:, 0].sum()
    assert counted == outcomes.learned.sum() - outcomes.replayed.sum()


GRADIENTS = [name for name, recommender in RECOMMENDERS.items() if recommender.anew is not None]


@pytest.mark.parametrize("name", each(GRADIENTS, ("isgd", "network/sage")))
def test_a_replay_moves_vectors_and_leaves_the_graph_alone(name: str) -> None:
    recommender = RECOMMENDERS[name]
    stream = only_scored(60)
    plain = Learner(recommender, EVERY_EVENT, catalogue(), 100, SEED)
    again = Learner(recommender, POLICIES["replay"](size=16, ratio=2.0), catalogue(), 100, SEED)
    feed(plain, stream)
    feed(again, stream)
    one, other = (np.asarray(lane.carry.state["table"]) for lane in (plain, again))
    vectors = slice(0, recommender.width)  # the vector, and in a network its memory of slopes
    assert not np.array_equal(one[:, vectors], other[:, vectors])
    if name == "network/sage":
        strengths = slice(8 + 3 + 3 * 3, 8 + 3 + 4 * 3)  # learned, so they follow the vectors
        for rest in (slice(8 + 1, strengths.start), slice(strengths.stop, None)):
            assert np.array_equal(one[:, rest], other[:, rest])


def test_a_retrain_learns_the_window_oldest_first_and_nothing_between() -> None:
    stream = only_scored()
    policy = POLICIES["periodic_retrain"](every=3600.0, window=12)
    outcomes, asked = following(policy, stream)
    seconds = ((stream.time - stream.time[0]) / 1e6).astype(np.float32)
    last, learned, due = np.float32(0), 0, []
    for n, now in enumerate(seconds):
        if now - last >= 3600:
            window = stream.seq[max(0, n + 1 - 12) : n + 1].tolist()
            due.append((n, window, sum(place < learned for place in range(max(0, n + 1 - 12), n + 1))))
            last, learned = now, n + 1
    assert len(due) > 5
    assert [(n, again) for n, again in enumerate(asked) if again] == [(n, window) for n, window, _ in due]
    assert outcomes.learned.tolist() == [len(again) for again in asked]
    assert [int(outcomes.replayed[n]) for n, _, _ in due] == [old for _, _, old in due]


def test_from_scratch_forgets_what_gradients_moved_and_nothing_else() -> None:
    stream = only_scored(60)
    policy = POLICIES["periodic_retrain"](every=1e6, window=5, scratch=True)
    lane = Learner(RECOMMENDERS["network/sage"], chain(policy), catalogue(), 100, SEED)
    first, relations = np.asarray(lane.carry.state["table"]).copy(), slice(8 + 3, None)
    start = jax.tree.map(np.asarray, lane.carry.state["encoder"])
    feed(lane, stream)
    assert np.array_equal(np.asarray(lane.carry.state["table"])[:, :9], first[:, :9])  # no retrain was due yet
    warm = Learner(RECOMMENDERS["network/sage"], EVERY_EVENT, catalogue(), 100, SEED)
    feed(warm, stream)
    kept = np.asarray(warm.carry.state["table"]).copy()
    state, served = warm.recommender.anew(warm.carry.state, warm.carry.shop, warm.layout, catalogue(128), SEED)
    assert np.array_equal(np.asarray(state["table"])[:, :9], first[:, :9])
    assert np.array_equal(np.asarray(state["table"])[:, relations], kept[:, relations])
    assert jax.tree.all(
        jax.tree.map(lambda a, b: np.array_equal(a, b), start, jax.tree.map(np.asarray, state["encoder"]))
    )
    assert np.isfinite(np.asarray(served)).all()


@pytest.mark.parametrize("name", each(REPLAYING, ("periodic_retrain",)))
def test_with_a_network_the_length_of_a_call_changes_no_bit(name: str) -> None:
    stream = events(160)
    one, many = (Learner(RECOMMENDERS["network/sage"], PARTS[name], catalogue(), 100, SEED) for _ in range(2))
    assert_equal(feed(one, stream, 1), feed(many, stream, 50))
    assert one.digest() == many.digest()


def test_a_budget_behind_a_replay_counts_it() -> None:
    stream = only_scored()
    policy = chain(POLICIES["replay"](size=16, ratio=2.0), POLICIES["budget"](per_hour=4.0, burst=3))
    outcomes = feed(learner("own_recent", policy), stream)
    hours, total = (stream.time - stream.time[0]) / 3.6e9, np.append(0, np.cumsum(outcomes.learned))
    for start in range(len(hours)):
        spent, allowed = total[start + 1 :] - total[start], 3 + 4.0 * (hours[start:] - hours[start])
        assert (spent <= allowed + 1e-3).all()
    assert outcomes.replayed.sum() > 0


def test_two_that_replay_are_both_followed() -> None:
    stream = only_scored()
    both = chain(POLICIES["replay"](buffer="recent", size=16), POLICIES["replay"](buffer="recent", size=4, seed=5))
    _, asked = following(both, stream)
    _, one = following(POLICIES["replay"](buffer="recent", size=16), stream)
    _, other = following(POLICIES["replay"](buffer="recent", size=4, seed=5), stream)
    assert asked == [a + b for a, b in zip(one, other, strict=True)]


def test_an_unknown_buffer_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(Refusal, match="'resevoir'.*reservoir"):
        POLICIES["replay"](buffer="resevoir")
