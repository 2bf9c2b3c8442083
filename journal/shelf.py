"""What a run file holds beside its chunks: a header, static arrays, outside names, rejected rows, a user's parts.

Each `put` is one transaction. The writer's transaction is always open: SQLite's write lock is the lock of the run file.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from numpy.typing import NDArray

from journal import database
from journal.columns import Arrays, pack, stack
from journal.errors import Refusal, nearest

SET_HEADER = "INSERT INTO run VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"


class Reject(NamedTuple):
    """A row of a log that was not taken: its line (from 1, the header's included), why, and the row itself."""

    line: int
    reason: str
    text: str


class Source(NamedTuple):
    """The text of a user's own part, as it was when the run was made."""

    name: str
    text: str
    sha256: str


class Shelf:
    """An open run file without its chunks; `journal.runfile.RunFile` is the whole."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    def create(cls, path: str | Path, header: Mapping[str, str]) -> Self:
        """Make a run file with `header` and hold its write lock; raises Refusal where it exists or cannot be made."""
        return cls(Path(path), database.create(Path(path), dict(header)))

    @classmethod
    def open(cls, path: str | Path, *, write: bool = False) -> Self:
        """Open a run file to read, or to write on.

        Raises Refusal where it is missing, no run file, damaged, of a newer format or, to write, has another writer.
        """
        return cls(Path(path), database.open_(Path(path), write))

    def close(self) -> None:
        """Let go of the file and of its lock; what was not committed is as if it had never been."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def header(self) -> dict[str, str]:
        """What is known of the whole run (scenario text, seed, versions, machine): text by key."""
        return dict(self._rows("SELECT key, value FROM run ORDER BY rowid"))

    def set_header(self, key: str, value: str) -> None:
        """Write one entry of the header, new or anew."""
        self._set({key: value})

    def finish(self, status: str, wall_seconds: float) -> None:
        """Write that the run has come to its end, how, and how long it took."""
        self._set({"status": status, "wall_seconds": repr(float(wall_seconds))})

    @property
    def finished(self) -> bool:
        """Whether the run has come to its end."""
        return "status" in self.header

    def put_array(self, name: str, array: NDArray[Any]) -> None:
        """Keep a static array: of the catalogue or, under a name that starts with "truth/", of a simulator alone."""
        block = pack({name: array})
        with self._transaction() as connection:
            connection.execute("REPLACE INTO array VALUES (?, ?, ?)", (name, digest_of(name.encode(), block), block))

    def array(self, name: str) -> NDArray[Any]:
        """Return a static array as it was put; raises Refusal where there is none of that name or it has changed."""
        rows = self._rows("SELECT digest, bytes FROM array WHERE name = ?", name)
        if not rows:
            raise Refusal(f"{self.path} has no array named {name!r}. {nearest(name, self.arrays())}")
        digest, block = rows[0]
        if not sound(digest, name.encode(), block):
            raise Refusal(
                f"{self.path} is damaged: its array {name!r} is not what was written. Take a copy of it that is whole."
            )
        return self._stacked([block])[name]

    def arrays(self) -> list[str]:
        """Return the names of the static arrays."""
        return [name for (name,) in self._rows("SELECT name FROM array ORDER BY name")]

    def put_names(self, kind: str, names: Sequence[str]) -> None:
        """Keep what a log calls its shoppers, products, categories or brands, by dense id."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM name WHERE kind = ?", (kind,))
            connection.executemany(
                "INSERT INTO name VALUES (?, ?, ?)", ((kind, i, name) for i, name in enumerate(names))
            )

    def names(self, kind: str) -> list[str]:
        """Return the outside names of a kind, by dense id; none for a simulated run."""
        return [name for (name,) in self._rows("SELECT name FROM name WHERE kind = ? ORDER BY id", kind)]

    def put_rejects(self, rows: Iterable[tuple[int, str, str]]) -> None:
        """Keep rows of a log that were not taken: line, reason, text."""
        with self._transaction() as connection:
            connection.executemany("INSERT INTO reject VALUES (?, ?, ?)", rows)

    def rejects(self) -> list[Reject]:
        """Return the rows that were not taken, by line."""
        return [Reject(*row) for row in self._rows("SELECT line, reason, text FROM reject ORDER BY line, rowid")]

    def put_source(self, name: str, text: str) -> None:
        """Keep the text of a user's own part, with its SHA-256."""
        with self._transaction() as connection:
            sha256 = hashlib.sha256(text.encode()).hexdigest()
            connection.execute("REPLACE INTO source (name, text, sha256) VALUES (?, ?, ?)", (name, text, sha256))

    def sources(self) -> list[Source]:
        """Return the texts of the user's own parts, by name."""
        return [Source(*row) for row in self._rows("SELECT name, text, sha256 FROM source ORDER BY name")]

    def _set(self, entries: Mapping[str, str]) -> None:
        with self._transaction() as connection:
            connection.executemany(SET_HEADER, entries.items())

    @contextmanager
    def still(self) -> Iterator[None]:
        """Read in the `with` what the file was at one moment, however much is committed meanwhile."""
        if self._connection.in_transaction:  # a writer: nobody else commits
            yield
            return
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK")

    def _rows(self, query: str, *given: object) -> list[Any]:
        with database.told(self.path):
            return self._connection.execute(query, given).fetchall()

    def _stacked(self, blocks: Sequence[bytes]) -> dict[str, NDArray[Any]]:
        with self._readable():
            return stack(blocks)

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """Raise Refusal where blocks of columns are none any more: nobody else writes them."""
        try:
            yield
        except (ValueError, LookupError, TypeError, AttributeError, OverflowError, MemoryError) as error:
            raise Refusal(
                f"{self.path} is damaged: a block of columns in it cannot be read ({error}). `driftlab verify` names "
                "the chunk; take a copy of the file that is whole."
            ) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the writer's open transaction; all of it is committed at the end, or, on an error, none."""
        connection = self._connection
        if not connection.in_transaction:
            raise Refusal(f"{self.path} was opened to read. Open it with write=True to add to it.")
        with database.told(self.path):
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                database.lock(connection)


def digest_of(*blocks: bytes) -> str:
    """Return the BLAKE2b digest of bytes, in hexadecimal."""
    state = hashlib.blake2b(digest_size=32)
    for block in blocks:
        state.update(block)
    return state.hexdigest()


def sound(digest: str, *blocks: object) -> bool:
    """Whether what was read from a file, which may be damaged, is the bytes of `digest`."""
    return digest_of(*(block if isinstance(block, bytes) else b"" for block in blocks)) == digest


def columns_digest(tables: Iterable[Arrays]) -> str:
    """Return a digest of columns that come in pieces: the same however they are cut."""
    states: dict[str, Any] = {}
    for columns in tables:
        for name, column in columns.items():
            state = states.setdefault(name, hashlib.blake2b(f"{name} {column.dtype.str}\n".encode(), digest_size=32))
            state.update(column.tobytes())
    return digest_of(*(states[name].digest() for name in sorted(states)))
