"""Alarms are held against the drifts that are known: how soon, how often in vain, and what learning made of them.

place         of a drift or an alarm: its number among the scored events of a lane, from 0
window        of a drift: from its onset to `MAX_DELAY` scored events after its end, without the window before
true alarm    one in a drift's window, at its onset or later; all others are false
missed drift  one without a true alarm
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from driftlab.measures.accuracy import gain
from driftlab.measures.measure import Measure, law, mean
from driftlab.record import Moment, Record

MAX_DELAY = 2_000
"""Scored events after the end of a drift until which an alarm is one of that drift."""

BESIDE = 1_000
"""Scored events before and after an alarm that are compared."""


class Judged(NamedTuple):
    """What the alarms of a lane were, held against the drifts."""

    true: int  # alarms
    false: int  # alarms
    missed: int  # drifts
    delays: NDArray[np.int64]  # of each drift that was found: scored events from its onset to its first true alarm


def places(time: NDArray[np.int64], drifts: tuple[Moment, ...]) -> NDArray[np.int64]:
    """Return onset and end of each drift as places among scored events, int64[D, 2].

    >>> places(np.array([10, 20, 30]), (Moment(15, 25, "a turn"),)).tolist()
    [[1, 2]]
    """
    moments = np.array([(drift.time, drift.until) for drift in drifts], np.int64).reshape(-1, 2)
    return np.searchsorted(time, moments, side="left").astype(np.int64)


def judged(alarms: NDArray[np.int64], drifts: NDArray[np.int64], max_delay: int = MAX_DELAY) -> Judged:
    """Hold alarms against drifts, as CapyMOA's `EvaluateDriftDetector` does, but for alarms after the last window:
    they are false here, and not counted there.

    Args:
        alarms: places int64[A], ascending.
        drifts: places of onsets and ends, int64[D, 2], ascending.
        max_delay: scored events after a drift's end.

    >>> judged(np.array([500, 1200, 1250, 2100]), np.array([[1000, 1000], [2000, 2000]]), max_delay=200)
    Judged(true=2, false=2, missed=0, delays=array([200, 100]))
    """
    true, delays, begin = 0, [], -1
    for onset, end in drifts.tolist():
        own = alarms[(alarms > begin) & (alarms >= onset) & (alarms <= end + max_delay)]
        true += len(own)
        delays += [int(own[0]) - onset] if len(own) else []
        begin = end + max_delay
    return Judged(true, len(alarms) - true, len(drifts) - len(delays), np.array(delays, np.int64))


def _against_drifts(value: Callable[[Judged, Record], float]) -> Callable[[Record], float]:
    """Turn a function of what was judged into one of a record: NaN where there was no alarm, or no drift."""

    def of(seen: Record) -> float:
        alarms = np.flatnonzero(seen.alarm)
        if not len(alarms) or not seen.drifts:
            return float("nan")
        return value(judged(alarms, places(seen.time, seen.drifts)), seen)

    return of


def delay() -> Measure:
    """Scored events from a drift's onset to its first true alarm; mean over the drifts that were found."""
    return Measure(
        name="alarm_delay",
        title="MDT",
        about=law(delay),
        unit="scored events",
        better="lower",
        formula="mean over drifts found of (place of the first true alarm - place of the onset)",
        source="mean detection time of CapyMOA's EvaluateDriftDetector",
        value=_against_drifts(lambda found, seen: mean(found.delays)),
    )


def normalised_delay() -> Measure:
    """Mean detection delay as a share of the longest that counts; a gradual drift may take it above 1."""
    return Measure(
        name="alarm_delay_share",
        title="NDT",
        about=law(normalised_delay),
        unit="share",
        better="lower",
        formula=f"MDT / {MAX_DELAY:,}",
        source="mean detection time of CapyMOA's EvaluateDriftDetector, over its max_delay",
        value=_against_drifts(lambda found, seen: mean(found.delays) / MAX_DELAY),
    )


def false_alarms() -> Measure:
    """False alarms for a thousand scored events."""
    return Measure(
        name="false_alarms",
        title="false alarms",
        about=law(false_alarms),
        unit="a 1,000 scored events",
        better="lower",
        formula="1000 x false alarms / scored events",
        source="false alarm rate of CapyMOA's EvaluateDriftDetector, alarms after the last window included",
        value=_against_drifts(lambda found, seen: 1000.0 * found.false / len(seen)),
    )


def precision() -> Measure:
    """Share of the alarms that are true."""
    return Measure(
        name="alarm_precision",
        title="precision",
        about=law(precision),
        unit="share",
        better="higher",
        formula="true alarms / (true alarms + false alarms)",
        source="precision of CapyMOA's EvaluateDriftDetector, alarms after the last window included",
        value=_against_drifts(lambda found, seen: found.true / (found.true + found.false)),
    )


def recall() -> Measure:
    """True alarms against true alarms and missed drifts together: it counts every true alarm of a drift, as CapyMOA."""
    return Measure(
        name="alarm_recall",
        title="recall",
        about=law(recall),
        unit="share",
        better="higher",
        formula="true alarms / (true alarms + missed drifts)",
        source="recall of CapyMOA's EvaluateDriftDetector",
        value=_against_drifts(lambda found, seen: found.true / (found.true + found.missed)),
    )


def change_after(gains: NDArray[np.float64], alarms: NDArray[np.int64], beside: int = BESIDE) -> NDArray[np.float64]:
    """Return, of each alarm with so many events on either side, the mean gain after it less that before; float64[<= A].

    Args:
        gains: float64[n], of all scored events.
        alarms: places int64[A]; the event that alarmed counts as before.
        beside: events on either side.

    >>> change_after(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0, 1]), beside=2).tolist()
    [1.0]
    """
    total = np.r_[0.0, np.cumsum(gains)]
    at = alarms[(alarms + 1 >= beside) & (alarms + 1 + beside <= len(gains))] + 1
    change: NDArray[np.float64] = (total[at + beside] - 2 * total[at] + total[at - beside]) / beside
    return change


def earned() -> Measure:
    """Change of NDCG@10 from the thousand scored events before an alarm to the thousand after it; mean over alarms."""

    def value(seen: Record) -> float:
        return mean(change_after(gain(seen.rank, 10), np.flatnonzero(seen.alarm)))

    return Measure(
        name="alarm_earned",
        title="earned",
        about=law(earned),
        unit="NDCG@10",
        better="higher",
        formula=f"mean over alarms of (mean gain of the {BESIDE:,} events after - of the {BESIDE:,} up to the alarm)",
        source="deterioration of float (drift handling benchmark), at alarms in place of drifts",
        value=value,
    )
