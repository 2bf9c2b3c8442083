"""A spec says of every number what it may be, and a world is not built from any other."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from journal.errors import Refusal
from simulator.spec import CatalogueSpec, FunnelSpec, RhythmSpec, ShopperSpec, WorldSpec, check, faults
from simulator.world import World

SECTIONS = [made for made in dataclasses.fields(WorldSpec) if dataclasses.is_dataclass(made.default)]
NUMBERS = [(section.name, made) for section in SECTIONS for made in dataclasses.fields(section.default)]  # type: ignore[arg-type]


def changed(section: str, name: str, value: Any) -> WorldSpec:
    """The default spec with one field changed."""
    spec = WorldSpec()
    return dataclasses.replace(spec, **{section: dataclasses.replace(getattr(spec, section), **{name: value})})


def test_the_defaults_are_in_range() -> None:
    check(WorldSpec())
    assert not list(faults(WorldSpec()))


@pytest.mark.parametrize(("section", "made"), NUMBERS, ids=lambda x: getattr(x, "name", x))
def test_every_field_says_its_range_and_is_held_to_it(section: str, made: dataclasses.Field[Any]) -> None:
    about = made.metadata
    assert about["about"]
    if "choices" in about:
        assert any("mode" in fault for fault in faults(changed(section, made.name, "ajar")))
        return
    if isinstance(made.default, str):
        return  # a name; whether there is one like it, the lab knows
    assert about["unit"]
    for wrong in (about["low"] - 1, about["high"] * 2 + 1, float("nan")):
        value = (wrong, *made.default[1:]) if isinstance(made.default, tuple) else wrong
        with pytest.raises(Refusal, match=f"{section}.{made.name} = "):
            World(changed(section, made.name, value), 1)


@pytest.mark.parametrize(
    ("spec", "match"),
    [
        (WorldSpec(shoppers=ShopperSpec(factors=5)), "shoppers.factors = 5 is odd"),
        (WorldSpec(shoppers=ShopperSpec(shared=0.6, cohort_shared=0.6)), "more than the whole"),
        (WorldSpec(funnel=FunnelSpec(seen=(0.5, 0.4, 0.3))), "funnel.seen adds up to more than 1"),
        (WorldSpec(rhythm=RhythmSpec(hours=(0.0,) * 24)), "nobody would ever come"),
        (WorldSpec(rhythm=RhythmSpec(hours=(1.0,))), "rhythm.hours has 1 numbers, not 24"),
        (WorldSpec(catalogue=CatalogueSpec(launch_from_day=5, launch_until_day=4)), "is before"),
    ],
)
def test_fields_that_do_not_go_together_are_refused(spec: WorldSpec, match: str) -> None:
    with pytest.raises(Refusal, match=match):
        check(spec)


def test_all_faults_are_told_at_once() -> None:
    spec = WorldSpec(days=-1, shoppers=ShopperSpec(shoppers=0, novelty=-3))
    assert [fault.split(" ")[0] for fault in faults(spec)] == ["days", "shoppers.shoppers", "shoppers.novelty"]
