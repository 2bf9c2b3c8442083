"""From a scenario to lanes: each encoder with policies, the baselines, the oracle.

The first encoder runs with every policy; other encoders, losses and samplers with the first policy; baselines learn
every event. Policies of the first encoder that ask the loop for the same share what is compiled (`model.grouping`).

This is the one place where scenarios, model and simulator meet.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from driftlab.lanes import Lane, LearningLane, OracleLane
from driftlab.passage import Passage
from driftlab.prequential import Lanes
from driftlab.recorded import AT_ONCE
from driftlab.sources import Piece, Score, Serve
from journal.errors import Refusal, nearest
from journal.facts import Facts, Kind
from journal.shelf import Source
from model import Catalogue, Joint, Learner, Policy, Recommender, Updater, chain, grouped, keep_compiled, network
from scenarios import NetworkSpec, Scenario, Use, commanded, find
from simulator import Campaign, World
from simulator.beginning import drift_from, fault_from
from simulator.delivery import Pipe
from simulator.oracle import Oracle
from simulator.rhythm import DAY
from simulator.spec import ORACLE, DeliverySpec, LoopSpec

Arrays = Mapping[str, NDArray[Any]]

COMPILED = Path.home() / ".cache" / "driftlab" / "compiled"
"""Where compiled models are kept from run to run; a cache that may be thrown away."""


class Recipe(NamedTuple):
    """One learning lane before it is built."""

    name: str
    recommender: Recommender
    policy: Policy
    joint: Joint | None = None  # the loop that the policy shares with others of the recommender


class Handmade(NamedTuple):
    """Policies that were made in Python, by name; each runs with the first encoder."""

    policies: Mapping[str, Policy]
    alone: bool  # whether they stand in place of the scenario's policies, or beside them


class Finder:
    """Finds parts, and keeps the users' own files that they came from."""

    def __init__(self, kept: Mapping[str, str] | None = None) -> None:
        """Take the texts of users' own files from `kept`, where a run file has them, else from the disk."""
        self.kept = kept
        self.sources: dict[str, Source] = {}

    def __call__(self, family: str, use: Use) -> Any:
        """Return the part that a use names; raises Refusal."""
        made, source = find(family, use, self.kept)
        if source is not None:
            self.sources[source.name] = Source(*source)
        return _MADE.setdefault((family, str(use), source and source.sha256), made)

    def policy(self, uses: Sequence[Use], turns: Sequence[float] = ()) -> Policy:
        """Return the policy that a chain of uses names; an `oracle` that was told no days is told of the `turns`."""
        return _chain(*(self("policy", _informed(use, turns)) for use in uses))


def _informed(use: Use, turns: Sequence[float]) -> Use:
    """The one way by which the truth reaches a policy: as a parameter of the one that is named for it."""
    asks = use.use == "oracle" and "at" not in use.parameters
    return Use.model_validate({**use.model_dump(), "at": list(turns)}) if asks and turns else use


_MADE: dict[tuple[Any, ...], Any] = {}
"""Parts by name and text: another run in the same process takes the same one, and what was compiled for it."""


@functools.cache
def _chain(*policies: Policy) -> Policy:
    return policies[0] if len(policies) == 1 else chain(*policies)


@functools.cache
def _network(encoder: Any, loss: Any, sampler: Any, parameters: str) -> Recommender:
    # JSON has no tuples, and what a compiled model is known by has to be one.
    read = json.loads(parameters).items()
    given: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in read}
    return network(encoder, loss=loss, sampler=sampler, **given)


def networks(wanted: NetworkSpec, finder: Finder) -> dict[str, Recommender]:
    """Return the networks of a scenario by the name of their lane: each encoder, then each other loss and sampler."""
    parameters = json.dumps(wanted.parameters)
    (loss, *losses), (sampler, *samplers) = wanted.losses, wanted.samplers
    first = wanted.encoders[0]
    asked = [(str(one), one, loss, sampler) for one in wanted.encoders]
    asked += [(f"{first} {one}", first, one, sampler) for one in losses]
    asked += [(f"{first} {one}", first, loss, one) for one in samplers]
    families = ("encoder", "loss", "sampler")
    return {
        name: _network(*(finder(family, use) for family, use in zip(families, uses, strict=True)), parameters)
        for name, *uses in asked
    }


def recipes(scenario: Scenario, finder: Finder, handmade: Handmade | None = None) -> list[Recipe]:
    """Find the parts of every learning lane.

    Args:
        scenario: its `network` section says which.
        finder: finds the parts.
        handmade: policies that are objects already.
    """
    keep_compiled(COMPILED)
    wanted = scenario.network
    policies: dict[str, Policy] = {}
    if handmade is None or not handmade.alone:
        turns = turning_days(scenario, finder)
        policies = {"+".join(map(str, uses)): finder.policy(uses, turns) for uses in wanted.policies}
    policies |= handmade.policies if handmade else {}
    (first, model), *others = networks(wanted, finder).items()
    (always, rule), *_ = policies.items()
    shared = zip(policies.items(), grouped(list(policies.values())), strict=True)
    lanes = [Recipe(f"{first} {name}", model, policy, joint) for (name, policy), joint in shared]
    lanes += [Recipe(f"{name} {always}", other, rule) for name, other in others]
    every_event = finder.policy([Use(use="every_event")])
    baselines = [(str(use), finder("baseline", use)) for use in wanted.baselines]
    return lanes + [Recipe(name, made, every_event) for name, made in baselines]


def turning_days(scenario: Scenario, finder: Finder) -> list[float]:
    """Return the days at which the drifts and shocks of a scenario set in, in order; of commands nobody knew."""
    drifts = [finder("drift", use) for use in scenario.drift]
    shocks = [finder("shock", use) for use in scenario.shock]
    return sorted([*(day for drift in drifts for day in drift.turns(scenario.days)), *(one.at_day for one in shocks)])


def parts_of(scenario: Scenario, family: str, finder: Finder) -> list[tuple[str, Any]]:
    """Return the drifts, shocks or faults of a scenario by name, then those of its commands, which set in on their
    day."""
    found = [(use.use, finder(family, use)) for use in getattr(scenario, family)]
    for command in scenario.command:
        if command.family == family:
            use = commanded.dated(command, finder.kept)
            found.append((use.use, _BEGINNING[family](finder(family, use), command.at_day)))
    return found


_BEGINNING: Mapping[str, Callable[[Any, float], Any]] = {
    "drift": drift_from,
    "fault": fault_from,
    "shock": lambda shock, at_day: shock,  # each has a day of its own
}


class Simulated:
    """A world as a source of facts."""

    opening = 0

    def __init__(self, scenario: Scenario, finder: Finder) -> None:
        drifts = parts_of(scenario, "drift", finder)
        shocks = [shock for _, shock in parts_of(scenario, "shock", finder)]
        social = finder("social", scenario.social)
        campaigns = [Campaign(one.terms, finder("audience", one.audience)) for one in commanded.campaigns(scenario)]
        told = [(round(one.at_day * DAY / 2) * 2, one.text()) for one in scenario.command]
        self.world = World(
            scenario.world, scenario.seed, [drift for _, drift in drifts], social, shocks, campaigns, told
        )
        self.end = int(scenario.days * DAY)

    def pieces(self, serve: Serve | None, score: Score | None = None) -> Iterator[Piece]:
        """Run the world from its first fact."""
        for facts, truth, now in self.world.run(serve, score):
            yield Piece(facts, truth, now)


def catalogue(arrays: Arrays, facts: Facts | None) -> Catalogue:
    """Return what a model is told of the products before the first event.

    Args:
        arrays: category, brand, price, content where there is any and, in a world, launch_time.
        facts: of a log, from which it is seen what is listed at the first moment; None in a world.
    """
    if facts is None:
        listed = arrays["launch_time"] <= 0
    else:
        listed = np.zeros(len(arrays["category"]), np.bool_)
        opening = facts.time[0] if len(facts) else 0
        listed[facts.product[(facts.kind == Kind.PRODUCT_LISTED) & (facts.time == opening)]] = True
    content = arrays.get("content")
    if content is not None:  # all modalities behind each other
        content = np.reshape(content, (len(content), -1))
    return Catalogue(arrays["category"], arrays["brand"], arrays["price"], listed, content)


Piping = Callable[[], Pipe]
"""Makes a pipe that nothing was sent through yet: one for each lane, and one for the run file."""


def piping(scenario: Scenario, finder: Finder, opening: int) -> Piping | None:
    """Return what makes the scenario's pipes, for a stream that opens at a time (us); None where it has no pipeline."""
    if scenario.delivery is None and not scenario.fault:
        return None
    faults = parts_of(scenario, "fault", finder)
    return functools.partial(Pipe, scenario.delivery or DeliverySpec(), faults, scenario.seed, opening)


def working(spec: DeliverySpec | None) -> Updater | None:
    """Return who learns what is delivered, where that takes time; None where it takes none."""
    if spec is None or not (spec.event_seconds or spec.call_seconds):
        return None
    return Updater(spec.workers, spec.event_seconds, spec.call_seconds, spec.queue, spec.when_full)


class Way(NamedTuple):
    """How facts reach the lanes, where they do not as they happen."""

    pipes: Piping
    updater: Updater | None
    beside: bool  # whether each lane also runs as if there were no pipeline


def way(scenario: Scenario, pipes: Piping | None, beside: bool) -> Way | None:
    """Return the way of a scenario's facts; with lanes beside the others only if wanted here, too."""
    if pipes is None:
        return None
    return Way(
        pipes, working(scenario.delivery), beside and scenario.delivery is not None and scenario.delivery.at_once
    )


def lanes(
    made: Sequence[Recipe],
    shop: Catalogue,
    shoppers: int,
    seed: int,
    opening: int,
    world: World | None,
    way: Way | None = None,
) -> Lanes:
    """Build the lanes; with a world there is an oracle, and in its closed loop one of the lanes serves."""

    def lane(recipe: Recipe, through: Way | None) -> LearningLane:
        how: dict[str, Any] = {} if through is None else {"apart": True, "updater": through.updater}
        learner = Learner(recipe.recommender, recipe.policy, shop, shoppers, seed, joint=recipe.joint, **how)
        name = recipe.name if through is way else AT_ONCE + recipe.name
        passage = None if through is None else Passage(through.pipes())
        return LearningLane(name, learner, opening, passage, recipe.recommender.ties)

    learning = [lane(recipe, way) for recipe in made]
    twins = [lane(recipe, None) for recipe in made] if way is not None and way.beside else []
    if world is None:
        return Lanes([*learning, *twins], None, None)
    oracle = OracleLane(Oracle(world.catalogue, world.truth, world.spec), ORACLE)
    everyone: list[Lane] = [*learning, oracle, *twins]
    return Lanes(everyone, ORACLE, _serving(world.spec.loop, learning))


def _serving(loop: LoopSpec, learning: Sequence[LearningLane]) -> LearningLane | None:
    """Return the lane that serves slates; None where nobody does, or the world does it as the oracle would."""
    if loop.mode == "open" or loop.server == ORACLE:
        return None
    return next((lane for lane in learning if lane.name == (loop.server or learning[0].name)), None)


def check_server(loop: LoopSpec, names: Sequence[str]) -> None:
    """Raise Refusal where slates are to be served by a lane that is not in the run."""
    if loop.server and loop.server not in (ORACLE, *names):
        raise Refusal(
            f"loop.server = '{loop.server}' is no lane of this run. {nearest(loop.server, [ORACLE, *names])} "
            "A lane's name is the first column of the final table."
        )
