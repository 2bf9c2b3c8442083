"""Every key of a TOML text has its line."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from scenarios.places import Path, places
from scenarios.writing import toml
from tests.scenarios.values import TABLES


def paths(value: Any, path: Path = ()) -> list[Path]:
    """Return the path of every key and item inside a value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for step, item in inside for found in [(*path, step), *paths(item, (*path, step))]]


@given(TABLES)
def test_every_key_has_a_line(table: dict[str, Any]) -> None:
    text = toml(table)
    found = places(text)
    assert sorted(found, key=repr) == sorted(paths(table), key=repr)
    assert all(1 <= line <= text.count("\n") for line in found.values())


@given(TABLES)
def test_lines_above_move_every_place(table: dict[str, Any]) -> None:
    text = toml(table)
    moved = {path: line + 2 for path, line in places(text).items()}
    assert places(f"# a comment = 1\n\n{text}") == moved


def test_spellings_of_toml() -> None:
    text = """\
    a.b = 1 # x = 2
    "q.k" = [1, 2,
      # a comment ]
      {x = 1.5, y = "]"},
    ]
    s = '''
    [not.a.table]
    '''
    day = 1979-05-27 07:32:00
    [t]
    x = \"""one "quoted" word\"""
    [t.u]
    z = 'C:\\'
    [[drift]]
    use = "a"
    [[drift]]
    [drift.sub]
    [[drift.sub.list]]
    v = true
    """
    assert places(text) == {
        ("a",): 1,
        ("a", "b"): 1,
        ("q.k",): 2,
        ("q.k", 0): 2,
        ("q.k", 1): 2,
        ("q.k", 2): 4,
        ("q.k", 2, "x"): 4,
        ("q.k", 2, "y"): 4,
        ("s",): 6,
        ("day",): 9,
        ("t",): 10,
        ("t", "x"): 11,
        ("t", "u"): 12,
        ("t", "u", "z"): 13,
        ("drift",): 14,
        ("drift", 0): 14,
        ("drift", 0, "use"): 15,
        ("drift", 1): 16,
        ("drift", 1, "sub"): 17,
        ("drift", 1, "sub", "list"): 18,
        ("drift", 1, "sub", "list", 0): 18,
        ("drift", 1, "sub", "list", 0, "v"): 19,
    }
