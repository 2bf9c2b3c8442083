"""A real log is asked for by path, columns and window; the run file remembers these words, and the log's hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from journal.cleaning import Columns
from journal.errors import Refusal
from journal.logs import Log, read_log


class Asked(NamedTuple):
    """The words in which a log was asked for; see `journal.logs.read_log`."""

    path: str
    columns: Columns = Columns()
    items: str | None = None
    start: int | None = None  # epoch seconds
    end: int | None = None
    types: Mapping[str, str] = {}
    sha256: str | None = None  # of the file; None where it is read for the first time


class LogSource(NamedTuple):
    """A log that has been read, and how it was asked for."""

    log: Log
    words: Asked

    def header(self) -> dict[str, str]:
        """Return what the run file remembers: how the log was asked for, and what became of its rows."""
        words = self.words._asdict() | {"columns": self.words.columns._asdict()}
        return {"log": json.dumps(words), "rows": json.dumps(self.rows())}

    def rows(self) -> dict[str, int]:
        """Return how many rows the log has, how many were taken, how many not, and for which reason."""
        log, rejected = self.log, len(self.log.rejects)
        return {"rows": log.rows, "taken": log.rows - rejected, "rejected": rejected, **log.counts}

    @staticmethod
    def asked(header: Mapping[str, str]) -> Asked:
        """Return the words in a run file's header."""
        words: dict[str, Any] = json.loads(header["log"])
        return Asked(**{**words, "columns": Columns(**words["columns"])})


def read(words: Asked) -> LogSource:
    """Read a log; raises Refusal where it cannot be read or is not the one it was."""
    path = Path(words.path)
    if not path.is_file():
        raise Refusal(f"There is no log '{words.path}' in {Path.cwd()}. Give the path of a CSV or Parquet file.")
    with path.open("rb") as opened:
        sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    if words.sha256 not in (None, sha256):
        raise Refusal(f"{words.path} has changed since the run was made. Put the old file back, or replay the new one.")
    log = read_log(path, words.columns, start=words.start, end=words.end, items=words.items, types=words.types)
    return LogSource(log, words._replace(path=str(path.resolve()), sha256=sha256))


def epoch(text: str | None) -> int | None:
    """Return the epoch seconds that a text gives: a number, or an ISO 8601 date or time (UTC where it names no zone).

    >>> epoch("2017-11-25T00:00+08:00"), epoch("1511539200")
    (1511539200, 1511539200)
    """
    if text is None or text.lstrip("-").isdigit():
        return None if text is None else int(text)
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(
            f"'{text}' is no time. Write epoch seconds or ISO 8601: 1511539200, 2017-11-25 or 2017-11-25T00:00+08:00."
        ) from None
    return int((given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp())
