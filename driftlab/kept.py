"""A run that is kept in a file, finished or not; it reads the file whenever it is asked."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftlab import recorded, report
from journal.errors import Refusal
from journal.facts import Facts
from journal.runfile import Cursor, RunFile

if TYPE_CHECKING:
    import pandas as pd


class Run:
    """A run that is kept in a file, finished or not."""

    def __init__(self, path: str | Path) -> None:
        """Take the path of a run file; raises Refusal where it is none."""
        self.path = Path(path)
        with RunFile.open(self.path):
            pass

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    def __str__(self) -> str:
        return report.text(self._read())

    @property
    def header(self) -> dict[str, str]:
        """What is known of the whole run: scenario, seed, versions, machine; text by key."""
        with RunFile.open(self.path) as file:
            return file.header

    def summary(self) -> dict[str, Any]:
        """Return what the run is and how far it has come, as plain values; `driftlab run --json` begins with it."""
        with RunFile.open(self.path) as file, file.still():
            header, cursor = file.header, file.cursor
            drifts = recorded.moments(file.truth("drift"), file.truth("shock"), header)
        return {
            "run": str(self.path),
            **{name: header[name] for name in ("name", "title", "source", "loop")},
            **{name: int(header[name]) for name in ("seed", "shoppers", "products")},
            "finished": header.get("status") == "finished",
            "seconds": float(header["wall_seconds"]) if "wall_seconds" in header else None,
            "chunks": cursor.chunks,
            "facts": cursor.seq,
            "digest": cursor.digest,
            "rows": json.loads(header.get("rows", "null")),
            "drifts": [drift._asdict() for drift in drifts],
        }

    @property
    def cursor(self) -> Cursor:
        """How far it has come: chunks, seq of the last fact, digest of the chain up to there."""
        with RunFile.open(self.path) as file:
            return file.cursor

    def facts(self) -> Facts:
        """Return all facts."""
        with RunFile.open(self.path) as file:
            return file.facts()

    def rows(self) -> list[dict[str, Any]]:
        """Return every measure of every lane: lane, measure, events (a slice), count, value, unit, better."""
        return report.metrics(self._read())

    def table(self) -> list[dict[str, Any]]:
        """Return the rows of the final table, one dict a lane."""
        return report.table(self._read())

    def campaigns(self) -> list[dict[str, Any]]:
        """Return every marketing measure of every campaign that has begun, one dict a campaign."""
        return report.campaigns(self._read())

    def metrics(self) -> pd.DataFrame:
        """Return `rows` as a data frame; raises Refusal where pandas is not installed."""
        return _frame(self.rows())

    def windows(self) -> pd.DataFrame:
        """Return measures over time as a data frame, one value a chunk: lane, measure, seq, time (us), value."""
        with RunFile.open(self.path) as file:
            return _frame([metric._asdict() for metric in file.metrics()])

    def _read(self) -> recorded.Recorded:
        with RunFile.open(self.path) as file:
            return recorded.read(file)


def _frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    try:
        pandas = importlib.import_module("pandas")
    except ImportError:
        raise Refusal(
            "A data frame needs pandas, which is not installed. Install it with `pip install 'driftlab[frames]'`, "
            "or take the same values as plain rows: `rows()` and `table()`."
        ) from None
    return pandas.DataFrame(rows)
