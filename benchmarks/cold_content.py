"""What is it worth to read what a shop publishes of its products? Most where nobody has met them, and how much there?

Scenario `cold_content`, seeds 1 to 3: half of the products are launched while the shop is open. Lanes of a seed see the
same facts; one reads content, one does not. NDCG@10 and MPR over the whole catalogue, of these events each for itself:

all        every scored event
strange    the shopper had not met the product before: of the others it needs no content to know them
new        strange, and nobody had met the product before
cold       strange, and the product had been met less than five times
warm       strange, and the product had been met five times or more

Means over the seeds; differences by the paired bootstrap over seeds of `driftlab.intervals`, 95 %; * where p, corrected
for all of them (Holm 1979), is below .05.

Run from the root: python -m benchmarks.cold_content [FOLDER]. With a folder, finished runs in it are taken as they are
and new ones are kept there; the table goes to benchmarks/results/cold_content.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.sudden_shift import a_folder, records
from driftlab import Run, corrected, paired, run
from driftlab.measures import MEASURES
from driftlab.record import WARM, Record

SCENARIO, SEEDS = "cold_content", (1, 2, 3)
PLAIN, READS, ORACLE = "sage every_event", "sage(content=true) every_event", "oracle"
RESULTS = Path(__file__).parent / "results" / "cold_content.md"

EVENTS: dict[str, Callable[[Record], NDArray[np.bool_]]] = {
    "all": lambda seen: np.ones(len(seen), np.bool_),
    "strange": lambda seen: ~seen.before.repeat,
    "new": lambda seen: np.equal(seen.before.of_product, 0),
    "cold": lambda seen: ~seen.before.repeat & (seen.before.of_product < WARM),
    "warm": lambda seen: ~seen.before.repeat & (seen.before.of_product >= WARM),
}
SHOWN = {"ndcg@10": 4, "mpr": 1}
"""Measures and their digits."""


def made(folder: Path, seed: int) -> dict[str, Record]:
    """Return the records of a seed's run, made now unless the folder has it."""
    path = folder / f"{SCENARIO}-{seed}.run"
    if path.exists():
        return records(Run(path))
    print(f"running {SCENARIO}, seed {seed}", file=sys.stderr, flush=True)
    return records(run(SCENARIO, seed=seed, baselines=["own_recent"], out=path, quiet=not sys.stderr.isatty()))


class Row(NamedTuple):
    """One measure of one sort of events."""

    events: str
    number: float  # of events, mean over the seeds
    measure: str
    plain: list[float]  # by seed
    reads: list[float]
    oracle: list[float]


def rows(seeds: list[dict[str, Record]]) -> list[Row]:
    """Measure all sorts of events."""
    found = []
    for events, which in EVENTS.items():
        chosen = [{lane: seen.where(which(seen)) for lane, seen in lanes.items()} for lanes in seeds]
        count = float(np.mean([len(lanes[PLAIN]) for lanes in chosen]))
        for name in SHOWN:
            values = [[MEASURES[name].value(lanes[lane]) for lanes in chosen] for lane in (PLAIN, READS, ORACLE)]
            found.append(Row(events, count, name, *values))
    return found


def table(found: list[Row]) -> list[str]:
    """Write a line for each sort of events and each measure."""
    lines = [
        "| events | count | measure | without | with content | difference | oracle |",
        "|---|---|---|---|---|---|---|",
    ]
    pairs = [paired(row.reads, row.plain) for row in found]
    chances = corrected([pair.p for pair in pairs])
    for row, pair, chance in zip(found, pairs, chances, strict=True):
        d, star = SHOWN[row.measure], " *" if chance < 0.05 else ""
        plain, reads, oracle = (f"{np.mean(values):.{d}f}" for values in (row.plain, row.reads, row.oracle))
        apart = f"{pair.difference:+.{d}f} [{pair.low:+.{d}f}, {pair.high:+.{d}f}]{star}"
        cells = row.events, f"{row.number:,.0f}", MEASURES[row.measure].title, plain, reads, apart, oracle
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def study(folder: Path, seeds: tuple[int, ...] = SEEDS) -> str:
    """Make what runs are missing and return the page."""
    about = (__doc__ or "").partition("Run from the root")[0].partition("\n\n")[2].strip()
    found = table(rows([made(folder, seed) for seed in seeds]))
    return "\n".join(["# Reading content", "", "```text", about, "```", "", *found, ""])


if __name__ == "__main__":
    with a_folder(sys.argv[1:2]) as where:
        page = study(where)
    RESULTS.write_text(page, encoding="utf-8")
    print(page)
