"""The tables of built-in parts and the scenarios fit together; new parts are met here by being in their table."""

from __future__ import annotations

import importlib

import pytest

from scenarios import FAMILIES, Use, find, load, names
from scenarios.checking import PARTS_OF_A_NETWORK
from scenarios.schema import BASELINES
from scenarios.signatures import parameters

PARTS = [(family, name) for family in FAMILIES for name in names(family)]


@pytest.mark.parametrize(("family", "name"), PARTS)
def test_every_part_is_made_with_its_defaults(family: str, name: str) -> None:
    home = FAMILIES[family]
    part, source = find(family, name)
    assert isinstance(part, getattr(importlib.import_module(home.module), home.made))
    assert source is None


@pytest.mark.parametrize(("family", "name"), PARTS)
def test_every_parameter_may_stand_in_a_scenario(family: str, name: str) -> None:
    home = FAMILIES[family]
    function = getattr(importlib.import_module(home.module), home.table)[name]
    defaults = {key: parameter.default for key, parameter in parameters(function).items()}
    find(family, Use(use=name, **defaults))
    assert all(parameter.annotation is not parameter.empty for parameter in parameters(function).values())


def test_the_default_baselines_are_all_there_are() -> None:
    assert sorted(BASELINES) == names("baseline")


def test_the_network_s_own_parameters_may_stand_in_a_scenario() -> None:
    network = importlib.import_module("model").network
    defaults = {key: parameter.default for key, parameter in parameters(network, fixed=PARTS_OF_A_NETWORK).items()}
    assert {"dim", "neighbours", "negatives"} <= set(defaults)
    scenario = load("steady", {f"network.{key}": value for key, value in defaults.items()})
    assert scenario.network.parameters == {**defaults, "kinds": list(defaults["kinds"])}  # a list in a file
