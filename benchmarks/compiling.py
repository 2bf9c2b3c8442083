"""What compiling costs: how often each lane compiles, and how long a first look waits for it.

counts   `small` with every policy, encoder and baseline; lanes one after the other in this process, nothing kept from
         before. A lane is charged with what no lane before it had compiled. Counted by `jax.monitoring`:
             step     the prequential loop, one for each length of a call
             others   scores for a slate, and small operations while a lane is built
groups   the policies of that run that share a loop, and what they ask it for
growth   a lane begins with one shopper and meets twice as many again and again: compilations of the step at each size
seconds  from the start of `driftlab run small` to its first committed chunk, with an empty folder for what is compiled
         (a home of its own), then again with what the first run left there; beside them the seconds of a processor that
         the run had by then, of both its threads: with nothing else on the machine the wait is about half of them or
         more, and where the wait is longer than they are, it waited for others

Run from the root: python -m benchmarks.compiling [quick]. Quick leaves out the counts by lane.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import psutil

from benchmarks.measuring import Row, show, yes_no
from benchmarks.warm import events, shop
from driftlab import build
from driftlab.lanes import Chunk, LearningLane
from driftlab.probing import Shopfront
from journal.errors import Refusal
from journal.runfile import RunFile
from model import BASELINES, ENCODERS, POLICIES, Learner, network
from model.grouping import asks
from scenarios import load

COMPILE = "/jax/core/compile/backend_compile_duration"
PHASES = {
    "tracing": "/jax/core/compile/jaxpr_trace_duration",
    "lowering": "/jax/core/compile/jaxpr_to_mlir_module_duration",
    "compiling": COMPILE,
}
STEP = "advance", "_in_pieces"
"""The loop, and where it cannot be one piece of code its second form."""

COLD, WARM = 40.0, 15.0
"""Seconds until the first measured chunk, at most."""

DOZEN = 12
PATIENCE = 300.0
CHUNKS = 2
"""Chunks that a lane is taken through: the second has a probe."""


class Heard(NamedTuple):
    """What was compiled, by name of the function, and the seconds of each phase."""

    counts: Counter[str]
    seconds: Counter[str]

    @property
    def step(self) -> int:
        return sum(n for name, n in self.counts.items() if any(step in name for step in STEP))


class Listener:
    """Hears all that jax compiles in this process."""

    def __init__(self) -> None:
        self.heard = Heard(Counter(), Counter())
        jax.monitoring.register_event_duration_secs_listener(self._take)

    def _take(self, event: str, seconds: float, **about: Any) -> None:
        for phase, name in PHASES.items():
            if event == name:
                self.heard.seconds[phase] += seconds
        if event == COMPILE:
            self.heard.counts[str(about.get("fun_name", "?"))] += 1

    def since(self) -> Heard:
        """Return what was heard since the last question."""
        heard, self.heard = self.heard, Heard(Counter(), Counter())
        return heard


def by_lane(listener: Listener) -> list[Row]:
    """Compilations of each lane of a scenario with everything in it."""
    wanted = {
        "network.policies": ["every_event", *(name for name in POLICIES if name != "every_event")],
        "network.encoders": list(ENCODERS),
        "network.baselines": list(BASELINES),
    }
    scenario, finder = load("small", wanted), build.Finder()
    source = build.Simulated(scenario, finder)
    made = build.recipes(scenario, finder)
    catalogue = build.catalogue(source.world.catalogue, None)
    shopfront, chunks = Shopfront(len(catalogue.category)), []
    for number, piece in zip(range(1, CHUNKS + 1), source.pieces(None), strict=False):
        shopfront.observe(piece.facts)
        probe = shopfront.probe(scenario.seed, number, piece.facts, scores=True)
        chunks.append(Chunk(number, piece.facts, piece.truth, probe))
    rows, steps, others, seconds = [], [], 0, Counter[str]()
    listener.since()
    for recipe in made:
        shoppers = scenario.shoppers.shoppers
        learner = Learner(recipe.recommender, recipe.policy, catalogue, shoppers, scenario.seed, joint=recipe.joint)
        lane = LearningLane(recipe.name, learner, source.opening)
        for chunk in chunks:
            lane.fold(chunk)
        heard = listener.since()
        steps.append(heard.step)
        others += heard.counts.total() - heard.step
        seconds += heard.seconds
        small = heard.counts.total() - heard.step
        spent = ", ".join(f"{phase} {heard.seconds[phase]:.1f} s" for phase in PHASES)
        rows.append(Row("compiling", recipe.name, f"step {heard.step}, others {small}; {spent}"))
        print(f"compiled {recipe.name}: {rows[-1].figure}", file=sys.stderr, flush=True)
    total = f"step {sum(steps)}, others {others}, {len(made)} lanes"
    phases = ", ".join(f"{phase} {seconds[phase]:.1f} s" for phase in PHASES)
    most = yes_no(max(steps) <= DOZEN, "step at most 12 a lane")
    first = sum(n for n, recipe in zip(steps, made, strict=True) if recipe.joint is not None)
    mix = Row("compiling", "one network, all policies", f"step {first}", yes_no(first <= DOZEN, "step at most 12"))
    return [
        *rows,
        *groups(made),
        mix,
        Row("compiling", "all lanes", total, most),
        Row("compiling", "where the seconds go", phases),
    ]


def groups(made: Sequence[build.Recipe]) -> list[Row]:
    """Say which policies share a loop, and what they ask it for."""
    sharing: dict[Any, list[build.Recipe]] = {}
    for recipe in made:
        if recipe.joint is not None:
            sharing.setdefault(recipe.joint.loop, []).append(recipe)
    return [
        Row("group", ", ".join(one.name.partition(" ")[2] for one in members), f"asks for {asks(members[0].policy)}")
        for members in sharing.values()
    ]


def growth(listener: Listener, doublings: int) -> list[Row]:
    """Compilations of the step of one lane whose shoppers double again and again."""
    made = network(ENCODERS["sage"](), dim=8, neighbours=4, followers=4, negatives=2, crowd=8)
    learner = Learner(made, POLICIES["every_event"](), shop(100, 4, 4), 1, 1)
    sizes, counts, first = [learner.layout.shoppers], [], 1
    listener.since()
    for power in range(doublings + 1):
        met = events(40, 2**power, 100, first)
        met.shopper[-1] = 2**power - 1
        first += 40
        learner.advance(met)
        counts.append(listener.since().step)
        sizes.append(learner.layout.shoppers)
    grown = len(set(sizes)) - 1
    figure = f"{sum(counts)} of the step for {len(set(sizes))} sizes of the table ({sizes[0]} to {sizes[-1]:,} rows)"
    most = yes_no(max(counts) <= DOZEN and sum(counts) <= DOZEN * (grown + 1), "at most a dozen a growth")
    return [Row("compiling", f"shoppers from 1 to {2**doublings:,}", f"{figure}, most at once {max(counts)}", most)]


class Start(NamedTuple):
    """Until the first chunk of a run."""

    seconds: float
    processor: float  # seconds that the run's threads computed

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, {self.processor:.1f} s of a processor"


def first_chunk(home: Path, name: str) -> Start:
    """Return what passes from the start of `driftlab run small` to its first chunk."""
    path = home / f"{name}.run"
    kept = {key: value for key, value in os.environ.items() if key != "JAX_COMPILATION_CACHE_DIR"}
    command = [sys.executable, "-m", "driftlab", "run", "small", "--out", str(path)]
    quiet = subprocess.DEVNULL
    started = time.perf_counter()
    running = subprocess.Popen(command, env={**kept, "HOME": str(home)}, stdout=quiet, stderr=quiet)
    try:
        while time.perf_counter() - started < PATIENCE:
            if committed(path):
                spent = psutil.Process(running.pid).cpu_times()
                return Start(time.perf_counter() - started, spent.user + spent.system)
            if running.poll() not in (None, 0):
                raise SystemExit(f"`driftlab run small` ended with {running.returncode} before its first chunk")
            time.sleep(0.05)
        raise SystemExit(f"`driftlab run small` has no chunk after {PATIENCE:.0f} s")
    finally:
        running.wait()  # what it compiles after the first chunk is kept, too


def committed(path: Path) -> bool:
    """Say whether a run file has a chunk yet."""
    if not path.exists():
        return False
    try:
        with RunFile.open(path) as file:
            return file.cursor.chunks > 0
    except Refusal:
        return False  # it is being made


@contextlib.contextmanager
def a_home() -> Iterator[Path]:
    """A home without anything compiled, gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def starts(warm: int) -> list[Row]:
    """Seconds to the first chunk, cold once and warm some times."""
    with a_home() as home:
        cold = first_chunk(home, "cold")
        again = [first_chunk(home, f"warm{n}") for n in range(warm)]
    best, spread = min(again), max(again).seconds / min(again).seconds
    figure = f"{best} (spread {spread:.2f})"
    return [
        Row("start", "first chunk of `small`, cold", str(cold), holds(cold, COLD)),
        Row("start", "first chunk of `small`, warm", figure, holds(best, WARM)),
    ]


def holds(start: Start, most: float) -> str:
    return yes_no(start.seconds <= most, f"at most {most:.0f} s")


def measure(quick: bool = False) -> list[Row]:
    """Return all rows."""
    rows = starts(1 if quick else 2)
    print("; ".join(f"{row.what}: {row.figure}" for row in rows), file=sys.stderr, flush=True)
    load_now = ", ".join(f"{n:.1f}" for n in os.getloadavg())
    rows.append(Row("start", "load of the machine (1, 5, 15 minutes)", f"{load_now} on {os.cpu_count()} cores"))
    listener = Listener()
    if not quick:
        rows += by_lane(listener)
    return rows + growth(listener, 7 if quick else 10)


def main(quick: bool) -> None:
    """Measure without anything that was kept, and print."""
    jax.config.update("jax_enable_compilation_cache", False)
    show(measure(quick))


if __name__ == "__main__":
    main("quick" in sys.argv[1:])
