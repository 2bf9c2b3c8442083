"""How fast a run file takes facts in and gives them out, against the copy bandwidth and against a row a fact.

Run from the root: python -m benchmarks.journal [facts]     (one million unless told)
Everything is measured in one run on one machine; read the ratios, not the absolutes.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from journal import CHUNK, COLUMNS, Facts, Kind, RunFile, facts, pick, stream


def shop(n: int) -> Facts:
    """Return n facts with the widths and the mix of a simulated run."""
    rng = stream(1, "benchmark", "journal")
    seq = np.arange(1, n + 1)
    kinds = [Kind.SESSION_STARTED, Kind.VIEWED, Kind.CARTED, Kind.FAVOURITED, Kind.PURCHASED]
    return facts(
        seq=seq,
        time=np.cumsum(rng.integers(0, 2_000_000, n)),
        kind=rng.choice(kinds, n, p=[0.15, 0.765, 0.045, 0.025, 0.015]),
        shopper=rng.integers(0, 20_000, n),
        product=rng.integers(0, 10_000, n),
        session=rng.integers(0, 300_000, n),
        value=np.where(rng.random(n) < 0.1, rng.random(n), np.nan),
        cause=np.where(rng.random(n) < 0.1, seq - 1, 0),
    )


def timed(what: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds that `what` took, and what it returned."""
    start = time.perf_counter()
    result = what()
    return time.perf_counter() - start, result


def append(path: Path, pieces: list[Facts]) -> None:
    """Append pieces to a new run file, each as a chunk."""
    with RunFile.create(path, {}) as run:
        for piece in pieces:
            run.commit(piece)


def scan(path: Path) -> Facts:
    """Read all facts of a run file."""
    with RunFile.open(path) as run:
        return run.facts()


def check(path: Path) -> None:
    """Check the chain of a run file."""
    with RunFile.open(path) as run:
        run.check_chain()


def append_rows(path: Path, pieces: list[Facts]) -> None:
    """Append as a row a fact, with the same transactions."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"CREATE TABLE fact ({', '.join(COLUMNS)})")
    for piece in pieces:
        connection.execute("BEGIN")
        rows = zip(*(getattr(piece, name).tolist() for name in COLUMNS), strict=True)
        connection.executemany(f"INSERT INTO fact VALUES ({', '.join('?' * len(COLUMNS))})", rows)
        connection.execute("COMMIT")
    connection.close()


def scan_rows(path: Path) -> list[np.ndarray]:
    """Read all rows into columns."""
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT * FROM fact").fetchall()
    connection.close()
    return [np.array(column) for column in zip(*rows, strict=True)]


def report(what: str, seconds: float, n: int, floor: float) -> None:
    """Print a line: the rate, and how many times the seconds of the copy, `floor`, it took."""
    rate, milliseconds, times = n / seconds, seconds / n * 1e9, seconds / floor
    print(f"{what:<28}{rate:>14,.0f} facts/s{milliseconds:>9,.0f} ms a million{times:>9,.0f} x the copy")


def main(n: int) -> None:
    """Measure with n facts and print the table."""
    whole = shop(n)
    pieces = [pick(whole, slice(start, start + CHUNK)) for start in range(0, n, CHUNK)]
    source = np.concatenate([getattr(whole, name).view("u1") for name in COLUMNS])
    target = np.empty_like(source)
    target[:] = source
    copy = min(timed(lambda: np.copyto(target, source))[0] for _ in range(5))
    print(f"{n:,} facts, {source.nbytes / n:.0f} bytes each; copy bandwidth {2 * source.nbytes / copy / 1e9:.1f} GB/s")
    with tempfile.TemporaryDirectory() as folder:
        path, rows = Path(folder, "columns.run"), Path(folder, "rows.sqlite")
        report("run file, append", timed(lambda: append(path, pieces))[0], n, copy)
        seconds, back = min((timed(lambda: scan(path)) for _ in range(3)), key=lambda pair: pair[0])
        same = all(getattr(back, name).tobytes() == getattr(whole, name).tobytes() for name in COLUMNS)
        report("run file, scan", seconds, n, copy)
        report("run file, check the chain", timed(lambda: check(path))[0], n, copy)
        report("a row a fact, append", timed(lambda: append_rows(rows, pieces))[0], n, copy)
        report("a row a fact, scan", timed(lambda: scan_rows(rows))[0], n, copy)
        print(
            f"bytes a fact on disk: run file {path.stat().st_size / n:.0f}, a row a fact {rows.stat().st_size / n:.0f}"
        )
        print(f"came back bit for bit: {'yes' if same else 'NO'}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
