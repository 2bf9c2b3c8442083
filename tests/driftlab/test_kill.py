"""A run that is killed again and again, at moments nobody chose, ends with the digests of an undisturbed one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import driftlab
from journal.chance import stream
from journal.runfile import RunFile
from tests.driftlab.test_runs import digests

ROOT = str(Path(driftlab.__file__).parents[1])
DAYS = 14
WORDS = ["--encoder", "sage", "--policy", "every_event", "--baseline", "isgd", "--set", f"days={DAYS}"]
KILLS = 5

PROGRAM = """
import sys
from driftlab import build, lanes
from driftlab.cli import command
recipes = build.recipes
build.recipes = lambda *given: recipes(*given)[1:]  # without the network: its compilation costs more than all else
lanes.SNAPSHOT_EVERY = 2  # so that a resumed run begins at a snapshot
sys.exit(command(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The digests of the run that nobody killed."""
    path = tmp_path_factory.mktemp("whole") / "whole.run"
    assert driftlab_command("run", "small", *WORDS, "--out", path).wait(timeout=600) == 0
    return digests(driftlab.Run(path))


def driftlab_command(*words: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", PROGRAM, *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([ROOT, os.environ.get("PYTHONPATH", "")])}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def wait_for_chunk(process: subprocess.Popen[bytes], path: Path, chunks: int) -> None:
    """Wait until the process has committed more than `chunks`, or is done."""
    while process.poll() is None:
        if path.exists():
            try:
                with RunFile.open(path) as file:
                    if file.cursor.chunks > chunks:
                        return
            except driftlab.Refusal:
                pass  # it is just being made
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.parametrize("chain", range(4))
def test_killed_at_random_moments_and_resumed(chain: int, undisturbed: list[str], tmp_path: Path) -> None:
    killed, chance, chunks = tmp_path / "killed.run", stream(chain, "kill"), -1
    words: list[object] = ["run", "small", *WORDS, "--out", killed]
    for _ in range(KILLS):
        process = driftlab_command(*words)
        # The first kill falls when there is a file at all; a later one when the resumed run has got on.
        wait_for_chunk(process, killed, chunks)
        time.sleep(float(chance.exponential(0.05)))
        process.send_signal(signal.SIGKILL)
        assert process.wait(timeout=60) == -signal.SIGKILL
        with RunFile.open(killed) as file:
            chunks = file.cursor.chunks
        words = ["resume", killed]
    process = driftlab_command(*words)
    assert process.wait(timeout=600) == 0, process.stderr and process.stderr.read()
    assert digests(driftlab.Run(killed)) == undisturbed
