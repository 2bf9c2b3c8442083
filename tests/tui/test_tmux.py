"""A person at tmux: a run is started, paused, scrubbed back, forked, and struck by a shock; then all files verify."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import driftlab

TMUX = shutil.which("tmux")
ROOT = str(Path(driftlab.__file__).parents[1])
FEW = "--policy every_event --encoder sage --baseline popular"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(TMUX is None, reason="no tmux is installed: `apt-get install tmux`")]


class Tmux:
    """A tmux server of its own with one window of 120 x 40 cells."""

    def __init__(self, folder: Path) -> None:
        self.socket, self.folder = str(folder / "tmux"), folder

    def say(self, *words: str) -> str:
        """Give tmux a command and return what it answers."""
        done = subprocess.run(["tmux", "-S", self.socket, *words], capture_output=True, text=True, check=True)
        return done.stdout

    def begin(self, command: str) -> None:
        """Run a command in the window, and keep the window when it ends."""
        size = ("-x", "120", "-y", "40", "-c", str(self.folder))
        self.say("-f", os.devnull, "new-session", "-d", *size, f"{command}; echo ended with $?; exec cat")

    def screen(self) -> str:
        """Return what a person sees."""
        return self.say("capture-pane", "-p")

    def press(self, *keys: str) -> None:
        """Send keys, by tmux' names of them, one after the other."""
        for key in keys:
            self.say("send-keys", key)
            time.sleep(0.3)

    def write(self, text: str) -> None:
        """Type a text as it is."""
        self.say("send-keys", "-l", text)

    def until(self, holds: Callable[[str], bool], seconds: float = 400.0) -> str:
        """Look until something holds of the screen, and return the screen."""
        end = time.monotonic() + seconds
        while not holds(seen := self.screen()):
            assert time.monotonic() < end, f"waited {seconds:g} s in vain; the screen:\n{seen}"
            time.sleep(0.2)
        return seen


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    made = Tmux(tmp_path)
    yield made
    with suppress(subprocess.CalledProcessError):
        made.say("kill-server")


def test_a_person_pauses_scrubs_back_forks_injects_a_shock_and_quits(tmux: Tmux, tmp_path: Path) -> None:
    path, fork = tmp_path / "small-1.run", tmp_path / "small-1-fork.run"
    tmux.begin(f"env -u COLUMNS -u LINES PYTHONPATH={ROOT} {sys.executable} -m driftlab tui small {FEW} --set days=40")
    tmux.until(lambda seen: "small, seed 1" in seen)
    tmux.press("h")  # while the loop is compiled: the engine rests after its first chunk, before anything gets away
    tmux.until(lambda seen: "held; h lets it go on" in seen and "fact 0 of" not in seen)

    tmux.press("Space")
    now = moment(tmux.until(lambda seen: "▶ live" not in seen))
    tmux.press("Left", "Left")
    tmux.until(lambda seen: moment(seen) < now)

    tmux.press("f")
    tmux.until(lambda seen: "which policy takes over" in seen)
    tmux.write("every(n=4)")
    tmux.press("Enter")
    tmux.until(lambda seen: "small, seed 1, a fork" in seen and "live  finished" in seen)
    tmux.press("q")  # without a question: a run that goes on would be asked about
    tmux.until(lambda seen: "a fork" not in seen)

    tmux.press("End", "i")
    tmux.until(lambda seen: "Inject: what sets in?" in seen)
    while "Everybody wants one product at once" not in tmux.screen():
        tmux.press("Down")
    tmux.press("C-s")
    tmux.until(lambda seen: "Inject: what sets in?" not in seen)
    tmux.press("h")
    tmux.until(lambda seen: "live  finished" in seen)
    tmux.press("q")
    tmux.until(lambda seen: "ended with 0" in seen)

    driftlab.verify(fork, chain_only=True)
    driftlab.verify(path)  # done again, with what was thrown in
    assert sum(about.startswith("viral") for about in shocks(path)) == 1


def moment(screen: str) -> int:
    """Return the fact at which the screen stands."""
    found = re.search(r"fact ([\d,]+) of", screen)
    assert found is not None, screen
    return int(found[1].replace(",", ""))


def shocks(path: Path) -> list[str]:
    """Return what set in, by the run's own report."""
    return [str(came["about"]) for came in driftlab.Run(path).summary()["drifts"]]
