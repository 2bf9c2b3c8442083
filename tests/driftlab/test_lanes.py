"""A lane is told public facts alone, each once, in order, however the stream is cut."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from driftlab import lanes
from driftlab.lanes import Chunk, LearningLane, best, told
from driftlab.sources import Listed
from driftlab.ties import issued
from journal.facts import CHUNK, Facts, Kind, facts, pick
from model.contract import Events, Outcomes


class Clerk:
    """A learner that writes down what it is told, and ranks everything by the number of events told before."""

    def __init__(self) -> None:
        self.told: list[int] = []

    def advance(self, events: Events) -> Outcomes:
        n = len(events.seq)
        rank = np.arange(len(self.told), len(self.told) + n).astype(np.float32)
        self.told += events.seq.tolist()
        none, no = np.zeros(n, np.int32), np.zeros(n, np.float32)
        return Outcomes(events.seq, rank, none, none, none, none, no, none, no, np.zeros(n, np.bool_))

    def slates(self, shoppers: NDArray[np.int32], time: int, k: int) -> NDArray[np.int32]:
        return np.tile(np.arange(3, dtype=np.int32), (len(shoppers), 1))

    def scores(self, shoppers: NDArray[np.int32], time: int) -> NDArray[np.float32]:
        return np.zeros((len(shoppers), 3), np.float32)

    def snapshot(self) -> bytes:
        return repr(self.told).encode()

    def restore(self, snapshot: bytes) -> None:
        self.told = [int(text) for text in snapshot.decode().strip("[]").split(", ")]


def stream_of(n: int) -> Facts:
    return facts(seq=range(1, n + 1), time=range(n), kind=[Kind.VIEWED] * n, shopper=[0] * n, product=[0] * n)


def chunks_of(seen: Facts) -> list[Chunk]:
    return [Chunk(i, piece.facts, {}, None) for i, piece in enumerate(Listed(seen).pieces(None), 1)]


def test_what_a_learner_is_told_has_no_room_for_truth_or_the_future() -> None:
    assert Events._fields == ("seq", "time", "kind", "shopper", "product")
    assert "truth" not in LearningLane.tell.__annotations__


def test_the_opening_catalogue_and_private_kinds_are_not_told() -> None:
    kinds = [Kind.PRODUCT_LISTED, Kind.SHOPPER_JOINED, Kind.SLATE_SERVED, Kind.PRODUCT_LISTED, Kind.VIEWED]
    seen = facts(seq=range(1, 6), time=[0, 0, 1, 2, 3], kind=kinds)
    assert told(seen, opening=0).seq.tolist() == [4, 5]


def test_who_follows_whom_is_told_to_those_alone_who_read_it() -> None:
    kinds = [Kind.FOLLOWED, Kind.VIEWED, Kind.SHOPPER_JOINED]
    seen = facts(
        seq=range(1, 4), time=[0, 0, 1], kind=kinds, shopper=[4, 4, 5], product=[-1, 7, -1], value=[6, np.nan, 3]
    )
    assert told(seen).seq.tolist() == [2]
    events = told(seen, ties=(int(Kind.FOLLOWED),))
    assert (events.seq.tolist(), events.shopper.tolist(), events.product.tolist()) == ([1, 2], [4, 4], [6, 7])
    assert events.product.dtype == np.int32


def test_coupons_are_told_with_the_campaign_they_are_of() -> None:
    """A coupon that is used names no campaign: the fact that issued it does, which a snapshot may be too late for."""
    kinds = [Kind.CAMPAIGN_STARTED, Kind.COUPON_ISSUED, Kind.PURCHASED, Kind.COUPON_REDEEMED]
    columns = {"shopper": [-1, 4, 4, 4], "product": [-1, -1, 9, 9], "value": [2, 2, 5.5, 0.5], "cause": [0, 1, 0, 2]}
    seen = facts({1: '{"category": 6}'}, seq=range(1, 5), time=[0, 0, 1, 1], kind=kinds, **columns)
    ties = (int(Kind.COUPON_ISSUED), int(Kind.COUPON_REDEEMED), int(Kind.CAMPAIGN_STARTED))
    events = told(seen, ties=ties, coupons=issued(seen))
    assert (events.shopper.tolist(), events.product.tolist()) == ([2, 4, 4, 4], [6, 2, 9, 2])
    whole, again = (LearningLane("one", Clerk(), -1, ties=ties) for _ in range(2))
    whole.feed(seen)
    again.restore(b"[1, 2, 3]", 3)
    again.tell(seen)
    assert again.learner.told == whole.learner.told  # type: ignore[attr-defined]


@given(st.lists(st.integers(1, 2 * CHUNK + 500), max_size=8))
def test_slates_served_between_chunks_change_no_outcome(asked_at: list[int]) -> None:
    seen = stream_of(2 * CHUNK + 500)
    plain, serving = LearningLane("plain", Clerk(), -1), LearningLane("serving", Clerk(), -1)
    ends = [int(chunk.facts.seq[-1]) for chunk in chunks_of(seen)]
    for chunk, end in zip(chunks_of(seen), ends, strict=True):
        # The world asks for slates while it makes a chunk, at times beyond its end.
        for seq in sorted(asked_at):
            if end - CHUNK < seq <= end + 100:
                serving.serve(pick(seen, slice(0, seq)), 0, 0, 3)
        one, other = plain.fold(chunk).outcomes, serving.fold(chunk).outcomes
        assert {k: v.tolist() for k, v in one.items()} == {k: v.tolist() for k, v in other.items()}


def test_a_snapshot_is_of_the_very_end_of_its_chunk_and_can_be_gone_on_from() -> None:
    seen = stream_of(lanes.SNAPSHOT_EVERY * CHUNK + 700)
    lane = LearningLane("served", Clerk(), -1)
    lane.serve(seen, 0, 0, 3)  # told to the end, far beyond the chunk
    answers = [lane.fold(chunk) for chunk in chunks_of(seen)]
    kept = {number: answer.snapshot for number, answer in enumerate(answers, 1) if answer.snapshot}
    assert list(kept) == [lanes.SNAPSHOT_EVERY]
    again = LearningLane("again", Clerk(), -1)
    again.restore(kept[lanes.SNAPSHOT_EVERY], lanes.SNAPSHOT_EVERY * CHUNK)
    later = [again.fold(chunk).outcomes for chunk in chunks_of(seen)]
    assert later[:-1] == [{}] * (len(later) - 1)
    assert later[-1]["rank"].tolist() == answers[-1].outcomes["rank"].tolist()


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, -np.inf]), min_size=1, max_size=8), st.integers(1, 10))
def test_best_is_by_score_then_by_id(scores: list[float], k: int) -> None:
    order = sorted((i for i, s in enumerate(scores) if s > -np.inf), key=lambda i: (-scores[i], i))
    width = min(k, len(scores))
    assert best(np.array([scores]), k)[0].tolist() == (order[:k] + [-1] * width)[:width]
