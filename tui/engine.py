"""An engine is a run in a process of its own: the command line's, with no terminal; what it does is in its run file.

It is in a session of its own, so that nothing that happens to the terminal (closing, interrupt, crash) reaches it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

HOLDS = hasattr(signal, "SIGSTOP")
"""Whether this system can hold a process."""


NICE = 5
"""How far the engine stands back behind the terminal, where both want the processor."""


class Engine:
    """A process that runs, or resumes, one run."""

    def __init__(self, words: Sequence[str], path: Path) -> None:
        """Start `driftlab` with these words; they write the run file at `path`."""
        self.path, self.words = path, tuple(words)
        self.held = False
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the engine
        self._process = subprocess.Popen(
            [sys.executable, "-m", "driftlab", *words],
            stdin=subprocess.DEVNULL,
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
        if HOLDS and self.alive:
            self.held = not self.held
            os.kill(self.pid, signal.SIGSTOP if self.held else signal.SIGCONT)

    def stop(self, patience: float = 10.0) -> None:
        """End the engine; what is finished of the run is kept, and `resume` goes on with it."""
        if not self.alive:
            return
        if self.held:
            self.hold()
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def leave(self) -> None:
        """Let it go on without us."""
        if self.held:
            self.hold()


def ended(status: int) -> str:
    """Say how a process ended that did not finish its run."""
    if status < 0:
        return f"the engine was killed (signal {-status})"
    return "the engine was stopped" if status == 130 else f"the engine ended with status {status}"
