"""A small shop, a stream of events in which much happens, and every recommender, small.

Parts are made once: learners of one part and one layout share a compiled loop, and compiling is what costs time here.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from journal.chance import stream
from journal.facts import SCORED, Kind
from model import BASELINES, ENCODERS, POLICIES, Catalogue, Events, Learner, Outcomes, Policy, Recommender, network

SMALL = {"dim": 8, "neighbours": 3, "followers": 4, "negatives": 2, "crowd": 8}
DIMS = {"isgd": {"dim": 8}, "bpr_mf": {"dim": 8}}

RECOMMENDERS: dict[str, Recommender] = {
    **{name: part(**DIMS.get(name, {})) for name, part in BASELINES.items()},
    **{f"network/{name}": network(part(), **SMALL) for name, part in ENCODERS.items()},
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

PRODUCTS, SHOPPERS = 100, 100
"""Both have room for 128."""

SEED = 3

FAST = ("own_recent", "bpr_mf", "network/sage")
"""What stands for all in tests that compile more than once a recommender; the others are marked slow."""


def each(names: Sequence[str], fast: Sequence[str] = FAST) -> list:
    """Parameters of a test: all names, those that are not `fast` marked slow."""
    return [pytest.param(name, marks=() if name in fast else pytest.mark.slow) for name in names]


def catalogue(products: int = PRODUCTS) -> Catalogue:
    """Products of 7 categories and 5 brands, some unknown, some without a price, one in eight not on sale yet."""
    ids = np.arange(products)
    price = np.where(ids % 3 == 0, np.nan, 1.0 + ids).astype(np.float32)
    return Catalogue((ids % 8 - 1).astype(np.int32), (ids % 6 - 1).astype(np.int32), price, ids % 8 != 5)


MET = (Kind.VIEWED, Kind.FAVOURITED, Kind.CARTED, Kind.PURCHASED, Kind.REVIEWED, Kind.RETURNED)
MOVED = (Kind.PRODUCT_LISTED, Kind.PRODUCT_RETIRED, Kind.STOCK_OUT, Kind.RESTOCKED, Kind.PRICE_CHANGED)


def events(
    n: int, name: str = "events", products: int = PRODUCTS, shoppers: int = SHOPPERS, moves: float = 0.1
) -> Events:
    """n events: few shoppers do most, products come again, times stand still or leap, products come and go."""
    draw = stream(1, "made", name)
    time = 10**15 + np.cumsum(draw.choice([0, 1, 10**6, 10**8, 4 * 10**9], n))
    shopper = np.minimum(draw.geometric(0.2, n) - 1, shoppers - 1)
    product = np.minimum(draw.geometric(0.06, n) - 1, products - 1)
    far = draw.random(n) < 0.2
    shopper, product = (
        np.where(far, draw.integers(0, shoppers, n), shopper),
        np.where(far, draw.integers(0, products, n), product),
    )
    kind = np.where(
        draw.random(n) < moves, draw.choice(MOVED, n), draw.choice(MET, n, p=[0.6, 0.1, 0.1, 0.1, 0.05, 0.05])
    )
    moved = np.isin(kind, MOVED)
    shopper, product = np.where(moved, -1, shopper), np.where(moved, draw.integers(2, products, n), product)
    seq = np.arange(1, n + 1, dtype=np.int64)
    return Events(seq, time, kind.astype(np.int16), shopper.astype(np.int32), product.astype(np.int32))


def cut(source: Events, sizes: int | Sequence[int]) -> Iterator[Events]:
    """The stream in calls of `sizes` events: one size for all, or a list of which the last is repeated."""
    at, sizes = 0, [sizes] if isinstance(sizes, int) else list(sizes)
    while at < len(source.seq):
        size = sizes.pop(0) if len(sizes) > 1 else sizes[0]
        yield some(source, slice(at, at + size))
        at += size


def some(source: Events, which: slice | NDArray) -> Events:
    """The events at `which`."""
    return Events(*(column[which] for column in source))


def scored(source: Events) -> NDArray[np.bool_]:
    """Which events are scored."""
    return np.isin(source.kind, SCORED)


def learner(
    name: str = "own_recent", policy: Policy = EVERY_EVENT, *, products: int = PRODUCTS, shoppers: int = SHOPPERS
) -> Learner:
    """A learner before its first event."""
    return Learner(RECOMMENDERS[name], policy, catalogue(products), shoppers, SEED)


def feed(learner: Learner, source: Events, sizes: int | Sequence[int] = 7) -> Outcomes:
    """All outcomes of the stream in calls of these sizes."""
    return joined([learner.advance(part) for part in cut(source, sizes)])


def joined(parts: Sequence[Outcomes]) -> Outcomes:
    """Outcomes one after the other."""
    return Outcomes(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


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
