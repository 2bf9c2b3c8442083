"""Whatever takes longer than two seconds says on stderr how far it is: a bar where a person looks on, else a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE = 2.0
"""Seconds before anything is shown."""

LINE_EVERY = 15.0
"""Seconds between two lines where stderr is no terminal."""


class Tell(Protocol):
    """Tell how far the work is."""

    def __call__(self, done: float, events: int, doing: str = "") -> None:
        """Say that `done` (a share, 0 to 1) is behind us, and `events` with it; `doing` replaces what is being done."""


def silent(done: float, events: int, doing: str = "") -> None:
    """Tell nobody."""


@contextmanager
def progress(doing: str) -> Iterator[Tell]:
    """Show how far a piece of work is for as long as the `with` lasts.

    >>> with progress("counting") as tell:
    ...     tell(0.5, 100)
    """
    if sys.stderr.isatty():
        with _bar(doing) as tell:
            yield tell
    else:
        yield _Lines(doing)


@contextmanager
def _bar(doing: str) -> Iterator[Tell]:
    # Imported here: `driftlab --help` and the Python API should not pay for it.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TextColumn("{task.percentage:3.0f} %"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(compact=True),
        TextColumn("left"),
    )
    bar = Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=4, expand=False)
    try:
        yield _Bar(bar, doing)
    finally:
        bar.stop()


class _Bar:
    def __init__(self, bar: Progress, doing: str) -> None:
        self._bar, self._began, self._shown = bar, time.monotonic(), False
        self._task = bar.add_task(doing, total=1.0, rate="")
        self._rate = _Rate()

    def __call__(self, done: float, events: int, doing: str = "") -> None:
        if not self._shown and time.monotonic() - self._began > PATIENCE:
            self._bar.start()
            self._shown = True
        rate = self._rate(events)
        self._bar.update(self._task, completed=done, rate=f"{rate:,.0f} events/s" if rate else "")
        if doing:
            self._bar.update(self._task, description=doing)


class _Lines:
    def __init__(self, doing: str) -> None:
        self._doing, self._began, self._told = doing, time.monotonic(), time.monotonic() + PATIENCE - LINE_EVERY
        self._rate = _Rate()

    def __call__(self, done: float, events: int, doing: str = "") -> None:
        self._doing = doing or self._doing
        now, rate = time.monotonic(), self._rate(events)
        if now - self._told < LINE_EVERY:
            return
        self._told = now
        left = (now - self._began) * (1.0 - done) / done if done > 0 else float("nan")
        remaining = f", about {left:,.0f} s left" if done > 0.02 else ""
        print(f"{self._doing}: {100 * done:.0f} %, {rate:,.0f} events/s{remaining}", file=sys.stderr, flush=True)


class _Rate:
    """Events a second over the last ten seconds, so that compiling at the start does not weigh on it for long."""

    def __init__(self) -> None:
        self._marks: list[tuple[float, int]] = []

    def __call__(self, events: int) -> float:
        now = time.monotonic()
        self._marks = [(t, n) for t, n in self._marks if now - t < 10.0] + [(now, events)]
        (then, before), seconds = self._marks[0], now - self._marks[0][0]
        return (events - before) / seconds if seconds > 0 and then < now else 0.0
