"""Figures are counted beside the frames, in a thread: at once where the moment rests, now and then where it moves."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread

from journal.errors import Refusal
from tui.figures import Figures, figures

SELDOM = 20.0
"""Seconds between two counts while the moment moves, as multiples of what one count takes, at least."""


class Counting:
    """The newest figures of a run file, and who is to be told of newer ones."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._found: Figures | None = None
        self._busy = False
        self._ended, self._took = 0.0, 0.0

    def want(self, seq: int, at_rest: bool) -> Figures | None:
        """Return the newest figures, and see to it that those of fact `seq` are counted."""
        with self._lock:
            found, busy = self._found, self._busy
            waits = not at_rest and time.monotonic() - self._ended < SELDOM * self._took
            if busy or waits or not seq or (found is not None and found.seq == seq):
                return found
            self._busy = True
        Thread(target=self._count, args=(seq,), daemon=True).start()
        return found

    def _count(self, seq: int) -> None:
        began, found = time.monotonic(), None
        with suppress(Refusal):  # the frames say what is wrong with the file
            found = figures(self._path, seq)
        with self._lock:
            self._busy, self._ended = False, time.monotonic()
            self._took = self._ended - began
            self._found = found or self._found
