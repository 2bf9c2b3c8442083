"""A scenario is loaded whole or refused with everything that is wrong with it, each mistake with its place.

Wrong is what cannot be read, what no part or parameter is named, and what would make an experiment that shows nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from journal.errors import Refusal, nearest
from scenarios import overriding, reading
from scenarios.checking import Found, experiment, network_parameters, parts_named
from scenarios.reading import Document
from scenarios.schema import Scenario, keys
from scenarios.signatures import plain


def load(id_or_path: str | Path, overrides: Mapping[str, Any] | None = None) -> Scenario:
    """Return the scenario of an id, or of a file whose path ends in `.toml`, with values set from outside.

    A key of `overrides` is dotted; a value that is a text is read as a TOML value, and taken as it stands where it is
    none. `policy.n` sets the parameter `n` of every policy that has it; so do `encoder.`, `baseline.` and `drift.`.
    Raises a `Refusal` that names every mistake with its file, line and key.

    >>> load("steady", {"days": "2", "shoppers.shoppers": 50}).world.shoppers.shoppers
    50
    """
    return _load(reading.read(id_or_path), overrides or {}, {})


def loads(
    text: str, name: str, overrides: Mapping[str, Any] | None = None, kept: Mapping[str, str] | None = None
) -> Scenario:
    """Return the scenario of a text, as `load` does; `name` is what errors call it, `kept` the user's files by name.

    >>> steady = load("steady")
    >>> loads(steady.toml(), "a run's scenario") == steady
    True
    """
    return _load(reading.read_text(text, name), overrides or {}, kept or {})


def glance(id_or_path: str | Path) -> Scenario:
    """Return a scenario whose keys and values are checked but not the parts it names: loads no part, and so no jax.

    Raises a `Refusal` as `load` does.

    >>> glance("small").days
    4.0
    """
    document = reading.read(id_or_path)
    try:
        return _validated({"id": Path(document.names[0]).stem, **document.values})
    except ValidationError as error:
        raise Refusal(_paragraph(document, list(_explained(error)))) from None


def listing() -> list[tuple[str, str]]:
    """Return id and title of every built-in scenario, in the order of their ids; loads no part.

    >>> ("small", "A small shop for a first look") in listing()
    True
    """
    return [(id_, str(reading.read(id_).values["title"])) for id_ in reading.built_in()]


def _load(document: Document, overrides: Mapping[str, Any], kept: Mapping[str, str]) -> Scenario:
    document = overriding.override(document, overrides)
    values = {"id": Path(document.names[0]).stem, **document.values}
    found: list[Found] = []
    try:
        scenario = _validated(values)
    except ValidationError as error:
        found += _explained(error)
        scenario = _without(values, error)
    found += [*experiment(scenario, kept), *parts_named(values, kept), *network_parameters(values)]
    if found:
        raise Refusal(_paragraph(document, found))
    return scenario


def _validated(values: Mapping[str, Any]) -> Scenario:
    # As JSON, because only there a strict reader takes a list for a tuple and a table for a section.
    return Scenario.model_validate_json(json.dumps(values, default=str))


def _without(values: Mapping[str, Any], error: ValidationError) -> Scenario:
    """Return the scenario with defaults for what is wrong in it, so that its other mistakes can be told too."""
    kept: dict[str, Any] = {**dict.fromkeys(("id", "title", "about"), "unknown"), **values}
    for line in error.errors():
        section, *rest = line["loc"]
        if rest and isinstance(kept.get(str(section)), Mapping):
            kept[str(section)] = {key: value for key, value in kept[str(section)].items() if key != rest[0]}
        elif section in ("id", "title", "about"):
            kept[str(section)] = "unknown"
        else:
            kept.pop(str(section), None)
    return _validated(kept)


def _explained(error: ValidationError) -> Iterator[Found]:
    """Turn pydantic's errors into ours."""
    for line in error.errors():
        path = tuple(line["loc"])
        dotted = ".".join(map(str, path))
        match line["type"]:
            case "extra_forbidden" | "unexpected_keyword_argument":
                where = f"[{'.'.join(map(str, path[:-1]))}]" if path[:-1] else "a scenario"
                yield Found(path, f"'{path[-1]}' is not a key of {where}. {nearest(str(path[-1]), keys(path[:-1]))}")
            case "missing" if isinstance(path[-1], int):
                yield Found(path, f"The list is too short: there is no '{dotted}'.")
            case "missing":
                yield Found(path, f"The key '{dotted}' is needed, here or in a base.")
            case _:
                yield Found(path, f"'{dotted}' = {line['input']!r}: {plain(line['msg'])}.")


def _paragraph(document: Document, found: list[Found]) -> str:
    """Tell all mistakes in the order of their lines, each once."""
    placed = sorted({(document.place(path), text) for path, text in found}, key=_by_line)
    if len(placed) == 1:
        return "{}: {}".format(*placed[0])
    lines = [f"  {place}: {text}" for place, text in placed]
    return "\n".join([f"{document.names[0]} has {len(placed)} mistakes.", *lines])


def _by_line(mistake: tuple[str, str]) -> tuple[str, int, str]:
    name, _, line = mistake[0].partition(", line ")
    return name, int(line or 0), mistake[1]
