"""A figure is the fastest of several repetitions: what else runs on the machine can only add to it.

spread   slowest repetition over the fastest
peers    are timed in turn (A B A B ...), so that a noisy minute falls on all of them
floor    the least time for given arithmetic and bytes: at the rate of a matrix product, at the bandwidth of a copy
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from journal.chance import stream


class Timing(NamedTuple):
    """Seconds of repetitions of one thing."""

    best: float
    worst: float

    @property
    def spread(self) -> str:
        return f"spread {self.worst / self.best:.2f}"


class Row(NamedTuple):
    """A line of the table: the part of the issue it answers, what was measured, what came out, what is wanted."""

    part: str
    what: str
    figure: str
    wanted: str = ""


def yes_no(holds: bool, wanted: str) -> str:
    """Return what is wanted, and whether it holds."""
    return f"{wanted}: {'yes' if holds else 'NO'}"


def timed(work: Callable[[], Any]) -> float:
    """Return the seconds that `work` takes; whatever it returns must hold its result, or it is compiled away."""
    started = time.perf_counter()
    result = work()
    took = time.perf_counter() - started
    del result
    return took


def peers(works: Mapping[str, Callable[[], Any]], repeats: int = 5) -> dict[str, Timing]:
    """Time each, in turn, after one round that does not count (it compiles and warms caches)."""
    for work in works.values():
        work()
    gc.collect()
    seconds = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            seconds[name].append(timed(work))
    return {name: Timing(min(all_), max(all_)) for name, all_ in seconds.items()}


def product_rate(rows: int, inner: int, columns: int) -> float:
    """Return multiplications and additions a second of float32 [rows, inner] x [inner, columns], on one thread.

    Small products are stacked, so that the call from Python is not what is timed.
    """
    stack = max(1, min(512, 20_000_000 // (rows * inner * columns)))
    rng = stream(1, "product rate")
    left = rng.standard_normal((stack, rows, inner), np.float32)
    right = rng.standard_normal((inner, columns), np.float32)
    out = np.empty((stack, rows, columns), np.float32)
    best = peers({"product": lambda: np.matmul(left, right, out=out)}, 15)["product"].best
    return 2.0 * stack * rows * inner * columns / best


def copy_bandwidth(size: int) -> float:
    """Return bytes a second, those read and those written together, of copying `size` bytes again and again."""
    source, target = np.ones(size, np.uint8), np.zeros(size, np.uint8)
    times = max(1, 50_000_000 // size)

    def copy() -> None:
        for _ in range(times):
            np.copyto(target, source)

    return 2.0 * size * times / peers({"copy": copy}, 9)["copy"].best


def show(rows: Iterable[Row]) -> None:
    """Print a table."""
    rows = list(rows)
    widths = [max(len(row[n]) for row in rows) for n in range(4)]
    for row in rows:
        print("  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)).rstrip(), flush=True)
