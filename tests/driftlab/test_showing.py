"""What is shown of scenarios and parts without loading jax is what there is."""

from __future__ import annotations

import pytest

from driftlab import showing
from journal.spelling import spelled
from scenarios import glance, listing, load, names
from scenarios.parts import find


def test_every_policy_is_listed_as_it_can_be_called() -> None:
    found = showing.policies()
    assert [use.partition("(")[0] for use, _ in found] == names("policy")
    for use, about in found:
        assert about
        find("policy", use)


@pytest.mark.parametrize("id_", [id_ for id_, _ in listing()])
def test_a_glance_at_a_scenario_is_the_scenario(id_: str) -> None:
    assert glance(id_) == load(id_)
    assert showing.preview(id_).id == id_


@pytest.mark.parametrize("name", names("policy"))
def test_every_policy_has_code(name: str) -> None:
    assert showing.code_of(name).startswith(f"def {name}(")
    assert spelled(name)
