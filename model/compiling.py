"""Compiling: once per combination of parts in a process, and once per machine where a folder is kept for it.

A step of the loop is hundreds of operations of under a microsecond, and handing each to the runtime costs as much as
doing it. XLA can compile a whole loop to one piece of machine code instead (measured: 1.4 times as fast), if nothing in
it scatters, sorts or calls a library: see `model.rows` and `model.encoders.products` for what stands in their place. A
loop with parts that do (a user's encoder may) is compiled as before, and gives the same to rounding.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable
from pathlib import Path
from threading import RLock
from typing import Any

import jax
import numpy as np

from model.rows import scattered

# Both are read once, when jax first computes. Handing operations to a pool of threads costs more than they do; lanes
# run beside each other in threads of their own.
os.environ.setdefault("PJRT_NPROC", "1")

ONE_PIECE = "xla_cpu_small_while_loop_byte_threshold=1000000000000,-unroll-full-max-count=16"
"""Loops of any size in one piece. The second is LLVM's own, and for all that is compiled: loops of more rounds are not
written out number by number, and so are vectorised (measured: the step takes seven eighths of the time)."""

if "xla_backend_extra_options" not in os.environ.get("XLA_FLAGS", ""):
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_backend_extra_options={ONE_PIECE}".strip()

OPTIONS = {"xla_cpu_copy_insertion_use_region_analysis": True, "xla_cpu_multi_thread_eigen": False}
"""The first removes copies of tables from the loop; the second decides every sum on one thread."""

NO_LIBRARY = {**OPTIONS, "xla_cpu_experimental_ynn_fusion_type": ""}
"""Matrix products in the loop's own code."""


@functools.cache
def compiled(function: Callable[..., Any], *parts: Any) -> Any:
    """Return `function` of these parts, compiled; equal parts share it, so seeds and lanes do not compile twice."""
    return jax.jit(functools.partial(function, *parts), compiler_options=OPTIONS)


@functools.cache
def looped(function: Callable[..., Any], *parts: Any) -> Looped:
    """Return `function` of these parts, which is one loop over its first argument; equal parts share it."""
    return Looped(functools.partial(function, *parts))


class Looped:
    """A compiled loop whose first argument is donated: in one piece of machine code where its parts allow it.

    Lanes that share it may call it from several threads: the first to come with a length compiles it, the others wait.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.chosen: Any = None
        self._lock = RLock()
        self._lengths: set[tuple[Any, ...]] = set()

    def __call__(self, *arguments: Any) -> Any:
        length = tuple(map(np.shape, jax.tree.leaves(arguments[1:])))
        if length in self._lengths:
            return self.chosen(*arguments)
        with self._lock:
            made = self.like(*arguments)(*arguments)
            self._lengths.add(length)
        return made

    def like(self, *arguments: Any) -> Any:
        """Return the jitted function that arguments like these are given to."""
        with self._lock:
            return self._choose(*arguments)

    def _choose(self, *arguments: Any) -> Any:
        if self.chosen is None:
            whole = jax.jit(self.function, donate_argnums=0, compiler_options=NO_LIBRARY)
            text = whole.lower(*arguments).compile().as_text() or ""
            pieces = jax.jit(self._in_pieces, donate_argnums=0, compiler_options=OPTIONS)
            self.chosen = whole if in_one_piece(text) else pieces
        return self.chosen

    def _in_pieces(self, *arguments: Any) -> Any:
        with scattered():
            return self.function(*arguments)


def in_one_piece(text: str) -> bool:
    """Tell whether the loops of a compiled module, given as text, are calls of one piece of machine code each."""
    main = text[text.index("\nENTRY ") :]
    return re.search(r" while\(", main) is None


def keep_compiled(folder: Path) -> None:
    """Keep what is compiled in `folder` for other processes, unless the user chose another (JAX_COMPILATION_CACHE_DIR).

    Compiling takes most of a short run. A folder that cannot be written is no error: all is compiled anew.
    """
    if jax.config.jax_compilation_cache_dir is None:  # type: ignore[attr-defined]
        jax.config.update("jax_compilation_cache_dir", str(folder))  # type: ignore[no-untyped-call]
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.3)  # type: ignore[no-untyped-call]
