"""Policies that share a loop do in it, to the bit, what each does in a loop of its own; and few loops are compiled."""

from __future__ import annotations

import numpy as np
import pytest

from model import BASELINES, POLICIES, Catalogue, Learner, Policy, chain, grouping
from model.compiling import in_one_piece
from model.contract import Updater
from model.grouping import Joint, asks, grouped
from model.parts import Event
from tests.model.made import PARTS, RECOMMENDERS, SEED, SHOPPERS, assert_equal, catalogue, events, feed, joined
from tests.model.test_copies import LARGE, bodies, copies
from tests.model.test_following import SLOW, delivered, follow

DOZEN = 12

MIX: dict[str, Policy] = {
    **PARTS,
    "recent": POLICIES["replay"](buffer="recent", size=8, ratio=2.0),
    "retrain": POLICIES["periodic_retrain"](every=7200.0, window=6),
    "every+decay": chain(PARTS["every"], PARTS["decay"]),
    "budget+note": chain(PARTS["budget"], PARTS["note"]),
    "delay+budget": chain(PARTS["delay"], PARTS["budget"]),
}
"""Every built-in policy, and chains and settings enough for every group to have two members."""

JOINTS: dict[str, Joint] = dict(zip(MIX, grouped(list(MIX.values())), strict=True))
SHARING = [name for name, joint in JOINTS.items() if joint.member is not None]
BLOCK = Event(*(np.zeros(16, np.float32 if field == "time" else np.int32) for field in Event._fields))


def lanes(name: str, recommender: str = "own_recent", **how) -> tuple[Learner, Learner]:  # type: ignore[no-untyped-def]
    """The same lane twice: with a loop of its own, and with the loop that it shares."""
    made = RECOMMENDERS[recommender], MIX[name], catalogue(), SHOPPERS, SEED
    return Learner(*made, **how), Learner(*made, joint=JOINTS[name], **how)


def text(lane: Learner) -> str:
    arguments = lane.carry, BLOCK, np.int32(16)
    return lane._advance.like(*arguments).lower(*arguments).compile().as_text()


def test_every_kind_of_policy_is_tried() -> None:
    assert len(SHARING) > 20
    assert {asks(MIX[name])[:2] for name in SHARING} >= {(False, False), (True, False)}
    assert {"replay", "recent", "hybrid", "retrain", "note", "delay"} <= set(SHARING)


@pytest.mark.parametrize("name", SHARING)
def test_a_shared_loop_gives_the_bits_of_an_own_one(name: str) -> None:
    stream = events(256)
    alone, shared = lanes(name)
    assert_equal(feed(alone, stream, 50), feed(shared, stream, 50))
    assert alone.digest() == shared.digest()


@pytest.mark.parametrize("name", ["budget", "recent"])
def test_a_network_in_a_shared_loop_too(name: str) -> None:
    stream = events(256)
    alone, shared = lanes(name, "network/sage")
    assert_equal(feed(alone, stream, 50), feed(shared, stream, 50))
    assert alone.digest() == shared.digest()


def test_through_a_pipeline_with_an_updater_too() -> None:
    entries = delivered(SLOW)
    alone, shared = lanes("recent", apart=True, updater=Updater(1, 30.0, 60.0, 10, "block"))
    for one, other in zip(follow(alone, entries), follow(shared, entries), strict=True):
        assert [a.tobytes() for a in one] == [b.tobytes() for b in other]
    assert alone.digest() == shared.digest()


@pytest.mark.parametrize("name", ["priority", "recent"])
def test_either_goes_on_where_the_other_was(name: str) -> None:
    """What is kept of a lane does not depend on the others that it ran beside."""
    stream = events(200)
    parts = [type(stream)(*(column[at : at + 100] for column in stream)) for at in (0, 100)]
    through = feed(lanes(name)[0], stream, 50)
    for first, second in (lanes(name), lanes(name)[::-1]):
        before = feed(first, parts[0], 50)
        second.restore(first.snapshot())
        assert_equal(joined([before, feed(second, parts[1], 50)]), through)


def test_every_built_in_policy_and_more_compile_at_most_a_dozen_loops() -> None:
    """One length of call, one recommender, as in a run of all policies."""
    stream, loops, popular = events(50), set(), BASELINES["popular"]()  # a part of its own: nobody compiled its loops
    for name, policy in MIX.items():
        lane = Learner(popular, policy, catalogue(), SHOPPERS, SEED, joint=JOINTS[name])
        feed(lane, stream, 50)
        loops.add(lane._advance)
    assert len(MIX) > len(POLICIES) > 20
    assert 1 < sum(loop.chosen._cache_size() for loop in loops) <= DOZEN


def test_equal_mixes_share_their_loops_from_run_to_run() -> None:
    again = grouped(list(MIX.values()))
    assert [one.loop for one in again] == [joint.loop for joint in JOINTS.values()]


def test_no_table_is_copied_in_a_shared_loop_and_it_is_one_piece() -> None:
    ids = np.arange(LARGE, dtype=np.int32)
    shop = Catalogue(ids % 8, ids % 8, np.ones(LARGE, np.float32), np.ones(LARGE, bool))
    lane = Learner(RECOMMENDERS["network/sage"], MIX["recent"], shop, LARGE, SEED, joint=JOINTS["recent"])
    found = text(lane)
    assert in_one_piece(found)
    assert len(bodies(found)) > 50
    assert copies(found, LARGE) == []


PAIRS: dict[str, Policy] = {f"{a}+{b}": chain(PARTS[a], PARTS[b]) for a in PARTS for b in PARTS if a != b}
"""Any two policies, one after the other: a mix that asks for more than a dozen different things."""

PAIRS |= {f"recent+{name}": chain(MIX["recent"], PARTS[name]) for name in ("every", "delay")}

WIDE: dict[str, Joint] = dict(zip(PAIRS, grouped(list(PAIRS.values())), strict=True))

FAR = [
    "every+note",
    "delay+every",
    "priority+every",
    "cold_first+delay",
    "decay+budget",
    "replay+cold_first",
    "recent+delay",
]
"""Pairs that ask for little, for one thing of each kind, and for several."""


def test_any_mix_of_pairs_has_at_most_a_dozen_loops() -> None:
    assert len({asks(policy) for policy in PAIRS.values()}) > DOZEN
    assert len(PAIRS) > 400
    assert len({joint.loop for joint in WIDE.values()}) <= DOZEN


@pytest.fixture(scope="module")
def few() -> dict[str, Joint]:
    """The joints of the pairs that are run, and enough others that they share loops with what they do not ask for."""
    names = [
        *FAR,
        "note+on_drift",
        "rollback+every",
        "oracle+cold_first",
        "recent+every",
        "delay+replay",
        "anchor+note",
    ]
    policies = [PAIRS[name] for name in names if name in PAIRS]
    before, grouping.LOOPS = grouping.LOOPS, 1
    try:
        return dict(zip([name for name in names if name in PAIRS], grouped(policies), strict=True))
    finally:
        grouping.LOOPS = before


@pytest.mark.parametrize("name", FAR)
def test_what_a_pair_does_not_ask_for_changes_no_bit(name: str, few: dict[str, Joint]) -> None:
    stream, joint = events(256), few[name]
    assert joint.member is not None
    made = RECOMMENDERS["own_recent"], PAIRS[name], catalogue(), SHOPPERS, SEED
    alone, shared = Learner(*made), Learner(*made, joint=joint)
    assert_equal(feed(alone, stream, 50), feed(shared, stream, 50))
    assert alone.digest() == shared.digest()
    again = Learner(*made, joint=joint)
    again.restore(alone.snapshot())
    assert again.digest() == alone.digest()


@pytest.mark.parametrize("name", ["delay+every", "replay+cold_first"])
def test_nor_where_events_come_through_a_pipeline(name: str, few: dict[str, Joint]) -> None:
    """There a loop that may note keeps count of it for lanes that never do."""
    entries = delivered(SLOW)
    made = RECOMMENDERS["own_recent"], PAIRS[name], catalogue(), SHOPPERS, SEED
    alone, shared = (Learner(*made, joint=joint, apart=True) for joint in (None, few[name]))
    for one, other in zip(follow(alone, entries), follow(shared, entries), strict=True):
        assert [a.tobytes() for a in one] == [b.tobytes() for b in other]
    assert alone.digest() == shared.digest()
    again = Learner(*made, joint=few[name], apart=True)
    again.restore(alone.snapshot())
    assert again.digest() == alone.digest()
