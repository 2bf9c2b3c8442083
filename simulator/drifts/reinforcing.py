"""A drift that the shop itself brings about: what shoppers do moves what they want; see `simulator.drifts.contract`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.drifts.contract import Array, Drift, Met, State, check


def reinforcement(share: float = 1.0, rate: float = 0.02, dial: float = 0.5) -> Drift:
    """Move interests toward every product that is met: theta += a (|theta| wanted - theta), and keep their length.

    a = 2 rate dial for a product clicked on a slate and a = 2 rate (1 - dial) for one found alone: at 0 shoppers harden
    by themselves, at 1 it is the recommender alone that moves them, and in an open loop nobody. Items pull interests so
    in RecLab (Krauth et al. 2020: topic change) and SARDINE (Deffayet et al. 2024).

    >>> drift = reinforcement(rate=0.5, dial=0.5)
    >>> state = {"member": np.ones(2, bool), "pull": np.zeros(0)}
    >>> state = drift.heed(state, Met(np.array([1], np.int32), np.array([[0.0, 1.0]]), np.array([False])))
    >>> state, displacement, moved = drift.step(None, state, np.array([[1.0, 0.0], [1.0, 0.0]]), 1.0, 1.0)
    >>> displacement.round(2).tolist(), moved.tolist()
    ([[0.0, 0.0], [-0.29, 0.71]], [False, True])
    """
    check(share=share, rate=rate, dial=dial)

    def init(rng: np.random.Generator, cohorts: NDArray[np.int32], factors: int) -> State:
        none = Met(np.zeros(0, np.int32), np.zeros((0, factors)), np.zeros(0, bool))
        return {"member": rng.random(len(cohorts)) < share, "met": none}

    def heed(state: State, met: Met) -> State:
        return {**state, "met": met}

    def step(
        rng: np.random.Generator, state: State, interests: Array, now: float, dt: float
    ) -> tuple[State, Array, NDArray[np.bool_]]:
        met: Met = state["met"]
        moving = interests.copy()
        length = np.linalg.norm(interests, axis=1)
        pulls = np.where(met.shown, 2 * rate * dial, 2 * rate * (1 - dial))
        for shopper, wanted, pull in zip(met.shopper.tolist(), met.wanted, pulls.tolist(), strict=True):
            if pull and state["member"][shopper]:
                moving[shopper] += min(pull, 1.0) * (length[shopper] * wanted - moving[shopper])
        now_long = np.linalg.norm(moving, axis=1)
        moved = (moving != interests).any(1)
        moving *= (length / np.where(now_long > 0, now_long, 1.0))[:, None]
        return state, np.where(moved[:, None], moving - interests, 0.0), moved

    return Drift(init, step, heed=heed)
