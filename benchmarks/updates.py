"""What an exact update costs: against eager PyTorch (a), against its floor (b), and as the catalogue grows (c).

An event reads C = 2 + 8 centres with K = 10 relations each, d = 64. The floor counts, for each event,

    operations, a multiplication and an addition each 2 in all (2 a weight of a matrix product)
        encode      C (2 d x d)          forward; the same again to serve the changed products
        gradient    twice the encoding   with respect to its inputs and to its weights
        shopper     1 (2 d x d)          encoded to score the target
        attention   C K d                forward (weigh, sum), three times that backward, once more to serve
        habits      (K + S + crowd) d    the shopper against the products that have a bonus and the crowd
        write       6 (C + C K + kin) d  row-wise Adagrad;  2 x 2 (2 d x d) for the weights
    bytes, each row of a table once in and, where it changes, once out (the weights stay in the cache)
        C whole rows, C K heads (d + 3), kin = 2 (C - 1 + K) heads (d + 1), crowd and bonus products (d + 5), in
        C + C K + kin heads (d + 1), 3 bodies of rows, C - 1 served rows (d + 1), out

at the rate of [C, 2 d] x [2 d, d] and at the bandwidth of copying as many bytes as the tables hold. The floor is the
larger of the two; their sum, which is reached by doing one after the other, is printed beside it.
"""

from __future__ import annotations

import inspect
import sys
from itertools import count
from typing import Any, NamedTuple

import jax
import numpy as np

from benchmarks.measuring import Row, copy_bandwidth, peers, product_rate, show, yes_no
from benchmarks.warm import (
    COLUMNS,
    CROWD,
    DIM,
    FOLLOWERS,
    NEGATIVES,
    NEIGHBOURS,
    Updating,
    events,
    told,
    warmed,
)
from model import Events, Learner, crowd, network
from model.chance import below
from model.graph import FIRST_KIND

PRODUCTS, SHOPPERS, CATEGORIES, BRANDS = 10_000, 9_000, 400, 600
"""20,000 nodes."""

NO_TORCH = "not installed: `uv pip install torch==2.13.0`, then run again"


class Floor(NamedTuple):
    """Operations and bytes of one event, and the seconds they take at best."""

    operations: float
    bytes: float
    arithmetic: float
    memory: float


def floor(table_bytes: int) -> Floor:
    """Count what one event needs, and what this machine needs for it."""
    c, k, d = 2 + NEGATIVES, NEIGHBOURS, DIM
    kin, extra = 2 * (c - 1 + k), k + FOLLOWERS + CROWD
    matrix = 2.0 * 2 * d * d
    operations = matrix * (4 * c + 1 + 2 * 2) + 4.0 * c * k * d * 5 + 2.0 * extra * d + 6.0 * (c + c * k + kin) * d
    read = c * COLUMNS.width + c * k * (d + 3) + kin * (d + 1) + extra * (d + 5)
    written = (c + c * k + kin) * (d + 1) + 3 * (COLUMNS.width - d - 3) + (c - 1) * (d + 1)
    moved = 4.0 * (read + written)
    return Floor(operations, moved, operations / product_rate(c, 2 * d, d), moved / copy_bandwidth(table_bytes))


def draws(learner: Learner, stream: Events) -> tuple[np.ndarray, np.ndarray]:
    """Return what the model will draw for each event: negatives int32[n, 8], words of the crowd uint32[n, 2, crowd]."""
    seed, products = learner.carry.state["seed"], learner.carry.shop.products
    seq = stream.seq.astype(np.int32)
    negatives = jax.vmap(lambda at: below(13, at + seed * 31, NEGATIVES, products))(seq)
    words = jax.vmap(lambda at: crowd.words_for(seed, at, CROWD))(seq)
    return np.asarray(negatives), np.asarray(words)


def eager(learner: Learner, stream: Events) -> tuple[Any, Any]:
    """Return an eager learner and a function that takes it through events from..to, ranked or not."""
    import torch

    from benchmarks.eager import Draws, Eager

    torch.set_num_threads(1)
    given = inspect.signature(network).parameters
    rates = tuple(float(given[name].default) for name in ("rate", "weights", "habit"))
    own = Eager(learner.carry, learner.layout, COLUMNS, rates)
    drawn = [
        Draws(*(torch.from_numpy(a.astype(np.int64)) for a in pair))
        for pair in zip(*draws(learner, stream), strict=True)
    ]
    seconds = (stream.time - stream.time[0]) / 1e6
    lines = list(zip(seconds.tolist(), stream.shopper.tolist(), stream.product.tolist(), drawn, strict=True))
    kinds = (stream.kind - FIRST_KIND).tolist()

    def go(start: int, stop: int, ranked: bool) -> list[float]:
        ranks = []
        for (now, shopper, product, draw), kind in zip(lines[start:stop], kinds[start:stop], strict=True):
            if ranked:
                ranks.append(own.rank(now, shopper, product))
            own.learn(now, kind, shopper, product, draw)
        return ranks

    return own, go


def agreement(repeats: int = 64) -> str:
    """Take both through the same events and say how far their tables and ranks are apart."""
    learner = warmed(PRODUCTS, SHOPPERS, CATEGORIES, BRANDS)
    stream = events(repeats, SHOPPERS, PRODUCTS)
    own, go = eager(learner, stream)
    before = np.array(learner.carry.state["table"])
    ranks = learner.advance(stream).rank
    theirs = np.array(go(0, repeats, ranked=True))
    after = np.asarray(learner.carry.state["table"])
    moved = np.abs(after - before)[:, :DIM].max()
    apart = np.abs(after - own.table.numpy())[:, :DIM].max() / moved
    bodies = np.abs(after - own.table.numpy())[:, DIM + 1 :].max()
    same = (ranks == theirs).mean()
    return f"{repeats} events: vectors {apart:.0e} of a move apart, memories {bodies:.0e}, {same:.0%} of ranks equal"


def against_eager(quick: bool) -> list[Row]:
    """(a) and (b). A repetition is short, to fit between what else runs here, and each takes events of its own."""
    n, few, repeats = 512, 32, 3 if quick else 25
    whole = events(n * (repeats + 1), SHOPPERS, PRODUCTS)
    ranked = warmed(PRODUCTS, SHOPPERS, CATEGORIES, BRANDS)
    alone = Updating(warmed(PRODUCTS, SHOPPERS, CATEGORIES, BRANDS))
    size = sum(leaf.nbytes for leaf in jax.tree.leaves((alone.carry.state["table"], alone.carry.shop.served)))
    at = count(0, n)
    works = {
        "scan": lambda: alone.advance(told(whole, next(at), n)),
        "scan, ranks": lambda: ranked.advance(told(whole, next(at), n)),
    }
    rows = []
    try:
        own, go = eager(ranked, whole)
        steps = count(0, few)
        works["eager"] = lambda: go(start := next(steps), start + few, False)
        works["eager, ranks"] = lambda: go(start := next(steps), start + few, True)
        rows.append(Row("a", "eager PyTorch does the same arithmetic", agreement()))
    except ImportError:
        own = None
        rows.append(Row("a", "eager PyTorch", NO_TORCH))
    seconds = peers(works, repeats)
    for name, timing in seconds.items():
        events_each = few if name.startswith("eager") else n
        rate = f"{events_each / timing.best:,.0f} events/s"
        rows.append(Row("a", f"update, {name}", f"{rate}, {1e6 * timing.best / events_each:,.0f} us ({timing.spread})"))
    if own is not None:
        for end, what in (("", "update alone"), (", ranks", f"update and exact rank of {PRODUCTS:,} products")):
            times = seconds[f"eager{end}"].best / few / (seconds[f"scan{end}"].best / n)
            rows.append(Row("a", f"scan over eager, {what}", f"{times:.1f} times", yes_no(times >= 20, "at least 20")))
    return rows + against_floor(seconds["scan"].best / n, size)


def against_floor(seconds: float, size: int) -> list[Row]:
    """(b), given the seconds an update takes and the bytes of the tables."""
    least = floor(size)
    larger, both = max(least.arithmetic, least.memory), least.arithmetic + least.memory
    counted = f"{least.operations / 1e3:,.0f} thousand operations, {least.bytes / 1e3:,.0f} thousand bytes"
    rates = f"{least.operations / least.arithmetic / 1e9:.1f} GFLOP/s, {least.bytes / least.memory / 1e9:.1f} GB/s"
    times = f"{1e6 * least.arithmetic:.1f} us and {1e6 * least.memory:.1f} us"
    share = f"{larger / seconds:.0%} (against the sum of both {both / seconds:.0%})"
    return [
        Row("b", "an event needs", counted),
        Row("b", "at the rates of this run", f"{rates}: {times}"),
        Row("b", "share of the floor reached by the update", share, yes_no(2 * larger >= seconds, "aim at half")),
    ]


def growing(quick: bool) -> list[Row]:
    """(c): the cost of an update by catalogue size, and bytes by node."""
    n, shoppers, repeats = 512, 10_000, 3 if quick else 25
    sizes = (1_000, 10_000) if quick else (1_000, 10_000, 100_000, 1_000_000)
    lanes = {products: Updating(warmed(products, shoppers, CATEGORIES, BRANDS)) for products in sizes}
    streams = {products: events(n * (repeats + 1), shoppers, products) for products in sizes}
    at = {products: count(0, n) for products in sizes}
    works = {str(p): lambda p=p: lanes[p].advance(told(streams[p], next(at[p]), n)) for p in sizes}
    seconds, rows = peers(works, repeats), []
    for products, timing in seconds.items():
        cost = f"{1e6 * timing.best / n:,.0f} us an event ({timing.spread})"
        rows.append(Row("c", f"update alone, {int(products):,} products", cost))
    best = [timing.best for timing in seconds.values()]
    ratio = max(best) / min(best)
    rows.append(Row("c", "dearest over cheapest", f"{ratio:.2f} times", yes_no(ratio <= 1.5, "at most 1.5")))
    last = lanes[sizes[-1]].carry
    a_node, served = last.state["table"], (last.shop.served, last.shop.on_sale, last.state["catalogue"])
    more = sum(leaf.nbytes for leaf in jax.tree.leaves(served)) / last.shop.served.shape[0]
    rows.append(Row("c", "memory of a node", f"{a_node.nbytes // a_node.shape[0]} bytes; a product's {more:.0f} more"))
    return rows


def measure(quick: bool = False) -> list[Row]:
    """Return the rows of (a), (b) and (c)."""
    return against_eager(quick) + growing(quick)


if __name__ == "__main__":
    show(measure("quick" in sys.argv[1:]))
