"""The real program in a real terminal: it starts a run, survives what is done to it, and leaves a sound file."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from fcntl import ioctl
from pathlib import Path

import pytest

import driftlab
from driftlab.inbox import waiting
from driftlab.throwable import forms
from journal.errors import Refusal
from journal.facts import Kind
from journal.runfile import RunFile

ROOT = str(Path(driftlab.__file__).parents[1])
UP_TO_VIRAL = len(forms()) - 1 - next(at for at, form in enumerate(forms()) if form.name == "viral")
FEW = ["--policy", "every_event", "--encoder", "sage", "--baseline", "popular", "--set", "days=3"]


class Terminal:
    """The program at the far end of a pseudo terminal of 120 x 40 cells."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.here, there = pty.openpty()
        ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": ROOT}
        command = [sys.executable, "-m", "driftlab", "tui", *words]
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=there, stdout=there, stderr=there, start_new_session=True
        )
        os.close(there)
        self.seen = ""

    def read(self, seconds: float = 0.1) -> str:
        """Take what the program has written meanwhile, and return all of it."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and select.select([self.here], [], [], left)[0]:
            try:
                self.seen += os.read(self.here, 65_536).decode("utf-8", "replace")
            except OSError:  # the far end is closed
                break
        return self.seen

    def until(self, holds: Callable[[], bool], seconds: float = 180.0) -> None:
        """Read until something holds."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"waited {seconds:g} s in vain; the last of the screen:\n{self.seen[-3000:]}"
            self.read()

    def press(self, keys: str) -> None:
        """Type keys."""
        os.write(self.here, keys.encode())
        self.read(0.3)

    def leave(self) -> None:
        """Press q, on every screen there is, until the program has ended; where it asks what becomes of a run, say
        nothing and press again: the run is finished, and the screen is about to see it."""
        for _ in range(30):
            self.press("q")
            self.read(1.0)
            with suppress(subprocess.TimeoutExpired):
                assert self.process.wait(1.0) == 0
                return
            self.press("\x1b")
        raise AssertionError(f"the program did not end; the last of the screen:\n{self.seen[-3000:]}")

    def kill(self) -> None:
        """End the program as nothing could be prepared for."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        """End the program, if it has not ended."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.here)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    made: list[Terminal] = []

    def start(*words: str) -> Terminal:
        made.append(Terminal(tmp_path, *words))
        return made[-1]

    yield start
    for terminal in made:
        terminal.close()


def there(path: Path) -> bool:
    """Whether the run file can be read: it exists a moment before."""
    with suppress(Refusal), RunFile.open(path):
        return True
    return False


def finished(path: Path) -> bool:
    if not there(path):
        return False
    with RunFile.open(path) as file:
        return file.finished


def engines(path: Path) -> list[int]:
    """Return the processes that were started to write a run file."""
    found = subprocess.run(["pgrep", "-f", f"driftlab.engine .*{path}"], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


@pytest.mark.slow
def test_a_run_is_started_watched_thrown_into_forked_and_left(
    opened: Callable[..., Terminal], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path, fork = tmp_path / "small-1.run", tmp_path / "small-1-fork.run"
    terminal = opened("small", *FEW, "--set", "sessions.per_day=8")
    terminal.until(lambda: there(path))
    terminal.until(lambda: "small, seed 1" in terminal.read())
    terminal.press("h")  # while the loop is compiled: the engine rests after its first chunk, before anything gets away
    terminal.until(lambda: re.search(r"fact [1-9]", terminal.read()) is not None)
    assert not finished(path)
    terminal.press("i")
    terminal.until(lambda: "throw it into this run" in terminal.read())
    terminal.press("\x1b[F" + "\x1b[A" * UP_TO_VIRAL + "\r")
    terminal.press("\x13")
    terminal.until(lambda: waiting(path) != {})
    assert waiting(path)[1]["part"] == "viral"
    terminal.press("h")
    terminal.until(lambda: finished(path))
    terminal.until(lambda: "live  finished" in terminal.read())
    for keys in (" ", "\x1b[D\x1b[D", "D", "2", "3", "4", "5", "1", "?", "?"):
        terminal.press(keys)
    assert terminal.process.poll() is None
    terminal.press("i")
    terminal.until(lambda: "A run of its own" in terminal.read())
    terminal.press("\r\x13")
    terminal.until(lambda: finished(fork))
    terminal.leave()
    driftlab.verify(path)
    driftlab.verify(fork, chain_only=True)
    told = [moment["about"].partition("(")[0] for moment in driftlab.Run(path).summary()["drifts"]]
    assert sorted(told) == ["abrupt", "viral"]
    assert int((driftlab.Run(path).facts().kind == Kind.COMMAND).sum()) == 1
    assert len(driftlab.Run(fork).summary()["drifts"]) >= 2


@pytest.mark.slow
def test_a_killed_terminal_leaves_the_run_going_and_a_killed_engine_is_told_and_resumed(
    opened: Callable[..., Terminal], tmp_path: Path
) -> None:
    path = tmp_path / "killed.run"
    first = opened("small", *FEW, "--out", str(path))
    first.until(lambda: there(path))
    (engine,) = engines(path)
    first.kill()
    os.kill(engine, 0)  # it is there
    os.kill(engine, signal.SIGKILL)
    second = opened(str(path))
    second.until(lambda: "R resumes it" in second.read())
    second.press("R")
    second.until(lambda: "live  finished" in second.read())
    second.leave()
    assert finished(path)
    driftlab.verify(path, chain_only=True)


@pytest.mark.slow
@pytest.mark.parametrize("gone", ["go_on", "stop"])
def test_a_held_run_whose_terminal_is_killed_goes_on_or_stops_as_asked(
    opened: Callable[..., Terminal], tmp_path: Path, gone: str
) -> None:
    path = tmp_path / "held.run"
    terminal = opened("small", *FEW, "--out", str(path), "--if-closed", gone)
    terminal.until(lambda: there(path))
    terminal.until(lambda: "small, seed 1" in terminal.read())
    terminal.press("h")
    terminal.until(lambda: "held; h lets it go on" in terminal.read())
    (engine,) = engines(path)
    time.sleep(2.0)
    assert engines(path) == [engine]
    terminal.kill()
    terminal.until(lambda: not engines(path))
    assert finished(path) is (gone == "go_on")
    driftlab.verify(path, chain_only=True)


def test_what_is_no_target_is_refused_before_the_screen_is_taken(opened: Callable[..., Terminal]) -> None:
    terminal = opened("sudden_shfit")
    terminal.until(lambda: terminal.process.poll() is not None, 60)
    assert terminal.process.returncode == 2
    assert "Did you mean 'sudden_shift'?" in " ".join(terminal.read(0.5).split())
    assert "\x1b[?1049h" not in terminal.seen
