"""Much of a world can be read from a log: funnel, rhythm, lengths, gaps, how often shoppers come, what they recall.

stage   what a shopper did with a product before (`simulator.choice`): nothing, seen, carted
recall  an interaction with a product known from before; its rank is how many known products were met since, and 1
unseen  products that nobody happened to meet: f1 ** 2 / (2 f2), of those met once and twice (Chao 1984)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftlab.calibration.sizing import DONE, Target
from driftlab.described import Described
from driftlab.description.pace import CUT, DAY, by_shopper, rhythm
from journal.chance import stream
from journal.facts import MICROSECONDS, Facts, Kind, pick

Values = dict[str, Any]
"""Values of a scenario by dotted key."""

FUNNEL = ("new", "seen", "carted")
"""Stages of a product, as the sections' keys."""


def starting_values(target: Target) -> Values:
    """Return the values of a scenario that can be read from a log."""
    log = target.whole
    met = pick(log.facts, np.isin(log.facts.kind, DONE))
    days = max(log.days, 0.01)
    return {
        "days": round(days, 3),
        **_catalogue(met, log),
        **_coming(met, days),
        **_lengths(met),
        **_choosing(met, log.category),
        **_after(log.facts),
        **_rhythm(log),
    }


def _catalogue(met: Facts, log: Described) -> Values:
    count = np.unique(met.product, return_counts=True)[1]
    once, twice = int(np.sum(count == 1)), int(np.sum(count == 2))
    unseen = once * once / (2 * max(twice, 1))
    products = int(min(max(len(count) + unseen, 2), 1_000_000))
    known = len(np.unique(log.category[log.category >= 0]))
    days = max(log.days, 0.01)
    values: Values = {
        "catalogue.products": products,
        "catalogue.categories": known or min(40, max(products // 10, 1)),
        "catalogue.brands": min(80, max(products // 10, 1)),
        "catalogue.launch_from_day": 0.0,
        "catalogue.launch_until_day": round(days, 3),
    }
    paid = met.value[(met.kind == Kind.PURCHASED) & (met.value > 0)]
    if len(paid):
        values["catalogue.price"] = float(np.clip(np.median(paid), 0.01, 1e6))
        # Half of the spread is between categories, half within.
        values["catalogue.price_spread"] = float(min(np.log(paid).std() / np.sqrt(2), 3.0))
    return values


def _coming(met: Facts, days: float) -> Values:
    ordered, gap = by_shopper(met)
    first = np.flatnonzero((gap < 0) | (gap > CUT))
    shoppers, inverse = np.unique(ordered.shopper[first], return_inverse=True)
    sessions = np.bincount(inverse)
    begun = ordered.time[gap < 0] - int(met.time[0])
    # Of those who were there from the start and came five times or more, one in 32 would come first in the second half.
    late = begun[sessions >= 5] > days * DAY / 2
    joining = float(np.clip(2 * (late.mean() - 1 / 32), 0, 0.9)) if len(late) >= 20 else 0.0
    mean, variance = sessions.mean(), sessions.var()
    return {
        "shoppers.shoppers": len(shoppers),
        "shoppers.joining": round(joining, 3),
        "sessions.per_day": float(np.clip(mean / days / (1 - joining / 2), 0.001, 100)),
        "sessions.activity": float(np.sqrt(np.log1p(max(variance - mean, 0) / mean**2))),
    }


def _lengths(met: Facts) -> Values:
    ordered, gap = by_shopper(met)
    length = np.diff(np.r_[np.flatnonzero((gap < 0) | (gap > CUT)), len(ordered)])
    median, spread = _lognormal(length)
    within = np.log(np.maximum(gap[(gap >= 0) & (gap <= CUT)] / MICROSECONDS, 0.001))
    return {
        "sessions.length": median,
        "sessions.length_spread": spread,
        "sessions.longest": int(np.clip(length.max(), 1, 10_000)),
        "sessions.gap": float(np.exp(np.median(within))) if len(within) else 60.0,
        "sessions.gap_spread": float(min(within.std(), 3.0)) if len(within) else 1.0,
    }


def _lognormal(length: NDArray[np.int64]) -> tuple[float, float]:
    """Return median and spread of the lognormal that, rounded, has the same share of ones, mean, p50 and p90."""
    wanted = np.array([np.mean(length == 1), length.mean(), *np.quantile(length, (0.5, 0.9))])
    normal = stream(1, "lognormal").standard_normal(4_000)
    best, found = float("inf"), (1.0, 0.0)
    for median in np.geomspace(1, max(2 * wanted[2], 2), 40).tolist():
        for spread in np.linspace(0, 2, 41).tolist():
            made = np.clip(np.floor(median * np.exp(spread * normal) + 0.5), 1, length.max())
            has = np.array([np.mean(made == 1), made.mean(), *np.quantile(made, (0.5, 0.9))])
            apart = float(np.abs(has - wanted) @ (1 / np.maximum(wanted, 0.05)))
            if apart < best:
                best, found = apart, (median, spread)
    return found


def _choosing(met: Facts, category: NDArray[np.int32]) -> Values:
    """Return funnel, recall, recency, memory and stay."""
    ordered, gap = by_shopper(met)
    stage = stages(met)
    done = funnel_table(met, stage)
    shares = (done / np.maximum(done.sum(1, keepdims=True), 1e-12))[:, 1:]
    enough = done.sum(1) * len(met) >= 30
    rows = [floored(shares[row if enough[row] else 0]) for row in range(3)]
    values: Values = {f"funnel.{name}": row for name, row in zip(FUNNEL, rows, strict=True)}
    # About a quarter of what is met again is met again by chance.
    values["sessions.recall"] = 0.75 * float(np.mean(stage > 0))
    ranks, sizes = _ranks(ordered, gap)
    if len(ranks) >= 30:
        values["sessions.recency"] = _exponent(np.array(ranks), np.array(sizes))
        values["sessions.memory"] = int(np.clip(np.quantile(ranks, 0.97), 20, 400))
    if (category >= 0).any():
        label = category[ordered.product]
        fresh = (stage == 0)[1:] & (gap[1:] >= 0)
        stays = (label[1:] == label[:-1])[fresh]
        values["sessions.stay"] = float(0.8 * stays.mean()) if len(stays) else 0.0
    return values


def stages(met: Facts) -> NDArray[np.int64]:
    """Return the stage of each interaction, shopper by shopper, by going through them as a shopper's mind does."""
    ordered, gap = by_shopper(met)
    found: list[int] = []
    mind: dict[int, int] = {}
    columns = (gap.tolist(), ordered.product.tolist(), ordered.kind.tolist())
    for since, product, kind in zip(*columns, strict=True):
        if since < 0:
            mind = {}
        stage = mind.get(product, 0)
        found.append(stage)
        mind[product] = 2 if kind == Kind.CARTED else 1 if kind == Kind.PURCHASED else stage or 1
    return np.array(found, np.int64)


def funnel_table(met: Facts, stage: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the share of interactions at each stage (rows) that are of each kind of `DONE` (columns); [3, 4]."""
    ordered, _ = by_shopper(met)
    cell = stage * len(DONE) + ordered.kind - Kind.VIEWED
    return np.bincount(cell, minlength=3 * len(DONE)).reshape(3, len(DONE)) / len(met)


def matched(wanted: NDArray[np.float64], made: NDArray[np.float64]) -> Values:
    """Return the funnel under which a world would do what the log does, each kind at each stage as often.

    wanted, made    [3, 4], tables of the log and of a world: its stages are as frequent as they are
    """
    rate = wanted[:, 1:] / np.maximum(made.sum(1, keepdims=True), 1e-6)
    rate /= np.maximum(rate.sum(1, keepdims=True) / 0.9, 1.0)
    return {f"funnel.{name}": floored(row) for name, row in zip(FUNNEL, rate, strict=True)}


def _ranks(ordered: Facts, gap: NDArray[np.int64]) -> tuple[list[int], list[int]]:
    """Return the rank of each recall among what the shopper knew, and how much that was; of the first 200,000 rows."""
    ranks: list[int] = []
    sizes: list[int] = []
    known: list[int] = []
    for since, product in zip(gap[:200_000].tolist(), ordered.product[:200_000].tolist(), strict=True):
        if since < 0:
            known = []
        if product in known:
            at = known.index(product)
            ranks.append(len(known) - at)
            sizes.append(len(known))
            del known[at]
        known.append(product)
        if len(known) > 400:
            del known[0]
    return ranks, sizes


def _exponent(ranks: NDArray[np.int64], sizes: NDArray[np.int64]) -> float:
    """Return the exponent under which recalls by rank ** -exponent are most likely."""
    exponents = np.linspace(0, 3, 61)
    weight = np.arange(1, int(sizes.max()) + 1)[:, None] ** -exponents
    total = np.log(np.cumsum(weight, 0))[sizes - 1]
    likely = (-np.log(ranks)[:, None] * exponents - total).sum(0)
    return float(exponents[int(np.argmax(likely))])


def floored(shares: NDArray[np.float64]) -> list[float]:
    """Return shares to six digits that add up to no more than 1."""
    floored: list[float] = (np.floor(shares * 1e6) / 1e6).tolist()
    return floored


def _after(met: Facts) -> Values:
    bought = int(np.sum(met.kind == Kind.PURCHASED))
    values: Values = {}
    for kind, share, days in ((Kind.REVIEWED, "reviewed", "review_days"), (Kind.RETURNED, "returned", "return_days")):
        came = met.kind == kind
        values[f"funnel.{share}"] = min(float(came.sum()) / bought, 1.0) if bought else 0.0
        led = came & (met.cause > 0)
        if led.any():
            place = np.searchsorted(met.seq, met.cause[led])
            place = np.minimum(place, len(met) - 1)
            values[f"funnel.{days}"] = float(np.clip((met.time[led] - met.time[place]).mean() / DAY, 0.01, 365))
    return values


def _rhythm(log: Described) -> Values:
    time = log.facts.time + int(log.clock * DAY / 24)
    found = rhythm(time)
    weekdays = np.array(found["one of each weekday"])
    weekdays[weekdays == 0] = weekdays[weekdays > 0].mean()  # of a weekday the log does not cover, nothing is known
    return {
        "rhythm.weekdays": [round(100 * share, 2) for share in weekdays.tolist()],
        "rhythm.hours": [round(100 * share, 2) for share in found["hours"]],
    }
