"""Large pages change where an array lies in memory, and nothing that it holds."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from model.pages import LARGE, in_large_pages


def table() -> tuple[np.ndarray, dict]:
    """Return some rows, and a tree in which they fill a few large pages."""
    rows = np.arange(3 * LARGE, dtype=np.float32).reshape(-1, 64)
    return rows, {"table": jnp.array(rows), "small": jnp.arange(3), "none": np.zeros(2)}


def wants_large_pages(address: int) -> bool:
    """Return whether the system notes so of the memory at an address."""
    inside = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        first, dash, last = line.split()[0].partition("-")
        if dash:
            inside = int(first, 16) <= address < int(last, 16)
        elif inside and line.startswith("VmFlags:"):
            return "hg" in line.split()
    return False


def test_contents_stay() -> None:
    rows, tree = table()
    address = tree["table"].unsafe_buffer_pointer()
    in_large_pages(tree)
    assert np.array_equal(tree["table"], rows)
    assert tree["table"].unsafe_buffer_pointer() == address
    assert tree["small"].tolist() == [0, 1, 2]


@pytest.mark.skipif(
    sys.platform != "linux" or not Path("/sys/kernel/mm/transparent_hugepage").exists(), reason="no large pages here"
)
def test_the_system_is_asked() -> None:
    _, tree = table()
    start, size = tree["table"].unsafe_buffer_pointer(), tree["table"].nbytes
    middle = start + size // 2
    page, advise = -(-start // LARGE) * LARGE, ctypes.CDLL(None).madvise
    advise(ctypes.c_void_p(page), ctypes.c_size_t(start + size - page), 15)  # MADV_NOHUGEPAGE, whoever had it before
    assert not wants_large_pages(middle)
    in_large_pages(tree)
    assert wants_large_pages(middle)
