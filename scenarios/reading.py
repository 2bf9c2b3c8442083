"""A scenario's text is read together with the texts it is based on; of two values for one key the nearer text's holds.

document   values of all keys, and for each key the place it was given: a file and a line, or an option
base       id or path of the scenario that gives every key this one leaves out; tables are merged, all else is replaced
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from journal.errors import Refusal, nearest
from scenarios.places import Path as KeyPath
from scenarios.places import places

HERE = Path(__file__).parent

OWN_FILE = re.compile(r"""(^|\+)\s*([^()+"']+\.py):""")
"""The file in `my_file.py:my_function`, at the beginning of a use in a chain."""


class Document(NamedTuple):
    """Merged values, where each was given, and the names of the texts, the nearest first."""

    values: dict[str, Any]
    places: dict[KeyPath, str]
    names: tuple[str, ...]

    def place(self, path: KeyPath) -> str:
        """Return where a key was given, or else what stands in it, or else the nearest table around it."""
        if path not in self.places:
            inside = [known for known in self.places if known[: len(path)] == path]
            path = inside[0] if inside and path else path
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, self.names[0])


def built_in() -> dict[str, Path]:
    """Return the scenarios that driftlab brings, by id.

    >>> "steady" in built_in()
    True
    """
    return {path.stem: path for path in sorted(HERE.glob("*.toml"))}


def read(id_or_path: str | Path) -> Document:
    """Read a built-in scenario by its id, or a file by a path that ends in `.toml`, and all that it is based on."""
    path = _find(str(id_or_path), Path())
    return _with_base(_text(path), _label(path), path, (path.resolve(),))


def read_text(text: str, name: str) -> Document:
    """Read a scenario from its text; `name` is what errors call it. Paths in it are seen from the working directory."""
    return _with_base(text, name, Path(), ())


def _with_base(text: str, name: str, path: Path, seen: tuple[Path, ...]) -> Document:
    own = _parse(text, name)
    for section in ("drift", "shock", "social", "campaign", "fault", "network"):
        if section in own.values:
            own.values[section] = _anchored(own.values[section], path.parent)
    base = own.values.pop("base", None)
    if base is None:
        return own
    place = own.place(("base",))
    if not isinstance(base, str):
        raise Refusal(f"{place}: 'base' = {base!r} must be the id of a scenario or a path that ends in '.toml'.")
    try:
        base_path = _find(base, path.parent)
    except Refusal as refusal:
        raise Refusal(f"{place}: {refusal}") from None
    if base_path.resolve() in seen:
        circle = " -> ".join(_label(p) for p in (*seen[seen.index(base_path.resolve()) :], base_path))
        raise Refusal(f"{place}: the bases go round in a circle: {circle}. One of them must stand without a base.")
    under = _with_base(_text(base_path), _label(base_path), base_path, (*seen, base_path.resolve()))
    return _merge(under, own)


def _anchored(given: Any, folder: Path) -> Any:
    """Return a value in which a user's own files are seen from here, not from the scenario's folder."""
    match given:
        case str():
            return OWN_FILE.sub(lambda match: f"{match[1]}{folder / match[2]}:", given)
        case list():
            return [_anchored(item, folder) for item in given]
        case dict():
            return {key: _anchored(value, folder) for key, value in given.items()}
    return given


def _merge(under: Document, own: Document) -> Document:
    """Lay a document over its base."""
    spots = dict(under.places)

    def lay(below: dict[str, Any], above: dict[str, Any], path: KeyPath) -> dict[str, Any]:
        merged = dict(below)
        for key, value in above.items():
            here = (*path, key)
            if isinstance(value, dict) and isinstance(below.get(key), dict):
                merged[key] = lay(below[key], value, here)
                continue
            for known in [known for known in spots if known[: len(here)] == here]:
                del spots[known]
            merged[key] = value
        return merged

    under.values.pop("id", None)  # a name is never inherited
    values = lay(under.values, own.values, ())
    return Document(values, {**spots, **own.places}, own.names + under.names)


def _parse(text: str, name: str) -> Document:
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r" \(at line (\d+), column (\d+)\)$", str(error))
        place = f"{name}, line {where[1]}, column {where[2]}" if where else f"{name}, at its end"
        what = str(error)[: where.start()] if where else str(error).removesuffix(" (at end of document)")
        raise Refusal(f"{place}: this is not TOML: {what[:1].lower()}{what[1:]}.") from None
    return Document(values, {path: f"{name}, line {line}" for path, line in places(text).items()}, (name,))


def _find(wanted: str, folder: Path) -> Path:
    """Return the file of a built-in id, or of a path, seen from a folder."""
    known = built_in()
    if wanted in known:
        return known[wanted]
    if not wanted.endswith(".toml"):
        hint = nearest(wanted, known).removesuffix(".")
        raise Refusal(f"No scenario named '{wanted}'. {hint}; or give a path that ends in '.toml'.")
    path = folder / wanted
    if not path.is_file():
        near = nearest(path.name, [file.name for file in path.parent.glob("*.toml")]) if path.parent.is_dir() else ""
        raise Refusal(f"There is no file '{path}'. {near}".rstrip())
    return path


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise Refusal(f"'{path}' cannot be read: {reason}.") from error


def _label(path: Path) -> str:
    """Name a file in errors: a built-in scenario by its name alone."""
    return path.name if path.parent == HERE else str(path)
