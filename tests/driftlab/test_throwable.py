"""Every part that can set in while a run is under way has a form, and what its fields say is what the part says."""

from __future__ import annotations

import math

import pytest

from driftlab.throwable import OWN, Form, forms, spelled
from journal.errors import Refusal
from scenarios import find, load, names, read_use
from scenarios.commanded import dated, mistakes
from scenarios.commands import CommandSpec

BUILT_IN = [form for form in forms() if form.name != OWN]


def test_every_part_has_a_form_but_what_holds_back_and_what_does_nothing() -> None:
    for family, none in (("drift", {"none"}), ("shock", {"influx", "launch_wave"}), ("fault", set[str]())):
        assert {form.name for form in BUILT_IN if form.family == family} == set(names(family)) - none


@pytest.mark.parametrize("form", BUILT_IN, ids=lambda form: form.name)
def test_a_form_as_it_stands_is_its_part_and_its_edges_are_allowed(form: Form) -> None:
    assert form.about
    assert spelled(form, {field.name: str(field.default) for field in form.fields}) == form.name
    scenario = load("steady", {"delivery.delay": 1, "social": "small_world"})
    for field in form.fields:
        for edge in (field.low, field.high):
            if not math.isfinite(edge) or ("(and not 0)" in field.allowed and edge == 0):
                continue
            typed = f"{int(edge)}" if isinstance(field.default, int) else f"{edge:g}"
            command = CommandSpec.model_validate({"at_day": 2.0, form.family: spelled(form, {field.name: typed})})
            if form.family != "campaign":
                find(form.family, dated(command))
            else:
                assert field.name == "category" or not list(mistakes(scenario, command, {}))
            beyond = edge - 1 if edge == field.low else edge * 2 + 1
            with pytest.raises(Refusal, match="is not allowed"):
                spelled(form, {field.name: str(int(beyond) if isinstance(field.default, int) else beyond)})
        if isinstance(field.default, str):
            with pytest.raises(Refusal, match="is not allowed"):
                spelled(form, {field.name: "nonsense"})
        elif isinstance(field.default, float):
            assert field.allowed, field.name
            assert field.low <= field.default <= field.high


def test_what_was_typed_is_what_is_spelled() -> None:
    by_name = {form.name: form for form in BUILT_IN}
    assert spelled(by_name["coupon"], {"audience": "viewed(category=3)", "days": "2"}) == (
        'coupon(days=2, audience="viewed(category=3)")'
    )
    assert read_use(spelled(by_name["abrupt"], {"level": "cohort"})).parameters == {"level": "cohort"}
    own = next(form for form in forms() if form.name == OWN)
    assert spelled(own, {"part": " mine.py:mine "}) == "mine.py:mine"
    for form, typed, said in (
        (own, {}, "on one line"),
        (by_name["viral"], {"magnitude": "much"}, "is not a number"),
        (by_name["viral"], {"product": "1.5"}, "is not a whole number"),
    ):
        with pytest.raises(Refusal, match=said):
            spelled(form, typed)
