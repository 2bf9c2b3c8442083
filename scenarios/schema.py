"""A scenario is a world, what moves in it, and what is to learn from it; nothing that decides a run stands elsewhere.

The world's sections are the dataclasses of `simulator.spec`, field for field. The keys of `[network]` beside those
named here are parameters of `model.network`, and those of a part are parameters of the function that makes it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field

from scenarios import writing
from scenarios.commands import CommandSpec
from scenarios.uses import Chain, Part, Use, read_chain
from simulator.spec import (
    CatalogueSpec,
    DeliverySpec,
    FunnelSpec,
    LoopSpec,
    RhythmSpec,
    SessionSpec,
    ShopperSpec,
    TermsSpec,
    UpliftSpec,
    WorldSpec,
)

SECTIONS = (CatalogueSpec, ShopperSpec, SessionSpec, FunnelSpec, RhythmSpec, LoopSpec, UpliftSpec, DeliverySpec)

BASELINES = ("random", "popular", "decayed_popular", "own_recent", "markov", "item_cooccurrence", "isgd", "bpr_mf")


class NetworkSpec(BaseModel):
    """What learns. The first encoder runs with every policy; other encoders, losses and samplers with the first policy.

    Every other key is a parameter of `model.network`, the same for all encoders.
    """

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    encoders: tuple[Part, ...] = Field(
        (Use(use="sage"), Use(use="paper")), description="networks; the first runs with every policy"
    )
    losses: tuple[Part, ...] = Field(
        (Use(use="softmax"),),
        description="what teaches the vectors; the first everywhere, others with the first encoder",
    )
    samplers: tuple[Part, ...] = Field(
        (Use(use="uniform"),),
        description="where negatives come from; the first everywhere, others with the first encoder",
    )
    policies: tuple[Chain, ...] = Field(
        ((Use(use="every_event"),), (Use(use="never"),)), description="chains, each a lane of the run"
    )
    baselines: tuple[Part, ...] = Field(
        tuple(Use(use=name) for name in BASELINES),
        description="what the networks are compared with; the oracle is always added in a simulation",
    )

    @property
    def parameters(self) -> dict[str, Any]:
        """The keys that are parameters of `model.network`."""
        return dict(self.model_extra or {})


EVERYBODY = Use(use="everybody")


@dataclass(frozen=True, slots=True)
class CampaignSpec(TermsSpec):
    """A campaign: what it offers, and to whom."""

    audience: Part = EVERYBODY

    @property
    def terms(self) -> TermsSpec:
        """What the simulator is told, without the audience."""
        return TermsSpec(**{field.name: getattr(self, field.name) for field in dataclasses.fields(TermsSpec)})


class Scenario(BaseModel):
    """Everything that decides what a run is, but for the code.

    >>> Scenario(id="mine", title="Mine", about="A short one.", days=2.0).world.days
    2.0
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: str = Field(
        min_length=1, pattern=r"^[A-Za-z0-9_-]+$", description="permanent name; the file's, where not given"
    )
    title: str = Field(min_length=1, description="one line for a list")
    about: str = Field(min_length=1, description="what happens, and what to expect of those who learn from it")
    seed: int = Field(1, ge=0, lt=2**63, description="of every random stream")
    days: float = WorldSpec().days
    catalogue: CatalogueSpec = CatalogueSpec()
    shoppers: ShopperSpec = ShopperSpec()
    sessions: SessionSpec = SessionSpec()
    funnel: FunnelSpec = FunnelSpec()
    rhythm: RhythmSpec = RhythmSpec()
    loop: LoopSpec = LoopSpec()
    uplift: UpliftSpec = UpliftSpec()
    drift: tuple[Part, ...] = Field((), description="what moves interests; displacements add up")
    shock: tuple[Part, ...] = Field((), description="what moves products and crowds; effects add up")
    social: Part = Field(
        Use(use="none"), description="who follows whom; needed by drifts that spread from one to another"
    )
    campaign: tuple[CampaignSpec, ...] = Field((), description="coupons for an audience, each with a control group")
    delivery: DeliverySpec | None = Field(
        None, description="how facts reach who learns; without it, and without faults, at once and each once"
    )
    fault: tuple[Part, ...] = Field((), description="what breaks in the delivery, in the order it is met")
    command: tuple[CommandSpec, ...] = Field(
        (), description="what sets in on a day as if it were thrown in by hand then"
    )
    network: NetworkSpec = NetworkSpec()

    @property
    def world(self) -> WorldSpec:
        """What the simulator is told, without the drifts and shocks."""
        return WorldSpec(**{field.name: getattr(self, field.name) for field in dataclasses.fields(WorldSpec)})

    def toml(self) -> str:
        """Return the whole scenario as TOML, with every default and no base; loaded again it is an equal scenario."""
        values = self.model_dump(exclude_none=True)
        network = values["network"]
        for key in ("encoders", "losses", "samplers", "baselines"):
            network[key] = [_short(use) for use in getattr(self.network, key)]
        network["policies"] = [_short(*chain) for chain in self.network.policies]
        for campaign, given in zip(values["campaign"], self.campaign, strict=True):
            campaign["audience"] = _short(given.audience)
        values["command"] = [command.plain() for command in self.command]
        return writing.toml(values)


def _short(*chain: Use) -> str | list[dict[str, Any]]:
    """Return a chain on one line, or as tables where it would not read back the same."""
    line = "+".join(map(str, chain))
    try:
        if read_chain(line) == chain:
            return line
    except ValueError:
        pass
    return [use.model_dump() for use in chain]


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file, for editors: no key is needed, as each may come from the base.

    >>> schema()["properties"]["days"]["maximum"]
    3650
    """
    made = Scenario.model_json_schema()
    made["$schema"] = "http://json-schema.org/draft-07/schema#"
    made["title"] = "driftlab scenario"
    made["properties"]["base"] = {
        "type": "string",
        "description": "id or path of the scenario that gives all other keys",
    }
    made["properties"]["$schema"] = {"type": "string"}
    del made["required"]
    delivery = made["properties"]["delivery"]  # TOML has no null: what is not there is left out
    made["properties"]["delivery"] = {"allOf": delivery["anyOf"][:1], "description": delivery["description"]}
    _describe(made["properties"], WorldSpec)
    for spec in (*SECTIONS, CampaignSpec):
        made["$defs"][spec.__name__]["description"] = (spec.__doc__ or "").strip()
        _describe(made["$defs"][spec.__name__]["properties"], spec)
    return made


def _describe(properties: dict[str, Any], spec: type) -> None:
    """Add what a field's metadata says: meaning, unit, range or choices."""
    for field in dataclasses.fields(spec):
        meta = field.metadata
        if not meta:
            continue
        entry = properties[field.name]
        unit = f" ({meta['unit']})" if "unit" in meta else ""
        entry["description"] = f"{meta['about']}{unit}"
        if "choices" in meta:
            entry["enum"] = list(meta["choices"])
        for numbers in [entry, *([entry["items"]] if "items" in entry else []), *entry.get("prefixItems", [])]:
            if "low" in meta and numbers.get("type") in ("integer", "number"):
                numbers.update(minimum=meta["low"], maximum=meta["high"])


def keys(path: tuple[str | int, ...]) -> list[str]:
    """Return the keys that may stand in the section at a path; in the scenario's file itself at the empty path.

    >>> keys(("loop",))
    ['attention', 'held_out', 'mode', 'reluctance', 'server', 'slate']
    """
    section: Any = Scenario
    if path[:1] == ("campaign",) and len(path) > 1:
        section, path = CampaignSpec, ()
    if path[:1] == ("command",) and len(path) > 1:
        section, path = CommandSpec, ()
    for step in path:
        section = Scenario.model_fields[step].annotation if step in Scenario.model_fields else None
        section = next((kind for kind in get_args(section) if dataclasses.is_dataclass(kind)), section)
    if section is None:
        return []
    if dataclasses.is_dataclass(section):
        return sorted(field.name for field in dataclasses.fields(section))
    return sorted([*getattr(section, "model_fields", {}), *(["base"] if section is Scenario else [])])
