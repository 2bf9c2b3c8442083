"""After kill -9 at any moment the run file holds a whole number of chunks, each with everything that came of it."""

import subprocess
import sys
import time

import numpy as np
import pytest

from journal import RunFile, pick, stream
from tests.journal.made import outcomes_of, same_bits, shop

WRITER = """
import sys
from journal import *
from tests.journal.made import outcomes_of, shop
whole = shop(4000)
with RunFile.open(sys.argv[1], write=True) as run:
    print("ready", flush=True)
    for start in range(run.cursor.seq, 4000, 100):
        piece = pick(whole, slice(start, start + 100))
        run.commit(piece, outcomes={"lane": outcomes_of(piece)}, snapshots={"lane": piece.seq.tobytes() * 20},
                   metrics=[("lane", "m", int(piece.seq[-1]), 0, 1.0)])
"""


@pytest.mark.parametrize("attempt", range(4))
def test_a_killed_writer_leaves_a_readable_prefix_and_another_goes_on(tmp_path, attempt):
    path, whole = tmp_path / "killed.run", shop(4000)
    RunFile.create(path, {}).close()
    rng = stream(attempt, "test", "kill")
    for _ in range(2):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)
        writer.stdout.readline()
        time.sleep(float(rng.uniform(0, 0.05)))
        writer.kill()
        writer.communicate()
        with RunFile.open(path) as run:
            run.check_chain()
            chunks, seq, _ = run.cursor
            assert same_bits(run.facts(), pick(whole, slice(0, seq)))
            assert run.outcomes("lane").get("seq", np.array([])).tolist() == list(range(1, seq + 1))
            assert len(run.metrics()) == chunks
            assert (run.snapshot("lane") or (0, b""))[0] == chunks
    with RunFile.open(path, write=True) as run:
        for start in range(run.cursor.seq, 4000, 100):
            piece = pick(whole, slice(start, start + 100))
            run.commit(piece, outcomes={"lane": outcomes_of(piece)})
        killed = run.cursor
    with RunFile.create(tmp_path / "quiet.run", {}) as run:
        for start in range(0, 4000, 100):
            piece = pick(whole, slice(start, start + 100))
            run.commit(piece, outcomes={"lane": outcomes_of(piece)})
        assert run.cursor == killed
