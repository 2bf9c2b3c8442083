"""Marketing measures tell what a campaign earned: by its control group, as a shop can know it, and by the truth.

T, C     shoppers with a coupon, and held out of it
YT, YC   sums over them of an outcome (purchases, revenue, margin) from the start of the campaign to its end
extra    what coupons brought: YT - YC T / C; its 95 % interval is the normal one of a difference of means (Welch 1947)
true     the sum over the T of what their coupons changed in expectation, choice by choice (`simulator.campaigns`)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from driftlab.marketed import Column, Marketed, Truth

NORMAL = 1.959964
"""97.5 % quantile of the normal distribution."""

NAN = float("nan")


class MarketingMeasure(NamedTuple):
    """A number worth showing of a campaign; `value` gives NaN where there is nothing to measure."""

    name: str
    title: str
    about: str  # one sentence
    unit: str
    better: Literal["higher", "lower", "neither"]
    formula: str
    source: str
    value: Callable[[Marketed], float]


class Estimate(NamedTuple):
    """What a control group says that coupons brought, over all who got one, and where that lies with 95 %."""

    extra: float
    low: float
    high: float


def estimate(outcome: Column, issued: NDArray[np.bool_]) -> Estimate:
    """Return what coupons brought by the control group; NaN where either group has fewer than two shoppers.

    >>> estimate(np.array([3.0, 1, 2, 0, 1]), np.array([True, True, True, False, False])).extra
    4.5
    """
    treated, control = outcome[issued], outcome[~issued]
    if min(len(treated), len(control)) < 2:
        return Estimate(NAN, NAN, NAN)
    n = len(treated)
    extra = float(treated.sum() - control.mean() * n)
    error = NORMAL * n * float(np.sqrt(treated.var(ddof=1) / n + control.var(ddof=1) / len(control)))
    return Estimate(extra, extra - error, extra + error)


def uplift_curve(score: Column, issued: NDArray[np.bool_], outcome: Column) -> tuple[NDArray[np.int64], Column]:
    """Return how many shoppers, best score first, ties together, and the qini there: YT - YC T / C of these so many.

    The curve starts at (0, 0). Before the first shopper of the control group the qini is YT alone.
    """
    order = np.argsort(-score, kind="stable")
    last = np.flatnonzero(np.r_[np.diff(score[order]) != 0, True]) if len(order) else np.zeros(0, np.int64)
    got, did = issued[order], outcome[order]
    t, yt, yc = (np.cumsum(column)[last] for column in (got, np.where(got, did, 0.0), np.where(got, 0.0, did)))
    many = last + 1
    control = many - t
    qini = yt - np.divide(yc * t, control, out=np.zeros(len(t)), where=control > 0)
    return np.r_[0, many], np.r_[0.0, qini]


def area_under_uplift(score: Column, issued: NDArray[np.bool_], outcome: Column) -> float:
    """Return AUUC: the mean height of the qini curve over the shoppers, ordered by score (trapezes)."""
    many, qini = uplift_curve(score, issued, outcome)
    return float(np.trapezoid(qini, many)) / int(many[-1]) if many[-1] else NAN


def qini_coefficient(score: Column, issued: NDArray[np.bool_], outcome: Column) -> float:
    """Return how far the qini curve is above the straight line to its end, which is that of a random order."""
    many, qini = uplift_curve(score, issued, outcome)
    return area_under_uplift(score, issued, outcome) - float(qini[-1]) / 2 if many[-1] else NAN


def return_on(margin: float, cost: float) -> float:
    """Return (extra margin - cost) / cost; NaN where nothing was spent."""
    return (margin - cost) / cost if cost > 0 else NAN


def _true(value: Callable[[Marketed, Truth], float]) -> Callable[[Marketed], float]:
    return lambda came: NAN if came.truth is None else value(came, came.truth)


def _mean(column: NDArray[np.bool_] | Column) -> float:
    return float(column.mean()) if len(column) else NAN


_EXTRA = "YT - YC T / C"
_HELD_OUT = "randomised control group: Fisher 1935"
_OURS = "driftlab: truth"

_MEASURES = (
    MarketingMeasure(
        name="targeted",
        title="targeted",
        about="Shoppers who were chosen.",
        unit="shoppers",
        better="neither",
        formula="T + C",
        source="driftlab",
        value=lambda came: float(len(came.shopper)),
    ),
    MarketingMeasure(
        name="held_out",
        title="held out",
        about="Shoppers of the audience who got no coupon.",
        unit="shoppers",
        better="neither",
        formula="C",
        source=_HELD_OUT,
        value=lambda came: float(np.count_nonzero(~came.issued)),
    ),
    MarketingMeasure(
        name="audience_precision",
        title="precision",
        about="Share of the audience that a coupon makes buy more.",
        unit="share",
        better="higher",
        formula="persuadables / (T + C)",
        source=_OURS,
        value=_true(lambda came, truth: _mean(truth.persuadable)),
    ),
    MarketingMeasure(
        name="redemption_rate",
        title="redeemed",
        about="Share of the coupons that were used.",
        unit="share",
        better="neither",
        formula="coupons used / T",
        source="redemption by household and campaign: Complete Journey data",
        value=lambda came: float(came.redeemed.sum()) / int(came.issued.sum()) if came.issued.any() else NAN,
    ),
    MarketingMeasure(
        name="incremental_conversions",
        title="extra purchases",
        about="Purchases that coupons brought, by the control group.",
        unit="purchases",
        better="higher",
        formula=f"{_EXTRA} of purchases",
        source=_HELD_OUT,
        value=lambda came: estimate(came.purchases, came.issued).extra,
    ),
    MarketingMeasure(
        name="incremental_conversions_low",
        title="from",
        about="Lower end of the 95 % interval of extra purchases.",
        unit="purchases",
        better="neither",
        formula="extra - 1.96 T sqrt(var_T / T + var_C / C)",
        source="Welch 1947",
        value=lambda came: estimate(came.purchases, came.issued).low,
    ),
    MarketingMeasure(
        name="incremental_conversions_high",
        title="to",
        about="Upper end of the 95 % interval of extra purchases.",
        unit="purchases",
        better="neither",
        formula="extra + 1.96 T sqrt(var_T / T + var_C / C)",
        source="Welch 1947",
        value=lambda came: estimate(came.purchases, came.issued).high,
    ),
    MarketingMeasure(
        name="true_conversions",
        title="true",
        about="Purchases that coupons brought in expectation.",
        unit="purchases",
        better="higher",
        formula="sum over T and their choices of (p with - p without)",
        source=_OURS,
        value=_true(lambda came, truth: float(truth.purchases.sum())),
    ),
    MarketingMeasure(
        name="incremental_revenue",
        title="extra revenue",
        about="Money, at full price, that coupons brought, by the control group.",
        unit="money",
        better="higher",
        formula=f"{_EXTRA} of revenue",
        source=_HELD_OUT,
        value=lambda came: estimate(came.revenue, came.issued).extra,
    ),
    MarketingMeasure(
        name="true_revenue",
        title="true",
        about="Money, at full price, that coupons brought in expectation.",
        unit="money",
        better="higher",
        formula="sum over T and their choices of (p with - p without) price",
        source=_OURS,
        value=_true(lambda came, truth: float(truth.revenue.sum())),
    ),
    MarketingMeasure(
        name="campaign_cost",
        title="cost",
        about="Money taken off prices and spent on contacts.",
        unit="money",
        better="lower",
        formula="sum of money off + T contact cost",
        source="driftlab",
        value=lambda came: came.cost,
    ),
    MarketingMeasure(
        name="roi",
        title="ROI",
        about="Return on what was spent, by the control group.",
        unit="ratio",
        better="higher",
        formula="(extra margin - cost) / cost",
        source="contribution margin less marketing, over marketing",
        value=lambda came: return_on(estimate(came.margin, came.issued).extra, came.cost),
    ),
    MarketingMeasure(
        name="true_roi",
        title="true ROI",
        about="Return on what was spent, by what coupons brought in expectation.",
        unit="ratio",
        better="higher",
        formula="(true extra margin - cost) / cost",
        source=_OURS,
        value=_true(lambda came, truth: return_on(float(truth.margin.sum()), came.cost)),
    ),
    MarketingMeasure(
        name="auuc",
        title="AUUC",
        about="Mean of the qini curve of purchases, shoppers in order of what they spent before.",
        unit="purchases",
        better="higher",
        formula="mean over n of YT(n) - YC(n) T(n) / C(n)",
        source="Radcliffe 2007; H2O's AUUC",
        value=lambda came: area_under_uplift(came.before, came.issued, came.purchases),
    ),
    MarketingMeasure(
        name="qini",
        title="qini",
        about="AUUC of that order less that of a random one: whether spending tells who is persuaded.",
        unit="purchases",
        better="higher",
        formula="AUUC - (YT - YC T / C) / 2",
        source="Radcliffe 2007",
        value=lambda came: qini_coefficient(came.before, came.issued, came.purchases),
    ),
    MarketingMeasure(
        name="true_qini",
        title="qini of the truth",
        about="The same with shoppers in order of their true pull: what could be known.",
        unit="purchases",
        better="higher",
        formula="AUUC - (YT - YC T / C) / 2, in order of pull",
        source="Radcliffe 2007",
        value=_true(lambda came, truth: qini_coefficient(truth.pull, came.issued, came.purchases)),
    ),
)

MARKETING: dict[str, MarketingMeasure] = {measure.name: measure for measure in _MEASURES}
"""Every measure of a campaign by name."""
