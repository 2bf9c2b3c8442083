"""An engine is a run in a process of its own, see `driftlab.engine`: what it does is in its run file.

It is in a session of its own, so that nothing that happens to the terminal (closing, interrupt, crash) reaches it; only
what is said to it does, and that there is nobody left to say anything.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from driftlab.engine import Gone

NICE = 5
"""How far the engine stands back behind the terminal, where both want the processor."""


class Engine:
    """A process that runs, or resumes, one run."""

    def __init__(self, words: Sequence[str], path: Path, gone: Gone = "go_on") -> None:
        """Start `driftlab` with these words, which write the run file at `path`; `gone`: what if we are."""
        self.path, self.words = path, tuple(words)
        self.held = False
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the engine
        self._process = subprocess.Popen(
            [sys.executable, "-m", "driftlab.engine", gone, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._log,
            start_new_session=True,
        )

        if hasattr(os, "setpriority"):  # a key is answered before a fact is learned
            os.setpriority(os.PRIO_PROCESS, self._process.pid, NICE)

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    @property
    def status(self) -> int | None:
        """How the process ended: 0 done, 2 refused, negative: killed by that signal; None while it is there."""
        return self._process.poll()

    def said(self) -> str:
        """Return the last line that the engine said of itself: how far it is, or why it ended."""
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(size - 4096, 0))
        lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
        self._log.seek(0, os.SEEK_END)
        return lines[-1].removeprefix("driftlab: ") if lines else ""

    def hold(self) -> None:
        """Let the engine rest, or go on: it gives the processor away and loses nothing."""
        self.held = not self.held
        self._say("hold" if self.held else "go_on")

    def stop(self, patience: float = 10.0) -> None:
        """End the engine; what is finished of the run is kept, and `resume` goes on with it."""
        if not self.alive:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def leave(self) -> None:
        """Let it go on without us, to its end."""
        self._say("leave")
        self.close()

    def close(self) -> None:
        """Be gone: it goes on, or stops, as it was told when it began."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()

    def _say(self, word: str) -> None:
        assert self._process.stdin is not None
        with suppress(OSError, ValueError):  # it has ended; its state says so
            self._process.stdin.write(word.encode() + b"\n")
            self._process.stdin.flush()


def ended(status: int) -> str:
    """Say how a process ended that did not finish its run."""
    if status < 0:
        return f"the engine was killed (signal {-status})"
    return "the engine was stopped" if status == 130 else f"the engine ended with status {status}"
