"""A description gives the figures by which logs are compared; on the real slice, those measured by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import driftlab
from driftlab.description import describe_facts, lines
from driftlab.logs import Asked
from journal.facts import Kind, facts

SLICE = Path(__file__).parents[3] / "shared" / "data" / "taobao_userbehavior_100k.csv"

MEASURED = {
    ("funnel", "cart per view"): (0.0607, 0.0001),
    ("funnel", "favourite per view"): (0.0306, 0.0001),
    ("funnel", "purchase per view"): (0.0234, 0.0001),
    ("funnel", "purchase per cart"): (0.386, 0.001),
    ("funnel", "purchases without an earlier view"): (0.49, 0.005),
    ("funnel", "purchases carted before"): (0.16, 0.005),
    ("sessions", "number"): (16_724, 0),
    ("sessions", "events mean"): (5.98, 0.01),
    ("sessions", "events p50"): (3, 0),
    ("sessions", "events p90"): (15, 0),
    ("sessions", "events max"): (135, 0),
    ("sessions", "of one event"): (0.31, 0.005),
    ("sessions", "with a cart"): (0.195, 0.001),
    ("sessions", "with a purchase"): (0.096, 0.001),
    ("sessions", "seconds p50 of longer ones"): (555, 1),
    ("shoppers", "events p10"): (19, 0),
    ("shoppers", "events p50"): (74, 0),
    ("shoppers", "events p90"): (219, 0),
    ("shoppers", "events p99"): (447, 1),
    ("shoppers", "gini"): (0.45, 0.005),
    ("gaps", "seconds p50"): (75, 0),
    ("gaps", "burstiness"): (0.60, 0.005),
    ("popularity", "gini"): (0.30, 0.005),
    ("popularity", "zipf exponent"): (0.32, 0.005),
    ("popularity", "met once"): (0.73, 0.005),
    ("repeats", "of all"): (0.24, 0.005),
    ("repeats", "of views"): (0.21, 0.005),
    ("repeats", "of purchases"): (0.045, 0.001),
    ("repeats", "of category"): (0.76, 0.005),
    ("repeats", "next in the same category"): (0.41, 0.005),
}


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    if not SLICE.is_file():
        pytest.skip(f"no real log at {SLICE}")
    window = Asked(str(SLICE), start=1_511_539_200, end=1_512_316_800)
    return driftlab.describe(window, utc_offset_hours=8)


@pytest.mark.parametrize("figure", MEASURED, ids=" ".join)
def test_the_real_slice_is_described_as_measured(described: dict[str, Any], figure: tuple[str, str]) -> None:
    expected, tolerance = MEASURED[figure]
    assert described[figure[0]][figure[1]] == pytest.approx(expected, abs=tolerance)


def test_every_row_of_the_real_slice_is_accounted_for(described: dict[str, Any]) -> None:
    rows = described["log"]
    assert (rows["rows"], rows["taken"], rows["outside the window"]) == (100_001, 99_957, 44)


def test_nothing_is_described_as_nothing() -> None:
    assert describe_facts(facts(seq=[], time=[], kind=[]))["counts"]["interactions"] == 0


def test_one_interaction_is_a_session_of_one() -> None:
    found = describe_facts(facts(seq=[1], time=[0], kind=[Kind.PURCHASED], shopper=[0], product=[0]))
    assert found["sessions"]["number"] == 1
    assert found["funnel"]["purchases without an earlier view"] == 1.0
    assert found["rhythm"]["weekdays from Monday"][3] == 1.0  # the epoch was a Thursday
    assert any("purchased 1" in line for line in lines(found))
