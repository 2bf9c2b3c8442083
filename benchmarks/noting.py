"""What is lost where an event is dropped: what it teaches, or that it happened? Policies with and without `note`.

`note` keeps a dropped event in the graph (relations, followers, rates, the product's served vector), but takes no
gradient: that costs a fortieth of learning it. As `benchmarks.policies`, on fewer policies:

events     learned, as a share of `every_event`'s; those that are noted teach nothing and are not among them
NDCG@10    over the whole run, mean of the seeds; the half of the 95 % interval of the paired difference to every_event
frontier   * no other policy has more accuracy at no more events
remembered seasonal only: see `benchmarks.policies`

Run from the root: python -m benchmarks.noting FOLDER [LOG]. Finished runs in the folder are taken as they are, new ones
are kept there; after each the table goes to benchmarks/results/noting.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.policies import NAMES, RESULTS, made, points, table
from driftlab.record import Record

SCENARIOS, SEEDS = ("sudden_shift", "cold_start", "seasonal"), (1, 2, 3)

DROPPING = (
    *("every(n=4)", "every(n=16)", "cold_first", "budget(per_hour=50.0)", "adaptive_budget(per_hour=50.0)"),
    *("on_drift", 'on_drift(detector="adwin")', "oracle"),
)
POLICIES = ("every_event", *DROPPING, *(f"{policy}+note" for policy in (*DROPPING, "never")))


def main(folder: Path, log: str | None) -> None:
    """Make what runs are missing, and write the table."""
    folder.mkdir(parents=True, exist_ok=True)
    done: dict[str, list[dict[str, Record]]] = {}
    for seed in SEEDS:
        for name in SCENARIOS:
            done.setdefault(NAMES[name], []).append(made(folder, name, seed, policies=POLICIES))
            write(done)
    if log is not None:
        known = [policy for policy in POLICIES if "oracle" not in policy]
        done[Path(log).stem] = [made(folder, "log", 1, log, known)]
        write(done)


def write(done: dict[str, list[dict[str, Record]]]) -> None:
    """Write the table of what is done so far."""
    about = (__doc__ or "").split("\n\n")[2].splitlines()
    lines = ["# Dropped, or noted", "", "```text", *about, "```", ""]
    for name, seeds in done.items():
        lines += table(f"{name}, {len(seeds)} seed{'s' if len(seeds) > 1 else ''}", points(seeds))
    (RESULTS / "noting.md").write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: python -m benchmarks.noting FOLDER [LOG]")
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) == 3 else None)
