"""A rank is exact, whatever was written since the block began: compared with a walk over the whole line of scores, in numpy."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import POLICIES, Catalogue, Learner, Policy
from model.parts import Query
from tests.model.known import known, script, walk
from tests.model.made import (
    EVERY_EVENT,
    RECOMMENDERS,
    assert_equal,
    cut,
    each,
    events,
    feed,
    learner,
    rank_of,
    run,
    scored,
    some,
)

KNOWN = known()
BATCHED = POLICIES["micro_batch"](n=3)
ALL = list(RECOMMENDERS)


def _reads_the_rank() -> Policy:
    """Learn everything, and keep the rank of each event as the policy was told it."""

    def update(action, ranks, seen):
        return action, ranks.at[seen.seq].set(seen.rank)

    return Policy(lambda: jnp.zeros(300), update)


READS = _reads_the_rank()


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**16),
    n=st.integers(1, 60),
    sizes=st.lists(st.integers(1, 50), min_size=1, max_size=8),
    listed=st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    moves=st.sampled_from([0.0, 0.1, 0.6]),
    products=st.sampled_from([6, 40]),
    batch=st.sampled_from([1, 3]),
)
def test_ranks_equal_a_walk(
    seed: int, n: int, sizes: list[int], listed: float, moves: float, products: int, batch: int
) -> None:
    none = np.full(products, -1, np.int32)
    on_sale = np.arange(products) < listed * products
    catalogue = Catalogue(none, none, np.full(products, np.nan, np.float32), on_sale)
    stream = events(n, f"walk {seed}", products=products, shoppers=8, moves=moves)
    lane = Learner(KNOWN, EVERY_EVENT if batch == 1 else BATCHED, catalogue, 8, seed)
    padded = catalogue._replace(listed=np.pad(on_sale, (0, lane.layout.products - products)))
    outcomes = feed(lane, stream, sizes)
    ranks, candidates = walk(script(seed, lane.layout.products), padded, stream, batch)
    assert outcomes.rank.tolist() == ranks
    assert outcomes.candidates.tolist() == candidates


OTHERS = [pytest.param(BATCHED, marks=pytest.mark.slow), pytest.param(READS, marks=pytest.mark.slow)]


@pytest.mark.parametrize("policy", [EVERY_EVENT, *OTHERS], ids=["every_event", "micro_batch", "reads_the_rank"])
def test_ranks_equal_a_walk_through_many_blocks_of_products(policy: Policy) -> None:
    products = 6000
    none, draw = np.full(products, -1, np.int32), np.arange(products)
    catalogue = Catalogue(none, none, np.full(products, np.nan, np.float32), draw % 3 > 0)
    stream = events(120, "many", products=products, moves=0.2)
    lane = Learner(KNOWN, policy, catalogue, 8, 5)
    padded = catalogue._replace(listed=np.pad(catalogue.listed, (0, lane.layout.products - products)))
    ranks, _ = walk(script(5, lane.layout.products), padded, stream, 3 if policy is BATCHED else 1)
    assert feed(lane, stream, 8).rank.tolist() == ranks


@pytest.mark.parametrize("name", ALL)
def test_every_rank_follows_from_the_scores_before_the_event(name: str) -> None:
    """One event a call; what `scores` says before it, and what the recommender answers, give the rank to the bit.

    A product that is off sale has no line in `scores`; and the scores of chance depend on the event's number.
    """
    stream, lane, lines = events(256), learner(name), 0
    answer_of = jax.jit(lambda state, shop, query: lane.recommender.query(state, shop, query, lane.layout))
    outcomes = []
    for one in cut(stream, 1):
        if scored(one)[0]:
            product, seconds = int(one.product[0]), np.float32((one.time[0] - stream.time[0]) / 1e6)
            answer = answer_of(lane.carry.state, lane.carry.shop, Query(np.int32(one.seq[0]), seconds, one.shopper[0]))
            line = np.asarray(lane.carry.shop.served) @ np.asarray(answer.vector)
            for place, bonus in zip(*map(np.asarray, answer[1:]), strict=True):
                line[place] += bonus if place >= 0 else 0
            target = line[product]
            line = np.where(np.asarray(lane.carry.shop.on_sale) > 0, line, -np.inf)
            read = lane.scores(one.shopper, int(one.time[0]))[0]
            outcomes.append((lane.advance(one), rank_of(line, product, target)))
            if name != "random":
                assert np.array_equal(read, line[: len(read)])
                lines += read[product] > -np.inf
        else:
            lane.advance(one)
    wrong = [(int(o.seq[0]), float(o.rank[0]), rank) for o, rank in outcomes if o.rank[0] != rank]
    assert wrong == []
    assert lines > 150 or name == "random"
    assert np.array_equal(np.concatenate([o.rank for o, _ in outcomes]), run(name)[0].rank)
    assert lane.digest() == run(name)[1]


@pytest.mark.parametrize("name", each(ALL, ("isgd",)))
def test_a_policy_is_told_the_exact_rank_and_reading_it_changes_nothing(name: str) -> None:
    lane = learner(name, READS)
    outcomes = feed(lane, events(256), 7)
    assert_equal(outcomes, run(name)[0])
    assert np.array_equal(np.asarray(lane.carry.policy)[outcomes.seq], outcomes.rank)


@pytest.mark.parametrize("name", each(ALL, ("popular", "isgd", "network/sage")))
def test_an_outcome_does_not_depend_on_later_events(name: str) -> None:
    stream, other = events(256), events(256, "another")
    head = slice(0, 101)
    joined = stream._replace(
        **{
            c: np.concatenate([getattr(stream, c)[head], getattr(other, c)[101:]])
            for c in ("kind", "shopper", "product")
        }
    )
    count = scored(some(stream, head)).sum()
    ours, theirs = feed(learner(name), stream, 8), feed(learner(name), joined, 8)
    assert not np.array_equal(ours.rank[count:], theirs.rank[count:])
    assert np.array_equal(ours.rank[:count], theirs.rank[:count])
    assert np.array_equal(ours.age[:count], theirs.age[:count])


@pytest.mark.parametrize("name", each([n for n in ALL if n != "random"], ("markov", "isgd", "network/sage")))
def test_scores_do_not_depend_on_the_event_that_is_scored(name: str) -> None:
    """The fourth event of a block, with any product and kind, ranks as the scores before it say."""
    stream, lane = events(256), learner(name)
    feed(lane, some(stream, slice(0, 99)))
    block, kept = some(stream, slice(99, 107)), lane.snapshot()
    assert scored(block)[3]
    lane.advance(some(block, slice(0, 3)))
    line = lane.scores(block.shopper[3:4], int(block.time[3]))[0]
    for kind in (11, 14):
        for product in np.flatnonzero(line > -np.inf)[::17]:
            again = learner(name)
            again.restore(kept)
            changed = block._replace(product=block.product.copy(), kind=block.kind.copy())
            changed.product[3], changed.kind[3] = product, kind
            outcomes = again.advance(changed)
            assert outcomes.rank[outcomes.seq == block.seq[3]] == [rank_of(line, product)]
