"""The campaign table: a row a campaign, what its control group says beside what the truth knows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from driftlab.marketed import Marketed
from driftlab.measures.marketing import MARKETING

DAY = 86_400_000_000
"""Microseconds."""


class Column(NamedTuple):
    """A column of the table: its heading, and what stands in it."""

    heading: str
    write: Callable[[dict[str, float]], str]


def values(came: Marketed) -> dict[str, float]:
    """Return every marketing measure of a campaign by name."""
    return {name: measure.value(came) for name, measure in MARKETING.items()}


def rows(campaigns: Sequence[Marketed]) -> list[dict[str, Any]]:
    """Return the campaigns as plain values: place in the scenario, audience, start and end (us), measures by name."""
    return [
        {"campaign": came.number, "audience": came.audience, "start": came.start, "end": came.end, **values(came)}
        for came in campaigns
    ]


def _count(name: str) -> Callable[[dict[str, float]], str]:
    return lambda found: _number(found[name])


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:,.0f}"


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{100 * value:.0f} %"


def _ratio(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:+.2f}"


def _interval(found: dict[str, float]) -> str:
    middle, low, high = (found[f"incremental_conversions{end}"] for end in ("", "_low", "_high"))
    return "-" if math.isnan(middle) else f"{middle:,.0f} ({low:,.0f} to {high:,.0f})"


COLUMNS = (
    Column("issued", lambda found: _number(found["targeted"] - found["held_out"])),
    Column("held out", _count("held_out")),
    Column("precision", lambda found: _percent(found["audience_precision"])),
    Column("redeemed", lambda found: _percent(found["redemption_rate"])),
    Column("extra purchases", _interval),
    Column("true", _count("true_conversions")),
    Column("cost", _count("campaign_cost")),
    Column("ROI", lambda found: _ratio(found["roi"])),
    Column("true", lambda found: _ratio(found["true_roi"])),
)

NOTES = (
    "precision: share of the audience that a coupon makes buy more; extra purchases: by those held out, with 95 %",
    "ROI: (extra margin - cost) / cost, by those held out; true: by what coupons changed, choice by choice",
)


def table(campaigns: Sequence[Marketed], opening: int) -> list[str]:
    """Return the lines of the table; `opening` is the time of the first fact, us."""
    heads = ["campaign", *(column.heading for column in COLUMNS)]
    cells = [
        [str(came.number), *(column.write(found) for column in COLUMNS)]
        for came, found in ((came, values(came)) for came in campaigns)
    ]
    widths = [max(map(len, texts)) for texts in zip(heads, *cells, strict=True)]
    lines = ["  ".join(f"{t:>{w}}" for t, w in zip(row, widths, strict=True)) for row in (heads, *cells)]
    named = [
        f"{came.number}: day {(came.start - opening) / DAY:.1f} to {(came.end - opening) / DAY:.1f}, "
        f"{100 * came.terms['discount']:.0f} % off, {came.audience}"
        for came in campaigns
    ]
    return [*named, "", lines[0], "-" * len(lines[0]), *lines[1:], "", *NOTES]
