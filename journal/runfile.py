"""A run file only grows, a chunk at a time: the chunk, what came of it and its digest are one transaction.

digest   BLAKE2b of the digest before it and of the chunk's blocks (facts, truth, deliveries, outcomes): a chain
Metrics and snapshots are projections: they can be made again, and are outside the digest.
After a kill at any moment the file holds a whole number of chunks, each with everything that came of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from journal.columns import Arrays, fact_columns, facts_of, pack
from journal.database import BLOCKS
from journal.errors import Refusal
from journal.facts import COLUMNS, Facts, facts, pick
from journal.shelf import SET_HEADER, Shelf, columns_digest, digest_of, sound
from journal.upcasts import upcast

KEPT_SNAPSHOTS = 2
NOTHING: Mapping[str, Any] = MappingProxyType({})


class Cursor(NamedTuple):
    """How far a run file has come: chunks committed, seq of the last fact in them, digest of the chain up to there."""

    chunks: int
    seq: int
    digest: str  # hexadecimal; empty before the first chunk


class Metric(NamedTuple):
    """The value of a measure in a lane as of fact `seq` at `time` (microseconds)."""

    lane: str
    measure: str
    seq: int
    time: int
    value: float


class RunFile(Shelf):
    """One run in one file; `create` or `open` it in a `with`.

    >>> import pathlib, tempfile
    >>> from journal.facts import Kind
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "first.run")
    >>> with RunFile.create(path, {"seed": "1"}) as run:
    ...     cursor = run.commit(facts(seq=[1, 2], time=[0, 9], kind=[Kind.VIEWED] * 2, shopper=[0, 0], product=[4, 5]))
    >>> with RunFile.open(path) as run:
    ...     run.header, run.cursor == cursor, run.facts(first_seq=2).product.tolist()
    ({'seed': '1'}, True, [5])
    >>> folder.cleanup()
    """

    @property
    def cursor(self) -> Cursor:
        """What is committed so far; in a reader it moves while the writer writes."""
        rows = self._rows("SELECT number, last_seq, digest FROM chunk ORDER BY number DESC LIMIT 1")
        return Cursor(*rows[0]) if rows else Cursor(0, 0, "")

    def commit(
        self,
        facts: Facts,
        *,
        truth: Mapping[str, Arrays] = NOTHING,
        deliveries: Arrays | None = None,
        outcomes: Mapping[str, Arrays] = NOTHING,
        metrics: Iterable[tuple[str, str, int, int, float]] = (),
        snapshots: Mapping[str, bytes] = NOTHING,
        header: Mapping[str, str] = NOTHING,
    ) -> Cursor:
        """Append a chunk and everything that came of it, or, on any error, nothing; return the new cursor.

        facts: the next ones, seq dense from `cursor.seq + 1`, time never decreasing
        truth, outcomes: columns by table and by lane; deliveries: columns
        metrics: rows of `Metric`; snapshots: bytes by lane, of which the newest two are kept
        header: entries of the header, new or anew

        Raises Refusal where the disk is full or the file cannot be written, ValueError where the facts do not follow.
        """
        with self._transaction() as connection:
            before = self.cursor
            self._follows(facts, before)
            blocks = {("fact", ""): pack(fact_columns(facts))}
            if deliveries is not None:
                blocks["delivery", ""] = pack(deliveries)
            blocks |= {("truth", name): pack(columns) for name, columns in truth.items()}
            blocks |= {("outcome", lane): pack(columns) for lane, columns in outcomes.items()}
            times = (int(facts.time[0]), int(facts.time[-1])) if len(facts) else (self._last_time(),) * 2
            number, last = before.chunks + 1, before.seq + len(facts)
            digest = chained(before.digest, blocks)
            row = (number, len(facts), before.seq + 1, last, *times, digest)
            connection.execute("INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            for (table, name), block in blocks.items():
                connection.execute(f"INSERT INTO {table} VALUES (?, ?, ?)", (name, number, block))
            connection.executemany("INSERT INTO metric VALUES (?, ?, ?, ?, ?)", metrics)
            connection.executemany(SET_HEADER, header.items())
            for lane, state in snapshots.items():
                connection.execute("INSERT INTO snapshot VALUES (?, ?, ?, ?)", (lane, number, digest_of(state), state))
                old = "SELECT chunk FROM snapshot WHERE lane = ? ORDER BY chunk DESC LIMIT -1 OFFSET ?"
                connection.execute(
                    f"DELETE FROM snapshot WHERE lane = ? AND chunk IN ({old})", (lane, lane, KEPT_SNAPSHOTS)
                )
        return Cursor(number, last, digest)

    def facts(self, first_seq: int = 1, last_seq: int | None = None) -> Facts:
        """Return the facts from `first_seq` to `last_seq`, both included, every kind in its newest version."""
        last = 2**62 if last_seq is None else last_seq
        of_chunk = "SELECT bytes FROM chunk JOIN fact ON chunk = number WHERE last_seq >= ? AND first_seq <= ?"
        blocks = self._rows(f"{of_chunk} ORDER BY number", first_seq, last)
        whole = self._facts_of([block for (block,) in blocks])
        start, end = np.searchsorted(whole.seq, [first_seq, last + 1]).tolist()
        return whole if end - start == len(whole) else pick(whole, slice(start, end))

    def chunks(self) -> Iterator[Facts]:
        """Return the facts chunk by chunk, also those committed meanwhile."""
        number = 0
        while rows := self._rows("SELECT bytes FROM fact WHERE name = '' AND chunk = ?", number := number + 1):
            yield self._facts_of([rows[0][0]])

    def truth(self, name: str, after: int = 0) -> dict[str, NDArray[Any]]:
        """Return the columns of a truth table over all chunks after number `after`; no columns where there is none."""
        return self._stacked(self._blocks("truth", name, after))

    def outcomes(self, lane: str, after: int = 0) -> dict[str, NDArray[Any]]:
        """Return the columns of a lane's outcomes over all chunks after number `after`; none if there are none."""
        return self._stacked(self._blocks("outcome", lane, after))

    def deliveries(self) -> dict[str, NDArray[Any]]:
        """Return the columns of the deliveries over all chunks; no columns where there are none."""
        return self._stacked(self._blocks("delivery", ""))

    def lanes(self) -> list[str]:
        """Return the lanes that have outcomes, in the order of their first commit."""
        return [lane for (lane,) in self._rows("SELECT name FROM outcome GROUP BY name ORDER BY min(rowid)")]

    def metrics(self, after: int = 0) -> list[Metric]:
        """Return every value of every measure but the first `after`, in the order they were committed."""
        rows = self._rows("SELECT lane, measure, seq, time, value FROM metric WHERE rowid > ? ORDER BY rowid", after)
        return [
            Metric(lane, measure, seq, time, math.nan if value is None else value)
            for lane, measure, seq, time, value in rows
        ]

    def snapshot(self, lane: str, most: int = 2**62) -> tuple[int, bytes] | None:
        """Return a lane's newest sound snapshot of at most so many chunks, and after how many it was taken, or None."""
        of_lane = "SELECT chunk, digest, bytes FROM snapshot WHERE lane = ? AND chunk <= ? ORDER BY chunk DESC"
        for chunk, digest, state in self._rows(of_lane, lane, most):
            if sound(digest, state):
                return chunk, state
        return None

    def facts_digest(self) -> str:
        """Return a digest of the facts as they were written, the same however they were cut into chunks."""
        return columns_digest(self._stacked([block]) for block in self._blocks("fact", ""))

    def outcomes_digest(self, lane: str) -> str:
        """Return a digest of a lane's outcomes, the same however they were cut into chunks."""
        return columns_digest(self._stacked([block]) for block in self._blocks("outcome", lane))

    def check_chain(self) -> None:
        """Raise Refusal at the first chunk, or static array, that is not what was written."""
        before, seq = "", 0
        rows = self._rows(
            "SELECT number, facts, first_seq, last_seq, first_time, last_time, digest FROM chunk ORDER BY number"
        )
        for expected, (number, count, first, last, start, end, digest) in enumerate(rows, 1):
            blocks = {
                (table, name): block
                for table in BLOCKS
                for name, block in self._rows(f"SELECT name, bytes FROM {table} WHERE chunk = ?", number)
            }
            follows = number == expected and all(isinstance(block, bytes) for block in blocks.values())
            follows = follows and chained(before, blocks) == digest
            if follows:
                kept = self._facts_of([blocks["fact", ""]])
                follows = (count, first, last) == (len(kept), seq + 1, seq + len(kept))
                follows = follows and (not count or [start, end] == kept.time[[0, -1]].tolist())
            if not follows:
                raise Refusal(
                    f"{self.path} is damaged: chunk {expected} (facts from seq {seq + 1}) is not what was written, its "
                    f"digest does not follow from the one before. The {expected - 1} chunks before it are sound. "
                    "Take a copy of the file that is whole, or run it again."
                )
            before, seq = digest, last
        for name in self.arrays():
            self.array(name)

    def _blocks(self, table: str, name: str, after: int = 0) -> list[bytes]:
        of_name = f"SELECT bytes FROM {table} WHERE name = ? AND chunk > ? ORDER BY chunk"
        return [block for (block,) in self._rows(of_name, name, after)]

    def _facts_of(self, blocks: list[bytes]) -> Facts:
        if not blocks:
            return facts(seq=[], time=[], kind=[])
        columns = self._stacked(blocks)
        with self._readable():
            kept = facts_of(columns)
            if len({len(columns[name]) for name in COLUMNS}) > 1 or bool((np.diff(kept.seq) != 1).any()):
                raise ValueError("facts are missing")
        return upcast(kept)

    def _last_time(self) -> int:
        rows = self._rows("SELECT last_time FROM chunk ORDER BY number DESC LIMIT 1")
        return int(rows[0][0]) if rows else 0

    def _follows(self, facts: Facts, before: Cursor) -> None:
        """Raise ValueError where `facts` are not the next ones."""
        if not len(facts):
            return
        if not np.array_equal(facts.seq, np.arange(before.seq + 1, before.seq + 1 + len(facts))):
            raise ValueError(
                f"facts with seq {facts.seq[0]} to {facts.seq[-1]} do not follow on seq {before.seq}, densely"
            )
        if (before.chunks and facts.time[0] < self._last_time()) or bool((facts.time[1:] < facts.time[:-1]).any()):
            raise ValueError(f"time runs backwards within the facts from seq {facts.seq[0]}, or before them")


def chained(before: str, blocks: Mapping[tuple[str, str], bytes]) -> str:
    """Return the digest of a chunk: of the digest before it, and of its blocks by table and name."""
    parts = [before.encode()]
    for table in BLOCKS:
        for name in sorted(name for of, name in blocks if of == table):
            block = blocks[table, name]
            parts += [f"\n{table} {name!r} {len(block)}\n".encode(), block]
    return digest_of(*parts)
