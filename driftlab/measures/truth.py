"""Against the truth: what only a simulation can measure, because it knows what shoppers want and when that changed.

level      mean NDCG@10 of the last `SLIDING` scored events
before     the level when the drift set in
horizon    from the drift to the next one, or to the end
recovery   from the drift until the level, having fallen below 90 % of what it was before, is back there
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from driftlab.measures.accuracy import gain
from driftlab.measures.measure import Measure, law, mean
from driftlab.measures.slates import of_probes
from driftlab.record import Moment, Record

SLIDING = 500
"""Scored events of the sliding level."""

BACK = 0.9
"""Share of the level before a drift at which a lane has recovered from it."""

HOUR = 3_600_000_000


class Recovery(NamedTuple):
    """How one lane came through one drift."""

    before: float  # NDCG@10 of the last `SLIDING` scored events before it
    lowest: float  # lowest level within the horizon
    hours: float  # simulated; 0 if the level never fell below 90 %, infinite if it did not come back within the horizon
    lost: float  # area between the level before and the level after, where lower, until recovery: NDCG x scored events


def recovery_after(seen: Record, drift: Moment, end: int | None = None) -> Recovery | None:
    """Follow the sliding level after a drift; None where fewer than `SLIDING` events were scored on either side.

    Args:
        seen: a lane's record.
        drift: when it set in.
        end: microseconds, exclusive: where the horizon ends; the end of the record if None.
    """
    start = int(np.searchsorted(seen.time, drift.time, side="left"))
    stop = len(seen) if end is None else int(np.searchsorted(seen.time, end, side="left"))
    if start < SLIDING or stop - start < SLIDING:
        return None
    gains = gain(seen.rank[start - SLIDING : stop], 10)
    total = np.r_[0.0, np.cumsum(gains)]
    level = (total[SLIDING:] - total[:-SLIDING]) / SLIDING
    before, after = float(level[0]), level[1:]
    fallen = np.flatnonzero(after < BACK * before)
    if not len(fallen):
        return Recovery(before, float(after.min()), 0.0, 0.0)
    back = np.flatnonzero(after[fallen[0] :] >= BACK * before)
    last = int(fallen[0] + back[0]) if len(back) else len(after) - 1
    hours = (int(seen.time[start + last]) - drift.time) / HOUR if len(back) else float("inf")
    return Recovery(before, float(after.min()), hours, float(np.maximum(before - after[: last + 1], 0.0).sum()))


def recoveries(seen: Record) -> list[tuple[Moment, Recovery]]:
    """Return each drift that can be judged with what the lane made of it."""
    ends: list[int | None] = [later.time for later in seen.drifts[1:]] + [None]
    found = [(drift, recovery_after(seen, drift, end)) for drift, end in zip(seen.drifts, ends, strict=False)]
    return [(drift, recovery) for drift, recovery in found if recovery is not None]


def recovery_time() -> Measure:
    """Simulated time after a drift until the sliding level is back at 90 % of what it was before; mean over drifts."""
    return Measure(
        name="recovery",
        title="recovery",
        about=law(recovery_time),
        unit="hours",
        better="lower",
        formula="inf{t: level(drift + t) >= 0.9 level(drift), after the first fall below}; 0 without a fall",
        source="restoration time of float (drift handling benchmark), with a level of 500 events",
        value=lambda seen: _mean_with_infinite(np.array([found.hours for _, found in recoveries(seen)])),
    )


def area_lost() -> Measure:
    """Accuracy lost between a drift and the recovery from it; mean over drifts."""
    return Measure(
        name="area_lost",
        title="area lost",
        about=law(area_lost),
        unit="NDCG@10 x events",
        better="lower",
        formula="sum over scored events until recovery of max(0, level before - level)",
        source="area under excess regret: driftlab",
        value=lambda seen: mean(np.array([found.lost for _, found in recoveries(seen)])),
    )


def _mean_with_infinite(values: NDArray) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def regret() -> Measure:
    """True utility that a slate gives away against the best slate there was, for one place."""
    return Measure(
        name="regret",
        title="regret",
        about=law(regret),
        unit="utility",
        better="lower",
        formula="mean(max_S mean_{i in S} U(u, i) - mean_{i in slate} U(u, i))",
        source="dynamic regret: Besbes, Gur, Zeevi 2014",
        value=of_probes(lambda probes: mean(probes.regret)),
    )


def tracking_error() -> Measure:
    """How little the order of the lane's scores agrees with the order of the shopper's true utilities."""
    return Measure(
        name="tracking_error",
        title="tracking",
        about=law(tracking_error),
        unit="0 to 2",
        better="lower",
        formula="mean(1 - Spearman(scores, utilities)) over listed products",
        source="Spearman 1904; interest tracking as in RecSim NG",
        value=of_probes(lambda probes: mean(probes.tracking)),
    )


def midranks(values: NDArray) -> NDArray[np.float64]:
    """Rank each row from 1, ties by their mean rank.

    >>> midranks(np.array([[0.5, 0.1, 0.5]])).tolist()
    [[2.5, 1.0, 2.5]]
    """
    order = np.argsort(values, axis=1, kind="stable")
    ordered = np.take_along_axis(values, order, 1)
    place = np.broadcast_to(np.arange(values.shape[1]), values.shape)
    differs = ordered[:, 1:] != ordered[:, :-1]
    edge = np.ones((len(values), 1), np.bool_)
    first = np.maximum.accumulate(np.where(np.hstack([edge, differs]), place, 0), axis=1)
    back = np.where(np.hstack([differs, edge]), place, values.shape[1])[:, ::-1]
    last = np.minimum.accumulate(back, axis=1)[:, ::-1]
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, (first + last) / 2.0 + 1.0, 1)
    return ranks


def spearman(one: NDArray, other: NDArray) -> NDArray[np.float64]:
    """Return the rank correlation of each row with the same row of the other, ties by mean rank; 0 where one is constant.

    >>> spearman(np.array([[1, 2, 3]]), np.array([[10, 20, 30]])).tolist()
    [1.0]
    """
    a, b = midranks(one), midranks(other)
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    scale = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return np.divide((a * b).sum(axis=1), scale, out=np.zeros(len(scale)), where=scale > 0)
