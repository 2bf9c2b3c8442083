"""An inbox is where what is thrown into a run waits for whoever makes the run: a text file beside the run file.

A run file has one writer, which holds it from the first chunk to the last; so nobody else can leave anything in it. A
line of the inbox is one thing, in JSON: `family`, `part` and `at` (a day; null: as soon as it can be). Lines are only
added. What became of each is told in the header of the run file; at the end of the run the inbox is deleted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from journal.errors import Refusal

BY_HAND = "by hand"
"""Entry of a run file's header: what became of each line of the inbox, JSON by its number."""


class Fate(NamedTuple):
    """What became of one thing that was thrown in."""

    state: str  # "coming": it has a day, and that is ahead; "done": its fact is in the file; "refused"
    said: str  # what it is and when it sets in, or why not


def inbox(run: Path) -> Path:
    """Return the path of a run file's inbox."""
    return Path(f"{run}.inbox")


def put(run: Path, family: str, part: str, at: float | None = None) -> int:
    """Leave something for whoever makes the run, and return the number of its line, from 1; raises Refusal.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name, "mine.run")
    >>> put(path, "shock", "viral"), put(path, "drift", "walk", at=2.0)
    (1, 2)
    >>> waiting(path)[2]["at"]
    2.0
    >>> folder.cleanup()
    """
    line = json.dumps({"family": family, "part": part, "at": at}) + "\n"
    try:
        with inbox(run).open("ab", buffering=0) as file:
            file.write(line.encode())
            end = file.tell()
        return inbox(run).read_bytes()[:end].count(b"\n")
    except OSError as error:
        raise Refusal(
            f"Nothing can be left beside {run}: {error.strerror}. Write access to its folder is needed."
        ) from error


def waiting(run: Path) -> dict[int, Mapping[str, Any]]:
    """Return what was thrown in, by the number of its line; a line that is still being written is left for later."""
    try:
        text = inbox(run).read_bytes()
    except OSError:
        return {}
    lines = text[: text.rfind(b"\n") + 1].splitlines()
    return {number: json.loads(line) for number, line in enumerate(lines, 1)}


def fates(header: Mapping[str, str]) -> dict[int, Fate]:
    """Return what became of each line, as a run file's header tells it."""
    return {int(line): Fate(*told) for line, told in json.loads(header.get(BY_HAND, "{}")).items()}


def written(told: Mapping[int, Fate]) -> dict[str, str]:
    """Return the entry of the header that tells of fates."""
    return {BY_HAND: json.dumps(told)}


def clear(run: Path) -> None:
    """Delete the inbox."""
    inbox(run).unlink(missing_ok=True)
