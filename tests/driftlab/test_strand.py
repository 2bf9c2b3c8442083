"""A strand keeps its order, strands run side by side, and errors come back."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from driftlab.strand import Strand


def test_two_strands_overlap_and_each_keeps_its_order() -> None:
    done: dict[str, list[int]] = {"a": [], "b": []}
    both = threading.Barrier(2, timeout=10)

    def work(name: str, i: int) -> None:
        if i == 0:
            both.wait()  # passes only if both strands are at work at once
        done[name].append(i)

    with ThreadPoolExecutor(2) as pool:
        strands = {name: Strand(pool) for name in done}
        futures = [strands[name].submit(work, name, i) for i in range(50) for name in done]
        for future in futures:
            future.result(timeout=10)
    assert done == {"a": list(range(50)), "b": list(range(50))}


def test_an_error_is_raised_where_the_result_is_asked_for() -> None:
    def fail() -> None:
        raise ValueError("no")

    with ThreadPoolExecutor(1) as pool:
        strand = Strand(pool)
        failed, next_one = strand.submit(fail), strand.submit(int, "7")
        with pytest.raises(ValueError, match="no"):
            failed.result(timeout=10)
        assert next_one.result(timeout=10) == 7


def test_what_is_cancelled_is_not_done() -> None:
    go, done = threading.Event(), []
    with ThreadPoolExecutor(1) as pool:
        strand = Strand(pool)
        first = strand.submit(go.wait, 10)
        dropped = strand.submit(done.append, 1)
        strand.cancel()
        go.set()
        first.result(timeout=10)
        assert dropped.cancelled()
    assert done == []
