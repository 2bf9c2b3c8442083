"""Interests harden by what is met; the dial says by whose doing."""

from __future__ import annotations

import dataclasses

import numpy as np

from journal.facts import Facts, Kind, join
from simulator.drifting import meaning
from simulator.drifts.reinforcing import reinforcement
from simulator.spec import LoopSpec
from simulator.world import World
from tests.simulator.test_world import TINY, digest, serve_first

EAGER = dataclasses.replace(TINY, loop=LoopSpec(reluctance=3.0, held_out=0.3))


def end(dial: float, closed: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, Facts]:
    """Interests at the start and, of those who came, as last told; products' meaning; facts."""
    world = World(EAGER, 3, [reinforcement(rate=0.1, dial=dial)])
    pieces = list(world.run(serve_first if closed else None))
    last = world.interests.copy()
    for piece in pieces:
        for who, theta in zip(
            piece.truth.get("interest", {}).get("shopper", ()),
            piece.truth.get("interest", {}).get("theta", ()),
            strict=True,
        ):
            last[who] = theta
    wanted = meaning(world.truth, world.catalogue["category"])
    return world.interests, last, wanted, join([piece.facts for piece in pieces])


def test_in_an_open_loop_the_recommender_moves_nobody_and_shoppers_harden_alone() -> None:
    first, last, _, _ = end(dial=1.0, closed=False)
    assert np.allclose(first, last, atol=1e-6)
    first, last, wanted, facts = end(dial=0.0, closed=False)
    assert np.allclose(np.linalg.norm(first, axis=1), np.linalg.norm(last, axis=1), rtol=1e-5)
    gained = []
    for who in range(30):
        met = facts.product[(facts.shopper == who) & (facts.kind == Kind.VIEWED)]
        if len(met) > 5:
            gained.append(float((wanted[met] @ (last[who] - first[who])).mean()))
    assert len(gained) > 10
    assert np.mean(gained) > 0.1


def test_in_the_closed_loop_clicks_on_slates_pull_toward_what_is_shown() -> None:
    first, last, wanted, facts = end(dial=1.0, closed=True)
    slates = facts.seq[facts.kind == Kind.SLATE_SERVED]
    clicked = np.isin(facts.cause, slates) & (facts.kind == Kind.VIEWED)
    who, pulled = facts.shopper[clicked], wanted[facts.product[clicked]]
    assert len(who) > 20
    moved = (last[who] - first[who]) * pulled
    assert moved.sum(1).mean() > 0.05
    still = np.setdiff1d(np.arange(30), who)
    assert np.allclose(first[still], last[still], atol=1e-6)


def test_the_same_seed_gives_the_same_bytes_and_no_rate_is_no_drift() -> None:
    drift = [reinforcement(rate=0.1)]
    assert digest(World(TINY, 3, drift)) == digest(World(TINY, 3, drift))
    assert digest(World(TINY, 3, [reinforcement(rate=0.0)])) == digest(World(TINY, 3))
