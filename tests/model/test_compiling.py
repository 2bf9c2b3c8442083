"""A loop is one piece of machine code; an encoder that forbids it is compiled otherwise, to the same."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from model import BASELINES, ENCODERS, Encoder, Learner, network
from model.compiling import in_one_piece
from model.encoders.sage import Sage
from model.parts import Event
from tests.model.made import EVERY_EVENT, PARTS, RECOMMENDERS, SEED, SHOPPERS, SMALL, catalogue, events, feed, learner

BLOCK = Event(*(np.zeros(16, np.float32 if field == "time" else np.int32) for field in Event._fields))


def one_piece(lane: Learner) -> bool:
    arguments = lane.carry, BLOCK, np.int32(16)
    return in_one_piece(lane._advance.like(*arguments).lower(*arguments).compile().as_text())


IN_PIECES = "isgd", "bpr_mf", "item_cooccurrence"
"""They scatter. Written by a loop, the table of the first two would be copied every event, and the third, whose scores
are not on the grid, would sum them to other bits."""


@pytest.mark.parametrize("name", [name for name in RECOMMENDERS if name not in IN_PIECES])
def test_a_recommender_is_one_piece(name: str) -> None:
    assert one_piece(learner(name))


@pytest.mark.parametrize("name", list(PARTS))
def test_no_policy_breaks_the_loop_up(name: str) -> None:
    assert one_piece(learner(policy=PARTS[name]))


class Scattering(Sage):
    """Sage whose slope is scattered: what a user may write, and the reason why `of_kind` is there."""

    def __call__(self, around):  # type: ignore[no-untyped-def]
        return super().__call__(around._replace(near=around.near + 0.0 * self.relation[...][around.kind]))


def test_a_part_that_scatters_is_compiled_in_pieces_and_gives_the_same() -> None:
    broken = Encoder("scattering", lambda dim, rngs: Scattering(dim, 0.0, rngs), None, True)
    whole, pieces = (
        Learner(network(encoder, **SMALL), EVERY_EVENT, catalogue(), SHOPPERS, SEED)
        for encoder in (ENCODERS["sage"](), broken)
    )
    assert one_piece(whole)
    assert not one_piece(pieces)
    stream = events(200, "pieces")
    ours, theirs = feed(whole, stream, 50), feed(pieces, stream, 50)
    assert (ours.rank == theirs.rank).mean() > 0.9
    after = [np.asarray(lane.carry.state["table"]) for lane in (whole, pieces)]
    assert np.allclose(*after, atol=1e-2)
    assert not np.array_equal(after[0], np.asarray(learner("network/sage").carry.state["table"]))


def test_scores_that_are_no_numbers_do_not_stop_the_stream() -> None:
    """What orders reading before writing must not decide what is learned."""
    popular = BASELINES["popular"]()

    def query(*given):  # type: ignore[no-untyped-def]
        answer = popular.query(*given)
        return answer._replace(vector=answer.vector * np.float32("nan"))

    broken = Learner(popular._replace(query=query), EVERY_EVENT, catalogue(), SHOPPERS, SEED)
    stream = events(40, "nan")
    assert feed(broken, stream, 40).learned.all()
    sound = Learner(popular, EVERY_EVENT, catalogue(), SHOPPERS, SEED)
    feed(sound, stream, 40)
    assert np.array_equal(broken.carry.state["table"], sound.carry.state["table"])


@pytest.mark.parametrize("policy", ["never", "every", "micro_batch"])
def test_a_tick_that_learns_nothing_does_not_compute_what_learning_takes(policy: str) -> None:
    popular, calls = BASELINES["popular"](), []
    dear = popular._replace(dear=True)

    def learn(*given):  # type: ignore[no-untyped-def]
        jax.debug.callback(lambda: calls.append(1))
        return popular.learn(*given)

    lane = Learner(dear._replace(learn=learn), PARTS[policy], catalogue(), SHOPPERS, SEED)
    outcomes = feed(lane, events(40, "counted"), 40)
    jax.effects_barrier()
    assert len(calls) == outcomes.learned.sum()
    assert (len(calls) == 0) == (policy == "never")
