"""Accuracy against cost of every update policy: the frontier, on four scenarios and, where one is given, a real log.

Scenarios slow_drift, sudden_shift, seasonal and cold_start, seeds 1 to 3; all policies of a seed see the same facts,
with the default network. A log is replayed once for each seed: its facts are fixed, the network's start is not.

events     learned, those replayed included, as a share of `every_event`'s: what a policy costs
NDCG@10    over the whole run, mean of the seeds; the half of the 95 % interval of the paired difference to every_event
frontier   * no other policy has more accuracy at no more events
remembered seasonal only: NDCG@10 over the first 1,000 scored events after interests have come back, as a share of that
           over the 1,000 before they first turned away; 1 is nothing forgotten

Run from the root: python -m benchmarks.policies FOLDER [LOG]. Finished runs in the folder are taken as they are, a
stopped one is gone on with, new ones are kept there. After each run the table goes to benchmarks/results/policies.md
and the picture to benchmarks/results/policies.svg (with the extra `figures`).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from driftlab import Run, paired, replay, resume, run
from driftlab.logs import Asked, epoch
from driftlab.measures import MEASURES
from driftlab.measures.accuracy import gain
from driftlab.record import Record
from driftlab.recorded import read
from journal.cleaning import Columns
from journal.runfile import RunFile

SCENARIOS, SEEDS = ("slow_drift", "sudden_shift", "seasonal", "cold_start"), (1, 2, 3)
POLICIES = (
    *("every_event", "every(n=4)", "every(n=16)", "random(p=0.5)", "by_relation", "cold_first", "never"),
    *("every_seconds", "micro_batch", "delay", "decay", "rows_only", "warmup", "priority", "schedule"),
    *("budget(per_hour=100.0)", "adaptive_budget(per_hour=100.0)"),
    *("budget(per_hour=25.0)", "adaptive_budget(per_hour=25.0)"),
    *("on_drift", 'on_drift(detector="adwin")', "oracle", "anchor", "rollback"),
    *("replay", 'replay(buffer="inverse_degree")', "periodic_retrain", "periodic_retrain(scratch=true)", "hybrid"),
)
NAMES = {"slow_drift": "slow drift", "sudden_shift": "sudden shift", "seasonal": "seasonal", "cold_start": "cold start"}
FIRST = "every_event"
RESULTS = Path(__file__).parent / "results"
LEVEL = 1_000


class Point(NamedTuple):
    """One policy on one stream, over the seeds."""

    policy: str
    events: float  # share of every_event's
    ndcg: float
    less: float  # ndcg less every_event's
    half: float  # half of its interval; NaN with one seed
    again: float  # forgetting, NaN where nothing recurs
    best: bool  # on the frontier


def records(which: Run) -> dict[str, Record]:
    """Read the records by policy."""
    with RunFile.open(which.path) as file:
        found = read(file).records
    return {lane.removeprefix("sage "): seen for lane, seen in found.items() if lane.startswith("sage ")}


def made(
    folder: Path, name: str, seed: int, log: str | None = None, policies: Sequence[str] = POLICIES
) -> dict[str, Record]:
    """Return the records of the run of that name, made now unless the folder has it."""
    path = folder / f"{name}-{seed}.run"
    if path.exists():
        resume(path)
    else:
        print(f"running {name}, seed {seed}", file=sys.stderr, flush=True)
        more = {"encoders": ["sage"], "baselines": ["own_recent"], "seed": seed, "quiet": not sys.stderr.isatty()}
        if log is None:
            run(name, policies, out=path, **more)
        else:
            columns = Columns("user_id", "item_id", "event_type", "timestamp", None)
            window = epoch("2017-11-25T00:00:00+08:00"), epoch("2017-12-04T00:00:00+08:00")
            known = [policy for policy in policies if policy != "oracle"]
            replay(Asked(log, columns, None, *window, {}), known, out=path, **more)
    return records(Run(path))


def remembered(seen: Record) -> float:
    """Return the level when interests come back, over that before they first turned; NaN where they do not."""
    starts = [int(np.searchsorted(seen.time, drift.time)) for drift in seen.drifts]
    if len(starts) < 2 or starts[0] < LEVEL:
        return float("nan")
    gains = gain(seen.rank, 10)
    returns = [float(gains[start : start + LEVEL].mean()) for start in starts[1::2]]
    return float(np.mean(returns)) / max(float(gains[starts[0] - LEVEL : starts[0]].mean()), 1e-9)


def points(seeds: Sequence[dict[str, Record]]) -> list[Point]:
    """Return what each policy did over the seeds, the most accurate first."""
    ndcg = {name: [MEASURES["ndcg@10"].value(seen[name]) for seen in seeds] for name in seeds[0]}
    events = {name: float(np.mean([seen[name].learned.sum() for seen in seeds])) for name in seeds[0]}
    found = []
    for name, values in ndcg.items():
        apart = paired(values, ndcg[FIRST]) if len(seeds) > 1 and name != FIRST else None
        mean = float(np.mean(values))
        better = [n for n in ndcg if events[n] <= events[name] and np.mean(ndcg[n]) > mean]
        half = (apart.high - apart.low) / 2 if apart else float("nan")
        again = float(np.mean([remembered(seen[name]) for seen in seeds]))
        share, less = events[name] / events[FIRST], mean - float(np.mean(ndcg[FIRST]))
        found.append(Point(name, share, mean, less, half, again, not better))
    return sorted(found, key=lambda point: (-point.ndcg, point.policy))


def table(name: str, found: Sequence[Point]) -> list[str]:
    """Write the points of one stream."""
    lines = [f"## {name}", "", "| policy | events | NDCG@10 | less every_event | frontier | remembered |"]
    lines.append("|---|---|---|---|---|---|")
    for point in found:
        apart = "" if np.isnan(point.half) else f"{point.less:+.4f} ± {point.half:.4f}"
        again = "" if np.isnan(point.again) else f"{point.again:.2f}"
        star = "*" if point.best else ""
        lines.append(f"| {point.policy} | {point.events:.2f} | {point.ndcg:.4f} | {apart} | {star} | {again} |")
    return [*lines, ""]


def picture(streams: dict[str, list[Point]], path: Path) -> None:
    """Draw accuracy against events, a panel a stream, with the frontier as a line."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "driftlab", "svg.fonttype": "path"})  # the same bytes every time
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, len(streams), figsize=(4.2 * len(streams), 4.6), layout="constrained")
    for panel, (name, found) in zip(np.atleast_1d(panels), streams.items(), strict=True):
        best = sorted((point.events, point.ndcg, point.policy) for point in found if point.best)
        rest = [(point.events, point.ndcg) for point in found if not point.best]
        panel.plot(*zip(*rest, strict=True), "o", color="0.7", markersize=5)
        panel.plot([x for x, _, _ in best], [y for _, y, _ in best], "o-", color="tab:blue", markersize=6, linewidth=1)
        labelled = -1.0
        for x, y, policy in best:
            if y - labelled > 0.04 * best[-1][1]:  # labels nearer than that would lie on each other
                panel.annotate(policy, (x, y), (5, -9), textcoords="offset points", fontsize=7)
                labelled = y
        panel.set(title=name, xlabel="events learned, share of every_event", xlim=(-0.05, None), ylim=(0, None))
        panel.spines[["top", "right"]].set_visible(False)
    np.atleast_1d(panels)[0].set_ylabel("NDCG@10")
    figure.savefig(path, metadata={"Date": None})


def main(folder: Path, log: str | None) -> None:
    """Make what runs are missing, and write table and picture."""
    folder.mkdir(parents=True, exist_ok=True)
    done: dict[str, list[dict[str, Record]]] = {}
    for seed in SEEDS:
        for name in SCENARIOS:
            done.setdefault(NAMES[name], []).append(made(folder, name, seed))
            write(done)
    for seed in SEEDS if log is not None else ():
        done.setdefault(Path(str(log)).stem, []).append(made(folder, "log", seed, log))
        write(done)


def write(done: dict[str, list[dict[str, Record]]]) -> None:
    """Write table and picture of what is done so far."""
    about = (__doc__ or "").split("\n\n")[2].splitlines()
    lines = ["# Accuracy against cost of update policies", "", "```text", *about, "```", ""]
    streams = {name: points(seeds) for name, seeds in done.items()}
    for name, found in streams.items():
        seeds = len(done[name])
        lines += table(f"{name}, {seeds} seed{'s' if seeds > 1 else ''}", found)
    (RESULTS / "policies.md").write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines), flush=True)
    try:
        picture(streams, RESULTS / "policies.svg")
    except ImportError:
        print("no picture: matplotlib is not installed; `uv sync --extra figures`, then run again", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: python -m benchmarks.policies FOLDER [LOG]")
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) == 3 else None)
