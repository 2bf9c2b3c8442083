"""The updater in the loop is the queue that a simulation of it in SimPy is: every event is learned at the same moment."""

from __future__ import annotations

import numpy as np
import pytest
import simpy
from numpy.typing import NDArray

from model import Learner, Learnings, Outcomes, Updater
from model.contract import WHEN_FULL
from simulator.spec import DeliverySpec
from tests.model.made import PARTS, RECOMMENDERS, SEED, SHOPPERS, assert_equal, catalogue, each, scored
from tests.model.test_following import AT_ONCE, SLOW, STREAM, delivered, follow

ENTRIES = delivered(SLOW)
SEQ = ENTRIES.events.seq[ENTRIES.delivered]
COMES = (ENTRIES.now[ENTRIES.delivered] - STREAM.time[0]) / 10**6
END = (STREAM.time[-1] - STREAM.time[0]) / 10**6


def lane(policy: str, updater: Updater | None, name: str = "own_recent") -> Learner:
    return Learner(RECOMMENDERS[name], PARTS[policy], catalogue(), SHOPPERS, SEED, apart=True, updater=updater)


def referee(comes: NDArray[np.float64], size: int, updater: Updater) -> NDArray[np.float64]:
    """When calls of `size` events, each made at a moment, are done: workers are a resource of SimPy."""
    env, done = simpy.Environment(), np.zeros(len(comes))
    workers = simpy.Resource(env, updater.workers)

    def call(at: int):
        yield env.timeout(comes[at])
        with workers.request() as asked:
            yield asked
            yield env.timeout(updater.call_seconds + size * updater.event_seconds)
            done[at] = env.now

    for at in range(len(comes)):
        env.process(call(at))
    env.run()
    return done


@pytest.mark.parametrize(("policy", "size"), [("every_event", 1), ("micro_batch", 5)])
@pytest.mark.parametrize(
    ("workers", "event", "call"),
    [(1, 2000.0, 0.0), (1, 500.0, 3000.0), (1, 30.0, 5.0), (2, 3000.0, 100.0), (3, 9000.0, 0.0)],
)
def test_every_event_is_learned_when_the_referee_says(
    policy: str, size: int, workers: int, event: float, call: float
) -> None:
    updater = Updater(workers, event, call, 10_000, "block")
    _, learned = follow(lane(policy, updater), ENTRIES)
    calls = len(SEQ) // size
    done = np.repeat(referee(COMES[size - 1 :: size][:calls], size, updater), size)
    order = np.argsort(done, kind="stable")
    order = order[done[order] <= END]
    assert len(order) > 30
    assert np.array_equal(learned.seq, SEQ[order])
    assert np.abs((learned.time - STREAM.time[0]) / 10**6 - done[order]).max() < 0.001


@pytest.mark.parametrize("policy", each(list(PARTS), ("replay", "periodic_retrain")))
def test_work_that_takes_no_time_changes_nothing(policy: str) -> None:
    (plain, known), (one, learned) = (
        follow(lane(policy, updater), ENTRIES) for updater in (None, Updater(1, 0.0, 0.0, 1000, "block"))
    )
    assert_equal(plain, one)
    assert all(np.array_equal(a, b) for a, b in zip(known, learned, strict=True))


@pytest.mark.parametrize("policy", each(["every_event", "micro_batch", "replay", "periodic_retrain"], ("micro_batch",)))
def test_the_cut_into_calls_changes_no_bit(policy: str) -> None:
    updater = Updater(2, 700.0, 900.0, 30, "shed_oldest")
    learners = [lane(policy, updater) for _ in range(3)]
    (one, learned), *others = (follow(each, ENTRIES, size) for each, size in zip(learners, (300, 7, 1), strict=True))
    for other, also in others:
        assert_equal(one, other)
        assert all(np.array_equal(a, b) for a, b in zip(learned, also, strict=True))
    assert len({learner.digest() for learner in learners}) == 1


def shed(when_full: str, room: int = 20) -> tuple[Outcomes, Learnings]:
    return follow(lane("every_event", Updater(1, 9000.0, 0.0, room, when_full)), ENTRIES)


def test_a_full_queue_sheds_the_oldest_and_keeps_its_room() -> None:
    outcomes, learned = shed("shed_oldest")
    seq = learned.seq[learned.seq > 0]
    assert outcomes.waiting.max() <= 20 + 1  # one is in service
    assert learned.shed.sum() > 100
    late = learned.time[learned.seq > 0] - STREAM.time[seq - 1]
    block = shed("block")[1]
    assert np.median(late) < np.median(block.time - STREAM.time[block.seq - 1])


def test_sampling_takes_a_share_and_keeps_its_room() -> None:
    outcomes, learned = shed("sample")
    assert outcomes.waiting.max() <= 20 + 1
    assert learned.shed.sum() > 100


def test_blocking_sheds_nothing() -> None:
    outcomes, learned = shed("block")
    assert learned.shed.sum() == 0
    assert outcomes.waiting.max() > 100


@pytest.mark.parametrize("when_full", WHEN_FULL)
def test_each_event_is_learned_or_shed_or_waits_at_the_end(when_full: str) -> None:
    learner = lane("every_event", Updater(1, 9000.0, 0.0, 20, when_full))
    _, learned = follow(learner, ENTRIES)
    service = learner.carry.service
    assert service is not None
    waits = int(service.queued) + int(service.size.sum())
    assert (learned.seq > 0).sum() + learned.shed.sum() + waits == len(SEQ)
    assert len(np.unique(learned.seq[learned.seq > 0])) == (learned.seq > 0).sum()


def test_a_retrain_serves_when_it_is_done_and_not_before() -> None:
    plain = follow(lane("periodic_retrain", None), delivered(AT_ONCE))[1]
    updater = Updater(1, 600.0, 0.0, 1000, "block")
    slow = follow(lane("periodic_retrain", updater), delivered(AT_ONCE))[1]
    first = plain.time[0]
    same = slow.seq == plain.seq[0]
    # Twelve events of ten minutes each, or as many as there were.
    count = int((plain.time == first).sum())
    assert slow.time[same][0] - first >= 600 * 10**6 * count
    assert slow.seq.tolist() != plain.seq.tolist() or len(slow.seq) <= len(plain.seq)


def test_the_scenario_s_words_are_the_model_s() -> None:
    field = DeliverySpec.__dataclass_fields__["when_full"]
    assert field.metadata["choices"] == WHEN_FULL
    assert scored(STREAM).sum() > len(SEQ) > 200
