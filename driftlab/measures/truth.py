"""Against the truth: what only a simulation can measure, because it knows what shoppers want and when that changed.

level      mean NDCG@10 of `SLIDING` scored events in a row (of half of those before the drift, where they are fewer)
before     mean NDCG@10 of the last five times as many events before the drift, for a steady yardstick
horizon    from the drift to the next one, or to the end; of several at one moment the last stands for all, since what a
           lane makes of them is one fall and one recovery
recovery   from the drift to the end of the first level wholly after it that is at least 90 % of what was before, and
           stays so over five times as many events: the level of a lane that seldom hits gets there by chance, too
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from driftlab.measures.accuracy import gain
from driftlab.measures.measure import Measure, law, mean
from driftlab.measures.slates import of_probes
from driftlab.record import Moment, Record

SLIDING = 1_000
"""Scored events of a level."""

FEWEST = 20
"""Gains within a level below which it says nothing: a lane that hardly ever hits cannot be seen to fall."""

STEADY = 5
"""Levels over which a recovery has to last, and from which it is told what was before."""

BACK = 0.9
"""Share of the level before a drift at which a lane has recovered from it."""

HOUR = 3_600_000_000


class Recovery(NamedTuple):
    """How one lane came through one drift."""

    before: float  # NDCG@10
    lowest: float  # lowest level within the horizon
    hours: float  # simulated; 0 if the first level after the drift is back already, infinite if none in the horizon is
    lost: float  # NDCG@10 x scored events: what the events until recovery lack of `before`, together


def recovery_after(seen: Record, drift: Moment, end: int | None = None) -> Recovery | None:
    """Follow the level after a drift; None where too little was scored, or hit, to tell a fall from chance.

    Args:
        seen: a lane's record.
        drift: when it set in.
        end: microseconds, exclusive: where the horizon ends; the end of the record if None.
    """
    start = int(np.searchsorted(seen.time, drift.time, side="left"))
    stop = len(seen) if end is None else int(np.searchsorted(seen.time, end, side="left"))
    width = min(SLIDING, start // 2)
    if not width or stop - start < width:
        return None
    gains = gain(seen.rank[:stop], 10)
    before = float(gains[max(start - STEADY * width, 0) : start].mean())
    if before * width < FEWEST:
        return None
    after = gains[start:]
    total = np.r_[0.0, np.cumsum(after)]
    lowest = float((total[width:] - total[:-width]).min()) / width
    back = back_to_stay(after, np.ones_like(after), before, width)
    if back == width:
        return Recovery(before, lowest, 0.0, 0.0)
    until = len(after) if back is None else back
    hours = float("inf") if back is None else (int(seen.time[start + until - 1]) - drift.time) / HOUR
    return Recovery(before, lowest, hours, float(before * until - total[until]))


def back_to_stay(
    gains: NDArray[np.float64], of: NDArray[np.float64], before: float, width: int = SLIDING
) -> int | None:
    """Return after how many events gains are back at 90 % of `before` as a share of `of`, for `width` events in a row
    and over `STEADY` times as many (or to the end); None where they never are.

    >>> back_to_stay(np.array([0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0]), np.ones(7), before=1.0, width=1)
    6
    """
    ours, whole = (np.r_[0.0, np.cumsum(column)] for column in (gains, of))
    start = np.arange(len(gains) - width + 1)
    good = np.ones(len(start), np.bool_)
    for stop in (start + width, np.minimum(start + STEADY * width, len(gains))):
        good &= ours[stop] - ours[start] >= BACK * before * (whole[stop] - whole[start])
    return int(start[np.argmax(good)]) + width if good.any() else None


def recoveries(seen: Record) -> list[tuple[Moment, Recovery]]:
    """Return each drift that can be judged with what the lane made of it."""
    ends: list[int | None] = [later.time for later in seen.drifts[1:]] + [None]
    found = [(drift, recovery_after(seen, drift, end)) for drift, end in zip(seen.drifts, ends, strict=False)]
    return [(drift, recovery) for drift, recovery in found if recovery is not None]


def recovery_time() -> Measure:
    """Simulated time from a drift until the level is back at 90 % of what it was before; mean over drifts."""
    return Measure(
        name="recovery",
        title="recovery",
        about=law(recovery_time),
        unit="hours",
        better="lower",
        formula="min{t: level of the 1,000 scored events up to drift + t, and of the 5,000 from there, >= 0.9 before}",
        source="restoration time of float (drift handling benchmark), with a sliding level that has to stay",
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
        formula="sum over scored events until recovery of (before - NDCG@10 of the event)",
        source="area under excess regret: driftlab",
        value=lambda seen: mean(np.array([found.lost for _, found in recoveries(seen)])),
    )


def _mean_with_infinite(values: NDArray[Any]) -> float:
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


def midranks(values: NDArray[Any]) -> NDArray[np.float64]:
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


def spearman(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.float64]:
    """Return the rank correlation of each row with the other's, ties by mean rank; 0 where one is constant.

    >>> spearman(np.array([[1, 2, 3]]), np.array([[10, 20, 30]])).tolist()
    [1.0]
    """
    a, b = midranks(one), midranks(other)
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    scale = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    correlation: NDArray[np.float64] = np.divide((a * b).sum(axis=1), scale, out=np.zeros(len(scale)), where=scale > 0)
    return correlation
