"""From a scenario to lanes: which networks there are, and the one way by which the truth reaches a policy."""

from __future__ import annotations

from driftlab.build import Finder, recipes, turning_days
from scenarios import Scenario, load


def small(**more: object) -> Scenario:
    return load("small", {f"network.{key}": value for key, value in more.items()})


def test_other_losses_and_samplers_are_lanes_beside_the_first_encoder() -> None:
    scenario = small(
        encoders=["sage", "paper"],
        losses=["softmax", "bpr"],
        samplers=["popular(last=64)", "uniform"],
        policies=["every_event", "never"],
        baselines=["popular"],
    )
    made = recipes(scenario, Finder())
    assert [recipe.name for recipe in made] == [
        "sage every_event",
        "sage never",
        "paper every_event",
        "sage bpr every_event",
        "sage uniform every_event",
        "popular",
    ]
    assert len({id(recipe.recommender) for recipe in made}) == 5  # the two policies share one network


def test_the_same_names_give_the_same_network_so_that_it_compiles_once() -> None:
    one, two = (recipes(small(losses=["bpr"], baselines=[]), Finder())[0] for _ in range(2))
    assert one.recommender is two.recommender
    assert one.policy is two.policy


def test_drifts_say_when_they_set_in() -> None:
    assert turning_days(load("small"), Finder()) == [2.0]
    assert turning_days(load("seasonal"), Finder()) == [2.0, 4.0, 6.0, 8.0, 10.0, 12.0]
    assert turning_days(load("slow_drift"), Finder()) == []


def test_an_oracle_is_told_the_days_of_the_drifts_unless_it_names_its_own() -> None:
    finder = Finder()
    told, own = (
        recipes(small(policies=[policy], baselines=[]), finder)[0].policy for policy in ("oracle", "oracle(at=[1.0])")
    )
    assert told is finder.policy(small(policies=["oracle(at=[2.0])"]).network.policies[0])
    assert own is not told
