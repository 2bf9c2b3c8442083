"""A part is what varies: a plain function makes it, and the parameters of that function are its keys in a scenario.

Three spellings name the function: a built-in name; `my_file.py:my_function`; a name that an installed package gives in
its entry point group `driftlab.<family>`. There is no registry to call and nothing to inherit from.

family   what kind of part it is: policy, encoder, loss, sampler, baseline, drift, shock, social, audience, fault,
         detector
use      the spelling and the parameters: `{use = "every", n = 4}` in a scenario, `every(n=4)` on one line
chain    uses applied one after the other: `every(n=4)+budget(per_second=500)`
source   a user's own file, its text and hash, kept in the run file so that the run can be repeated after an edit
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import re
import sys
import types
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, NamedTuple

from journal.errors import Refusal, nearest
from scenarios.signatures import Mistake, mistakes, parameters, read_parameters
from scenarios.uses import Use, read_use

Function = Callable[..., Any]


class Family(NamedTuple):
    """Where the built-in parts of a family are; the module is imported only when a part is looked up."""

    module: str
    table: str  # name of a dict in the module: function by name
    made: str  # name of the class in the module that those functions return


FAMILIES: Mapping[str, Family] = {
    "policy": Family("model", "POLICIES", "Policy"),
    "encoder": Family("model", "ENCODERS", "Encoder"),
    "loss": Family("model.losses", "LOSSES", "Loss"),
    "sampler": Family("model.samplers", "SAMPLERS", "Sampler"),
    "baseline": Family("model", "BASELINES", "Recommender"),
    "drift": Family("simulator", "DRIFTS", "Drift"),
    "shock": Family("simulator.shocks", "SHOCKS", "Shock"),
    "social": Family("simulator", "SOCIAL", "Social"),
    "audience": Family("simulator.audiences", "AUDIENCES", "Audience"),
    "fault": Family("simulator.faults", "FAULTS", "Fault"),
    "detector": Family("model.detectors", "DETECTORS", "Detector"),
}


class Source(NamedTuple):
    """A user's own file, as it was when the run began."""

    name: str  # the path, as spelled in front of the colon
    text: str
    sha256: str  # hexadecimal, of the text in UTF-8


def find(family: str, use: Use | str, kept: Mapping[str, str] | None = None) -> tuple[Any, Source | None]:
    """Return the part that a use names, built with its parameters, and the source where it is a user's own file.

    `kept` holds the text of files by name, as a run file keeps them: it is taken instead of the file of that name.
    A name, a parameter or a file that will not do raises a `Refusal`.

    >>> part, source = find("drift", "none")
    >>> source is None
    True
    >>> find("drift", "abrubt")
    Traceback (most recent call last):
    journal.errors.Refusal: No drift named 'abrubt'. Did you mean 'abrupt'? ...
    """
    try:
        asked = read_use(use) if isinstance(use, str) else use
    except ValueError as error:
        raise Refusal(f"{family}: {error}.") from error
    function, source = locate(family, asked.use, kept)
    wrong = mistakes(function, asked.parameters)
    if wrong:
        raise Refusal(f"{family} '{asked.use}': " + " ".join(mistake.text for mistake in wrong))
    return _build(family, asked, function, source), source


def check(family: str, use: Use, kept: Mapping[str, str] | None = None) -> list[Mistake]:
    """Return everything that is wrong with a use, each with the key it is about; nothing wrong gives an empty list."""
    try:
        function, source = locate(family, use.use, kept)
    except Refusal as refusal:
        return [Mistake("use", str(refusal))]
    wrong = [Mistake(key, f"{family} '{use.use}': {text}") for key, text in mistakes(function, use.parameters)]
    if not wrong:
        try:
            _build(family, use, function, source)
        except Refusal as refusal:
            told = str(refusal).partition(": ")[2]
            named = [key for key in use.parameters if re.search(rf"\b{re.escape(key)}\b", told)]
            wrong.append(Mistake(named[0] if named else "use", str(refusal)))
    return wrong


def names(family: str) -> list[str]:
    """Return the built-in names of a family and those of installed packages, sorted.

    >>> "abrupt" in names("drift")
    True
    """
    return sorted({*_table(family), *entry_points(group=f"driftlab.{family}").names})


NEEDED = "(needed)"
"""What is listed of a parameter that has no default."""


class Listed(NamedTuple):
    """A part as it is told of."""

    family: str
    name: str
    parameters: dict[str, Any]  # with their defaults, or `NEEDED`
    about: str  # the first paragraph of its docstring, on one line


def listing() -> list[Listed]:
    """Return every part there is, by family and name; nothing is built.

    >>> next(part for part in listing() if part.name == "every").parameters
    {'n': 4}
    """
    made = []
    for family in FAMILIES:
        for name in names(family):
            function, _ = locate(family, name)
            defaults = {
                key: NEEDED if given.default is given.empty else given.default
                for key, given in parameters(function).items()
            }
            about = (inspect.getdoc(function) or "").partition("\n\n")[0]
            made.append(Listed(family, name, defaults, " ".join(about.split())))
    return made


def families_of(use: Use, kept: Mapping[str, str] | None = None) -> list[str]:
    """Return the families that a use may be of: those with a part of its name, or that of what a user's function makes.

    Raises Refusal where there is none.

    >>> families_of(Use(use="random"))
    ['policy', 'baseline']
    """
    if ".py:" not in use.use:
        found = [family for family in FAMILIES if use.use in names(family)]
        if found:
            return found
        known = sorted({name for family in FAMILIES for name in names(family)})
        hint = nearest(use.use, known).removesuffix(".")
        raise Refusal(f"No part named '{use.use}'. {hint}; or give a function in a file as 'my_file.py:my_function'.")
    function, source = locate("part", use.use, kept)
    wrong = mistakes(function, use.parameters)
    if wrong:
        raise Refusal(f"part '{use.use}': " + " ".join(mistake.text for mistake in wrong))
    part = _called("part", use, function, source)
    homes = {family: getattr(importlib.import_module(home.module), home.made) for family, home in FAMILIES.items()}
    for family, made in homes.items():
        if isinstance(part, made):
            return [family]
    raise Refusal(
        f"part '{use.use}' returned a {type(part).__name__}; a part is one of "
        + ", ".join(f"{made.__name__} ({family})" for family, made in homes.items())
        + "."
    )


def locate(family: str, name: str, kept: Mapping[str, str] | None = None) -> tuple[Function, Source | None]:
    """Return the function that a spelling names, and its source where it is in a user's file; built-in names win."""
    if ".py:" in name:
        return _from_file(family, name, kept or {})
    built_in = _table(family)
    if name in built_in:
        return built_in[name], None
    for entry in entry_points(group=f"driftlab.{family}", name=name):
        return _from_package(family, name, entry.load), None
    hint = nearest(name, names(family)).removesuffix(".")
    raise Refusal(f"No {family} named '{name}'. {hint}; or give a function in a file as 'my_file.py:my_function'.")


def _table(family: str) -> Mapping[str, Function]:
    if family not in FAMILIES:
        raise Refusal(f"No family of parts named '{family}'. {nearest(family, FAMILIES)}")
    home = FAMILIES[family]
    table: Mapping[str, Function] = getattr(importlib.import_module(home.module), home.table)
    return table


def _build(family: str, use: Use, function: Function, source: Source | None) -> Any:
    """Make the part, and see that it is of its family."""
    home = FAMILIES[family]
    made = getattr(importlib.import_module(home.module), home.made)
    part = _called(family, use, function, source)
    if not isinstance(part, made):
        fields = ", ".join(getattr(made, "_fields", ()))
        raise Refusal(
            f"{family} '{use.use}' returned a {type(part).__name__}; it must return a {made.__name__}({fields}), "
            f"a NamedTuple to be imported with `from {home.module} import {made.__name__}`."
        )
    return part


def _called(family: str, use: Use, function: Function, source: Source | None) -> Any:
    """Call the function; what it raises is the user's to see, without our frames."""
    try:
        return function(**read_parameters(function, use.parameters))
    except Exception as error:
        if source is None and not isinstance(error, ValueError | Refusal):
            raise  # a defect of ours, not a mistake in the scenario
        raise Refusal(f"{family} '{use}' cannot be made: {_told(error, source)}") from error


def _from_file(family: str, name: str, kept: Mapping[str, str]) -> tuple[Function, Source]:
    """Run a user's file and return the function named behind the colon."""
    path, _, function_name = name.rpartition(":")
    text = kept[path] if path in kept else _text(family, path)
    source = Source(path, text, hashlib.sha256(text.encode()).hexdigest())
    module = types.ModuleType(f"driftlab_part_{source.sha256[:16]}")
    module.__file__ = path
    sys.modules[module.__name__] = module  # dataclasses look their module up
    try:
        exec(compile(text, path, "exec"), module.__dict__)  # noqa: S102 - running the user's own file is what was asked for
    except Exception as error:
        raise Refusal(f"The {family} file '{path}' does not run: {_told(error, source)}") from error
    functions = {key: value for key, value in vars(module).items() if isinstance(value, types.FunctionType)}
    own = {key: function for key, function in functions.items() if function.__module__ == module.__name__}
    if function_name not in own:
        raise Refusal(f"The {family} file '{path}' has no function '{function_name}'. {nearest(function_name, own)}")
    return own[function_name], source


def _text(family: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise Refusal(f"The {family} file '{path}' cannot be read: {reason}. Looked in {Path.cwd()}.") from error


def _from_package(family: str, name: str, load: Callable[[], Function]) -> Function:
    try:
        return load()
    except Exception as error:
        raise Refusal(f"The installed {family} '{name}' cannot be imported: {_told(error, None)}") from error


def _told(error: BaseException, source: Source | None) -> str:
    """Say what a user's code raised, and on which line of the user's own file where it is known."""
    line = error.lineno if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while source is not None and trace is not None:
        if trace.tb_frame.f_code.co_filename == source.name:
            line = trace.tb_lineno
        trace = trace.tb_next
    where = f" ({source.name}, line {line})" if source is not None and line else ""
    kind = "" if type(error) in (Refusal, ValueError) else f"{type(error).__name__}: "  # those two speak for themselves
    return f"{kind}{error}{where}"
