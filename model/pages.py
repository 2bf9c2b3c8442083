"""Large tables in large pages, where the system has them: an event touches hundreds of scattered rows, and beyond the
caches much of what a row costs is finding the page it is on (measured: a tenth of a step at a million products).
"""

from __future__ import annotations

import ctypes
import sys

import jax

from model.parts import Tree

LARGE = 2**21
"""Bytes of a large page."""

_WANTED, _NOW = 14, 25
"""Of madvise(2): use large pages here, MADV_HUGEPAGE; gather what is there already, MADV_COLLAPSE (Linux 6.1)."""


def in_large_pages(tree: Tree) -> None:
    """Ask for large pages under every array that fills some; contents do not change, and a refusal is no error."""
    if sys.platform != "linux":
        return
    advise = ctypes.CDLL(None).madvise
    advise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    for leaf in jax.tree.leaves(tree):
        if isinstance(leaf, jax.Array) and leaf.nbytes >= 2 * LARGE:
            start = leaf.unsafe_buffer_pointer()
            first, last = -(-start // LARGE) * LARGE, (start + leaf.nbytes) // LARGE * LARGE
            for advice in (_WANTED, _NOW):
                advise(first, last - first, advice)
