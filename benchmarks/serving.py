"""What slates earn by who serves them: a baseline that knows nothing, the network, and the oracle, in the closed loop.

Scenario `steady` with slates for seven days, seeds 1 to 5: the same shoppers with the same chance, who live other lives
from the first click that differs. For each server and seed

clicks    slates of which a product was clicked, share
revenue   money a slate, of purchases that came of a slate by the chain of causes

Run from the root: python -m benchmarks.serving FOLDER. Finished runs in the folder are taken as they are, and the table
goes to benchmarks/results/serving.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from driftlab import Run, paired, resume, run
from driftlab.measures import MEASURES
from driftlab.recorded import read
from journal.runfile import RunFile

SERVERS = ("random", "popular", "sage every_event", "oracle")
SEEDS = (1, 2, 3, 4, 5)
SHOWN = {"click_through": "clicks", "revenue": "revenue"}
RESULTS = Path(__file__).parent / "results" / "serving.md"


def earned(folder: Path, server: str, seed: int) -> dict[str, float]:
    """Return the measures of what a server's slates brought, from a run that is made unless the folder has it."""
    path = folder / f"{server.replace(' ', '-')}-{seed}.run"
    if path.exists():
        made: Run = resume(path)
    else:
        print(f"running {server}, seed {seed}", file=sys.stderr, flush=True)
        settings = {"loop.mode": "closed", "loop.server": server, "days": 7.0, "catalogue.launch_until_day": 6.0}
        more = {"encoders": ["sage"], "baselines": ["random", "popular"], "quiet": not sys.stderr.isatty()}
        made = run("steady", ["every_event"], out=path, seed=seed, settings=settings, **more)
    with RunFile.open(made.path) as file:
        seen = read(file).records[server]
    return {name: MEASURES[name].value(seen) for name in SHOWN}


def main(folder: Path) -> None:
    """Make what runs are missing, and write the table."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {server: [earned(folder, server, seed) for seed in SEEDS] for server in SERVERS}
    about = (__doc__ or "").split("\n\n")[1:3]
    lines = ["# What slates earn, by who serves them", "", "```text", *"\n\n".join(about).splitlines(), "```", ""]
    for name, title in SHOWN.items():
        lines += [f"| {title} | by seed | mean | more than the one before |", "|---|---|---|---|"]
        before: list[float] = []
        for server, seeds in found.items():
            values = [measures[name] for measures in seeds]
            apart = ""
            if before:
                less = paired(values, before)
                apart = f"{less.difference:+.3f} [{less.low:+.3f}, {less.high:+.3f}]"
            by_seed = " ".join(f"{value:.3f}" for value in values)
            lines.append(f"| {server} | {by_seed} | {np.mean(values):.3f} | {apart} |")
            before = values
        lines.append("")
    lines.append("Differences have 95 % intervals of the paired bootstrap over seeds; five pairs make them narrow.")
    RESULTS.write_text("\n".join([*lines, ""]), encoding="utf-8")
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m benchmarks.serving FOLDER")
    main(Path(sys.argv[1]))
