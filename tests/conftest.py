"""What all tests share: examples that are the same in every run, and the list of long files and functions."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import settings

from tests.house.code import FILE_LINES, FUNCTION_LINES, long_ones, modules

# No deadline: on a shared machine the time of one example says nothing.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")


MAPS = 20_000
"""Memory maps of a process from which what was compiled is dropped; Linux allows 65,530, and a compiled loop holds some
hundreds. Beyond it the next compilation ends the process with a segmentation fault."""


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Drop what was compiled before there is too much of it; it is compiled again, or read back, when it is needed."""
    maps, jax = Path("/proc/self/maps"), sys.modules.get("jax")
    if jax is not None and maps.exists() and maps.read_bytes().count(b"\n") > MAPS:
        jax.clear_caches()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print every file and function over its length, with the reason it states."""
    found = list(long_ones(modules()))
    terminalreporter.section(f"over {FILE_LINES} lines a file or {FUNCTION_LINES} a function: {len(found)}")
    for where, lines, reason in found:
        terminalreporter.write_line(f"{where}: {lines} lines: {reason or 'NO REASON GIVEN'}")
