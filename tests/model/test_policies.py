"""What policies promise, with cheap recommenders: a memory, and one that writes down what it was told to learn."""

from __future__ import annotations

import re

import jax.numpy as jnp
import numpy as np
import pytest
from river.drift.binary import DDM

from journal.errors import Refusal
from model import POLICIES, Events, Learner, Outcomes, Policy, Recommender, chain
from model.carry import WAITING
from model.parts import Learned, Scored
from tests.model.made import (
    EVERY_EVENT,
    PARTS,
    SEED,
    assert_equal,
    catalogue,
    cut,
    each,
    events,
    feed,
    learner,
    scored,
    some,
)


def _diary() -> Recommender:
    """Keep, of each event by seq: its place in the order of learning, and the two rates it was learned at."""

    def init(layout, catalogue, seed):
        state = {"table": jnp.zeros((layout.rows, 1)), "at": jnp.int32(0), "lines": jnp.zeros((2000, 3))}
        return state, jnp.zeros((layout.products, 1))

    def query(state, shop, query, layout):
        return Scored(jnp.ones(1), jnp.full(1, -1, jnp.int32), jnp.zeros(1))

    def learn(state, shop, seen, action, on, layout):
        line = jnp.stack([state["at"] + 1.0, action.rate, action.weights])
        lines = state["lines"].at[jnp.where(on, seen.seq, 2000)].set(line, mode="drop")
        return Learned({**state, "at": state["at"] + on, "lines": lines}, jnp.full(1, -1, jnp.int32), jnp.zeros((1, 1)))

    return Recommender("diary", 1, init, query, learn, (1, 0.0))


DIARY = _diary()


def diary(policy: Policy, stream: Events, sizes: int = 8) -> tuple[Outcomes, list[int], np.ndarray]:
    """Outcomes, the seqs in the order in which they were learned, and the two rates of each of these."""
    lane = Learner(DIARY, policy, catalogue(), 100, SEED)
    outcomes = feed(lane, stream, sizes)
    lines = np.asarray(lane.carry.state["lines"])
    order = np.argsort(lines[:, 0], kind="stable")[np.count_nonzero(lines[:, 0] == 0) :]
    assert len(order) == outcomes.learned.sum() == int(lane.carry.state["at"])
    return outcomes, order.tolist(), lines[order, 1:]


def seqs(stream: Events) -> list[int]:
    """Of the scored events."""
    return stream.seq[scored(stream)].tolist()


def seconds(stream: Events) -> np.ndarray:
    """Of the scored events, since the first event."""
    return (stream.time[scored(stream)] - stream.time[0]) / 1e6


@pytest.mark.parametrize("name", PARTS)
def test_the_length_of_a_call_changes_no_bit(name: str) -> None:
    one, two, seven = (learner("own_recent", PARTS[name]) for _ in range(3))
    outcomes = feed(one, events(256), 1)
    assert_equal(outcomes, feed(two, events(256), 2))
    assert_equal(outcomes, feed(seven, events(256), 7))
    assert one.digest() == two.digest() == seven.digest()


@pytest.mark.parametrize("size", [pytest.param(64, marks=pytest.mark.slow), 512])
@pytest.mark.parametrize("name", each(list(PARTS), ("micro_batch",)))
def test_a_long_call_changes_no_bit(name: str, size: int) -> None:
    short, long = (learner("own_recent", PARTS[name]) for _ in range(2))
    assert_equal(feed(short, events(256), 7), feed(long, events(256), size))
    assert short.digest() == long.digest()


@pytest.mark.parametrize("name", PARTS)
def test_a_snapshot_continues_to_the_bit(name: str) -> None:
    stream, lane, other = events(256), learner("own_recent", PARTS[name]), learner("own_recent", PARTS[name])
    feed(lane, some(stream, slice(0, 93)))
    other.restore(lane.snapshot())
    tail = some(stream, slice(93, 256))
    assert_equal(feed(lane, tail), feed(other, tail))
    assert lane.digest() == other.digest()


def test_never_learns_nothing() -> None:
    lane = learner("own_recent", PARTS["never"])
    before = np.asarray(lane.carry.state["table"]).copy()
    outcomes = feed(lane, events(256))
    assert not outcomes.learned.any()
    assert not outcomes.rows.any()
    assert not outcomes.waiting.any()
    assert np.array_equal(before, lane.carry.state["table"])
    assert np.allclose(outcomes.age, seconds(events(256)))


def test_every_event_learns_each_at_once() -> None:
    outcomes, order, rates = diary(EVERY_EVENT, events(256))
    assert order == seqs(events(256))
    assert (rates == 1).all()
    assert np.allclose(outcomes.age[1:], np.diff(seconds(events(256))), atol=0.01)


def test_every_learns_one_in_n() -> None:
    outcomes, order, _ = diary(PARTS["every"], events(256))
    assert order == seqs(events(256))[3::4]
    assert len(order) == len(outcomes.seq) // 4


def test_every_seconds_learns_all_when_the_time_has_come() -> None:
    outcomes, order, _ = diary(PARTS["every_seconds"], events(256))
    now, last, waiting, learned = seconds(events(256)), 0.0, 0, []
    for second in now:
        waiting += 1
        flush = np.float32(second) - np.float32(last) >= 600
        learned.append(waiting if flush else 0)
        last, waiting = (second, 0) if flush else (last, waiting)
    assert outcomes.learned.tolist() == learned
    assert order == seqs(events(256))[: sum(learned)]


def test_a_micro_batch_keeps_the_order_and_equals_every_event_when_it_is_flushed() -> None:
    stream = events(256)
    outcomes, order, _ = diary(PARTS["micro_batch"], stream)
    full = len(outcomes.seq) // 5 * 5
    assert order == seqs(stream)[:full]
    assert outcomes.learned.tolist() == [5 * (n % 5 == 4) for n in range(len(outcomes.seq))]
    assert outcomes.waiting.tolist() == [n % 5 for n in range(len(outcomes.seq))]
    batched, plain, count = learner("own_recent", PARTS["micro_batch"]), learner("own_recent"), 0
    for one in cut(stream, 1):
        count += len(batched.advance(one).seq)
        plain.advance(one)
        if scored(one)[0]:
            same = np.array_equal(batched.carry.state["table"], plain.carry.state["table"])
            assert same == (count % 5 == 0)


def test_a_budget_is_never_exceeded() -> None:
    stream = events(256)
    outcomes, _, _ = diary(PARTS["budget"], stream)
    hours, total = seconds(stream) / 3600, np.append(0, np.cumsum(outcomes.learned))
    for start in range(len(hours)):
        spent, allowed = total[start + 1 :] - total[start], 3 + 4.0 * (hours[start:] - hours[start])
        assert (spent <= allowed + 1e-3).all()
    assert 10 < total[-1] < len(hours)


def test_decay_halves_both_rates() -> None:
    part = POLICIES["decay"](half_life=3600.0)
    _, _, rates = diary(part, events(100))
    halved = 0.5 ** (seconds(events(100)) / 3600)
    assert np.allclose(rates[:, 0], halved, rtol=1e-4, atol=1e-37)
    assert np.array_equal(rates[:, 0], rates[:, 1])
    assert halved.min() < 0.01


def test_random_learns_near_its_share_and_by_the_seed() -> None:
    stream = events(1500, "coins", moves=0.0)
    stream = some(stream, scored(stream))
    _, order, _ = diary(PARTS["random"], stream, 128)
    _, other, _ = diary(POLICIES["random"](seed=1), stream, 128)
    for learned in (order, other):
        assert abs(len(learned) - 0.25 * len(stream.seq)) < 4 * (len(stream.seq) * 0.25 * 0.75) ** 0.5
    both = len(np.intersect1d(order, other)) / len(stream.seq)
    assert abs(both - 0.25**2) < 0.03
    middle = some(stream, slice(700, 1200))
    assert diary(PARTS["random"], middle, 128)[1] == [seq for seq in order if seq in middle.seq]


def test_by_relation_learns_one_view_in_n_and_all_else() -> None:
    stream = events(256)
    _, order, rates = diary(PARTS["by_relation"], stream)
    views = stream.seq[stream.kind == 11]
    others = stream.seq[scored(stream) & (stream.kind != 11)]
    assert order == sorted([*views[3::4].tolist(), *others.tolist()])
    assert (rates == 1).all()


def test_rows_only_moves_what_is_shared_at_one_event_in_n() -> None:
    _, order, rates = diary(PARTS["rows_only"], events(256))
    assert order == seqs(events(256))
    assert (rates[:, 0] == 1).all()
    assert rates[:, 1].tolist() == [float(n % 16 == 15) for n in range(len(order))]


def test_warmup_rises_evenly_to_the_full_rates() -> None:
    _, order, rates = diary(PARTS["warmup"], events(256))
    assert len(order) > 100
    assert np.allclose(rates, np.minimum(np.arange(1, len(order) + 1) / 50, 1)[:, None])


def test_priority_follows_surprise() -> None:
    lane, found, total, weight = learner("own_recent", PARTS["priority"]), [], 0.0, 0.0
    for one in cut(events(256), 1):
        came = lane.advance(one)
        for rank in came.rank:
            total, weight = 0.95 * total + np.log2(1 + rank), 0.95 * weight + 1
            found.append((float(lane.carry.action.rate), min(np.log2(1 + rank) * weight / total, 2.0)))
    mine, expected = np.array(found).T
    assert np.allclose(mine, expected, rtol=1e-4)
    assert mine.min() < 0.8 < 1.2 < mine.max() <= 2.0


@pytest.mark.parametrize("names", [("never", "micro_batch"), ("micro_batch", "never")])
def test_never_wins_in_any_chain(names: tuple[str, str]) -> None:
    outcomes = feed(learner("own_recent", chain(*(PARTS[name] for name in names))), events(100))
    assert not outcomes.learned.any()
    assert not outcomes.waiting.any()


def test_a_chain_applies_its_policies_in_order() -> None:
    stream = events(100)
    thinned = chain(POLICIES["every"](n=2), POLICIES["micro_batch"](n=3), POLICIES["decay"](half_life=3600.0))
    outcomes, order, rates = diary(thinned, stream)
    chosen = seqs(stream)[1::2]
    assert order == chosen[: len(chosen) // 3 * 3]
    assert outcomes.learned.tolist() == [3 * (n % 6 == 5) for n in range(len(outcomes.seq))]
    when = np.repeat(seconds(stream)[5::6], 3)
    assert np.allclose(rates[:, 0], 0.5 ** (when / 3600), rtol=1e-4, atol=1e-37)
    # The other way round the batch is asked for every event, and `every` lets through every second question.
    outcomes, _, _ = diary(chain(POLICIES["micro_batch"](n=3), POLICIES["every"](n=2)), stream)
    assert outcomes.learned.tolist()[:8] == [0, 0, 0, 4, 0, 0, 0, 4]


def test_a_budget_counts_a_whole_batch() -> None:
    stream = events(256)
    outcomes, order, _ = diary(chain(POLICIES["micro_batch"](n=2), POLICIES["budget"](per_hour=4.0, burst=3)), stream)
    hours, total = seconds(stream) / 3600, np.append(0, np.cumsum(outcomes.learned))
    assert (total[1:] <= 3 + 4.0 * hours + 1e-3).all()
    assert order == sorted(order)


def falling() -> Events:
    """A stream on which the hits of a memory fall: all shoppers change to products that they never met."""
    again = events(120, "again", shoppers=2, products=5, moves=0.0)
    new = np.arange(90)
    shopper, product = (new % 2).astype(np.int32), (new + 10).astype(np.int32)
    strange = (new + 121, again.time[-1] + new, np.full(90, 11, np.int16), shopper, product)
    return Events(*(np.concatenate(pair) for pair in zip(again, strange, strict=True)))


def test_on_drift_learns_all_after_an_alarm_and_little_before() -> None:
    outcomes = feed(learner("own_recent", POLICIES["on_drift"](calm=4, alert=30)), falling())
    watch, left, learned, found = DDM(), 0, [], []
    for count, rank in enumerate(outcomes.rank):
        watch.update(int(rank > 10))
        if watch.drift_detected:
            left = 30
            found.append(count)
        learned.append(int(left > 0 or count % 4 == 3))
        left = max(left - 1, 0)
    assert outcomes.learned.tolist() == learned
    assert found
    assert 0 < sum(learned) < len(learned)


def test_on_drift_takes_a_detector_with_parameters() -> None:
    strict, plain = (
        feed(learner("own_recent", POLICIES["on_drift"](detector=text, calm=4, alert=30)), falling())
        for text in ("ddm(drift=50.0)", "ddm(drift=3.0)")
    )
    assert strict.learned.tolist() == [int(n % 4 == 3) for n in range(len(strict.learned))]
    assert plain.learned.sum() > strict.learned.sum()


def test_on_drift_names_the_detectors_there_are() -> None:
    with pytest.raises(Refusal, match="no detector 'dmm'.*ddm"):
        POLICIES["on_drift"](detector="dmm")


def test_a_plug_in_of_few_lines_runs() -> None:
    def eager_after_drop(drop=0.05, boost=2.0):
        def init():
            return {"fast": jnp.float32(0), "slow": jnp.float32(0)}

        def update(action, state, seen):
            fast = 0.95 * state["fast"] + 0.05 * seen.hit
            slow = 0.999 * state["slow"] + 0.001 * seen.hit
            rate = action.rate * jnp.where(fast < slow - drop, boost, 1.0)
            return action._replace(rate=rate), {"fast": fast, "slow": slow}

        return Policy(init, update)

    stream = falling()
    part = chain(eager_after_drop(drop=0.01), EVERY_EVENT)
    lane = learner("own_recent", part)
    outcomes = feed(lane, stream, 8)
    assert_equal(outcomes, feed(learner("own_recent"), stream, 8))
    fast = slow = 0.0
    for rank in outcomes.rank:
        fast, slow = 0.95 * fast + 0.05 * (rank <= 10), 0.999 * slow + 0.001 * (rank <= 10)
    assert np.allclose([lane.carry.policy[0][key] for key in ("fast", "slow")], [fast, slow], atol=1e-5)
    assert float(lane.carry.action.rate) == (2.0 if fast < slow - 0.01 else 1.0) == 2.0


def test_what_waits_is_learned_when_there_is_no_more_room() -> None:
    waits = Policy(
        lambda: (), lambda action, state, seen: (action._replace(learn=jnp.bool_(False), keep=jnp.bool_(True)), state)
    )
    stream = events(WAITING + 900, "waiting", moves=0.0)
    stream = some(stream, scored(stream))
    outcomes = feed(learner("own_recent", waits), stream, 512)
    assert outcomes.waiting[: WAITING + 2].tolist() == [*range(WAITING), 0, 1]
    assert outcomes.learned.sum() == outcomes.learned[WAITING - 1] == WAITING


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("every", {"n": 0}),
        ("micro_batch", {"n": 0}),
        ("micro_batch", {"n": WAITING + 1}),
        ("every_seconds", {"s": -1.0}),
        ("budget", {"per_hour": -1.0}),
        ("budget", {"burst": 0.5}),
        ("decay", {"half_life": 0.0}),
        ("random", {"p": 1.5}),
        ("by_relation", {"views": 0}),
        ("rows_only", {"weights": 0}),
        ("warmup", {"events": 0}),
        ("on_drift", {"calm": 0}),
        ("on_drift", {"alert": 0}),
        ("priority", {"most": 0.5}),
        ("priority", {"memory": float("nan")}),
        ("random", {"p": float("nan")}),
        ("decay", {"half_life": float("nan")}),
        ("cold_first", {"met": 0}),
        ("cold_first", {"calm": 0}),
        ("delay", {"s": -1.0}),
        ("adaptive_budget", {"memory": 0.5}),
        ("oracle", {"alert": 0}),
        ("schedule", {"boost": -1.0}),
        ("schedule", {"half_life": 0.0}),
        ("anchor", {"pull": 1.5}),
        ("anchor", {"pace": float("nan")}),
        ("rollback", {"fall": 1.0}),
        ("rollback", {"memory": 0.0}),
        ("replay", {"size": 0}),
        ("replay", {"ratio": 65.0}),
        ("periodic_retrain", {"every": 0.0}),
        ("hybrid", {"window": 0}),
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name(name: str, bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"{name}: {next(iter(bad))} is"):
        POLICIES[name](**bad)


def test_cold_first_learns_what_is_new_and_one_in_n_of_the_rest() -> None:
    stream = events(256)
    _, order, _ = diary(PARTS["cold_first"], stream)
    shoppers, products, count, expected = {}, {}, 0, []
    for seq, shopper, product in zip(
        *(column[scored(stream)].tolist() for column in (stream.seq, stream.shopper, stream.product)), strict=True
    ):
        cold = min(shoppers.get(shopper, 0), products.get(product, 0)) < 3
        if cold or count % 3 == 2:
            expected.append(seq)
        count += not cold
        shoppers[shopper], products[product] = shoppers.get(shopper, 0) + 1, products.get(product, 0) + 1
    assert order == expected
    assert 0 < len(order) < len(seqs(stream))


def test_delay_serves_what_was_trained_that_long_ago() -> None:
    stream = events(256)
    outcomes, order, _ = diary(PARTS["delay"], stream)
    now = seconds(stream).astype(np.float32)
    done = [int((now[: n + 1] <= at - np.float32(600)).sum()) for n, at in enumerate(now)]
    assert outcomes.learned.tolist() == np.diff([0, *done]).tolist()
    assert order == seqs(stream)[: done[-1]]
    asked = outcomes.age[1:][np.array(done[:-1]) > 0]
    assert (asked >= np.minimum(600, asked)).all()


@pytest.mark.parametrize("name", ["budget", "micro_batch", "replay"])
def test_what_is_not_old_enough_counts_for_nothing_yet(name: str) -> None:
    """A policy behind a delay counts the events that would be learned, not all that wait."""
    own = POLICIES[name](**{"budget": {"per_hour": 30.0, "burst": 20}, "micro_batch": {"n": 3}}.get(name, {}))
    stream = events(256)
    outcomes = feed(learner("own_recent", chain(PARTS["delay"], own)), stream)
    plain = feed(learner("own_recent", PARTS["delay"]), stream)
    fresh = outcomes.learned - outcomes.replayed
    assert 0.5 * plain.learned.sum() < fresh.sum() <= plain.learned.sum()
    if name == "micro_batch":
        assert ((fresh == 0) | (fresh >= 3)).all()
    if name == "replay":
        assert outcomes.replayed.sum() <= fresh.sum()


def test_a_delay_of_nothing_is_every_event() -> None:
    stream = events(256)
    assert_equal(feed(learner("own_recent", POLICIES["delay"](s=0.0)), stream), feed(learner("own_recent"), stream))


def test_an_adaptive_budget_is_never_exceeded_and_takes_what_surprises_more() -> None:
    stream = events(256)
    outcomes = feed(learner("own_recent", PARTS["adaptive_budget"]), stream)
    hours, total = seconds(stream) / 3600, np.append(0, np.cumsum(outcomes.learned))
    for start in range(len(hours)):
        spent, allowed = total[start + 1 :] - total[start], 3 + 4.0 * (hours[start:] - hours[start])
        assert (spent <= allowed + 1e-3).all()
    took = outcomes.learned > 0
    assert 10 < took.sum() < len(took)
    assert np.log2(1 + outcomes.rank[took]).mean() > np.log2(1 + outcomes.rank[~took]).mean()


def test_the_oracle_learns_all_after_its_moments() -> None:
    stream = events(256)
    outcomes, _, _ = diary(PARTS["oracle"], stream)
    now, left, passed, learned, alarms = seconds(stream).astype(np.float32), 0, 0, [], []
    for count, second in enumerate(now):
        turned = sum(second >= np.float32(day * 86400) for day in (0.2, 0.5))
        left = 20 if turned > passed else left
        alarms.append(turned > passed)
        passed = turned
        learned.append(int(left > 0 or count % 3 == 2))
        left = max(left - 1, 0)
    assert outcomes.learned.tolist() == learned
    assert outcomes.alarm.tolist() == alarms
    assert sum(alarms) == 2


def test_schedule_halves_the_excess_and_begins_anew_at_an_alarm() -> None:
    stream, part = falling(), POLICIES["schedule"](boost=3.0, half_life=3600.0, detector="ddm")
    lane, watch, last = learner("own_recent", part), DDM(), 0.0
    for one in cut(stream, 1):
        came, now = lane.advance(one), (one.time[0] - stream.time[0]) / 1e6
        if not len(came.rank):
            continue
        watch.update(int(came.rank[0] > 10))
        last = now if watch.drift_detected else last
        assert bool(came.alarm[0]) == watch.drift_detected
        assert np.isclose(float(lane.carry.action.rate), 1 + 2 * 0.5 ** ((now - last) / 3600), rtol=1e-3)
    assert last > 0


def test_rollback_returns_once_when_hits_collapse() -> None:
    part = POLICIES["rollback"](fall=0.3, memory=5.0, rest=1000)
    lane, pulled, saved = learner("own_recent", part), [], []
    for one in cut(falling(), 1):
        lane.advance(one)
        pulled.append(float(lane.carry.action.pull))
        saved.append(float(lane.carry.action.save))
    assert sum(pulled) == 1.0
    assert pulled.index(1.0) > 50
    assert sum(saved) > 20
    assert not any(a and b for a, b in zip(pulled, saved, strict=True))


def test_during_is_its_policy_within_its_span_and_nothing_outside() -> None:
    stream = events(600)
    half = float(seconds(stream)[300]) / 86400.0
    whole = POLICIES["during"](policy="every(n=3)")
    assert diary(whole, stream)[1] == diary(POLICIES["every"](n=3), stream)[1]
    assert diary(POLICIES["during"](policy="never", until=0.0), stream)[1] == seqs(stream)
    late = diary(POLICIES["during"](policy="never", since=half), stream)[1]
    assert late == [seq for seq, at in zip(seqs(stream), seconds(stream), strict=True) if np.float32(at) / 86400 < half]


def test_phases_follow_each_other() -> None:
    stream = events(600)
    day = float(seconds(stream)[300] + 0.5) / 86400.0
    phases = chain(
        POLICIES["during"](policy="micro_batch(n=8)", until=day), POLICIES["during"](policy="every(n=2)", since=day)
    )
    first = diary(POLICIES["micro_batch"](n=8), stream)[1]
    learned = diary(phases, stream)[1]
    before = [seq for seq, at in zip(seqs(stream), seconds(stream), strict=True) if at / 86400 < day]
    assert learned[: len(before) // 8 * 8] == first[: len(before) // 8 * 8]
    # What waited when the phase ended is learned with the first event that the next phase learns.
    waited, after = before[len(before) // 8 * 8 :], [seq for seq in seqs(stream) if seq > before[-1]]
    assert waited
    assert learned[len(before) // 8 * 8 :] == [*waited, *after[1::2]]


def test_what_a_phase_asks_for_beside_learning_ends_with_it() -> None:
    stream = events(400)
    day = float(seconds(stream)[200] + 0.5) / 86400.0
    outcomes = feed(learner("own_recent", POLICIES["during"](policy="replay(size=16)", until=day)), stream)
    inside = seconds(stream) / 86400 < day
    assert outcomes.replayed[inside].sum() > 100
    assert outcomes.replayed[~inside].sum() == 0


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("evry(n=4)", "there is no policy 'evry'. Did you mean 'every'?"),
        ("every(m=4)", "'m' is not a parameter of every"),
        ("every(n=0)", "n is 0"),
        ("every(", "does not read as parts"),
    ],
)
def test_a_phase_that_will_not_do_is_refused(policy: str, said: str) -> None:
    with pytest.raises((Refusal, ValueError), match=re.escape(said)):
        POLICIES["during"](policy=policy)
