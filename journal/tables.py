"""A table is read as text, whatever it is stored as: one way of cleaning for CSV and Parquet.

line     of a CSV file the line its row begins on (from 1, the header's included); of a Parquet file the row's number
CSV      commas, one header line, UTF-8; blank lines are no rows
Parquet  through duckdb (the extra `tables`); a null is an empty text
"""

from __future__ import annotations

import csv
import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from journal.errors import Refusal, nearest

OTHER_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars", "::": "double colons"}
STEP = 100_000
"""Rows between two reports of progress."""

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text in columns of equal length, and the rows that do not have as many fields as the header."""

    path: Path
    columns: dict[str, list[str]]
    lines: Sequence[int]
    misshapen: list[tuple[int, str]] = field(default_factory=list)  # line, text

    def column(self, name: str, way_out: str = "") -> list[str]:
        """Return a column; raises Refusal, with the nearest name, where there is none of that name."""
        if name not in self.columns:
            raise Refusal(f"{self.path} has no column '{name}'. {nearest(name, self.columns)} {way_out}".rstrip())
        return self.columns[name]

    def text(self, row: int) -> str:
        """Return a row as a line of text."""
        return ",".join(column[row] for column in self.columns.values())


def read_table(path: Path, progress: Progress | None = None) -> Table:
    """Read a CSV or Parquet file (by its name's end); raises Refusal where it cannot be, or holds no row."""
    if not path.is_file():
        raise Refusal(f"{path} is no file. Give the path of a CSV or Parquet event log.")
    if path.stat().st_size == 0:
        raise Refusal(f"{path} is empty. A log has a header line and a row an event.")
    table = _read_parquet(path) if path.suffix.lower() in (".parquet", ".pq") else _read_csv(path, progress)
    if not table.lines and not table.misshapen:
        raise Refusal(
            f"{path} has a header ({', '.join(table.columns)}) but no row. A log has a header line and a row an event."
        )
    return table


def _read_csv(path: Path, progress: Progress | None) -> Table:
    rows: list[list[str]] = []
    lines: list[int] = []
    misshapen: list[tuple[int, str]] = []
    line = 1
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            _check_header(path, header)
            line = reader.line_num + 1
            for row in reader:
                if len(row) == len(header):
                    rows.append(row)
                    lines.append(line)
                elif row:
                    misshapen.append((line, ",".join(row)))
                line = reader.line_num + 1
                if progress and line % STEP == 0:
                    progress(line)
    except UnicodeDecodeError as error:
        raise Refusal(
            f"{path} is no UTF-8 text (byte 0x{error.object[error.start]:02x} in or after line {line}). Save it as "
            "UTF-8, for example with `iconv -f latin1 -t utf-8`; a Parquet file must be named *.parquet."
        ) from error
    except csv.Error as error:
        raise Refusal(
            f"{path}, line {line}: the row that begins here cannot be read as CSV ({error}). "
            "Look for a quote that is not closed."
        ) from error
    except OSError as error:
        raise Refusal(f"{path} cannot be read ({error.strerror}).") from error
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in header]
    return Table(path, dict(zip(header, columns, strict=True)), lines, misshapen)


def _check_header(path: Path, header: list[str]) -> None:
    if len(header) == 1:
        for delimiter, name in OTHER_DELIMITERS.items():
            if delimiter in header[0]:
                raise Refusal(
                    f"{path} has the one column '{header[0]}': its fields are separated by {name}, a log by commas. "
                    "Save it with commas."
                )
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise Refusal(f"{path} names the column '{twice[0]}' twice. Give every column a name of its own.")


def duckdb_for(path: Path) -> ModuleType:
    """Return the module duckdb; raises Refusal where the extra `tables` is not installed."""
    try:
        return importlib.import_module("duckdb")
    except ImportError:
        raise Refusal(
            f"{path}: Parquet needs duckdb, which is not installed. Install driftlab[tables], or use a CSV file."
        ) from None


def _read_parquet(path: Path) -> Table:
    duckdb = duckdb_for(path)
    try:
        with duckdb.connect() as connection:
            source = connection.read_parquet(str(path))
            texts = ", ".join(
                f"coalesce(CAST({_quoted(name)} AS VARCHAR), '') AS {_quoted(name)}" for name in source.columns
            )
            columns = source.project(texts).fetchnumpy()
    except duckdb.Error as error:
        raise Refusal(
            f"{path} cannot be read as Parquet ({str(error).splitlines()[0]}). Take a copy of it that is whole."
        ) from error
    read = {name: column.tolist() for name, column in columns.items()}
    return Table(path, read, range(1, len(next(iter(read.values()))) + 1))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
