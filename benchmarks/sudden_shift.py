"""The study of a sudden shift: does learning from every event pay, by how much, and how soon is it back?

Scenario `sudden_shift`, seeds 1 to 5; all lanes of a seed see the same facts. Measured of each lane and seed:

NDCG@10     over the whole run, of all scored events and apart from it without repeats: who returns to products met
            lately needs to know nothing of interests, so a shift shows most in products not met before
drop        NDCG@10 before the shift less the lowest level after it (a level: mean of 1,000 scored events in a row);
            levels also fall with the hour of the day, as the oracle's drop shows, which no shift surprises
recovery    hours until the lane is back at 90 % of its OWN level before, to stay (`driftlab.measures.truth`); 0 where
            it hardly fell, the rest of the run (censored) where it never is, none where it hits too seldom to tell
against the oracle: hours until the lane's level, as a share of the oracle's over the same events, is back at 90 % of
            its OWN share before, to stay: the oracle knows the shift at once, so what the hour of the day or easier
            products do to all lanes falls out, and a lane that had nothing to lose is not the first to be back
at our level: hours until the lane's level is at 90 % of what the DEFAULT network's was before: one bar for all lanes,
            to stay; the rest of the run (censored) where it never gets there

`never` learns nothing at all; `during(policy="never", since=7.5)` learns as the default does until the shift, and never
again: what updating is worth once interests have moved.

Lanes are compared with the default network by the paired bootstrap over seeds of `driftlab.intervals`. ISGD is given
the best learning rate of a small grid on seed 1, on the same measure that it is judged by.

Run from the root: python -m benchmarks.sudden_shift [FOLDER]. With a folder, finished runs in it are taken as they are
and new ones are kept there; the table goes to benchmarks/results/sudden_shift.md.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from driftlab import Run, corrected, paired, run
from driftlab.measures import MEASURES
from driftlab.measures.accuracy import gain
from driftlab.measures.truth import HOUR, SLIDING, STEADY, back_to_stay, recovery_after
from driftlab.record import Record
from driftlab.recorded import read
from journal.runfile import RunFile

SCENARIO, SEEDS = "sudden_shift", (1, 2, 3, 4, 5)
RATES = (0.02, 0.05, 0.1, 0.2)
BASELINES = ("popular", "decayed_popular", "own_recent", "markov", "item_cooccurrence", "bpr_mf")
FROZEN = 'during(policy="never", since=7.5)'
OURS, ORACLE = "sage every_event", "oracle"
RESULTS = Path(__file__).parent / "results" / "sudden_shift.md"


class Found(NamedTuple):
    """What one lane did with one seed."""

    ndcg: float
    before: float  # NDCG@10 of the 5,000 scored events before the shift
    drop: float
    recovery: float  # hours; NaN where it cannot be told
    against_oracle: float  # hours
    after: float  # NDCG@10 of all scored events after the shift
    at_our_level: float  # hours


def made(folder: Path, name: str, seed: int, **wanted: list[str]) -> Run:
    """Return the run of that name, made now unless the folder has it."""
    path = folder / f"{name}-{seed}.run"
    if path.exists():
        return Run(path)
    print(f"running {name}, seed {seed}", file=sys.stderr, flush=True)
    return run(SCENARIO, seed=seed, out=path, quiet=not sys.stderr.isatty(), **wanted)


def records(which: Run) -> dict[str, Record]:
    """Read the records of all lanes."""
    with RunFile.open(which.path) as file:
        return dict(read(file).records)


def ndcg(seen: Record) -> float:
    return MEASURES["ndcg@10"].value(seen)


def best_rate(folder: Path) -> dict[float, float]:
    """Return the NDCG@10 of ISGD on seed 1 by learning rate."""
    lanes = [f"isgd(rate={rate})" for rate in RATES]
    seen = records(made(folder, "isgd", 1, policies=["never"], encoders=["sage"], baselines=lanes))
    return {rate: ndcg(seen[lane]) for rate, lane in zip(RATES, lanes, strict=True)}


def share_is_back(seen: Record, oracle: Record, since: int) -> float:
    """Return hours from `since` (microseconds) until the share of the oracle's level is back; censored at the end."""
    start = int(np.searchsorted(seen.time, since, side="left"))
    before = slice(max(start - STEADY * SLIDING, 0), start)
    ours, best = (gain(lane.rank, 10) for lane in (seen, oracle))
    return hours_until(seen, start, ours, best, float(ours[before].sum() / best[before].sum()))


def hours_until(seen: Record, start: int, ours: NDArray[np.float64], of: NDArray[np.float64], bar: float) -> float:
    """Return hours from event `start` until gains, as a share of `of`, are at 90 % of the bar; censored at the end."""
    back = back_to_stay(ours[start:], of[start:], bar)
    at = len(seen) - 1 if back is None else start + back - 1
    return 0.0 if back == SLIDING else (int(seen.time[at]) - int(seen.time[start])) / HOUR


def judged(lanes: dict[str, Record]) -> dict[str, Found]:
    """Measure all lanes of one seed."""
    (drift,) = next(iter(lanes.values())).drifts
    gains = {lane: gain(seen.rank, 10) for lane, seen in lanes.items()}
    start = {lane: int(np.searchsorted(seen.time, drift.time)) for lane, seen in lanes.items()}
    before = {lane: float(gains[lane][max(start[lane] - STEADY * SLIDING, 0) : start[lane]].mean()) for lane in lanes}
    found = {}
    for lane, seen in lanes.items():
        own = recovery_after(seen, drift)
        rest = (int(seen.time[-1]) - drift.time) / HOUR
        after = gains[lane][start[lane] :]
        total = np.r_[0.0, np.cumsum(after)]
        lowest = float((total[SLIDING:] - total[:-SLIDING]).min()) / SLIDING
        hours = min(own.hours, rest) if own else float("nan")
        late = share_is_back(seen, lanes[ORACLE], drift.time)
        there = hours_until(seen, start[lane], gains[lane], np.ones_like(gains[lane]), before[OURS])
        found[lane] = Found(ndcg(seen), before[lane], before[lane] - lowest, hours, late, float(after.mean()), there)
    return found


def intervals(by_seed: list[dict[str, Found]], value: Callable[[Found], float]) -> dict[str, str]:
    """Write the paired difference of the default network to every other lane, with its 95 % interval; * where p, for
    all these comparisons together, is below .05."""
    pairs = {}
    for lane in by_seed[0]:
        ours, theirs = ([value(found[name]) for found in by_seed] for name in (OURS, lane))
        if lane != OURS and len(by_seed) > 1 and not np.isnan([*ours, *theirs]).any():
            pairs[lane] = paired(ours, theirs)
    chances = dict(zip(pairs, corrected([came.p for came in pairs.values()]), strict=True))
    made = dict.fromkeys(by_seed[0], "-")
    for lane, came in pairs.items():
        digits = 3 if abs(came.low) < 2 else 1
        star = " *" if chances[lane] < 0.05 else ""
        made[lane] = f"{came.difference:+.{digits}f} [{came.low:+.{digits}f}, {came.high:+.{digits}f}]{star}"
    return made


def table(by_seed: list[dict[str, Found]]) -> list[str]:
    """Write the table, one line a lane; means over seeds, and differences of the default network to the lane."""
    heads = (
        *("lane", "NDCG@10 by seed", "mean", "of oracle", "before", "drop", "after"),
        *("NDCG@10: ours less this", "recovery, h", "ours less this", "against the oracle, h", "ours less this"),
        *("at our level, h", "ours less this"),
    )
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    best = np.mean([found[ORACLE].ndcg for found in by_seed])
    judged_by = ("ndcg", "recovery", "against_oracle", "at_our_level")
    gained, sooner, relative, there = (intervals(by_seed, attrgetter(name)) for name in judged_by)
    for lane in by_seed[0]:
        columns = np.array([found[lane] for found in by_seed])
        mean = columns.mean(axis=0)
        cells = (
            *(
                lane,
                " ".join(f"{found[lane].ndcg:.3f}" for found in by_seed),
                f"{mean[0]:.3f}",
                f"{mean[0] / best:.0%}",
            ),
            *(f"{mean[1]:.3f}", f"{mean[2]:.3f}", f"{mean[5]:.3f}", gained[lane]),
            *("-" if np.isnan(mean[3]) else f"{mean[3]:.1f}", sooner[lane]),
            *(f"{mean[4]:.1f}", relative[lane], f"{mean[6]:.1f}", there[lane]),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return lines


@contextlib.contextmanager
def a_folder(given: list[str]) -> Iterator[Path]:
    """The folder that was given, or one that is gone afterwards."""
    if given:
        Path(given[0]).mkdir(parents=True, exist_ok=True)
        yield Path(given[0])
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def study(folder: Path, seeds: tuple[int, ...] = SEEDS) -> str:
    """Make what runs are missing and return the page."""
    grid = best_rate(folder)
    rate = max(grid, key=lambda one: grid[one])
    baselines = [*BASELINES, f"isgd(rate={rate})"]
    everything, fresh = [], []
    for seed in seeds:
        wanted = {"policies": ["every_event", "never", FROZEN], "encoders": ["sage", "paper"], "baselines": baselines}
        lanes = records(made(folder, SCENARIO, seed, **wanted))
        everything.append(judged(lanes))
        fresh.append(judged({lane: seen.where(~seen.before.repeat) for lane, seen in lanes.items()}))
    share = np.mean([found[OURS].ndcg / found[ORACLE].ndcg for found in everything])
    by_rate = ", ".join(f"{one}: {value:.4f}" for one, value in grid.items())
    about = (__doc__ or "").partition("Run from the root")[0].partition("\n\n")[2].strip()
    return "\n".join(
        [
            "# A sudden shift of interests",
            *("", f"Made by `python -m benchmarks.sudden_shift` over the seeds {', '.join(map(str, seeds))}.", ""),
            *("```text", about, "```", ""),
            *("## All scored events", "", *table(everything), ""),
            *("## Without repeats: products that the shopper had not met before", "", *table(fresh), ""),
            "Means over seeds; differences with 95 % intervals (for hours, less is better), each interval for itself;",
            "* where p, corrected for a column's lanes (Holm 1979), is below .05. Few pairs make intervals narrow.",
            "`never` has no level of its own to fall from; frozen at the shift, the network never comes back to it.",
            f"The default network reaches {share:.0%} of the NDCG@10 of the oracle.",
            f"NDCG@10 of ISGD on seed 1 by learning rate: {by_rate}; {rate} is taken.",
            "",
        ]
    )


if __name__ == "__main__":
    with a_folder(sys.argv[1:2]) as where:
        page = study(where)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(page, encoding="utf-8")
    print(page)
