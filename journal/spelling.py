"""How parts and their parameters are written on one line: `every(n=4)+decay(half_life=3600)`.

A parameter's value is written as in TOML. A text may hold anything, another part too:
`on_drift(detector="ddm(drift=4)")`.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

_PART = r"""\s*([^()+"']+?)\s*(?:\(((?:[^()"']|"(?:\\.|[^"\\])*"|'[^']*')*)\)\s*)?"""


def spelled(text: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the name and the parameters of each part of a chain; `ValueError` where it cannot be read.

    >>> spelled("every(n=4)+never")
    [('every', {'n': 4}), ('never', {})]
    >>> spelled("every(n=")
    Traceback (most recent call last):
    ValueError: 'every(n=' does not read as parts; they are written as in 'every(n=4)+decay(half_life=3600)'
    """
    if not re.fullmatch(rf"{_PART}(?:\+{_PART})*", text):
        raise ValueError(f"'{text}' does not read as parts; they are written as in 'every(n=4)+decay(half_life=3600)'")
    return [(match[1], _parameters(match[2] or "", text)) for match in re.finditer(rf"{_PART}(?:\+|$)", text)]


def _parameters(inside: str, text: str) -> dict[str, Any]:
    try:
        given: dict[str, Any] = tomllib.loads(f"given = {{{inside}}}")["given"]
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"the parameters of '{text}' do not read as 'key=value, key=value': {error}") from error
    return given
