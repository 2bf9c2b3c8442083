"""Make the golden run file of a release: python -m tests.journal.golden.make PATH.

Every release that changes the format or a kind adds one and never touches those before it.
"""

import sys
from pathlib import Path

import numpy as np

from journal import RunFile, pick
from tests.journal.made import outcomes_of, shop


def make(path: Path) -> None:
    """Write a small run with something in every table."""
    whole = shop(300)
    with RunFile.create(path, {"scenario": 'id = "golden"', "seed": "7"}) as run:
        for start in range(0, 300, 128):
            piece = pick(whole, slice(start, start + 128))
            run.commit(
                piece,
                truth={"interest": {"shopper": piece.shopper[:4], "theta": np.eye(4, 3, dtype=np.float32) * start}},
                deliveries={"seq": piece.seq, "time": piece.time + 5, "copy": np.zeros(len(piece), np.int8)},
                outcomes={"network": outcomes_of(piece)},
                metrics=[("network", "ndcg@10", int(piece.seq[-1]), int(piece.time[-1]), start / 512)],
                snapshots={"network": bytes(range(16))},
            )
        run.put_array("price", np.array([1.5, np.nan, -0.0], np.float32))
        run.put_names("product", ["tea", "Kännchen"])
        run.put_rejects([(3, "missing value", "a,,view")])
        run.put_source("mine.py", "def mine():\n    return 1\n")
        run.finish("complete", 1.5)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
