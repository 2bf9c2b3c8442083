"""Benchmarks run on one thread of arithmetic, as the model does, so that a floor and what is held against it compare.

`uv run python -m benchmarks` measures all of them and prints one table; each also runs alone, as `python -m
benchmarks.updates`.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # read when numpy is imported, so this must come first
