"""Through a pipeline, what happens is scored and what is delivered is learned; at no delay that is what it was without."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from model import Entries, Learner, Learnings, Outcomes, Policy
from tests.model.made import (
    PARTS,
    RECOMMENDERS,
    SEED,
    SHOPPERS,
    assert_equal,
    catalogue,
    events,
    feed,
    joined,
    pairs,
    scored,
    some,
)

STREAM = events(300, "followed")
SPENDING = ("learned", "replayed", "rows", "flops", "alarm")
"""Columns of outcomes that count what came after an event, or, through a pipeline, before it."""


def delivered(delays: NDArray[np.int64], again: NDArray[np.bool_] | None = None) -> Entries:
    """The stream as entries: each scored event is delivered after its delay (us; negative: never), some once more."""
    which = np.flatnonzero(scored(STREAM))
    comes = which[delays[which] >= 0]
    twice = comes if again is None else np.concatenate([comes, which[again[which]]])
    place = np.concatenate([np.arange(len(STREAM.seq)), twice])
    told = np.repeat([False, True], [len(STREAM.seq), len(twice)])
    now = STREAM.time[place] + np.where(told, delays[place], 0)
    order = np.lexsort((told, place, now))
    order = order[now[order] <= STREAM.time[-1]]
    return Entries(some(STREAM, place[order]), now[order], told[order])


def lane(name: str, policy: Policy) -> Learner:
    return Learner(RECOMMENDERS[name], policy, catalogue(), SHOPPERS, SEED, apart=True)


def cut(entries: Entries, size: int) -> Iterator[Entries]:
    for at in range(0, len(entries.now), size):
        part = slice(at, at + size)
        yield Entries(some(entries.events, part), entries.now[part], entries.delivered[part])


def follow(learner: Learner, entries: Entries, size: int = 50) -> tuple[Outcomes, Learnings]:
    came = [learner.follow(part) for part in cut(entries, size)]
    columns = (np.concatenate([getattr(one, name) for _, one in came]) for name in Learnings._fields)
    return joined([outcomes for outcomes, _ in came]), Learnings(*columns)


AT_ONCE = np.zeros(len(STREAM.seq), np.int64)
SLOW = 10**6 * np.array([(seq * 7919) % 20_000 for seq in STREAM.seq.tolist()])
"""Up to five and a half hours, out of order."""


@pytest.mark.parametrize(("name", "policy"), pairs(["every_event", "micro_batch", "replay", "on_drift", "delay"]))
def test_what_is_delivered_at_once_is_learned_as_without_a_pipeline(name: str, policy: str) -> None:
    plain = feed(Learner(RECOMMENDERS[name], PARTS[policy], catalogue(), SHOPPERS, SEED), STREAM, 64)
    through, learned = follow(lane(name, PARTS[policy]), delivered(AT_ONCE))
    same = {column: getattr(plain, column) for column in SPENDING}
    assert_equal(plain, through._replace(**same))
    for column in SPENDING:  # counted up to an event, not from it on
        assert np.array_equal(getattr(plain, column)[:-1], getattr(through, column)[1:]), column
    assert len(np.unique(learned.seq)) == len(learned.seq)
    assert (learned.time >= STREAM.time[learned.seq - 1]).all()


@pytest.mark.parametrize(("name", "policy"), pairs(["every_event", "micro_batch", "replay"]))
def test_the_cut_into_calls_changes_no_bit(name: str, policy: str) -> None:
    entries, learners = delivered(SLOW), [lane(name, PARTS[policy]) for _ in range(3)]
    (one, learned), *others = (follow(each, entries, size) for each, size in zip(learners, (300, 7, 1), strict=True))
    for other, also in others:
        assert_equal(one, other)
        assert all(np.array_equal(a, b) for a, b in zip(learned, also, strict=True))
    assert len({learner.digest() for learner in learners}) == 1


def test_what_is_lost_is_scored_and_never_learned() -> None:
    delays = np.where(STREAM.seq % 3 == 0, -1, 0)
    outcomes, learned = follow(lane("own_recent", PARTS["every_event"]), delivered(delays))
    assert np.array_equal(outcomes.seq, STREAM.seq[scored(STREAM)])
    assert np.array_equal(learned.seq, STREAM.seq[scored(STREAM) & (STREAM.seq % 3 > 0)])


def test_an_answer_knows_what_had_been_delivered_and_nothing_else() -> None:
    """Ranks are those of a learner that is told, before each event, what had come by then, and nothing of the rest."""
    entries = delivered(SLOW)
    through, learned = follow(lane("own_recent", PARTS["every_event"]), entries)
    assert learned.seq.tolist() == entries.events.seq[entries.delivered].tolist()
    assert np.array_equal(learned.time, entries.now[entries.delivered])
    knows = np.array([np.max(STREAM.time[learned.seq[learned.time <= t] - 1], initial=STREAM.time[0])
                      for t in STREAM.time[through.seq - 1].tolist()])  # fmt: skip
    known = (learned.time[:, None] <= STREAM.time[through.seq - 1]).any(axis=0)
    age = (STREAM.time[through.seq - 1] - knows) / 10**6
    assert np.allclose(through.age[known], age[known], atol=0.5)


def test_an_event_that_is_offered_twice_counts_twice() -> None:
    """To be idempotent is the passage's part, not the learner's."""
    again = STREAM.seq % 2 == 0
    _, learned = follow(lane("popular", PARTS["every_event"]), delivered(AT_ONCE, again))
    assert len(learned.seq) == scored(STREAM).sum() + (scored(STREAM) & again).sum()


def test_a_snapshot_goes_on_to_the_same_bits() -> None:
    entries = list(cut(delivered(SLOW), 100))
    whole, half = lane("bpr_mf", PARTS["micro_batch"]), lane("bpr_mf", PARTS["micro_batch"])
    for part in entries:
        whole.follow(part)
    for part in entries[:2]:
        half.follow(part)
    other = lane("bpr_mf", PARTS["micro_batch"])
    other.restore(half.snapshot())
    for part in entries[2:]:
        other.follow(part)
    assert other.digest() == whole.digest()
