"""What is it worth to know who follows whom, and who has which coupon? In which worlds, for whom, and when?

Lanes of a seed (1 to 3) see the same facts; one of them reads follows, or coupons. Three worlds are of the scenario
`social_trend`, where everybody follows some ten others, half of them of their own kind, two are of `coupon_week`:

trend        as it is: on day 4 an interest is caught from those followed, and lost again within days
cascade      instead, it is taken up for good once enough of those followed have it
imitation    instead, interests turn all the time toward the mean of those followed (`conformity`, in five days)
coupons      as it is: from day 4 and from day 11 on coupons of 15 % for all products, for three audiences
category     instead, one coupon of 50 % for the products of one category, for two thirds of everybody, from day 4 on

all          NDCG@10 of every scored event
strange      of those in which the shopper had not met the product before
newcomers    strange, and the shopper had met less than ten products
since        strange, in the five days from day 4 on
regret       utility given away for each place of a slate against the best slate
area lost    NDCG@10 of all events, summed from a drift until the level is back; where it never falls, 0

Means over the seeds; differences by the paired bootstrap over seeds of `driftlab.intervals`, 95 %; * where p, corrected
for all of them (Holm 1979), is below .05 (with three seeds the least p is that of all three going one way).

Run from the root: python -m benchmarks.ties [FOLDER]. With a folder, finished runs in it are taken as they are and new
ones are kept there; the table goes to benchmarks/results/ties.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.sudden_shift import a_folder, records
from driftlab import Run, corrected, paired, run
from driftlab.measures import MEASURES
from driftlab.record import Record
from simulator.rhythm import DAY

SEEDS = (1, 2, 3)
FOLLOWS, COUPONS = "sage(follows=true)", "sage(coupons=true)"


class World(NamedTuple):
    """A scenario, what is different in it, and what reads the ties."""

    scenario: str
    settings: Mapping[str, Any]
    reads: str


_CATEGORY = {"at_day": 4.0, "days": 7.0, "discount": 0.5, "category": 3, "budget": 1e6, "hold_out": 0.33}

WORLDS: Mapping[str, World] = {
    "trend": World("social_trend", {}, FOLLOWS),
    "cascade": World("social_trend", {"drift": [{"use": "cascade", "at_day": 4.0, "magnitude": 1.0}]}, FOLLOWS),
    "imitation": World("social_trend", {"drift": [{"use": "conformity", "time_constant_days": 5.0}]}, FOLLOWS),
    "coupons": World("coupon_week", {}, COUPONS),
    "category": World("coupon_week", {"campaign": [_CATEGORY]}, COUPONS),
}
RESULTS = Path(__file__).parent / "results" / "ties.md"


def strange(seen: Record) -> NDArray[np.bool_]:
    """Events in which a shopper meets a product for the first time."""
    return ~seen.before.repeat


def since(seen: Record) -> NDArray[np.bool_]:
    """Strange events of days 4 to 9."""
    days = seen.time / DAY
    return strange(seen) & (days >= 4.0) & (days < 9.0)


def ndcg(which: Callable[[Record], NDArray[np.bool_]]) -> Callable[[Record], float]:
    """Return what measures NDCG@10 of some events."""
    return lambda seen: MEASURES["ndcg@10"].value(seen.where(which(seen)))


SHOWN: Mapping[str, tuple[int, Callable[[Record], float]]] = {
    "all": (4, MEASURES["ndcg@10"].value),
    "strange": (4, ndcg(strange)),
    "newcomers": (4, ndcg(lambda seen: strange(seen) & (seen.before.of_shopper < 10))),
    "since": (4, ndcg(since)),
    "regret": (3, MEASURES["regret"].value),
    "area lost": (0, MEASURES["area_lost"].value),
}
"""What is shown, with its digits."""


def made(folder: Path, world: str, seed: int) -> dict[str, Record]:
    """Return the records of a seed's run, made now unless the folder has it."""
    path = folder / f"{world}-{seed}.run"
    if path.exists():
        return records(Run(path))
    print(f"running {world}, seed {seed}", file=sys.stderr, flush=True)
    scenario, settings, reads = WORLDS[world]
    words: dict[str, Any] = {"encoders": ["sage", reads], "baselines": ["own_recent"], "seed": seed, "out": path}
    return records(run(scenario, ["every_event"], settings=settings, quiet=not sys.stderr.isatty(), **words))


class Row(NamedTuple):
    """One figure of one world, by seed."""

    world: str
    shown: str
    plain: list[float]
    reads: list[float]
    oracle: list[float]


def rows(world: str, seeds: list[dict[str, Record]]) -> list[Row]:
    """Measure one world; where a figure is not there (no drift has a day), it has no row."""
    found = []
    names = "sage every_event", f"{WORLDS[world].reads} every_event", "oracle"
    for shown, (_, value) in SHOWN.items():
        row = Row(world, shown, *([value(lanes[name]) for lanes in seeds] for name in names))
        found += [row] if np.isfinite([*row.plain, *row.reads]).all() else []
    return found


def table(found: list[Row]) -> list[str]:
    """Write a line for each figure of each world."""
    lines = ["| world | of | without ties | with ties | difference | oracle |", "|---|---|---|---|---|---|"]
    pairs = [paired(row.reads, row.plain) for row in found]
    chances = corrected([pair.p for pair in pairs])
    for row, pair, chance in zip(found, pairs, chances, strict=True):
        d, star = SHOWN[row.shown][0], " *" if chance < 0.05 else ""
        plain, reads, oracle = (f"{np.mean(values):.{d}f}" for values in (row.plain, row.reads, row.oracle))
        apart = f"{pair.difference:+.{d}f} [{pair.low:+.{d}f}, {pair.high:+.{d}f}]{star}"
        lines.append(f"| {row.world} | {row.shown} | {plain} | {reads} | {apart} | {oracle} |")
    return lines


def study(folder: Path, seeds: tuple[int, ...] = SEEDS) -> str:
    """Make what runs are missing and return the page."""
    about = (__doc__ or "").partition("Run from the root")[0].partition("\n\n")[2].strip()
    found = [row for world in WORLDS for row in rows(world, [made(folder, world, seed) for seed in seeds])]
    return "\n".join(["# Reading ties", "", "```text", about, "```", "", *table(found), ""])


if __name__ == "__main__":
    with a_folder(sys.argv[1:2]) as where:
        page = study(where)
    RESULTS.write_text(page, encoding="utf-8")
    print(page)
