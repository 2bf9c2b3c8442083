"""From a log to a scenario file: read, search, judge, check that the scenario loads, write."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

from driftlab.calibration.search import Found, search
from driftlab.calibration.written import report, scenario_text
from driftlab.described import open_described
from driftlab.logs import Asked
from driftlab.progress import Tell
from journal.errors import Refusal
from scenarios import loads


class Calibrated(NamedTuple):
    """A scenario that was written, and how well it fits its log."""

    path: Path
    found: Found
    name: str  # what the log is called

    def __str__(self) -> str:
        return "\n".join(report(self.found, self.name))

    def summary(self) -> dict[str, Any]:
        """Return plain values; `driftlab calibrate --json` is this."""
        found = self.found
        return {
            "scenario": str(self.path),
            "log": self.name,
            "trials": found.trials,
            "stopped": found.stopped,
            "whole": found.whole,
            "score": found.best.score,
            "within": found.best.within,
            "distances": [each.row() for each in found.best.apart],
            "notes": list(found.target.notes),
        }


def calibrated(
    log: str | Path | Asked, out: str | Path | None, trials: int, seed: int, utc_offset_hours: float, tell: Tell
) -> Calibrated:
    """Do it; see `driftlab.api.calibrate`."""
    source = Path(log.path if isinstance(log, Asked) else log)
    path = Path(out) if out is not None else Path(f"{source.stem}_world.toml")
    if path.suffix != ".toml" or path.exists() or not path.parent.is_dir():
        why = "is there already" if path.exists() else "is no place for a scenario, a file that ends in .toml"
        raise Refusal(f"{path} {why}. Give another name with --out.")
    if trials < 0:
        raise Refusal(f"{trials} trials cannot be made. Give 0 (only read the log) or more.")
    found = search(open_described(log, utc_offset_hours), trials, seed, tell)
    text = scenario_text(found, source.name, re.sub(r"[^A-Za-z0-9_-]", "_", path.stem))
    loads(text, path.name)
    path.write_text(text, encoding="utf-8")
    return Calibrated(path, found, source.name)
