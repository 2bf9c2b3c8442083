"""A part may take other parts by name: `on_drift(detector="ddm(drift=4)")`. They are found among the built-in ones."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TypeVar

from journal.errors import Refusal, nearest
from journal.spelling import spelled

Part = TypeVar("Part")

_KINDS = {int: "a whole number", float: "a number", str: "a text", bool: "true or false", tuple: "a list"}


def chain_of(part: str, what: str, text: str, known: Mapping[str, Callable[..., Part]]) -> list[Part]:
    """Return the parts that a text names, as "ddm" or "every(n=4)+decay".

    Args:
        part: who asks for them, for the refusal.
        what: what they are, for the refusal.
        text: names of `known`, with parameters in parentheses where they are not their defaults.
        known: the functions that make them, by name.

    Raises Refusal where there is no such part or parameter, or where its value is of another type or out of range.
    """
    try:
        uses = spelled(text)
    except ValueError as error:
        raise Refusal(f"{part}: the {what} {error}.") from error
    made = []
    for name, given in uses:
        if name not in known:
            raise Refusal(f"{part}: there is no {what} {name!r}. {nearest(name, known)}")
        parameters = inspect.signature(known[name]).parameters
        for key, value in given.items():
            if key not in parameters:
                raise Refusal(f"{part}: '{key}' is not a parameter of {name}. {nearest(key, parameters)}")
            kind = type(parameters[key].default)
            given[key] = tuple(value) if kind is tuple and isinstance(value, list) else value
            if type(given[key]) is not kind and not (kind is float and type(value) is int):
                raise Refusal(f"{part}: {name}: '{key}' = {value!r}; it must be {_KINDS[kind]}.")
        try:
            made.append(known[name](**given))
        except ValueError as error:
            raise Refusal(f"{part}: {error}.") from error
    return made


def one_of(part: str, what: str, text: str, known: Mapping[str, Callable[..., Part]]) -> Part:
    """Return the one part that a text names; see `chain_of`."""
    first, *more = chain_of(part, what, text, known)
    if more:
        raise Refusal(f"{part}: the {what} '{text}' is a chain of {1 + len(more)} parts; here stands one.")
    return first
