"""Every recommender, small, in the shop and on the stream of `model.laws.trial`.

Parts are made once: learners of one part and one layout share a compiled loop, and compiling is what costs time here.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from model import BASELINES, ENCODERS, POLICIES, Learner, Outcomes, Policy, Recommender, network
from model.laws.trial import PRODUCTS, SEED, SHOPPERS, SMALL, catalogue, cut, events, feed, joined, scored, some

__all__ = ["PRODUCTS", "SEED", "SHOPPERS", "SMALL", "catalogue", "cut", "events", "feed", "joined", "scored", "some"]

DIMS = {"isgd": {"dim": 8}, "bpr_mf": {"dim": 8}}

RECOMMENDERS: dict[str, Recommender] = {
    **{name: part(**DIMS.get(name, {})) for name, part in BASELINES.items()},
    **{f"network/{name}": network(part(), **SMALL) for name, part in ENCODERS.items()},
    "content/sage": network(ENCODERS["sage"](content=True), **SMALL),
}
"""All of them, by name."""

LESS = {
    "every": {"n": 4},
    "micro_batch": {"n": 5},
    "every_seconds": {"s": 600.0},
    "budget": {"per_hour": 4.0, "burst": 3},
    "warmup": {"events": 50},
    "priority": {"most": 2.0, "memory": 20.0},
    "on_drift": {"calm": 3, "alert": 20},
    "cold_first": {"met": 3, "calm": 3},
    "delay": {"s": 600.0},
    "adaptive_budget": {"per_hour": 4.0, "burst": 3, "memory": 20.0},
    "oracle": {"at": (0.2, 0.5), "calm": 3, "alert": 20},
    "schedule": {"half_life": 3600.0, "detector": "ddm"},
    "anchor": {"firm": 0.5},
    "rollback": {"fall": 0.3, "memory": 5.0, "rest": 10},
    "replay": {"size": 16, "ratio": 1.5},
    "periodic_retrain": {"every": 3600.0, "window": 12, "scratch": True},
    "hybrid": {"every": 3600.0, "window": 6},
}
PARTS: dict[str, Policy] = {name: part(**LESS.get(name, {})) for name, part in POLICIES.items()}
"""All policies, with parameters that bite on the stream below."""

EVERY_EVENT = PARTS["every_event"]

FAST = ("own_recent", "bpr_mf", "network/sage")
"""What stands for all in tests that compile more than once a recommender; the others are marked slow."""


def each(names: Sequence[str], fast: Sequence[str] = FAST) -> list:
    """Parameters of a test: all names, those that are not `fast` marked slow."""
    return [pytest.param(name, marks=() if name in fast else pytest.mark.slow) for name in names]


def pairs(policies: Sequence[str]) -> list:
    """Parameters of a test of a recommender under a policy: each recommender under the first, and with the others what
    is quick and what learns most; only the quick is not slow. All pairs would cost ten minutes and tell no more."""
    with_all = ("own_recent", "network/sage")
    return [
        pytest.param(name, policy, marks=() if name == "own_recent" else pytest.mark.slow)
        for name in RECOMMENDERS
        for policy in (policies if name in with_all else policies[:1])
    ]


def learner(
    name: str = "own_recent", policy: Policy = EVERY_EVENT, *, products: int = PRODUCTS, shoppers: int = SHOPPERS
) -> Learner:
    """A learner before its first event."""
    return Learner(RECOMMENDERS[name], policy, catalogue(products), shoppers, SEED)


def assert_equal(a: Outcomes, b: Outcomes) -> None:
    """Fail where two outcomes differ in a bit, and say in which column and where first."""
    for column, x, y in zip(Outcomes._fields, a, b, strict=True):
        assert x.dtype == y.dtype
        assert x.shape == y.shape, column
        assert x.tobytes() == y.tobytes(), f"{column} differs first at place {np.flatnonzero(x != y)[:1]}"


@functools.cache
def run(name: str) -> tuple[Outcomes, str]:
    """Outcomes and digest of one recommender after 256 events in calls of 7: what other ways are compared with."""
    lane = learner(name)
    return feed(lane, events(256)), lane.digest()


def rank_of(line: NDArray[np.floating], product: int, target: float | None = None) -> float:
    """1 + greater + ties / 2 over the listed products (those whose score is not -inf) but the target itself."""
    target = line[product] if target is None else target
    others = np.delete(line, product)
    others = others[others > -np.inf]
    return 1 + np.count_nonzero(others > target) + np.count_nonzero(others == target) / 2
