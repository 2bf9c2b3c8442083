"""One run is one SQLite file, and whatever is wrong with the file is told as a refusal, never as a traceback.

A writer holds SQLite's write lock from opening to closing: there is never a second one, and a killed one leaves none.
Readers need no lock (WAL); they see what is committed. `application_id` marks a run, `user_version` is the format.
The tables are plain; `fact`, `truth`, `delivery` and `outcome` hold a chunk's columns as one block (`journal.columns`).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from journal.errors import Refusal, nearest

FORMAT = 1
"""Version of the file's layout; a file of a higher one is refused."""

APPLICATION = 0x64726674  # "drft"

PATIENCE = 5
"""Seconds to wait while another connection opens, closes or repairs the file; for another writer nobody waits."""

BLOCKS = ("fact", "truth", "delivery", "outcome")
"""Tables of blocks, in the order in which a chunk's digest takes them."""

TABLES = """
CREATE TABLE run (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE chunk (number INTEGER PRIMARY KEY, facts INTEGER NOT NULL,
    first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, first_time INTEGER NOT NULL, last_time INTEGER NOT NULL,
    digest TEXT NOT NULL);
CREATE TABLE metric (lane TEXT NOT NULL, measure TEXT NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT NULL,
    value REAL);
CREATE TABLE snapshot (lane TEXT NOT NULL, chunk INTEGER NOT NULL, digest TEXT NOT NULL, bytes BLOB NOT NULL,
    PRIMARY KEY (lane, chunk));
CREATE TABLE array (name TEXT PRIMARY KEY, digest TEXT NOT NULL, bytes BLOB NOT NULL);
CREATE TABLE name (kind TEXT NOT NULL, id INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE reject (line INTEGER NOT NULL, reason TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE source (name TEXT PRIMARY KEY, sha256 TEXT NOT NULL, text TEXT NOT NULL) WITHOUT ROWID;
""" + "".join(
    f"CREATE TABLE {table} (name TEXT NOT NULL, chunk INTEGER NOT NULL, bytes BLOB NOT NULL, UNIQUE (chunk, name));\n"
    for table in BLOCKS
)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into refusals that name the file and the way out."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:  # text in a damaged file may be no UTF-8
        raise Refusal(_tell(path, " ".join(str(error).split())[:200])) from error


def _tell(path: Path, error: str) -> str:
    if "is full" in error:
        return (
            f"The disk is full: what was being written to {path} was taken back, and the file is as it was before. "
            "Make room, then resume or start again."
        )
    if any(sign in error for sign in ("malformed", "not a database", "decode", "no such")):
        return (
            f"{path} is no run file, or one that was cut short or changed ({error}). Take a copy of it that is whole."
        )
    if "locked" in error:
        return f"Another writer is at {path}. A run file has one writer: wait for it to end, or choose another."
    if "readonly" in error:
        return (
            f"{path} cannot be written: the file or its folder is read-only. Copy it to a folder where you may write."
        )
    if "unable to open" in error:
        return f"{path} cannot be opened: check that its folder exists and that you may read and write there."
    return f"{path} cannot be read or written ({error}). Check the disk, or take another copy of the file."


def create(path: Path, header: dict[str, str]) -> sqlite3.Connection:
    """Return a connection that holds the write lock of a new run file with `header`; nothing is left behind on failure.

    Raises Refusal where the file exists or the folder cannot be written.
    """
    try:
        path.open("xb").close()
    except FileExistsError:
        raise Refusal(
            f"{path} exists already, and a run file is never overwritten. Choose another name, or delete it."
        ) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise Refusal(
            f"{path} cannot be created ({reason}). Name a file in a folder that exists and may be written."
        ) from error
    connection = _connect(path, "mode=rw")
    try:
        with told(path):
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            lock(connection)
            for statement in TABLES.split(";\n")[:-1]:
                connection.execute(statement)
            connection.executemany("INSERT INTO run VALUES (?, ?)", header.items())
            connection.execute(f"PRAGMA user_version = {FORMAT}")
            connection.execute("COMMIT")
            lock(connection)
    except BaseException:
        connection.close()
        for left in (path, *beside(path)):
            left.unlink(missing_ok=True)
        raise
    return connection


def open_(path: Path, write: bool) -> sqlite3.Connection:
    """Return a connection to an existing run file, with its write lock if `write`; raises Refusal if that cannot be."""
    if not path.is_file():
        known = [run.name for run in path.parent.glob("*.run")] if path.parent.is_dir() else []
        hint = nearest(path.name, known) if known else "There is no run file in that folder."
        raise Refusal(f"{path} is no file. {hint}")
    # A file in a folder that cannot be written has no room for SQLite's own files; at rest it can be read without them.
    at_rest = not write and not os.access(path.parent, os.W_OK) and not any(file.exists() for file in beside(path))
    connection = _connect(path, "immutable=1" if at_rest else "mode=rw")
    try:
        with told(path):
            _check(path, connection)
            if write:
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute("PRAGMA busy_timeout = 0")
                lock(connection)
                connection.execute(f"PRAGMA busy_timeout = {PATIENCE * 1000}")
            else:
                connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def lock(connection: sqlite3.Connection) -> None:
    """Take the write lock, for as long as the transaction it opens lasts."""
    connection.execute("BEGIN IMMEDIATE")


def beside(path: Path) -> list[Path]:
    """Return SQLite's own files beside `path`, which go when the last connection closes."""
    return [path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal")]


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"file:{quote(str(path.absolute()))}?{mode}"
    with told(path):
        return sqlite3.connect(uri, uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False)


def _check(path: Path, connection: sqlite3.Connection) -> None:
    """Refuse a file that is no run file, or of a newer format."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'").fetchone()[0]
    if application != APPLICATION or not tables:
        raise Refusal(
            f"{path} is no run file of driftlab. Name a file that `driftlab run` or `driftlab replay` wrote (*.run)."
        )
    if version > FORMAT:
        raise Refusal(
            f"{path} was written by a newer driftlab (file format {version}; this one reads up to {FORMAT}). "
            "Install that version or a later one."
        )
