"""Follow graphs are those of their papers, drawn alike every time; a follow is a fact as soon as both have joined."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from journal.chance import stream
from journal.errors import Refusal
from journal.facts import COLUMNS, Facts, Kind, join, pick
from simulator.social import SOCIAL, Follows, Social, none, preferential, small_world
from simulator.world import World
from tests.simulator.conftest import SMALL

COHORTS = stream(1, "cohorts").integers(0, 8, 1_000).astype(np.int32)


def drawn(social: Social) -> Follows:
    """The graph of a thousand shoppers."""
    return social.draw(stream(1, "social"), COHORTS)


def undirected(follows: Follows) -> nx.Graph:
    """The same as networkx has it."""
    return nx.Graph(list(zip(follows.follower.tolist(), follows.followed.tolist(), strict=True)))


@pytest.mark.parametrize("name", sorted(SOCIAL))
def test_pairs_are_in_order_each_once_and_none_with_itself(name: str) -> None:
    follows, again = drawn(SOCIAL[name]()), drawn(SOCIAL[name]())
    code = follows.follower.astype(np.int64) * 1_000 + follows.followed
    assert (np.diff(code) > 0).all()
    assert (follows.follower != follows.followed).all()
    assert (follows.followed == again.followed).all()
    assert (len(code) == 0) == (name == "none")
    assert follows.follower.max(initial=0) < follows.shoppers == 1_000


def test_a_few_rewired_pairs_make_the_world_small_and_leave_it_clustered() -> None:
    """Watts and Strogatz 1998, figure 2: at p = 0.1 paths are short as in a random graph, neighbours still know each
    other; at p = 1 neither is left."""
    ring, few, random = (undirected(drawn(small_world(10, p, alike=0.0))) for p in (0.0, 0.1, 1.0))
    near = nx.average_clustering(ring)
    assert np.isclose(near, 2 / 3)  # 3 (k - 2) / (4 (k - 1))
    far = nx.average_shortest_path_length(ring)
    assert nx.average_clustering(few) > 0.6 * near
    assert nx.average_shortest_path_length(few) < 0.2 * far
    assert nx.average_clustering(random) < 0.1 * near
    assert ring.number_of_edges() == few.number_of_edges() == 5_000


def test_a_small_world_is_followed_back() -> None:
    follows = drawn(small_world(8, 0.3))
    pairs = set(zip(follows.follower.tolist(), follows.followed.tolist(), strict=True))
    assert all((followed, follower) in pairs for follower, followed in pairs)


def test_the_followed_have_a_heavy_tail_where_many_draw_more() -> None:
    """Price 1976, Barabasi and Albert 1999: the number of followers has a power's tail; a small world has no hubs."""
    followers = np.bincount(drawn(preferential(5, returned=0.0, alike=0.0)).followed, minlength=1_000)
    tail = followers[followers >= 15]
    exponent = 1 + len(tail) / np.log(tail / 14.5).sum()  # Clauset, Shalizi and Newman 2009, equation 3.7
    assert 1.8 < exponent < 3.2  # in the limit 2 + 1 / 5
    assert followers.max() > 100 > 30 > np.bincount(drawn(small_world()).followed).max()


def test_alike_is_who_follows_their_own_kind() -> None:
    for build in (small_world, preferential):
        same = [
            np.mean(COHORTS[follows.follower] == COHORTS[follows.followed])
            for follows in (drawn(build(alike=alike)) for alike in (0.0, 0.5, 1.0))
        ]
        assert same[0] < 0.2 < same[1] < 0.7 < 0.8 < same[2]


def test_returned_is_the_share_that_is_followed_back() -> None:
    follows = drawn(preferential(5, returned=0.3))
    once = drawn(preferential(5, returned=0.0))
    assert abs(len(follows.follower) / len(once.follower) - 1.3) < 0.03


@pytest.mark.parametrize("shoppers", [0, 1, 2, 3, 11])
def test_a_handful_of_shoppers_follow_whom_there_are(shoppers: int) -> None:
    for build in SOCIAL.values():
        follows = build().draw(stream(1, "social"), np.zeros(shoppers, np.int32))
        assert np.bincount(follows.follower, minlength=1).max() < max(shoppers, 1)


@pytest.mark.parametrize(
    ("build", "given", "match"),
    [
        (small_world, {"follows": 5}, "follows = 5 is odd"),
        (small_world, {"rewired": 1.5}, "rewired = 1.5, which is outside 0 to 1"),
        (preferential, {"follows": 0}, "follows = 0, which is outside 1 to 1000"),
    ],
)
def test_a_parameter_out_of_range_is_refused(build, given: dict[str, float], match: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Refusal, match=match):
        build(**given)


def told(world: World) -> Facts:
    """All facts of a world."""
    return join([piece.facts for piece in world.run()])


def test_a_follow_is_a_fact_once_both_have_joined_and_changes_nothing_else() -> None:
    world = World(SMALL, 7, social=preferential(4))
    made = told(world)
    follows = pick(made, made.kind == Kind.FOLLOWED)
    joined = world.truth["join_time"]
    there = np.maximum(joined[world.follows.follower], joined[world.follows.followed]) < 5 * 86_400_000_000
    pairs = sorted(zip(follows.shopper.tolist(), follows.value.astype(int).tolist(), strict=True))
    known = zip(world.follows.follower[there].tolist(), world.follows.followed[there].tolist(), strict=True)
    assert pairs == list(known)
    when = np.maximum(joined[follows.shopper], joined[follows.value.astype(int)])
    assert (follows.time == when).all()
    assert (follows.time > 0).any()
    others, alone = pick(made, made.kind != Kind.FOLLOWED), told(World(SMALL, 7, social=none()))
    for name in set(COLUMNS) - {"seq", "cause", "value"}:
        assert (getattr(others, name) == getattr(alone, name)).all()
