"""A description as text for a person: aligned lines of one, or two beside each other with their distances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite, isnan
from typing import Any

from driftlab.description.distance import BAND, Distance

WIDE = 34


def lines(description: Mapping[str, Any]) -> list[str]:
    """Return a description as aligned lines."""
    shown: list[str] = []
    for group, values in description.items():
        if values:
            shown.append(group)
        for name, value in values.items():
            shown.append(f"  {name:<{WIDE}} {_value(value)}")
    return shown


def side_by_side(
    names: tuple[str, str], described: Sequence[Mapping[str, Any]], apart: Sequence[Distance]
) -> list[str]:
    """Return two descriptions as aligned lines, each figure with its distance and whether it is within the band."""
    counts = [each["counts"] for each in described]
    shown = [f"{'':<{WIDE + 3}}{names[0][:12]:>12}  {names[1][:12]:>12}  distance"]
    for name in ("days", "shoppers", "interactions", "products met"):
        shown.append(f"{name:<{WIDE + 3}}{_number(counts[0][name]):>12}  {_number(counts[1][name]):>12}")
    group = ""
    for each in apart:
        if each.group != group:
            group = each.group
            shown.append(group)
        one, other = ("-" if each.how in ("shares", "ordered") else _short(value) for value in (each.one, each.other))
        shown.append(f"  {each.figure:<{WIDE}} {one:>12}  {other:>12}  {_verdict(each)}")
    return [*shown, "", _summary(apart)]


def _summary(apart: Sequence[Distance]) -> str:
    told = [each for each in apart if not isnan(each.distance)]
    within = sum(each.within for each in told)
    unknown = f", {len(apart) - len(told)} that one of the two cannot tell" if len(told) < len(apart) else ""
    return f"{within} of {len(told)} figures within {100 * BAND:.0f} %{unknown}"


def _verdict(each: Distance) -> str:
    if isnan(each.distance):
        return "cannot be told"
    far = f"{100 * each.distance:.1f} %" if isfinite(each.distance) else "inf"
    metric = {"shares": " (total variation)", "ordered": " (Kolmogorov-Smirnov)", "curve": " (mean)"}.get(each.how, "")
    return f"{far:>8}  {'within ' if each.within else 'outside'}{metric}".rstrip()


def _short(value: Any) -> str:
    """Return a figure in few signs: a curve by its first and last value."""
    if value is None:
        return "-"
    return f"{value[0]:.2f}..{value[-1]:.2f}" if isinstance(value, list) else _number(value)


def _number(value: Any) -> str:
    if isinstance(value, float) and isnan(value):
        return "-"
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 10 else f"{value:,.1f}"
    return f"{value:,}"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count:,}" for name, count in value.items())
    if isinstance(value, list):
        return " ".join(f"{100 * share:.1f}" for share in value) + "  (%)"
    return _number(value) if isinstance(value, float | int) else str(value)
