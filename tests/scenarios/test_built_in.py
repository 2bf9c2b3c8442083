"""The scenarios that driftlab brings: their ids stay, and each says no more than how it differs from its base."""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from scenarios import listing, load, schema
from scenarios.reading import HERE, built_in
from simulator.spec import DeliverySpec
from tests.scenarios.presets import PRESETS

NETWORK = ("network.encoders", "network.policies", "network.baselines")
"""Parts of the network in which a scenario may differ."""

IDS = [
    "black_friday",
    "bot_attack",
    "brand_scandal",
    "closed_loop",
    "cold_content",
    "cold_start",
    "coupon_week",
    "fashion",
    "flash_sale",
    "grocery",
    "late_events",
    "launch_wave",
    "outage",
    "season_year",
    "seasonal",
    "slow_drift",
    "small",
    "social_trend",
    "steady",
    "sudden_shift",
    "taobao",
    "viral",
]
"""Permanent: a study names a scenario by its id."""


def raw(id_: str) -> dict[str, Any]:
    """Return the keys of a scenario's own file."""
    return tomllib.loads(built_in()[id_].read_text(encoding="utf-8"))


def flat(table: dict[str, Any], path: str = "") -> dict[str, Any]:
    """Return the values of a table and the tables in it by dotted key."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        found |= flat(value, f"{path}{key}.") if isinstance(value, dict) else {f"{path}{key}": value}
    return found


def differences(id_: str) -> list[str]:
    """Return a line for every value in which a scenario is not like its base."""
    scenario, base = load(id_), load(raw(id_)["base"])
    own, other = flat(scenario.model_dump()), flat(base.model_dump())
    usual = flat({"delivery": dataclasses.asdict(DeliverySpec())})  # of a pipeline that says nothing
    other |= usual if base.delivery is None and scenario.delivery is not None else {}
    parts = ("id", "title", "about", "drift", "shock", "fault", "campaign", "delivery", *NETWORK)
    named = {key: value for key, value in own.items() if key not in parts}
    lines = [f"{key}: {other.get(key)} -> {value}" for key, value in named.items() if value != other.get(key)]
    for family in ("drift", "shock", "fault"):
        if getattr(scenario, family) != getattr(base, family):
            lines.append(f"{family}: {', '.join(map(str, getattr(scenario, family)))}")
    for key in NETWORK:
        uses = getattr(scenario.network, key.removeprefix("network."))
        if uses != getattr(base.network, key.removeprefix("network.")):
            lines.append(
                f"{key}: " + ", ".join("+".join(map(str, use)) if isinstance(use, tuple) else str(use) for use in uses)
            )
    if scenario.campaign != base.campaign:
        terms = [f"{one.discount:g} off from day {one.at_day:g} for {one.audience}" for one in scenario.campaign]
        lines += [f"campaign: {text}" for text in terms]
    return lines


DIFFERENCES = {
    **PRESETS,
    "black_friday": [
        "days: 14.0 -> 7.0",
        "rhythm.surge: 1.0 -> 8.0",
        "rhythm.surge_day: 4.0 -> 4.3333",
        "rhythm.surge_hours: 24.0 -> 14.0",
        "delivery.delay: 0.0 -> 2.0",
        "delivery.event_seconds: 0.0 -> 0.5",
        "delivery.call_seconds: 0.0 -> 4.0",
        "delivery.at_once: False -> True",
        'drift: abrupt(level="population", share=0.5, magnitude=1.0, at_day=4.375)',
        "network.encoders: sage",
        "network.policies: every_event, micro_batch(n=32), every(n=8), never",
        "network.baselines: popular, own_recent, markov",
    ],
    "outage": [
        "days: 14.0 -> 7.0",
        "delivery.delay: 0.0 -> 2.0",
        "delivery.at_once: False -> True",
        "fault: outage(at_day=3.5, hours=12.0, catch_up=10.0)",
        "network.encoders: sage",
        "network.policies: every_event, every_seconds(s=3600), never",
        "network.baselines: popular, decayed_popular, own_recent, markov",
    ],
    "late_events": [
        "days: 14.0 -> 7.0",
        "delivery.delay: 0.0 -> 60.0",
        "delivery.law: constant -> exponential",
        "delivery.at_once: False -> True",
        "fault: late(share=0.2, hours=4.0, spread=1.0), duplicated(share=0.1, minutes=30.0), lost(share=0.02)",
        "network.encoders: sage",
        "network.policies: every_event, micro_batch(n=100), never",
        "network.baselines: popular, decayed_popular, own_recent, markov",
    ],
    "season_year": [
        "days: 14.0 -> 395.0",
        "catalogue.launched: 0.05 -> 0.15",
        "catalogue.launch_until_day: 13.0 -> 390.0",
        "shoppers.shoppers: 1000 -> 200",
        "shoppers.newness_days: 2.0 -> 14.0",
        "shoppers.satiation_days: 2.0 -> 14.0",
        "sessions.per_day: 0.9 -> 0.19",
        ("rhythm.weekdays: (9.8, 10.5, 10.6, 10.3, 11.4, 23.8, 23.6) -> (13.5, 13.1, 13.4, 13.7, 13.8, 15.9, 16.6)"),
        "rhythm.surge: 1.0 -> 2.5",
        "rhythm.surge_day: 4.0 -> 41.0",
        "rhythm.surge_hours: 24.0 -> 72.0",
        "rhythm.surge_again: () -> (130.0, 326.0, 343.0)",
        (
            'drift: recurring(level="population", magnitude=1.0, at_day=79.0, period_days=365.0, steps=2), '
            'blip(level="population", share=0.5, magnitude=1.0, at_day=326.0, hours=72.0), '
            'blip(level="population", share=0.5, magnitude=1.0, at_day=343.0, hours=72.0), '
            'gradual(level="individual", magnitude=0.3, time_constant_days=140.0)'
        ),
        (
            "shock: launch_wave(share=0.1, at_day=64.0, within_days=7.0), "
            "launch_wave(share=0.1, at_day=248.0, within_days=7.0)"
        ),
        "network.encoders: sage",
        "network.policies: every_event, every_seconds(s=604800), every_event+replay, never",
        "network.baselines: popular, decayed_popular(half_life=604800), own_recent, markov",
    ],
    "slow_drift": ['drift: gradual(level="individual", magnitude=1.0, time_constant_days=5.0)'],
    "sudden_shift": ['drift: abrupt(level="population", share=0.8, magnitude=1.0, at_day=7.5)'],
    "seasonal": ['drift: recurring(level="population", magnitude=1.0, at_day=2.0, period_days=4.0)'],
    "cold_start": ["catalogue.launched: 0.05 -> 0.5", "shoppers.joining: 0.1 -> 0.5"],
    "cold_content": ["network.encoders: sage, sage(content=true)", "network.policies: every_event"],
    "small": [
        "days: 14.0 -> 4.0",
        "catalogue.products: 2000 -> 200",
        "catalogue.categories: 40 -> 10",
        "catalogue.brands: 80 -> 20",
        "catalogue.launch_until_day: 13.0 -> 3.0",
        "shoppers.shoppers: 1000 -> 100",
        'drift: abrupt(level="population", magnitude=1.0, at_day=2.0)',
    ],
    "closed_loop": ["loop.mode: open -> closed"],
    "coupon_week": [
        "days: 14.0 -> 19.0",
        "uplift.lift: 1.2 -> 1.6",
        "campaign: 0.15 off from day 4 for viewed(within_days=3)",
        "campaign: 0.15 off from day 4 for inactive(for_days=3)",
        "campaign: 0.15 off from day 11 for persuadable",
    ],
    "viral": ["days: 14.0 -> 10.0", "shock: viral(magnitude=7.5, at_day=4.75)"],
    "flash_sale": [
        "days: 14.0 -> 9.0",
        "shock: flash_sale(discount=0.4, magnitude=3.0, at_day=5.5, hours=12.0)",
    ],
    "launch_wave": ["days: 14.0 -> 10.0", "shock: launch_wave(share=0.25, at_day=5.5)"],
    "brand_scandal": [
        "days: 14.0 -> 10.0",
        "catalogue.brands: 80 -> 10",
        "shock: brand_scandal(magnitude=4.0, at_day=5.5)",
    ],
    "bot_attack": [
        "days: 14.0 -> 9.0",
        (
            "shock: click_farm(targets=12, bots=60, visits=80, at_day=4.0, for_days=4.0), "
            "scraper(at_day=4.0, for_days=2.0), shilling(bots=100, at_day=4.0, for_days=2.0)"
        ),
    ],
    "social_trend": [
        "social.use: none -> small_world",
        "social.follows: None -> 10",
        "social.rewired: None -> 0.1",
        "drift: trend(at_day=4.0, first=0.02, per_day=0.2, lasts_days=3.0, magnitude=1.0)",
    ],
}


def test_ids_are_permanent() -> None:
    assert [id_ for id_, _ in listing()] == IDS


@pytest.mark.parametrize("id_", [id_ for id_ in IDS if id_ != "steady"])
def test_the_differences_from_the_base_are_these(id_: str) -> None:
    assert differences(id_) == DIFFERENCES[id_]


@pytest.mark.parametrize("id_", [id_ for id_ in IDS if id_ != "steady"])
def test_nothing_is_said_twice(id_: str) -> None:
    said = flat({key: value for key, value in raw(id_).items() if key not in ("base", "title", "about")})
    changed = {line.split(":")[0] for line in differences(id_)}
    assert set(said) == changed


@pytest.mark.parametrize("id_", IDS)
def test_each_says_what_happens_and_what_to_expect(id_: str) -> None:
    own = raw(id_)
    assert own["title"]
    assert len(own["title"]) < 60
    assert "Expect" in own["about"]
    assert all(len(line) <= 100 for line in own["about"].splitlines())
    assert built_in()[id_].read_text(encoding="utf-8").startswith("#:schema ./schema.json\n")


def test_steady_is_the_world_as_the_simulator_has_it_by_default() -> None:
    from simulator.spec import WorldSpec

    assert load("steady").world == WorldSpec()
    assert load("steady").drift == ()


def test_the_schema_for_editors_is_today_s() -> None:
    written = json.loads((HERE / "schema.json").read_text(encoding="utf-8"))
    assert written == schema(), "write it anew: `driftlab scenarios schema > scenarios/schema.json`"


def test_the_schema_knows_every_key_and_no_other() -> None:
    made = schema()
    for id_ in IDS:
        for key, value in raw(id_).items():
            entry = made["properties"][key]
            if isinstance(value, dict) and "use" not in value:
                section = made["$defs"][entry.get("$ref", entry.get("allOf", [{}])[0].get("$ref", "")).split("/")[-1]]
                assert set(value) <= set(section["properties"])
                assert section["additionalProperties"] is (key == "network")  # its others are those of `model.network`
    assert made["additionalProperties"] is False


def test_the_schema_tells_meaning_unit_and_range() -> None:
    made = schema()
    entry = made["$defs"]["ShopperSpec"]["properties"]["newness_days"]
    assert entry["description"] == "time constant in which newness fades (days)"
    assert (entry["minimum"], entry["maximum"], entry["default"]) == (0.01, 365, 2.0)
    assert made["$defs"]["LoopSpec"]["properties"]["mode"]["enum"] == ["open", "closed"]
    assert made["$defs"]["FunnelSpec"]["properties"]["new"]["prefixItems"][0]["maximum"] == 1
    assert not any("Spec" not in name and "Use" not in name for name in made["$defs"])


def test_the_docs_tell_of_every_scenario_and_have_every_picture_they_show() -> None:
    docs = HERE.parent / "docs"
    page = (docs / "scenarios.md").read_text(encoding="utf-8")
    assert [id_ for id_ in IDS if f"`{id_}`" not in page] == []
    shown = re.findall(r"\]\((gallery/\w+\.svg)\)", page)
    assert sorted(shown) == sorted(f"gallery/{path.name}" for path in (docs / "gallery").glob("*.svg"))
    for picture in shown:
        text = (docs / picture).read_text(encoding="utf-8")
        assert load(Path(picture).stem).title in text
        assert len(text) < 60_000
