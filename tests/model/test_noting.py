"""An event that is noted is remembered as if it had been learned, and moves nothing."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from model import Learner, Policy, chain
from model.graph import Columns
from tests.model.made import EVERY_EVENT, PARTS, SMALL, assert_equal, events, feed, learner, scored

NAME = "network/sage"
COLUMNS = Columns(SMALL["dim"], SMALL["neighbours"], SMALL["followers"])
ALL_NOTED = chain(PARTS["never"], PARTS["note"])
N = 200


def _fed(policy: Policy, sizes: int = 7, name: str = NAME) -> tuple[Learner, object]:
    lane = learner(name, policy)
    return lane, feed(lane, events(N), sizes)


def test_noted_events_are_remembered_as_learned_ones_are_but_for_strengths() -> None:
    noted, learned = (np.asarray(_fed(policy)[0].carry.state["table"]) for policy in (ALL_NOTED, EVERY_EVENT))
    body = np.ones(COLUMNS.width, bool)
    body[: COLUMNS.dim + 1] = False  # what slopes move: the vector, the memory of slopes, and strengths
    strengths = COLUMNS.relations.start + 3 * COLUMNS.neighbours
    body[strengths : strengths + COLUMNS.neighbours] = False
    assert (noted[:, body] == learned[:, body]).all()


def test_noted_events_move_no_vector_and_no_weight() -> None:
    before = learner(NAME, ALL_NOTED).carry.state
    after = _fed(ALL_NOTED)[0].carry.state
    for name in ("encoder", "anchor", "habits", "memory"):
        jax.tree.map(np.testing.assert_array_equal, before[name], after[name])
    vectors = slice(0, COLUMNS.dim + 1)
    assert (np.asarray(before["table"])[:, vectors] == np.asarray(after["table"])[:, vectors]).all()


def test_noting_is_no_learning_and_has_a_cost_of_its_own() -> None:
    lane, outcomes = _fed(ALL_NOTED)
    assert lane.recommender.noting is not None
    rows, flops = lane.recommender.noting
    assert outcomes.learned.sum() == 0
    assert outcomes.rows.sum() == rows * np.count_nonzero(scored(events(N)))
    assert 0 < flops < lane.recommender.cost[1] / 10
    np.testing.assert_allclose(outcomes.flops, flops)


def test_where_nothing_is_dropped_nothing_is_noted() -> None:
    (one, outcomes), (other, same) = _fed(EVERY_EVENT), _fed(chain(EVERY_EVENT, PARTS["note"]))
    assert_equal(outcomes, same)
    tables = (np.asarray(lane.carry.state["table"]) for lane in (one, other))
    assert next(tables).tobytes() == next(tables).tobytes()


@pytest.mark.slow
def test_the_length_of_a_call_changes_no_bit() -> None:
    policy = chain(PARTS["every"], PARTS["note"])
    (one, outcomes), (other, same) = _fed(policy, 3), _fed(policy, 64)
    assert_equal(outcomes, same)
    assert one.digest() == other.digest()


def test_a_memory_drops_what_is_dropped() -> None:
    lane, outcomes = _fed(ALL_NOTED, name="own_recent")
    untouched = np.asarray(learner("own_recent", ALL_NOTED).carry.state["table"])
    assert np.asarray(lane.carry.state["table"]).tobytes() == untouched.tobytes()
    assert outcomes.rows.sum() == 0
