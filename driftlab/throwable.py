"""What can be thrown into a run, as forms: each part with its parameters, their defaults, and what is allowed.

What is allowed is asked of the part itself: given a value out of every range, it says which one it is out of. No
part is asked for its day, which is that of the moment. None of this needs jax.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from journal.errors import Refusal, nearest

OWN = "of your own"
"""Name of the form that takes a part on one line, as `my_file.py:my_shock(share=0.5)`."""

ABSURD = {float: 1e15, int: 10**15, str: "?"}
"""Values that no part takes, by the type of the parameter."""


class Field(NamedTuple):
    """A parameter of a part."""

    name: str
    default: Any
    allowed: str  # in words: "0 to 1", "population, cohort, individual"; empty where the part takes anything
    low: float = -float("inf")
    high: float = float("inf")


class Form(NamedTuple):
    """A part that can be thrown in."""

    family: str
    name: str
    about: str
    fields: tuple[Field, ...]


@cache
def forms() -> tuple[Form, ...]:
    """Return a form for every part that can set in while a run is under way, by family and name.

    >>> viral = next(form for form in forms() if form.name == "viral")
    >>> [(field.name, field.default, field.allowed) for field in viral.fields][1]
    ('magnitude', 6.0, '0 to 20')
    """
    from scenarios.commands import FAMILIES

    found: list[Form] = []
    for family in FAMILIES:
        found += [_coupon()] if family == "campaign" else [*_built_in(family), _own(family)]
    return tuple(found)


def _built_in(family: str) -> list[Form]:
    from scenarios import names
    from scenarios.parts import locate
    from scenarios.signatures import parameters

    made = []
    for name in names(family):
        function, _ = locate(family, name)
        given = {key: one for key, one in parameters(function).items() if key != "at_day"}
        sets_in = family != "shock" or not function().holds_back
        if sets_in and (given or "at_day" in parameters(function)):
            fields = (_field(function, key, one.default, one.annotation) for key, one in given.items())
            made.append(Form(family, name, _about(function), tuple(fields)))
    return made


def _own(family: str) -> Form:
    text = f"my_file.py:my_{family}(share=0.5)"
    return Form(family, OWN, f"A {family} in a file of yours, on one line.", (Field("part", "", f"such as {text}"),))


def _coupon() -> Form:
    from scenarios import names
    from scenarios.commands import COUPON
    from scenarios.schema import CampaignSpec

    fields = []
    for one in dataclasses.fields(CampaignSpec):
        if one.name == "audience":
            fields.append(Field(one.name, str(one.default), ", ".join(names("audience"))))
        elif one.name != "at_day":
            low, high = float(one.metadata["low"]), float(one.metadata["high"])
            fields.append(Field(one.name, one.default, f"{low:g} to {high:g} {one.metadata['unit']}", low, high))
    about = "Coupons for an audience, a part of which is held out by chance, to be compared with."
    return Form("campaign", COUPON, about, tuple(fields))


def _about(function: Callable[..., Any]) -> str:
    return " ".join((inspect.getdoc(function) or "").partition("\n\n")[0].split())


def _field(function: Callable[..., Any], name: str, default: Any, kind: type) -> Field:
    """Return a parameter with what its part says is allowed."""
    try:
        function(**{name: ABSURD[kind]})
    except Refusal as refusal:
        said = str(refusal)
    else:
        return Field(name, default, "-1 for one drawn by chance" if default == -1 else "")
    if (known := re.search(r"Known: (.+)\.$", said)) is not None:
        return Field(name, default, known[1])
    if (known := re.search(r"is outside (\S+) to (\S+?)( \(and not 0\))?\.$", said)) is None:
        return Field(name, default, "")
    words = f"{float(known[1]):g} to {float(known[2]):g}{known[3] or ''}"
    return Field(name, default, words, float(known[1]), float(known[2]))


def spelled(form: Form, typed: Mapping[str, str]) -> str:
    """Return the part that a filled-in form asks for, on one line, without what is as by default; raises Refusal.

    >>> viral = next(form for form in forms() if form.name == "viral")
    >>> spelled(viral, {"magnitude": "7", "decay_days": "1.0"})
    'viral(magnitude=7)'
    >>> spelled(viral, {"magnitude": "70"})
    Traceback (most recent call last):
    journal.errors.Refusal: magnitude = 70 is not allowed: 0 to 20.
    """
    from scenarios import Use

    if form.name == OWN:
        return typed.get("part", "").strip() or _missing(form)
    given: dict[str, Any] = {}
    for field in form.fields:
        text = typed.get(field.name, "").strip()
        value = _value(field, text) if text else field.default
        if value != field.default:
            given[field.name] = value
    return str(Use.model_validate({"use": form.name, **given}))


def _missing(form: Form) -> str:
    raise Refusal(f"Write the {form.family} on one line, {form.fields[0].allowed}.")


def _value(field: Field, text: str) -> Any:
    """Return what was typed, as the parameter's default is: a text is taken as it stands."""
    if isinstance(field.default, str):
        allowed = field.allowed.split(", ")
        if field.allowed and text.partition("(")[0] not in allowed and ".py:" not in text:
            raise Refusal(f"{field.name} = {text} is not allowed. {nearest(text, allowed)}")
        return text
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    if isinstance(value, bool) or not isinstance(value, int if isinstance(field.default, int) else int | float):
        what = "a whole number" if isinstance(field.default, int) else "a number"
        raise Refusal(f"{field.name} = {text} is not {what}; allowed: {field.allowed or 'any'}.")
    if not field.low <= value <= field.high:
        raise Refusal(f"{field.name} = {text} is not allowed: {field.allowed}.")
    return value
