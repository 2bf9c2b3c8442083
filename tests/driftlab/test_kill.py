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

WORDS = ["--encoder", "sage", "--policy", "every_event", "--baseline", "popular", "--set", "days=5"]
KILLS = 5

# Snapshots at every second chunk, so that a resumed run begins at one.
PROGRAM = "import driftlab.lanes, sys; driftlab.lanes.SNAPSHOT_EVERY = 2; from driftlab.cli import command; sys.exit(command(sys.argv[1:]))"


def driftlab_command(*words: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", PROGRAM, *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": str(Path(driftlab.__file__).parents[1])}
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
def test_killed_at_random_moments_and_resumed(chain: int, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole.run", tmp_path / "killed.run"
    process = driftlab_command("run", "small", *WORDS, "--out", whole)
    assert process.wait(timeout=600) == 0, process.stderr and process.stderr.read()
    chance = stream(chain, "kill")
    words: list[object] = ["run", "small", *WORDS, "--out", killed]
    chunks = 0
    for kill in range(KILLS):
        process = driftlab_command(*words)
        # The first kill falls anywhere; a later one once the resumed run has got on, or there would be no end.
        wait_for_chunk(process, killed, chunks if kill else -1)
        time.sleep(float(chance.exponential(0.05)))
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
        with RunFile.open(killed) as file:
            chunks = file.cursor.chunks
        words = ["resume", killed]
    process = driftlab_command(*words)
    assert process.wait(timeout=600) == 0, process.stderr and process.stderr.read()
    assert digests(driftlab.Run(killed)) == digests(driftlab.Run(whole))
