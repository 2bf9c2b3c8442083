"""The presets look like the logs they stand for: each figure is within the band, or named with a reason in the docs."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driftlab.described import FROM_MONDAY, Described, for_as_long, open_described
from driftlab.description import BAND, Distance, distances
from driftlab.logs import Asked
from journal.facts import join
from scenarios import glance
from simulator.drifts import DRIFTS
from simulator.world import World

SLICE = Path(__file__).parents[3] / "shared" / "data" / "taobao_userbehavior_100k.csv"
DOCS = Path(__file__).parents[2] / "docs" / "world.md"

EDGE = 0.02
"""How far a figure may be on the wrong side of the band: another processor rounds another way, and a draw turns."""


def lived(id_: str, shoppers: int | None = None) -> Described:
    """Return what a scenario's shoppers do when nobody recommends."""
    scenario = glance(id_)
    spec = scenario.world
    if shoppers is not None:
        spec = dataclasses.replace(spec, shoppers=dataclasses.replace(spec.shoppers, shoppers=shoppers))
    uses = [use.model_dump() for use in scenario.drift]
    world = World(spec, scenario.seed, [DRIFTS[use.pop("use")](**use) for use in uses])
    made = join([piece.facts for piece in world.run()])
    return Described(made, world.catalogue["category"], FROM_MONDAY)


def named(section: str) -> dict[str, float]:
    """Return the figures that the docs name as outside, with their distances."""
    text = DOCS.read_text(encoding="utf-8").partition(f"## {section}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\w+: [^|]+) \|[^|]*\|[^|]*\| (\d+) % \| [^|]{3,} \|$", text, re.MULTILINE)
    return {figure: int(percent) / 100 for figure, percent in rows}


@pytest.mark.parametrize("id_", ["steady", pytest.param("taobao", marks=pytest.mark.slow)])
def test_every_figure_is_that_of_the_real_slice_or_named_with_its_reason(id_: str) -> None:
    if not SLICE.is_file():
        pytest.skip(f"no real log at {SLICE}")
    log = open_described(Asked(str(SLICE), start=1_511_539_200, end=1_512_316_800), 8)
    apart = distances(*(each.figures() for each in for_as_long(lived(id_), log)))
    told = {f"{each.group}: {each.figure}": each for each in apart if not np.isnan(each.distance)}
    outside = named(id_)
    assert set(outside) <= set(told)
    wrong = {name: each.distance for name, each in told.items() if not holds(each, outside.get(name))}
    assert wrong == {}
    assert len(told) - len(outside) >= {"steady": 18, "taobao": 35}[id_]


def holds(each: Distance, documented: float | None) -> bool:
    """Whether a figure is within the band, or as far off as the docs say."""
    if documented is None:
        return each.distance <= BAND + EDGE
    return each.distance > BAND - EDGE and each.distance == pytest.approx(documented, rel=0.1, abs=0.02)


def test_a_figure_that_moves_is_told() -> None:
    near, far = (Distance("funnel", "cart per view", "number", 1.0, 1.0, distance) for distance in (0.1, 0.3))
    assert holds(near, None)
    assert not holds(far, None)
    assert not holds(near, 0.3)
    assert not holds(far, 0.5)


@pytest.fixture(scope="module")
def grocery() -> dict[str, Any]:
    return lived("grocery", shoppers=150).figures()


@pytest.mark.parametrize(
    ("group", "figure", "low", "high"),
    [
        ("sessions", "events p50", 4, 6),
        ("sessions", "events mean", 8.5, 11),
        ("sessions", "events p90", 20, 27),
        ("repeats", "of purchases", 0.41, 0.64),
        ("popularity", "gini", 0.55, 0.81),
        ("popularity", "zipf exponent", 0.6, 0.8),
        ("shoppers", "gini", 0.45, 0.6),
        ("interests", "core share", 0.45, 0.9),
    ],
)
def test_groceries_are_in_the_bands_of_published_logs(
    grocery: dict[str, Any], group: str, figure: str, low: float, high: float
) -> None:
    assert low <= grocery[group][figure] <= high


def test_interests_move_slowly_in_groceries_and_fast_in_fashion(grocery: dict[str, Any]) -> None:
    fashion = lived("fashion", shoppers=500).figures()["interests"]
    assert fashion["days of a lag"] == 1.0
    assert fashion["excess by lag"][6] < 0.45
    assert grocery["interests"]["days of a lag"] * 3 > 25
    assert grocery["interests"]["excess by lag"][2] > 0.8  # after four weeks


def test_the_week_of_groceries_ends_busier_than_it_begins(grocery: dict[str, Any]) -> None:
    weekdays = grocery["rhythm"]["one of each weekday"]
    assert sum(weekdays[5:]) / 2 > 1.1 * sum(weekdays[:5]) / 5
