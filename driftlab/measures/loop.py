"""In the closed loop slates are served and shoppers answer: what they click and buy counts for the lane that served."""

from __future__ import annotations

from collections.abc import Callable

from driftlab.measures.measure import Measure, law
from driftlab.record import Record, Traffic


def _of_traffic(value: Callable[[Traffic], float]) -> Callable[[Record], float]:
    return lambda seen: value(seen.traffic) if seen.traffic is not None and seen.traffic.slates else float("nan")


def click_through() -> Measure:
    """Share of the slates served from which the shopper opened at least one product."""
    return Measure(
        name="click_through",
        title="click-through",
        about=law(click_through),
        unit="share",
        better="higher",
        formula="slates clicked / slates served",
        source="Richardson, Dominowska, Ragno 2007, by slate",
        value=_of_traffic(lambda came: came.clicked / came.slates),
    )


def conversion() -> Measure:
    """Share of the slates served that led to a purchase, along the chain of causes."""
    return Measure(
        name="conversion",
        title="conversion",
        about=law(conversion),
        unit="share",
        better="higher",
        formula="slates that led to a purchase / slates served",
        source="driftlab: cause column of the facts",
        value=_of_traffic(lambda came: came.converted / came.slates),
    )


def revenue() -> Measure:
    """Money paid in purchases that slates led to, for one slate served."""
    return Measure(
        name="revenue",
        title="revenue",
        about=law(revenue),
        unit="money a slate",
        better="higher",
        formula="sum of prices of purchases caused by slates / slates served",
        source="driftlab: cause column of the facts",
        value=_of_traffic(lambda came: came.revenue / came.slates),
    )
