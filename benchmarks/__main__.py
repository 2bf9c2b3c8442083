"""All benchmarks of the issue, (a) to (h), in one go and one table: `uv run python -m benchmarks [quick]`.

Everything is measured in one run on one machine: read the ratios, not the absolutes.
"""

from __future__ import annotations

import dataclasses
import os
import platform
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import journal, ranks, simulator, updates, whole_run
from benchmarks import peers as others
from benchmarks.measuring import Row, peers, show
from journal import CHUNK, COLUMNS, pick
from simulator.spec import WorldSpec


def run_file(quick: bool = False) -> list[Row]:
    """(f): appending facts to a run file and scanning them, against copying their bytes; see `benchmarks.journal`."""
    n = 100_000 if quick else 1_000_000
    whole = journal.shop(n)
    pieces = [pick(whole, slice(start, start + CHUNK)) for start in range(0, n, CHUNK)]
    source = np.concatenate([getattr(whole, name).view("u1") for name in COLUMNS])
    target = np.empty_like(source)
    with tempfile.TemporaryDirectory() as folder:
        made = iter(range(100))

        def append() -> Path:
            path = Path(folder, f"{next(made)}.run")
            journal.append(path, pieces)
            return path

        path = append()
        works = {"append": append, "scan": lambda: journal.scan(path), "copy": lambda: np.copyto(target, source)}
        seconds = peers(works, 3)
    copy = seconds.pop("copy").best
    return [
        Row("f", f"run file, {name}", f"{n / t.best:,.0f} facts/s ({t.spread}), {t.best / copy:.0f} times a copy")
        for name, t in seconds.items()
    ]


def world(quick: bool = False) -> list[Row]:
    """(g): the world alone against bare SimPy timeouts, one a fact; see `benchmarks.simulator`."""
    spec = dataclasses.replace(WorldSpec(), days=1.0) if quick else WorldSpec()
    facts, _ = simulator.simulate(spec, 1)
    works = {
        "simulator": lambda: simulator.simulate(spec, 1),
        "bare SimPy timeouts": lambda: simulator.bare_timeouts(spec.shoppers.shoppers, facts),
    }
    seconds = peers(works, 3)
    rows = [Row("g", name, f"{facts / t.best:,.0f} a second ({t.spread})") for name, t in seconds.items()]
    share = seconds["bare SimPy timeouts"].best / seconds["simulator"].best
    return [*rows, Row("g", "simulator over bare SimPy", f"{share:.2f} of its rate")]


def main(quick: bool) -> None:
    """Measure everything, telling what is being measured, and print the table."""
    rows = []
    everything = {
        "updates": updates.measure,
        "encoders, policies and a peer": others.measure,
        "ranks": ranks.measure,
        "a whole run": whole_run.measure,
        "the run file": run_file,
        "the simulator": world,
    }
    for name, measure in everything.items():
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        rows += measure(quick)
    load = ", ".join(f"{n:.1f}" for n in os.getloadavg())
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {load}")
    show(rows)


if __name__ == "__main__":
    main("quick" in sys.argv[1:])
