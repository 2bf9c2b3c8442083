"""Run files on the disk: what a new one is called, and how one is deleted. Needs neither the model nor the world."""

from __future__ import annotations

from pathlib import Path

from journal.errors import Refusal
from journal.runfile import RunFile


def remove(path: Path) -> None:
    """Delete a run file, and what SQLite and who throws something into the run leave beside it."""
    for end in ("", "-wal", "-shm", ".inbox"):
        Path(f"{path}{end}").unlink(missing_ok=True)


def free_name(stem: str) -> Path:
    """Return the default name of a run file, with a number where there is a finished run of that name already.

    Raises Refusal where there is an unfinished one.
    """
    for number in range(1, 10_000):
        path = Path(f"{stem}.run" if number == 1 else f"{stem}-{number}.run")
        if not path.exists():
            return path
        with RunFile.open(path) as there:
            if not there.finished:
                raise Refusal(
                    f"{path} holds a run of this scenario and seed that is not finished ({there.cursor.seq:,} facts). "
                    f"Go on with it by `driftlab resume {path}`, delete it, or name another file with --out."
                )
    raise Refusal(f"There are 9,999 runs named {stem} here. Name another file with --out.")
