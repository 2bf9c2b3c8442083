"""The small shop in which parts are tried, and a stream of events in which much happens.

Few shoppers do most, products come again, times stand still or leap, products come and go, and some shoppers and
products are never seen before; some products tell neither category, brand nor price.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from journal.chance import stream
from journal.facts import MICROSECONDS, SCORED, Kind
from model.contract import Catalogue, Events, Outcomes
from model.laws.law import BrokenError
from model.learner import Learner
from model.parts import Policy, Recommender, Tree

SMALL: dict[str, Any] = {"dim": 8, "neighbours": 3, "followers": 4, "negatives": 2, "crowd": 8}
"""Parameters of a small network."""

PRODUCTS, SHOPPERS = 100, 100
"""Both have room for 128."""

SEED = 3

MET = (Kind.VIEWED, Kind.FAVOURITED, Kind.CARTED, Kind.PURCHASED, Kind.REVIEWED, Kind.RETURNED)
MOVED = (Kind.PRODUCT_LISTED, Kind.PRODUCT_RETIRED, Kind.STOCK_OUT, Kind.RESTOCKED, Kind.PRICE_CHANGED)


def catalogue(products: int = PRODUCTS) -> Catalogue:
    """Products of 7 categories and 5 brands, some unknown, some without a price, one in eight not on sale yet; five
    columns of content, of which some products have none and some not all."""
    ids = np.arange(products)
    price = np.where(ids % 3 == 0, np.nan, 1.0 + ids).astype(np.float32)
    content = stream(1, "made", "content").standard_normal((products, 5)).astype(np.float32)
    content[ids % 11 == 4], content[ids % 7 == 3, 2] = np.nan, np.nan
    return Catalogue((ids % 8 - 1).astype(np.int32), (ids % 6 - 1).astype(np.int32), price, ids % 8 != 5, content)


def events(
    n: int, name: str = "events", products: int = PRODUCTS, shoppers: int = SHOPPERS, moves: float = 0.1
) -> Events:
    """Draw n events; `moves` is the share of products that come, go or change."""
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


def tied(source: Events, kinds: Sequence[int]) -> Events:
    """Return the stream with ties of these kinds in place of every sixth event, the first among them; without kinds,
    as it is."""
    draw, n = stream(1, "made", "ties"), len(source.seq)
    if not kinds:
        return source
    made, other = np.arange(n) % 6 == 0, draw.integers(0, SHOPPERS, n)
    kind, shopper = np.asarray(kinds)[draw.integers(0, len(kinds), n)], draw.geometric(0.2, n) - 1
    return source._replace(
        kind=np.where(made, kind, source.kind).astype(np.int16),
        shopper=np.where(made, shopper, source.shopper).astype(np.int32),
        product=np.where(made, np.where(kind == Kind.FOLLOWED, other, other % 8), source.product).astype(np.int32),
    )


def cut(source: Events, sizes: int | Sequence[int]) -> Iterator[Events]:
    """Yield the stream in calls of `sizes` events: one size for all, or a list of which the last is repeated."""
    at, sizes = 0, [sizes] if isinstance(sizes, int) else list(sizes)
    while at < len(source.seq):
        size = sizes.pop(0) if len(sizes) > 1 else sizes[0]
        yield some(source, slice(at, at + size))
        at += size


def some(source: Events, which: slice | NDArray) -> Events:
    """Return the events at `which`."""
    return Events(*(column[which] for column in source))  # type: ignore[arg-type]


def scored(source: Events) -> NDArray[np.bool_]:
    """Return which events are scored, bool[n]."""
    return np.isin(source.kind, SCORED)


def hours(source: Events) -> NDArray[np.float64]:
    """Return the times of the scored events, float64[n], hours since the first event."""
    return (source.time[scored(source)] - source.time[0]) / (3600.0 * MICROSECONDS)


def lane(recommender: Recommender, policy: Policy) -> Learner:
    """Return a learner in the small shop before its first event."""
    return Learner(recommender, policy, catalogue(), SHOPPERS, SEED)


def feed(learner: Learner, source: Events, sizes: int | Sequence[int] = 7) -> Outcomes:
    """Return all outcomes of the stream in calls of these sizes."""
    return joined([learner.advance(part) for part in cut(source, sizes)])


def joined(parts: Sequence[Outcomes]) -> Outcomes:
    """Return outcomes one after the other."""
    return Outcomes(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def difference(a: Outcomes, b: Outcomes) -> str:
    """Say in which column, and at which scored event, two outcomes first differ in a bit; nothing where they do not."""
    for column in Outcomes._fields:
        x, y = getattr(a, column), getattr(b, column)
        if x.shape != y.shape:
            return f"'{column}' has {len(x)} values and {len(y)}"
        if x.tobytes() != y.tobytes():
            at = int(np.flatnonzero(x != y)[:1].sum())
            return f"'{column}' of scored event {at} is {x[at]} and {y[at]}"
    return ""


def same_bits(one: tuple[Outcomes, str], other: tuple[Outcomes, str], when: str, do: str) -> None:
    """Raise `BrokenError` where two runs, each outcomes and digest, differ in a bit."""
    found = difference(one[0], other[0]) or ("" if one[1] == other[1] else "the state that is kept differs")
    if found:
        raise BrokenError(f"{when}: {found}", do)


def reads_between(learner: Learner, source: Events) -> Outcomes:
    """Return the outcomes of the stream, with slates and scores read before every call."""
    everybody, parts = np.arange(20, dtype=np.int32), []
    for part in cut(source, 7):
        now = int(part.time[0])
        learner.scores(everybody, now)
        learner.slates(everybody, now, 10)
        parts.append(learner.advance(part))
    return joined(parts)


def served_is_finite(learner: Learner, time: int) -> None:
    """Raise `BrokenError` where a served number, or a score of a product on sale, is not a finite number."""
    served = np.asarray(learner.carry.shop.served)
    scores = learner.scores(np.arange(20, dtype=np.int32), time)
    wrong = np.count_nonzero(~np.isfinite(served)) + np.count_nonzero(np.isnan(scores) | (scores == np.inf))
    if wrong:
        raise BrokenError(
            f"{wrong} served numbers are not finite", "Guard divisions and logarithms, and limit what grows"
        )


def written_into(before: Tree, after: Tree) -> list[str]:
    """Return the leaves of a tree that are no longer the same objects: somebody wrote into its dicts or lists."""
    old, new = (dict(jax.tree_util.tree_flatten_with_path(tree)[0]) for tree in (before, after))
    return [jax.tree_util.keystr(path) for path in {**old, **new} if old.get(path) is not new.get(path)]


def copied(tree: Tree) -> Tree:
    """Return a tree of its own containers around the same leaves."""
    return jax.tree.map(lambda leaf: leaf, tree)


def as_arrays(tree: Tree) -> Tree:
    """Return a tree whose leaves are arrays of a fixed dtype, as the loop holds them."""
    return jax.tree.map(lambda leaf: jnp.array(np.asarray(leaf)), tree)
