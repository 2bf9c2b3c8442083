"""The house as text: its modules, their functions, and how long each is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
ROOMS = ("journal", "simulator", "model", "scenarios", "driftlab", "tui")
FILE_LINES = 300
FUNCTION_LINES = 50
REASON = re.compile(r"^\s*# long because: (.+)$", re.MULTILINE)


class Long(NamedTuple):
    """A file or function over its length, and the reason it states, if any."""

    where: str
    lines: int
    reason: str


def modules(*rooms: str) -> list[Path]:
    """Return the Python files of rooms, in order."""
    return [path for room in rooms or ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def name(path: Path) -> str:
    """Return a file's path as seen from the root of the house."""
    return path.relative_to(ROOT).as_posix()


def long_ones(paths: list[Path]) -> Iterator[Long]:
    """Yield the files and functions that are too long."""
    for path in paths:
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        if len(lines) > FILE_LINES:
            yield Long(name(path), len(lines), _reason("\n".join(lines[:40])))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _length(node) > FUNCTION_LINES:
                source = "\n".join(lines[node.lineno - 1 : node.end_lineno])
                yield Long(f"{name(path)}:{node.lineno} {node.name}", _length(node), _reason(source))


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function without its decorators and docstring."""
    first = node.body[0]
    docstring = (first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(node) is not None else 0
    return (node.end_lineno or 0) - node.lineno + 1 - docstring


def _reason(text: str) -> str:
    found = REASON.search(text)
    return found[1] if found else ""
