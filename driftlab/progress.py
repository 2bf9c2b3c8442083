"""What takes longer than two seconds says on stderr how far it is: a bar where a person looks on, else lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Timer
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE = 2.0
"""Seconds before anything is shown."""

LINE_EVERY = 15.0
"""Seconds between two lines where stderr is no terminal."""

GATE: ContextVar[Callable[[], None] | None] = ContextVar("gate", default=None)
"""What a piece of work passes each time it tells how far it is; it may wait there, or be ended by KeyboardInterrupt."""


class Tell(Protocol):
    """Tell how far the work is."""

    def __call__(self, done: float, events: int) -> None:
        """Say that `done` (a share, 0 to 1) is behind us, and `events` with it."""


def silent(done: float, events: int) -> None:
    """Tell nobody."""


@contextmanager
def progress(doing: str, first: str = "compiling") -> Iterator[Tell]:
    """Show how far a piece of work is for as long as the `with` lasts.

    Args:
        doing: what is being done.
        first: what is done before the first event.

    >>> with progress("counting") as tell:
    ...     tell(0.5, 100)
    """
    shown = _Bar(doing, first) if sys.stderr.isatty() else _Lines(doing, first)
    gate = GATE.get()

    def tell(done: float, events: int) -> None:
        shown.tell(done, events)
        if gate is not None:
            gate()

    timer = Timer(PATIENCE, shown.show)
    timer.daemon = True
    timer.start()
    try:
        yield tell
    finally:
        timer.cancel()
        timer.join()
        shown.stop()


class _Bar:
    def __init__(self, doing: str, first: str) -> None:
        self._bar = _rich_bar()
        self._doing, self._rate = doing, _Rate()
        self._task = self._bar.add_task(f"{doing}, {first}", total=1.0, rate="")

    def show(self) -> None:
        self._bar.start()

    def stop(self) -> None:
        self._bar.stop()

    def tell(self, done: float, events: int) -> None:
        rate, _ = self._rate(done, events)
        self._bar.update(self._task, description=self._doing, completed=done, rate=f"{rate:,.0f} events/s")


def _rich_bar() -> Progress:
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
    return Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=4)


class _Lines:
    def __init__(self, doing: str, first: str) -> None:
        self._doing, self._first = doing, first
        self._told = time.monotonic()
        self._rate = _Rate()
        self._has_begun = False

    def show(self) -> None:
        if not self._has_begun:
            print(f"{self._doing}, {self._first}", file=sys.stderr, flush=True)

    def stop(self) -> None:
        pass

    def tell(self, done: float, events: int) -> None:
        self._has_begun = True
        now, (rate, left) = time.monotonic(), self._rate(done, events)
        if now - self._told < LINE_EVERY:
            return
        self._told = now
        remaining = f", about {left:,.0f} s left" if left else ""
        print(f"{self._doing}: {100 * done:.0f} %, {rate:,.0f} events/s{remaining}", file=sys.stderr, flush=True)


class _Rate:
    """Events a second and seconds left, by the last twenty seconds: compiling at the start does not weigh for long."""

    def __init__(self) -> None:
        self._marks = [(time.monotonic(), 0, 0.0)]

    def __call__(self, done: float, events: int) -> tuple[float, float]:
        now = time.monotonic()
        while len(self._marks) > 1 and now - self._marks[0][0] > 20.0:
            self._marks.pop(0)
        then, events_then, done_then = self._marks[0]
        self._marks.append((now, events, done))
        seconds = max(now - then, 1e-9)
        left = (1.0 - done) * seconds / (done - done_then) if done > done_then else 0.0
        return (events - events_then) / seconds, left
