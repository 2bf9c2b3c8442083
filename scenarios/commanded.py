"""What the commands of a scenario come to: its parts of a family, those of commands behind those that stand in it.

A part of a command that takes an `at_day` is given that of the command; another begins then (`simulator.beginning`).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from journal.errors import Refusal, nearest
from scenarios import parts
from scenarios.commands import COUPON, CommandSpec
from scenarios.schema import CampaignSpec, Scenario
from scenarios.signatures import parameters, plain
from scenarios.uses import Use
from simulator.spec import ORACLE, term_faults

Kept = Mapping[str, str]


def dated(command: CommandSpec, kept: Kept | None = None) -> Use:
    """Return the part of a command with its day as a parameter, where it takes one.

    >>> str(dated(CommandSpec(at_day=3.125, shock="viral(magnitude=7.0)")))
    'viral(magnitude=7.0, at_day=3.125)'
    """
    part = command.part
    takes = parameters(parts.locate(command.family, part.use, kept)[0])
    return Use.model_validate({**part.model_dump(), "at_day": command.at_day}) if "at_day" in takes else part


def campaign(command: CommandSpec) -> CampaignSpec:
    """Return the campaign that a command begins; raises Refusal where its keys will not do."""
    part = command.part
    if part.use != COUPON:
        raise Refusal(f"No campaign is named '{part.use}'. Write '{COUPON}(discount=0.3, days=5)'.")
    known = [field.name for field in dataclasses.fields(CampaignSpec) if field.name != "at_day"]
    for key in part.parameters:
        if key not in known:
            raise Refusal(f"campaign '{part}': '{key}' is not a key of a campaign. {nearest(key, known)}")
    given = {**part.parameters, "at_day": command.at_day}
    try:
        made: CampaignSpec = TypeAdapter(CampaignSpec).validate_json(json.dumps(given, default=str), strict=True)
    except ValidationError as error:
        told = [f"'{line['loc'][0]}' = {line['input']!r}: {plain(line['msg'])}." for line in error.errors()]
        raise Refusal(f"campaign '{part}': {' '.join(told)}") from None
    return made


def uses(scenario: Scenario, family: str, kept: Kept | None = None) -> list[Use]:
    """Return the drifts, shocks or faults of a scenario and of its commands, in the order of their numbers."""
    own = [dated(command, kept) for command in scenario.command if command.family == family]
    return [*getattr(scenario, family), *own]


def campaigns(scenario: Scenario) -> list[CampaignSpec]:
    """Return the campaigns of a scenario and of its commands, likewise."""
    return [*scenario.campaign, *(campaign(one) for one in scenario.command if one.family == "campaign")]


def campaign_faults(scenario: Scenario, spec: CampaignSpec) -> Iterator[tuple[str, str]]:
    """Yield what makes a campaign of a scenario one that shows nothing, each with the key it is about."""
    for fault in term_faults(spec.terms, scenario.world):
        yield fault.split(" ", 1)[0], f"{fault}."
    if spec.audience.use == "scored" and (scenario.loop.mode == "open" or scenario.loop.server == ORACLE):
        text = "the audience 'scored' asks the live model, which serves in the closed loop only, and no oracle."
        yield "audience", f'{text} Give [loop] mode = "closed" and a lane as its server.'
    if spec.audience.use == "scored" and spec.category < 0:
        text = "the audience 'scored' compares the campaign's products with all others; here they are all."
        yield "audience", f"{text} Give the campaign a 'category'."


def mistakes(scenario: Scenario, command: CommandSpec, kept: Kept) -> Iterator[str]:
    """Yield what is wrong with a command in a scenario."""
    if command.at_day >= scenario.days:
        yield f"day {command.at_day:g} is not before the run ends, on day {scenario.days:g}."
        return
    family, part = command.family, command.part
    try:
        if family == "campaign":
            made = campaign(command)
            yield from (mistake.text for mistake in parts.check("audience", made.audience, kept))
            yield from (text for _, text in campaign_faults(scenario, made))
            return
        if "at_day" in part.parameters:
            yield f"{family} '{part.use}': leave 'at_day' out; the day is that of the command, {command.at_day:g}."
            return
        wrong = parts.check(family, use := dated(command, kept), kept)
    except Refusal as refusal:
        yield str(refusal)
        return
    yield from (mistake.text for mistake in wrong)
    if not wrong:
        yield from _amiss(scenario, family, parts.find(family, use, kept)[0], part.use)


def _amiss(scenario: Scenario, family: str, part: Any, name: str) -> Iterator[str]:
    """Yield why a part that is sound cannot set in while a run is under way."""
    if family == "shock" and part.holds_back:
        yield (
            f"The shock '{name}' holds back what was there before, and what has happened stays as it is. "
            "Put it under [[shock]] of a scenario."
        )
    if family == "drift" and part.meet is not None and scenario.social.use == "none":
        yield (
            f"drift '{name}' spreads from shopper to shopper, but nobody follows anybody. "
            'It needs a scenario with [social] use = "small_world" or "preferential".'
        )
    if family == "fault" and scenario.delivery is None and not scenario.fault:
        yield (
            f"fault '{name}': this run has no pipeline that could break: its facts reach the lanes as they happen. "
            "Give the scenario a section [delivery] (--set delivery.delay=1), and run it anew."
        )
