"""A place is the line on which a key of a TOML text stands; every error about a scenario names one.

`tomllib` tells no lines, so this reads the text a second time. That the text is valid TOML keeps the reader small.

path    the way to a value: table keys and list indices, as in ("drift", 0, "share")
places  the line of every table, key and list item, by path
"""

from __future__ import annotations

import re
import tomllib

Path = tuple[str | int, ...]

TOKEN = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|\#[^\n]*|\n|[\[\]{}=,.]|[^\s\[\]{}=,.#"']+''',
    re.DOTALL,
)


def places(text: str) -> dict[Path, int]:
    """Return the line, from 1, of every table, key and list item of a valid TOML text.

    >>> places("days = 3\\n[[drift]]\\nuse = 'abrupt'\\n")
    {('days',): 1, ('drift',): 2, ('drift', 0): 2, ('drift', 0, 'use'): 3}
    """
    reader = _Reader(text)
    reader.document()
    return reader.found


class _Reader:
    """A recursive descent over the tokens; `at` is the next one, `table` the table whose keys are being read."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, int]] = []
        line = 1
        for match in TOKEN.finditer(text):
            if not match[0].startswith("#"):
                self.tokens.append((match[0], line))
            line += match[0].count("\n")
        self.tokens.append(("", line))
        self.at = 0
        self.found: dict[Path, int] = {}
        self.lengths: dict[Path, int] = {}

    def peek(self) -> str:
        return self.tokens[self.at][0]

    def take(self) -> tuple[str, int]:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def skip(self, unwanted: str) -> None:
        while self.peek() and self.peek() in unwanted:
            self.at += 1

    def document(self) -> None:
        table: Path = ()
        self.skip("\n")
        while self.peek():
            table = self.header() if self.peek() == "[" else self.pair(table)
            self.skip("\n")

    def header(self) -> Path:
        """Read `[a.b]` or `[[a.b]]`; a name of a list of tables on the way means its last table."""
        line = self.take()[1]
        is_list = self.peek() == "["
        self.skip("[")
        path: Path = ()
        keys = self.keys()
        for depth, key in enumerate(keys, 1):
            path = (*path, key)
            self.found.setdefault(path, line)
            if is_list and depth == len(keys):
                self.lengths[path] = self.lengths.get(path, 0) + 1
            if path in self.lengths:
                path = (*path, self.lengths[path] - 1)
        self.found[path] = line
        self.skip("]")
        return path

    def keys(self) -> list[str]:
        """Read a dotted key up to the sign that ends it."""
        keys: list[str] = []
        while self.peek() not in ("=", "]"):
            token = self.take()[0]
            if token != ".":
                keys.extend(tomllib.loads(f"{token} = 0"))
        return keys

    def pair(self, table: Path) -> Path:
        line = self.tokens[self.at][1]
        path = table
        for key in self.keys():
            path = (*path, key)
            self.found.setdefault(path, line)
        self.take()
        self.value(path)
        return table

    def value(self, path: Path) -> None:
        opening = self.peek()
        if opening in ("[", "{"):
            self.take()
            self.items(path, "]" if opening == "[" else "}")
            return
        while self.peek() not in ("", ",", "]", "}", "\n"):
            self.take()

    def items(self, path: Path, closing: str) -> None:
        """Read the items of a list or of an inline table up to its end."""
        index = 0
        self.skip(",\n")
        while self.peek() != closing:
            if closing == "}":
                self.pair(path)
            else:
                self.found[(*path, index)] = self.tokens[self.at][1]
                self.value((*path, index))
                index += 1
            self.skip(",\n")
        self.take()
