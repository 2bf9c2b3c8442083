"""An override sets a value from outside, as `--set shoppers.shoppers=100` does; it is checked like one in the file.

key         dotted; a number in it means an item of a list, from 0: `drift.0.share`
family key  `policy.n`: the parameter `n` of every policy that has it; so with all families of `FAMILY_PATHS`
value       read as a TOML value where it is a text, and taken as it stands where it is none: `loop.mode=closed`
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from journal.errors import Refusal, nearest
from scenarios import parts
from scenarios.places import Path
from scenarios.reading import Document
from scenarios.schema import NetworkSpec, Scenario
from scenarios.signatures import parameters
from scenarios.uses import Chain, Use

FAMILY_PATHS: Mapping[str, Path] = {
    "policy": ("network", "policies"),
    "encoder": ("network", "encoders"),
    "loss": ("network", "losses"),
    "sampler": ("network", "samplers"),
    "baseline": ("network", "baselines"),
    "drift": ("drift",),
    "shock": ("shock",),
    "fault": ("fault",),
}
"""Where the parts of each family stand in a scenario."""

OPTIONS = {path: family for family, path in FAMILY_PATHS.items() if path[0] == "network"}
"""Lists that options of their own give, each a part: `--policy`, `--encoder`, ...; errors name these."""

TEXTS = ("id", "title", "about")
"""Keys whose value is a text even where it looks like a number."""


def override(document: Document, overrides: Mapping[str, Any]) -> Document:
    """Return the document with the overrides in it; family keys come last, so that they reach parts set by the others.

    >>> document = Document({"days": 3, "loop": {"slate": 10}}, {}, ("mine.toml",))
    >>> override(document, {"loop.slate": "20"}).values
    {'days': 3, 'loop': {'slate': 20}}
    """
    of_families = {dotted: given for dotted, given in overrides.items() if _is_family_key(dotted)}
    for dotted, given in overrides.items():
        if dotted not in of_families:
            path = tuple(int(step) if step.isdecimal() else step for step in dotted.split("."))
            value = read_value(given)
            value = given if dotted in TEXTS and not isinstance(value, str) else value
            document = _placed(document, path, value, f"--set {dotted}={given}")
            if path in OPTIONS and isinstance(given, list):
                told = ((at, use) for at, use in enumerate(given) if isinstance(use, str))
                words = {(*path, at): f"--{OPTIONS[path]} {use}" for at, use in told}
                document = document._replace(places={**document.places, **words})
    for dotted, given in of_families.items():
        family, key = dotted.split(".", 1)
        document = _in_every_part(document, family, key, read_value(given), f"--set {dotted}={given}")
    return document


def read_value(given: Any) -> Any:
    """Return the TOML value of a text, or the text itself; anything but a text is a value already.

    >>> read_value("[1, 2]"), read_value("closed"), read_value(0.5)
    ([1, 2], 'closed', 0.5)
    """
    if not isinstance(given, str):
        return given
    try:
        return tomllib.loads(f"value = {given}")["value"]
    except tomllib.TOMLDecodeError:
        return given


def uses(values: Mapping[str, Any], family: str) -> list[tuple[Path, Use]]:
    """Return the parts of a family in a scenario's values, each with its path; those that do not read are left out."""
    found: list[tuple[Path, Use]] = []
    for at, item in enumerate(_items(values, family)):
        path = (*FAMILY_PATHS[family], at)
        found += [((*path, step) if family == "policy" else path, use) for step, use in enumerate(_chain(item))]
    return found


def _items(values: Mapping[str, Any], family: str) -> list[Any]:
    """Return what stands in a scenario for a family, or its default."""
    *tables, last = FAMILY_PATHS[family]
    inside: Any = values
    for step in tables:
        inside = inside.get(step, {}) if isinstance(inside, Mapping) else {}
    fields = NetworkSpec.model_fields if tables else Scenario.model_fields
    given = inside.get(last, fields[str(last)].default) if isinstance(inside, Mapping) else ()
    return list(given) if isinstance(given, list | tuple) else []


def _chain(item: Any) -> tuple[Use, ...]:
    try:
        chain: tuple[Use, ...] = TypeAdapter(Chain).validate_python(item)
    except ValidationError:
        return ()  # the schema tells what is wrong with it
    return chain


def _is_family_key(dotted: str) -> bool:
    family, _, key = dotted.partition(".")
    return family in FAMILY_PATHS and key != "" and not key[0].isdecimal()


def _in_every_part(document: Document, family: str, key: str, value: Any, place: str) -> Document:
    """Set a parameter of every part of a family that has it; it is a mistake if none has."""
    owned = {path: parameters(parts.locate(family, use.use)[0]) for path, use in uses(document.values, family)}
    owners = [path for path, own in owned.items() if key in own]
    if not owners:
        known = sorted({name for own in owned.values() for name in own})
        hint = nearest(key, known) if known else "None has any."
        raise Refusal(f"{place}: no {family} of this scenario has a parameter '{key}'. {hint}")
    items = []
    for item in _items(document.values, family):
        chain = [use.model_dump() for use in _chain(item)]
        items.append(item if not chain else chain if family == "policy" else chain[0])
    document = document._replace(values=_set(document.values, FAMILY_PATHS[family], items, place))
    for path in owners:
        document = _placed(document, (*path, key), value, place)
    return document


def _placed(document: Document, path: Path, value: Any, place: str) -> Document:
    """Return the document with one value set; what it replaces loses its place."""
    kept = {known: where for known, where in document.places.items() if known[: len(path)] != path}
    return document._replace(values=_set(document.values, path, value, place), places={**kept, path: place})


def _set(inside: Any, path: Path, value: Any, place: str) -> Any:
    """Return a copy of tables and lists in which the value at a path is another."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        if not isinstance(inside, list) or step >= len(inside):
            there = f"a list of {len(inside)}" if isinstance(inside, list) else "no list"
            raise Refusal(f"{place}: there is no item {step}, for in its place stands {there}.")
        return [_set(item, rest, value, place) if at == step else item for at, item in enumerate(inside)]
    if not isinstance(inside, Mapping):
        raise Refusal(f"{place}: '{step}' would be a key of {inside!r}, which is no table.")
    return {**inside, step: _set(inside.get(step, {}), rest, value, place)}
