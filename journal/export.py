"""Every fact is a row: a run as CSV, Parquet or plain SQLite, for any other program, and back again.

The columns are `FIELDS`, those of a fact (`journal.facts`): the kind as a lower-case word, no value and no payload as
empty texts or nulls. Then come `user_id` and `item_id`, the names that a real log gave them. A CSV or Parquet export of
a run with a catalogue has a file beside it, STEM_items.csv, of each product's category, brand and price.
`journal.logs.read_log` gives the same facts back.
A file is written under another name and takes its own when it is whole.
"""

from __future__ import annotations

import csv
import math
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from journal.errors import Refusal, nearest
from journal.facts import COLUMNS, Facts, Kind, facts
from journal.runfile import RunFile
from journal.tables import Table, duckdb_for

FIELDS = (*COLUMNS, "payload")
NAMES = ("user_id", "item_id")
SQL_TYPES = dict.fromkeys(FIELDS, "BIGINT") | {"kind": "VARCHAR", "value": "DOUBLE", "payload": "VARCHAR"}
KINDS = {kind.name.lower(): kind for kind in Kind}
READERS: dict[str, Callable[[str], Any]] = {
    "kind": KINDS.__getitem__,
    "value": lambda text: float(text) if text else math.nan,
}
CATALOGUE = {"category": "category_id", "brand": "brand", "price": "price"}
"""Static arrays of a run, each with its column in the items file."""


def export(run: RunFile, to: str, path: str | Path) -> list[Path]:
    """Write the facts of `run` to `path` as "csv", "parquet" or "sqlite", and return the files written.

    Raises Refusal, and leaves nothing behind, where the file exists, the disk is full or the folder cannot be written.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with RunFile.create(Path(folder.name, "a.run"), {}) as run:
    ...     _ = run.commit(facts(seq=[1], time=[5], kind=[Kind.VIEWED], shopper=[0], product=[3]))
    ...     Path(export(run, "csv", Path(folder.name, "a.csv"))[0]).read_text().splitlines()[1]
    '1,5,viewed,0,3,-1,,0,1,'
    >>> folder.cleanup()
    """
    path = Path(path)
    if to not in WRITERS:
        raise Refusal(f"'{to}' is no format for an export. {nearest(to, WRITERS)}")
    items = path.with_name(path.stem + "_items.csv")
    listed = to != "sqlite" and CATALOGUE.keys() & run.arrays()
    writers = ({items: _write_items} if listed else {}) | {path: WRITERS[to]}
    drafts = {target: target.with_name(target.name + ".draft") for target in writers}
    if path.exists():
        raise _taken(path)
    try:
        for target, write in writers.items():
            write(run, drafts[target])
            if target.exists() and target.read_bytes() != drafts[target].read_bytes():
                raise _taken(target)
        for target, draft in drafts.items():
            draft.replace(target)
    except (OSError, sqlite3.Error) as error:
        reason = f"{path} cannot be written ({error})"
        raise Refusal(f"{reason}. Make room, or name another folder; nothing was left behind.") from error
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
    return [path, *(target for target in writers if target != path)]


def _taken(target: Path) -> Refusal:
    return Refusal(f"{target} exists already, and an export overwrites no file. Choose another name, or delete it.")


def exported_facts(table: Table) -> tuple[Facts, list[str], list[str]]:
    """Return the facts of a table that `export` wrote, and the names of its shoppers and products by id.

    Raises Refusal where the table was changed since.
    """
    columns: dict[str, list[Any]] = {}
    for name in COLUMNS:
        read: Callable[[str], Any] = READERS.get(name, int)
        try:
            columns[name] = [read(text) for text in table.columns[name]]
        except (ValueError, KeyError) as error:
            raise Refusal(_changed(table, f"its column '{name}' holds what is no {name}: {error}")) from error
    payload = {seq: text for seq, text in zip(columns["seq"], table.columns["payload"], strict=True) if text}
    if table.misshapen or columns["seq"] != list(range(1, len(table.lines) + 1)):
        raise Refusal(_changed(table, "it lacks rows, or they are in another order"))
    shoppers = _names(columns["shopper"], table.columns.get("user_id"))
    products = _names(columns["product"], table.columns.get("item_id"))
    return facts(payload, **columns), shoppers, products


def _changed(table: Table, how: str) -> str:
    return f"{table.path} has the columns of an export of driftlab but was changed since: {how}. Export it again."


def _names(ids: list[int], texts: list[str] | None) -> list[str]:
    """Return names by id; an id without one is its own name."""
    names = [str(i) for i in range(max(ids, default=-1) + 1)]
    for i, text in zip(ids, texts or [], strict=False):
        if i >= 0:
            names[i] = text
    return names


def _rows(run: RunFile) -> Iterator[list[Any]]:
    """Give each fact as a row of `FIELDS` and `NAMES`."""
    shoppers, products = run.names("shopper"), run.names("product")
    words = {kind: word for word, kind in KINDS.items()}
    for chunk in run.chunks():
        columns = [getattr(chunk, name).tolist() for name in COLUMNS]
        for seq, time, kind, shopper, product, session, value, cause, version in zip(*columns, strict=True):
            user = shoppers[shopper] if 0 <= shopper < len(shoppers) else None
            item = products[product] if 0 <= product < len(products) else None
            number = None if math.isnan(value) else value
            fields = [seq, time, words[kind], shopper, product, session, number, cause, version, chunk.payload.get(seq)]
            yield [*fields, user, item] if shoppers or products else fields


def _header(run: RunFile) -> tuple[str, ...]:
    return (*FIELDS, *NAMES) if run.names("shopper") or run.names("product") else FIELDS


def _write_csv(run: RunFile, draft: Path) -> None:
    with draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_header(run))
        writer.writerows(_rows(run))


def _write_parquet(run: RunFile, draft: Path) -> None:
    """Write through a CSV draft: duckdb turns it into Parquet by itself, a row group at a time."""
    duckdb = duckdb_for(draft)
    table = draft.with_name(draft.name + ".csv")
    try:
        _write_csv(run, table)
        with duckdb.connect() as connection:
            types = {name: SQL_TYPES.get(name, "VARCHAR") for name in _header(run)}
            source = connection.read_csv(str(table), header=True, sep=",", quotechar='"', escapechar='"', dtype=types)
            source.write_parquet(str(draft), compression="zstd")
    except duckdb.Error as error:
        raise OSError(str(error).splitlines()[0]) from error
    finally:
        table.unlink(missing_ok=True)


def _write_sqlite(run: RunFile, draft: Path) -> None:
    types = {name: SQL_TYPES.get(name, "VARCHAR") for name in _header(run)}
    with closing(sqlite3.connect(draft)) as connection, connection:
        declared = ", ".join(f"{name} {kind}" for name, kind in types.items())
        connection.execute(f"CREATE TABLE fact ({declared}, PRIMARY KEY (seq))")
        connection.executemany(f"INSERT INTO fact VALUES ({', '.join('?' * len(types))})", _rows(run))


def _write_items(run: RunFile, draft: Path) -> None:
    """Write the catalogue: a row a product."""
    columns: dict[str, list[Any]] = {}
    for name, column in CATALOGUE.items():
        if name in run.arrays():
            numbers, names = run.array(name).tolist(), run.names(name)
            columns[column] = [_told(name, number, names) for number in numbers]
    if "content" in run.arrays():
        content = run.array("content")
        flat = content.reshape(len(content), -1)
        columns |= {
            f"content_{n}": [_told("content", number, []) for number in flat[:, n].tolist()]
            for n in range(flat.shape[1])
        }
    count = len(next(iter(columns.values())))
    products = run.names("product") or [str(i) for i in range(count)]
    with draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["item_id", *columns])
        writer.writerows(zip(products, *columns.values(), strict=True))


def _told(column: str, number: float, names: list[str]) -> object:
    if column in ("price", "content"):
        return "" if math.isnan(number) else number
    return "" if number < 0 else names[int(number)] if names else int(number)


WRITERS: dict[str, Callable[[RunFile, Path], None]] = {
    "csv": _write_csv,
    "parquet": _write_parquet,
    "sqlite": _write_sqlite,
}
