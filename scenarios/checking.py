"""What the schema cannot see: parts and parameters that are not there, and experiments that would show nothing.

found    a mistake: the path of the key it is about, and what is wrong with it
"""

from __future__ import annotations

import importlib
import inspect
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from journal.errors import Refusal, nearest
from scenarios import commanded, parts
from scenarios.overriding import FAMILY_PATHS, uses
from scenarios.places import Path
from scenarios.schema import NetworkSpec, Scenario
from scenarios.signatures import mistakes, parameters
from scenarios.uses import Part, Use
from simulator.spec import faults, out_of_range

PARTS_OF_A_NETWORK = ("encoder", "loss", "sampler")
"""Parameters of `model.network` that are parts, and so stand in lists of their own."""


class Found(NamedTuple):
    """A mistake, and the key it is about."""

    path: Path
    text: str


def parts_named(values: Mapping[str, Any], kept: Mapping[str, str]) -> Iterator[Found]:
    """Yield what is wrong with the parts that a scenario's values name; `kept` as for `parts.find`."""
    for family in FAMILY_PATHS:
        for path, use in uses(values, family):
            for key, text in parts.check(family, use, kept):
                yield Found((*path, key), text)
    alone: list[tuple[str, Path, Any]] = [("social", ("social",), values.get("social", "none"))]
    campaigns = values.get("campaign", [])
    for at, campaign in enumerate(campaigns if isinstance(campaigns, list) else []):
        given = campaign.get("audience", "everybody") if isinstance(campaign, Mapping) else None
        alone.append(("audience", ("campaign", at, "audience"), given))
    for family, path, given in alone:
        one = _use(given)
        for key, text in parts.check(family, one, kept) if one else ():
            yield Found((*path, key), text)


def _use(given: Any) -> Use | None:
    try:
        made: Use = TypeAdapter(Part).validate_python(given)
    except ValidationError:
        return None  # the schema tells what is wrong with it
    return made


def network_parameters(values: Mapping[str, Any]) -> Iterator[Found]:
    """Yield what is wrong with the keys of `[network]` that are parameters of `model.network`."""
    given = values.get("network", {})
    if not isinstance(given, Mapping):
        return
    function = importlib.import_module("model").network
    own = {key: value for key, value in given.items() if key not in NetworkSpec.model_fields}
    known = [*NetworkSpec.model_fields, *parameters(function, fixed=PARTS_OF_A_NETWORK)]
    for key, text in mistakes(function, own, fixed=PARTS_OF_A_NETWORK):
        unknown = f"'{key}' is not a key of [network]. {nearest(key, known)}"
        yield Found(("network", key), text if key in known else unknown)


def experiment(scenario: Scenario, kept: Mapping[str, str]) -> Iterator[Found]:
    """Yield what makes a scenario that reads well one that shows nothing; `kept` as for `parts.find`."""
    for fault in faults(scenario.world):
        yield Found(tuple(fault.split(" ", 1)[0].split(".")), f"{fault}.")
    for at, campaign in enumerate(scenario.campaign):
        for key, text in commanded.campaign_faults(scenario, campaign):
            yield Found(("campaign", at, key), text)
    for at, command in enumerate(scenario.command):
        yield from (Found(("command", at), text) for text in commanded.mistakes(scenario, command, kept))
    for family in ("drift", "shock"):
        for at, use in enumerate(getattr(scenario, family)):
            yield from _in_time(family, at, use, scenario.days, kept)
    for at, use in enumerate(scenario.drift):
        yield from _drift_in_company(at, use, scenario.social, kept)
    if scenario.delivery is not None:
        for fault in out_of_range(scenario.delivery, "delivery."):
            yield Found(tuple(fault.split(" ", 1)[0].split(".")), f"{fault}.")
    if scenario.loop.mode == "closed" and scenario.loop.held_out == 1:
        yield Found(("loop", "held_out"), "in a closed loop 'held_out' = 1 leaves nobody who is shown a slate.")
    yield from _lanes(scenario)


def _lanes(scenario: Scenario) -> Iterator[Found]:
    """Yield what makes two lanes of one name, or none."""
    network = scenario.network
    lanes = {
        **{key: [str(use) for use in getattr(network, key)] for key in ("encoders", "losses", "samplers")},
        "policies": ["+".join(map(str, chain)) for chain in network.policies],
        "baselines": [str(use) for use in network.baselines],
    }
    for key, named in lanes.items():
        if not named and key != "baselines":
            yield Found(("network", key), f"'{key}' is empty; at least one is needed.")
        for name, times in Counter(named).items():
            if not name:
                yield Found(("network", key), "a chain is empty; write 'every_event' for a policy that always learns.")
            elif times > 1:
                yield Found(("network", key), f"'{name}' stands {times} times among the {key}; once is enough.")


def _drift_in_company(at: int, use: Use, social: Use, kept: Mapping[str, str]) -> Iterator[Found]:
    """Yield that a drift spreads over follows where nobody follows anybody."""
    try:
        alone = social.use == "none" and parts.find("drift", use, kept)[0].meet is not None
    except Refusal:
        return  # told elsewhere
    if alone:
        text = f"drift '{use.use}' spreads from shopper to shopper, but nobody follows anybody."
        yield Found(("drift", at, "use"), f'{text} Give a [social] with use = "small_world" or "preferential".')


def check_faults(scenario: Scenario, days: float, kept: Mapping[str, str], of_log: bool) -> None:
    """Raise Refusal where a fault would set in after a stream of so many days is over.

    It is not told with the other mistakes of a scenario, whose 'days' say nothing of a log that is replayed.
    """
    late = [one.text for at, use in enumerate(scenario.fault) for one in _in_time("fault", at, use, days, kept, of_log)]
    if late:
        raise Refusal(" ".join(late))


def _in_time(
    family: str, at: int, use: Use, days: float, kept: Mapping[str, str], of_log: bool = False
) -> Iterator[Found]:
    """Yield what of a drift or shock would happen after the run is over."""
    try:
        known = parameters(parts.locate(family, use.use, kept)[0])
    except Refusal:
        return  # told elsewhere
    defaults = {name: known[name].default for name in known if known[name].default is not inspect.Parameter.empty}
    given = {**defaults, **use.parameters}
    day, period = given.get("at_day"), given.get("period_days")
    if not isinstance(day, int | float):
        return
    if day >= days:
        text = f"{family} '{use.use}': it begins on day {day:g}, but the run ends on day {days:g}, so nothing would"
        happens = {"drift": "drift", "shock": "happen", "fault": "break"}[family]
        longer = "a longer log" if of_log else "more 'days'"
        yield Found((family, at, "at_day"), f"{text} {happens}. Give 'at_day' below {days:g}, or {longer}.")
    elif isinstance(period, int | float) and day + period / 2 >= days:
        back = day + period / 2
        text = f"{family} '{use.use}': interests come back on day {back:g}, but the run ends on day {days:g}"
        yield Found((family, at, "period_days"), f"{text}, so nothing would recur.")
