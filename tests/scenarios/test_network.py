"""What learns is checked like the world: names, parameters, types, each with its place. The model here is a small one."""

from __future__ import annotations

import sys
import types
from typing import Any, NamedTuple

import pytest

from journal.errors import Refusal
from scenarios import Scenario, loads
from scenarios.schema import BASELINES

MINE = 'base = "steady"\n[network]\n'


class Part(NamedTuple):
    """A part of any family."""

    name: str


def every(n: int = 1) -> Part:
    """A policy with a parameter."""
    return Part(f"every {n}")


def budget(per_second: float, n: int = 1) -> Part:
    """A policy with a parameter that is needed."""
    return Part(f"budget {per_second} {n}")


def plain() -> Part:
    """A part without parameters."""
    return Part("plain")


def network(encoder: Part, dim: int = 64, rate: float = 0.1) -> Part:
    """A model of an encoder."""
    return Part(f"{encoder} {dim} {rate}")


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a small model in the place of ours."""
    module = types.ModuleType("model")
    module.__dict__.update(
        POLICIES={"every": every, "budget": budget, "every_event": plain, "never": plain},
        ENCODERS={"sage": plain, "paper": plain},
        BASELINES=dict.fromkeys(BASELINES, plain),
        Policy=Part,
        Encoder=Part,
        Recommender=Part,
        network=network,
    )
    monkeypatch.setitem(sys.modules, "model", module)


def policies(scenario: Scenario) -> list[str]:
    """Return the name of each policy's lane."""
    return ["+".join(map(str, chain)) for chain in scenario.network.policies]


def test_what_learns_is_said_in_one_section() -> None:
    text = (
        MINE
        + 'dim = 32\nrate = 1\nencoders = ["sage"]\nbaselines = ["popular"]\npolicies = ["every(n=4)+budget(per_second=9)", "never"]'
    )
    scenario = loads(text, "mine.toml")
    assert policies(scenario) == ["every(n=4)+budget(per_second=9)", "never"]
    assert scenario.network.parameters == {"dim": 32, "rate": 1}
    assert loads(scenario.toml(), "a run") == scenario


def test_the_defaults_are_the_two_encoders_two_policies_and_all_baselines() -> None:
    scenario = loads('base = "steady"', "mine.toml")
    assert [str(use) for use in scenario.network.encoders] == ["sage", "paper"]
    assert policies(scenario) == ["every_event", "never"]
    assert tuple(map(str, scenario.network.baselines)) == BASELINES


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dimm = 3", "mine.toml, line 3: 'dimm' is not a key of [network]. Did you mean 'dim'? Known: baselines, dim, encoders, losses, policies, rate, samplers."),
        ("dim = 'wide'", "mine.toml, line 3: 'dim' = 'wide': it must be a whole number."),
        ("encoder = ['sage']", "mine.toml, line 3: 'encoder' is not a key of [network]. Did you mean 'encoders'?"),
        ("encoders = ['sagee']", "mine.toml, line 3: No encoder named 'sagee'. Did you mean 'sage'?"),
        ("baselines = ['populer']", "mine.toml, line 3: No baseline named 'populer'. Did you mean 'popular'?"),
        ("policies = ['evry']", "mine.toml, line 3: No policy named 'evry'. Did you mean 'every'? Known: budget, every, every_event, never; or give a"),
        ("policies = [\n'never',\n['never', {use = 'every', m = 3}],\n]", "mine.toml, line 5: policy 'every': 'm' is not a parameter. Known: n."),
        ("policies = [\n{use = 'budget'},\n]", "mine.toml, line 4: policy 'budget': The parameter 'per_second' is needed."),
        ("policies = [\n{use = 'every', n = 1.5},\n]", "mine.toml, line 4: policy 'every': 'n' = 1.5: it must be a whole number."),
        ("policies = ['never', 'never']", "mine.toml, line 3: 'never' stands 2 times among the policies; once is enough."),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(text: str, said: str) -> None:
    with pytest.raises(Refusal) as refusal:
        loads(MINE + text, "mine.toml")
    assert str(refusal.value).startswith(said)


@pytest.mark.parametrize(
    ("overrides", "lanes"),
    [
        ({"network.policies": ["every+budget(per_second=2)", "never"], "policy.n": "8"}, ["every(n=8)+budget(per_second=2, n=8)", "never"]),
        ({"network.policies": '["every(n=2)"]'}, ["every(n=2)"]),
        ({"network.policies.1": "every"}, ["every_event", "every"]),
    ],
)  # fmt: skip
def test_policies_are_set_from_outside(overrides: dict[str, Any], lanes: list[str]) -> None:
    assert policies(loads(MINE + 'policies = ["every_event", "never"]', "mine.toml", overrides)) == lanes


def test_a_parameter_that_no_policy_has_is_told() -> None:
    with pytest.raises(Refusal, match=r"--set policy.m=1: no policy of this scenario has a parameter 'm'. .*Known: n."):
        loads(MINE + 'policies = ["every"]', "mine.toml", {"policy.m": "1"})
