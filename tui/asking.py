"""What the model knows is asked of a process of its own, an inspector: jax never loads in the terminal's.

ask    a question about a lane at a moment, with a number; the newest wins
look   the answer, plain values; see `driftlab.inspector`
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock, Thread
from typing import Any, NamedTuple

from driftlab.asks import Ask


class Heard(NamedTuple):
    """What the inspector said: one of the three is there."""

    ask: Ask | None
    look: Mapping[str, Any] | None = None
    doing: tuple[str, float] | None = None  # what, and the share that is done
    refused: str | None = None


class Inspector:
    """A process that answers asks about one run file; it is started by the first."""

    def __init__(self, path: Path, hear: Callable[[Heard], None]) -> None:
        """Take the run file, and what is called, in a thread of its own, with everything that the process says."""
        self.path, self._hear = path, hear
        self._process: subprocess.Popen[str] | None = None
        self._asked: dict[int, Ask] = {}
        self._number = 0
        self._lock = Lock()

    @property
    def busy(self) -> bool:
        """Whether an answer is still to come."""
        with self._lock:
            return bool(self._asked)

    def ask(self, ask: Ask) -> None:
        """Ask; what was asked before and not answered is given up."""
        process = self._started()
        with self._lock:
            self._number += 1
            self._asked = {self._number: ask}
            line = json.dumps({"ask": self._number, **ask._asdict()})
        try:
            assert process.stdin is not None
            process.stdin.write(line + "\n")
            process.stdin.flush()
        except OSError:
            self._gone()

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "driftlab.inspector", str(self.path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
                start_new_session=True,
            )
            Thread(target=self._listen, args=(self._process,), daemon=True).start()
        return self._process

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                self._heard(json.loads(line))
        except ValueError:  # the pipe was closed under us, or what came is no JSON: the process is at its end
            pass
        if process is self._process:
            self._gone()

    def _heard(self, said: Mapping[str, Any]) -> None:
        with self._lock:
            ask = self._asked.get(said.get("ask", 0))
            if ask is not None and "doing" not in said:
                self._asked.clear()
        if ask is None:  # of an ask that was given up
            return
        doing = (said["doing"], float(said.get("done", 0.0))) if "doing" in said else None
        self._hear(Heard(ask, said.get("look"), doing, said.get("refused")))

    def _gone(self) -> None:
        with self._lock:
            lost, self._asked = bool(self._asked), {}
        if lost:
            self._hear(Heard(None, refused="The process that looks into the model has ended. Ask again to start it."))
