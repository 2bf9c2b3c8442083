"""A scenario is written as TOML that `tomllib` reads back to the same values; a table's own keys precede its tables."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def toml(table: Mapping[str, Any]) -> str:
    """Return a table as TOML text; its values are those that TOML knows, without dates.

    >>> print(toml({"days": 3.0, "loop": {"mode": "open"}, "drift": [{"use": "abrupt", "share": 0.5}]}), end="")
    days = 3.0
    <BLANKLINE>
    [loop]
    mode = "open"
    <BLANKLINE>
    [[drift]]
    use = "abrupt"
    share = 0.5
    """
    return "\n".join(_lines(table, "")).lstrip("\n") + "\n"


def _lines(table: Mapping[str, Any], name: str) -> list[str]:
    """Return the lines of a table: its plain keys, then its tables, then its lists of tables."""
    lines = [f"{key(k)} = {_own_line(v)}" for k, v in table.items() if not _is_table(v) and not _is_list_of_tables(v)]
    for k, v in table.items():
        path = f"{name}.{key(k)}" if name else key(k)
        if _is_table(v):
            lines += ["", f"[{path}]", *_lines(v, path)]
        elif _is_list_of_tables(v):
            for item in v:
                lines += ["", f"[[{path}]]", *_lines(item, path)]
    return lines


def key(text: str) -> str:
    """Return a key, quoted where TOML asks for it."""
    return text if BARE_KEY.fullmatch(text) else _string(text)


def value(given: Any) -> str:
    """Return a value on one line, as it stands behind the `=` of a key.

    >>> value([1, 2.5, True, {"use": "every", "n": 4}])
    '[1, 2.5, true, {use = "every", n = 4}]'
    """
    match given:
        case bool():
            return "true" if given else "false"
        case str():
            return _string(given)
        case int() | float():
            return repr(given)
        case Mapping():
            return "{" + pairs(given) + "}"
        case Sequence():
            return "[" + ", ".join(value(item) for item in given) + "]"
    raise TypeError(f"TOML has no value for {given!r} of type {type(given).__name__}")


def pairs(table: Mapping[str, Any]) -> str:
    """Return the inside of an inline table, as in `use = "every", n = 4`."""
    return ", ".join(f"{key(k)} = {value(v)}" for k, v in table.items())


def _string(text: str) -> str:
    """Return a basic string on one line; its escapes are JSON's, and one for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _own_line(given: Any) -> str:
    """Return a value that stands behind a key on a line of its own: a text of several lines keeps them."""
    if isinstance(given, str) and "\n" in given:
        return '"""\n' + "\n".join(_string(line)[1:-1] for line in given.split("\n")) + '"""'
    return value(given)


def _is_table(given: Any) -> bool:
    return isinstance(given, Mapping)


def _is_list_of_tables(given: Any) -> bool:
    return isinstance(given, list | tuple) and bool(given) and all(_is_table(item) for item in given)
