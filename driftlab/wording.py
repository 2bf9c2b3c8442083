"""How figures are written wherever they are shown: in a unit that fits, without digits that say nothing."""

from __future__ import annotations

import math


def decimals(value: float) -> str:
    """Write a share without its leading zero, three digits: .123."""
    return "-" if math.isnan(value) else f"{value:.3f}".removeprefix("0") if value >= 0 else f"{value:.3f}"


def difference(value: float) -> str:
    """Write the difference of two shares; one that rounds to nothing has no sign.

    >>> difference(-0.0004), difference(-0.012)
    ('.000', '-0.012')
    """
    return decimals(round(value, 3) + 0.0)


def number(value: float) -> str:
    """Write a number with thousands marked, and with two digits where it is small.

    >>> number(1460.0), number(3.25), number(0.123), number(0.0004)
    ('1,460', '3.2', '.12', '<.01')
    """
    if math.isnan(value):
        return "-"
    if value == 0 or value >= 10:
        return f"{value:,.0f}"
    if value < 0.01:
        return "<.01"
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}".removeprefix("0")


def duration(seconds: float) -> str:
    """Write seconds in the largest unit of which there is at least one.

    >>> duration(90.0), duration(7200.0), duration(float("inf"))
    ('1.5 min', '2.0 h', 'never')
    """
    if math.isnan(seconds):
        return "-"
    if math.isinf(seconds):
        return "never"
    for unit, size in (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def hours(value: float) -> str:
    """Write hours as a duration."""
    return duration(3_600.0 * value)
