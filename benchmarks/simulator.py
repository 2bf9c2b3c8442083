"""What the simulator costs: facts a second against bare SimPy timeouts in the same run, and memory per node.

Bare SimPy here is as many processes as there are shoppers, each doing nothing but `yield env.timeout(...)`, one timeout
for every fact the simulator made. Run it from the project's folder: `python -m benchmarks.simulator [SEED]`, or, for
10,000 x 10,000 and a million shoppers, most of them asleep, with 100,000 products: `python -m benchmarks.simulator
large`.
"""

from __future__ import annotations

import dataclasses
import resource
import sys
import time
import tracemalloc
from collections.abc import Generator

import simpy

from journal.chance import stream
from simulator.oracle import Oracle
from simulator.spec import WorldSpec
from simulator.world import World


def bare_timeouts(processes: int, timeouts: int) -> float:
    """Return seconds that SimPy takes for that many timeouts, shared evenly among processes that do nothing else."""
    env = simpy.Environment()

    def sleeper(waits: list[int]) -> Generator[simpy.Event, None, None]:
        for wait in waits:
            yield env.timeout(wait)

    each = timeouts // processes
    plans = stream(1, "bare").integers(1, 1_000_000_000, (processes, each)).tolist()
    started = time.perf_counter()
    for plan in plans:
        env.process(sleeper(plan))
    env.run()
    return (time.perf_counter() - started) * timeouts / (each * processes)


def simulate(spec: WorldSpec, seed: int) -> tuple[int, float]:
    """Return how many facts a world makes and the seconds that takes, the making of the world included."""
    started = time.perf_counter()
    facts = sum(len(piece.facts) for piece in World(spec, seed).run())
    return facts, time.perf_counter() - started


def oracle_cost(spec: WorldSpec, seed: int) -> float:
    """Return microseconds that the oracle takes for a scored fact, on the first day of a world."""
    world = World(dataclasses.replace(spec, days=1.0), seed)
    pieces = list(world.run())
    oracle = Oracle(world.catalogue, world.truth, world.spec)
    started = time.perf_counter()
    scored = sum(len(oracle.observe(piece.facts, piece.truth).seq) for piece in pieces)
    return (time.perf_counter() - started) / scored * 1e6


def bytes_held(spec: WorldSpec, seed: int) -> int:
    """Return the bytes that a run holds after its first piece: the state of the world, without what comes of it."""
    tracemalloc.start()
    run = World(spec, seed).run()
    next(run)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held


def grown(spec: WorldSpec, shoppers: int, products: int) -> WorldSpec:
    """Return the spec with that many shoppers and products."""
    return dataclasses.replace(
        spec,
        shoppers=dataclasses.replace(spec.shoppers, shoppers=shoppers),
        catalogue=dataclasses.replace(spec.catalogue, products=products),
    )


def main(seed: int) -> None:
    """Print the figures."""
    spec = WorldSpec()
    rows = []
    for _ in range(3):  # the best of three each, in turn: the machine may be shared
        facts, took = simulate(spec, seed)
        rows.append((took, bare_timeouts(spec.shoppers.shoppers, facts)))
    world, bare = (min(column) for column in zip(*rows, strict=True))
    print(f"{facts:,} facts of {spec.shoppers.shoppers:,} shoppers and {spec.catalogue.products:,} products")
    print(f"simulator       {facts / world:10,.0f} facts/s")
    print(f"bare SimPy      {facts / bare:10,.0f} timeouts/s")
    print(f"share           {bare / world:10.2f}")
    print(f"oracle          {oracle_cost(spec, seed):10.0f} us a scored fact")
    small, more = (bytes_held(grown(spec, n, 2_000), seed) for n in (500, 2_500))
    print(f"memory          {(more - small) / 2_000:10,.0f} bytes a shopper")
    small, more = (bytes_held(grown(spec, 100, n), seed) for n in (2_000, 10_000))
    print(f"memory          {(more - small) / 8_000:10,.0f} bytes a product")


def large(shoppers: int, products: int, categories: int, days: float, per_day: float) -> None:
    """Print what a large world costs: seconds to make it and to its first piece, facts a second, peak memory."""
    spec = grown(WorldSpec(days=days), shoppers, products)
    spec = dataclasses.replace(
        spec,
        catalogue=dataclasses.replace(spec.catalogue, categories=categories),
        sessions=dataclasses.replace(spec.sessions, per_day=per_day),
    )
    started = time.perf_counter()
    run = World(spec, 1).run()
    facts = len(next(run).facts)
    begun = time.perf_counter()
    facts += sum(len(piece.facts) for piece in run)
    took = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"{shoppers:,} shoppers ({per_day:g} sessions a day), {products:,} products, {days:g} days")
    print(f"  begun after {begun - started:.1f} s, then {facts:,} facts at {facts / took:,.0f} facts/s")
    print(f"  peak of the process {peak / 1e9:.2f} GB", flush=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["large"]:
        large(10_000, 10_000, 200, 2.0, 0.9)
        large(1_000_000, 100_000, 1_000, 2.0, 0.02)
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
