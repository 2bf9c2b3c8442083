"""The parameters of a function are keys of a scenario: their names, types and defaults stand in the function alone.

parameter   of the function, neither `*args` nor `**kwargs`, nor one that is `fixed` by who calls it
mistake     what is wrong with one key: not a parameter, not of its type, or missing
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from pydantic import ConfigDict, PydanticUserError, TypeAdapter, ValidationError

from journal.errors import nearest


class Mistake(NamedTuple):
    """What is wrong, and with which key."""

    key: str
    text: str  # a sentence or two


def parameters(function: Callable[..., Any], fixed: Collection[str] = ()) -> dict[str, inspect.Parameter]:
    """Return the parameters that a scenario may give, with their annotations evaluated where they can be.

    >>> def every(n: int = 1): ...
    >>> list(parameters(every))
    ['n']
    """
    try:
        signature = inspect.signature(function, eval_str=True)
    except NameError:  # an annotation imported only for the type checker
        signature = inspect.signature(function)
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    given = {name: parameter for name, parameter in signature.parameters.items() if parameter.kind in kinds}
    return {name: parameter for name, parameter in given.items() if name not in fixed}


def mistakes(function: Callable[..., Any], given: Mapping[str, Any], fixed: Collection[str] = ()) -> list[Mistake]:
    """Return everything that is wrong with the values given for a function's parameters, in the order they were given.

    >>> def decay(half_life: float): ...
    >>> mistakes(decay, {"half_live": 60})[0].text
    "'half_live' is not a parameter. Did you mean 'half_life'? Known: half_life."
    >>> mistakes(decay, {"half_life": "long"})[0].text
    "'half_life' = 'long': it must be a number."
    """
    known = parameters(function, fixed=fixed)
    found = []
    for key, value in given.items():
        if key not in known:
            found.append(Mistake(key, f"'{key}' is not a parameter. {_known(key, known)}"))
            continue
        try:
            _read(known[key], value)
        except ValidationError as error:
            found += [Mistake(key, f"'{key}' = {value!r}: {plain(line['msg'])}.") for line in error.errors()]
    missing = [name for name, parameter in known.items() if parameter.default is parameter.empty and name not in given]
    return found + [Mistake("use", f"The parameter '{name}' is needed.") for name in missing]


def read_parameters(
    function: Callable[..., Any], given: Mapping[str, Any], fixed: Collection[str] = ()
) -> dict[str, Any]:
    """Return the values as the function's annotations ask for them: lists become tuples, whole numbers floats."""
    known = parameters(function, fixed=fixed)
    return {key: _read(known[key], value) for key, value in given.items()}


def plain(message: str) -> str:
    """Return a sentence of pydantic's in the words of TOML, to follow a colon.

    >>> plain("Input should be a valid array")
    'it must be a list'
    """
    message = message.removeprefix("Value error, ").replace("Input should be", "it must be").replace("a valid ", "a ")
    message = message.replace("an object", "a table").replace("a array", "a list").replace("a dictionary", "a table")
    return message.replace("a integer", "a whole number").replace("a string", "a text")


def _known(key: str, known: Mapping[str, inspect.Parameter]) -> str:
    return nearest(key, known) if known else "There are no parameters."


def _read(parameter: inspect.Parameter, value: Any) -> Any:
    """Read a value strictly by a parameter's annotation: `"4"` is no number, `4` is a float too, a list a tuple too."""
    unknown = parameter.annotation is parameter.empty or isinstance(parameter.annotation, str)
    annotation = Any if unknown else parameter.annotation
    try:
        adapter = TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True))
    except PydanticUserError:  # a type that brings a configuration of its own
        adapter = TypeAdapter(annotation)
    # As JSON, because only there a strict reader takes a list for a tuple.
    return adapter.validate_json(json.dumps(value, default=str), strict=True)
