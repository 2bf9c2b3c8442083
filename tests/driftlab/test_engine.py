"""An engine rests between chunks for as long as somebody holds it, and is not held by who is gone."""

from __future__ import annotations

import os
import time
from threading import Event, Thread

import pytest

from driftlab.engine import Reins
from driftlab.progress import GATE, progress


class Work:
    """Chunk after chunk, as the loop does it, in a thread, until it is ended."""

    def __init__(self, reins: Reins) -> None:
        self.chunks, self.interrupted, self._end = 0, False, Event()
        self._thread = Thread(target=self._work, args=(reins,))
        self._thread.start()

    def _work(self, reins: Reins) -> None:
        GATE.set(reins.wait)
        try:
            with progress("working") as tell:
                while not self._end.wait(0.001):
                    self.chunks += 1
                    tell(0.0, self.chunks)
        except KeyboardInterrupt:
            self.interrupted = True

    def goes_on(self, seconds: float = 5.0) -> bool:
        """Whether there is one more chunk within some seconds, after the one that may be under way."""
        before, end = self.chunks, time.monotonic() + seconds
        while self.chunks <= before + 1 and time.monotonic() < end and self._thread.is_alive():
            time.sleep(0.005)
        return self.chunks > before + 1

    def join(self) -> None:
        self._end.set()
        self._thread.join(5.0)
        assert not self._thread.is_alive()


@pytest.mark.parametrize(
    ("gone", "last", "stops"), [("go_on", "", False), ("stop", "", True), ("stop", "leave\n", False)]
)
def test_who_holds_an_engine_and_is_gone_holds_it_no_more(gone: str, last: str, stops: bool) -> None:
    here, there = os.pipe()
    with os.fdopen(here) as words, os.fdopen(there, "w", buffering=1) as say:
        work = Work(Reins(words, "stop" if gone == "stop" else "go_on"))
        assert work.goes_on()
        say.write("hold\n")
        time.sleep(0.1)
        assert not work.goes_on(0.3)
        say.write("go_on\n")
        assert work.goes_on()
        say.write("hold\n")
        time.sleep(0.1)
        say.write(last)
        say.close()
        assert work.goes_on() is not stops
        work.join()
        assert work.interrupted is stops
