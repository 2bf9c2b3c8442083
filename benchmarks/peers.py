"""(h): every encoder and every policy, and a temporal graph network of PyTorch Geometric, on the same events.

The shop is warm (see `benchmarks.warm`): 20,000 nodes, d = 64, K = 10, 8 negatives, on one thread. Each takes

    an encoder      under `every_event`, its update alone and with exact ranks of 10,000 products
    a policy        with `sage` and ranks: all events are scored, those that the policy wants are learned
    the peer        trained in batches of 1 and of 200, without ranks: as wide as the network here; as wide as its own
                    example (100); and with messages as wide as the example's too (172); see `benchmarks.tgn`

The peer's batch of 200 knows nothing of its own events. Here every event is learned before the next is scored.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from itertools import count
from typing import Any

import jax

from benchmarks.measuring import Row, Timing, peers, show, yes_no
from benchmarks.updates import BRANDS, CATEGORIES, PRODUCTS, SHOPPERS, floor
from benchmarks.warm import COLUMNS, DIM, Updating, events, told, warmed
from model import ENCODERS, POLICIES, Events, Learner
from model.graph import KINDS

SIZES = PRODUCTS, SHOPPERS, CATEGORIES, BRANDS

EACH = 3_600
"""Events of a repetition under a policy: whole batches of `micro_batch`, whole hours of `every_seconds`."""

QUICK = ("every_event", "never", "micro_batch")
"""Policies of a quick run; each costs a compilation."""

NO_PEER = "not installed: `uv pip install torch==2.13.0 torch_geometric` in the project's folder, then run again"

BATCHES = {1: 16, 200: 400}
"""Events of a repetition, by the peer's batch."""

PEERS = {"TGN": (DIM, KINDS), "TGN of 100": (100, KINDS), "TGN as published": (100, 172)}
"""Width of the peer's memory, time and embedding, and of a message. An event here has 6 numbers to tell, its kind; an
edge of the data of the peer's own example has 172."""

WANTED = {1: 100, 200: 5}
"""Times the peer's rate, by its batch."""


def encoders(n: int, repeats: int) -> tuple[dict[str, Callable[[], Any]], int]:
    """Return works of n events, two an encoder, and the bytes of the tables of the default one."""
    whole, works, size = events(n * (repeats + 1), SHOPPERS, PRODUCTS), {}, 0
    for name in ENCODERS:
        alone, ranked = Updating(warmed(*SIZES, name)), warmed(*SIZES, name)
        size = size or sum(a.nbytes for a in jax.tree.leaves((alone.carry.state["table"], alone.carry.shop.served)))
        ours, theirs = count(0, n), count(0, n)
        works[f"{name}, update"] = lambda alone=alone, at=ours: alone.advance(told(whole, next(at), n))
        works[f"{name}, ranks"] = lambda ranked=ranked, at=theirs: ranked.advance(told(whole, next(at), n))
    return works, size


def tgn(repeats: int, learner: Learner) -> dict[str, Callable[[], Any]]:
    """Return works of the peer, one a size and batch; each has a state of its own."""
    import torch

    with warnings.catch_warnings(action="ignore", category=FutureWarning):  # of the library's own scripts
        from benchmarks.tgn import Graph, Peer

    torch.set_num_threads(1)

    def batches(peer: Peer, batch: int, n: int) -> Callable[[], list[float]]:
        return lambda: [peer.learn(batch) for _ in range(n // batch)]

    works = {}
    for batch, n in BATCHES.items():
        stream = events(n * (repeats + 1), SHOPPERS, PRODUCTS)
        for name, (width, message) in PEERS.items():
            graph = Graph(learner, COLUMNS, PRODUCTS, SHOPPERS, stream, message)
            works[f"{name}, batch {batch}"] = batches(Peer(graph, width), batch, n)
    return works


def against_peer(quick: bool) -> list[Row]:
    """Encoders and the peer, timed in turn; and the share of the floor."""
    n, repeats = 512, 3 if quick else 25
    works, size = encoders(n, repeats)
    rows = []
    try:
        works |= tgn(repeats, warmed(*SIZES))
    except ImportError:
        rows.append(Row("h", "TGN of PyTorch Geometric", NO_PEER))
    seconds = peers(works, repeats)
    each = {f"{name}, batch {batch}": events_each for batch, events_each in BATCHES.items() for name in PEERS}
    rates = {name: each.get(name, n) / timing.best for name, timing in seconds.items()}
    rows += [Row("h", name, rate(rates[name], timing)) for name, timing in seconds.items()]
    for batch, wanted in WANTED.items():
        for peer in PEERS:
            theirs = rates.get(f"{peer}, batch {batch}")
            if theirs is not None:
                whose = f"{peer} at batch {batch}"
                rows += [over(name, rates[name] / theirs, whose, wanted) for name in works if name not in each]
    least = floor(size)
    share = max(least.arithmetic, least.memory) * rates["sage, update"]
    return [*rows, Row("h", "share of the floor, sage, update", f"{share:.0%}", yes_no(share >= 0.5, "aim at half"))]


def over(name: str, times: float, whose: str, wanted: int) -> Row:
    """A ratio; what is wanted is wanted of updates, since the peer does not rank."""
    holds = yes_no(times >= wanted, f"at least {wanted}") if name.endswith(", update") else ""
    return Row("h", f"{name}, over {whose}", f"{times:,.1f} times", holds)


def rate(a_second: float, timing: Timing) -> str:
    """Write events a second."""
    return f"{a_second:,.0f} events/s, {1e6 / a_second:,.0f} us ({timing.spread})"


def policies(quick: bool) -> list[Row]:
    """Every policy with `sage`: events that are scored and ranked a second, and the share that is learned."""
    n, repeats = EACH, 2 if quick else 4
    whole = events(n * (repeats + 1), SHOPPERS, PRODUCTS)
    learned: dict[str, int] = {}

    def lane(name: str) -> Callable[[], None]:
        learner, at = warmed(*SIZES, "sage", name), count(0, n)

        def go() -> None:
            part: Events = told(whole, next(at), n)
            learned[name] = learned.get(name, 0) + int(learner.advance(part).learned.sum())

        return go

    chosen = [name for name in POLICIES if not quick or name in QUICK]
    seconds = peers({name: lane(name) for name in chosen}, repeats)
    always = seconds["every_event"].best
    rows = []
    for name, timing in seconds.items():
        share, times = learned[name] / len(whole.seq), always / timing.best
        figure = f"{rate(n / timing.best, timing)}, {share:.0%} learned, {times:.2f} times every_event"
        rows.append(Row("h", f"sage, ranks, {name}", figure))
    return rows


def measure(quick: bool = False) -> list[Row]:
    """Return the rows of (h)."""
    return against_peer(quick) + policies(quick)


if __name__ == "__main__":
    show(measure("quick" in sys.argv[1:]))
