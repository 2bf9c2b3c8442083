"""Compiling: once per combination of parts in a process, and once per machine where a folder is kept for it."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax

# Read once, when jax first computes. A step is hundreds of operations of under a microsecond: handing them to a pool of
# threads costs more than they do (measured: 2 times). Lanes run beside each other in threads of their own.
os.environ.setdefault("PJRT_NPROC", "1")

OPTIONS = {"xla_cpu_copy_insertion_use_region_analysis": True, "xla_cpu_multi_thread_eigen": False}
"""The first removes copies of tables from the loop; the second decides every sum on one thread."""


@functools.cache
def compiled(function: Callable[..., Any], *parts: Any, donate: tuple[int, ...] = ()) -> Any:
    """Return `function` of these parts, compiled; equal parts share it, so seeds and lanes do not compile twice."""
    return jax.jit(functools.partial(function, *parts), donate_argnums=donate, compiler_options=OPTIONS)


def keep_compiled(folder: Path) -> None:
    """Keep what is compiled in `folder` for other processes, unless the user chose another (JAX_COMPILATION_CACHE_DIR).

    Compiling takes most of a short run. A folder that cannot be written is no error: all is compiled anew.
    """
    if jax.config.jax_compilation_cache_dir is None:  # type: ignore[attr-defined]
        jax.config.update("jax_compilation_cache_dir", str(folder))  # type: ignore[no-untyped-call]
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.3)  # type: ignore[no-untyped-call]
