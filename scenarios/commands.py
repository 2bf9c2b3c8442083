"""A command is one thing more that sets in on a day: thrown into a run by hand, or written down beforehand.

A run under way keeps what is thrown into it as a fact of kind `command`, whose payload is the command in JSON; in a
scenario or a fork it stands in `[[command]]`. Both are the same run, to the bit.

at_day     when it sets in; the part needs no day of its own, and one that goes on all the time begins then
family     what it is: a drift, a shock, a fault of the delivery, a campaign
part       the part on one line, as `viral(magnitude=7.0)`; a campaign is spelled `coupon(discount=0.3, days=5)`, its
           parameters are the keys of `[[campaign]]`
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from scenarios.uses import Part, Use, read_use

FAMILIES = ("drift", "shock", "fault", "campaign")

COUPON = "coupon"
"""The one kind of campaign there is."""


class CommandSpec(BaseModel):
    """One thing more that sets in on a day: exactly one of drift, shock, fault and campaign.

    >>> command = CommandSpec(at_day=3.125, shock="viral(magnitude=7.0)")
    >>> command.family, str(command.part), read(command.text()) == command
    ('shock', 'viral(magnitude=7.0)', True)
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    at_day: float = Field(ge=0, le=3650, description="when it sets in (days)")
    drift: Part | None = Field(None, description="moves interests from then on")
    shock: Part | None = Field(None, description="moves products and crowds from then on")
    fault: Part | None = Field(None, description="breaks the delivery of what happens from then on")
    campaign: Part | None = Field(None, description="`coupon(...)`: the keys of [[campaign]], but for the day")

    @model_validator(mode="after")
    def _one(self) -> CommandSpec:
        given = [family for family in FAMILIES if getattr(self, family) is not None]
        if len(given) != 1:
            raise ValueError(f"a command is one of {', '.join(FAMILIES)}; here are {len(given)}")
        return self

    @property
    def family(self) -> str:
        """What it is."""
        return next(family for family in FAMILIES if getattr(self, family) is not None)

    @property
    def part(self) -> Use:
        """The part that sets in."""
        made: Use = getattr(self, self.family)
        return made

    def plain(self) -> dict[str, Any]:
        """Return it as plain values, the part on one line where it reads back the same."""
        return {"at_day": self.at_day, self.family: short(self.part)}

    def text(self) -> str:
        """Return it as JSON on one line: the payload of its fact."""
        return json.dumps(self.plain())


def short(use: Use) -> str | dict[str, Any]:
    """Return a use on one line, or as a table where it would not read back the same."""
    try:
        if read_use(str(use)) == use:
            return str(use)
    except ValueError:
        pass
    return use.model_dump()


def read(text: str) -> CommandSpec:
    """Return the command of a fact's payload."""
    return CommandSpec.model_validate_json(text)


def in_order(commands: Iterable[CommandSpec]) -> tuple[CommandSpec, ...]:
    """Return commands in order of their day, those of one day as they were given: so they are numbered."""
    return tuple(sorted(commands, key=lambda command: command.at_day))


def united(known: Iterable[CommandSpec], told: Iterable[CommandSpec]) -> tuple[CommandSpec, ...]:
    """Return what is scheduled and what the facts tell of, in order; what is in both is one and the same.

    >>> one, other = CommandSpec(at_day=1.0, shock="viral"), CommandSpec(at_day=0.5, drift="walk")
    >>> [command.family for command in united([one], [other, one])]
    ['drift', 'shock']
    """
    scheduled, thrown = (Counter(command.text() for command in commands) for commands in (known, told))
    return in_order(read(text) for text in (scheduled | thrown).elements())
