"""Faults move deliveries: they lose, double, delay, hold back and misdate them, and never touch what happened.

A fault is a part `Fault(deliver)` (`simulator.delivery`), made by a function whose parameters are the keys in a
scenario. Faults are met in the order of the scenario, after the delay of the pipeline itself: an outage that stands
last holds back what the faults before it have delayed already. Days are counted from the opening of the shop or of the
log, hours of the day from midnight by the clock of the facts.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from journal.errors import Refusal
from journal.facts import MICROSECONDS
from simulator.delivery import Deliveries, Draw, Fault, again, at, exponential, microseconds, normal
from simulator.rhythm import DAY, HOUR


def lost(share: float = 0.01) -> Fault:
    """Lose a share of the deliveries for good: those facts happen, and are never learned.

    >>> lost(share=2.0)
    Traceback (most recent call last):
    journal.errors.Refusal: A fault's share = 2.0 is outside 0 to 1.
    """
    _check(share=share)

    def deliver(draw: Draw, told: Deliveries, opening: int) -> Deliveries:
        return at(told, draw.each("lost", told)[:, 0] >= share)

    return Fault(deliver)


def duplicated(share: float = 0.05, minutes: float = 30.0) -> Fault:
    """Deliver a share of the facts once more, on average `minutes` later (exponential): at least once is not once."""
    _check(share=share, minutes=minutes)

    def deliver(draw: Draw, told: Deliveries, opening: int) -> Deliveries:
        drawn = draw.each("duplicated", told, 2)
        which = drawn[:, 0] < share
        return again(told, which, microseconds(60.0 * minutes * exponential(drawn[which, 1:])))

    return Fault(deliver)


def late(share: float = 0.1, hours: float = 6.0, spread: float = 1.0) -> Fault:
    """Deliver a share of the facts late, out of order: `hours` is the median of a lognormal delay, `spread` its shape.

    So come events of a device that was offline; with a spread of 2 the tail is heavy.
    """
    _check(share=share, hours=hours, spread=spread)

    def deliver(draw: Draw, told: Deliveries, opening: int) -> Deliveries:
        drawn = draw.each("late", told, 3)
        wait = microseconds(3600.0 * hours * np.exp(spread * normal(drawn[:, 1:])))
        return told._replace(time=told.time + np.where(drawn[:, 0] < share, wait, 0))

    return Fault(deliver)


def load(every_hours: float = 24.0, at_hour: float = 3.0) -> Fault:
    """Deliver in loads: what comes waits for the next one, every `every_hours` from `at_hour` of the first day on."""
    _check(every_hours=every_hours, at_hour=at_hour)
    period, first = round(every_hours * HOUR), round(at_hour * HOUR)

    def deliver(draw: Draw, told: Deliveries, opening: int) -> Deliveries:
        start = opening - opening % DAY + first
        return told._replace(time=start + -(-(told.time - start) // period) * period)

    return Fault(deliver)


def outage(at_day: float = 5.0, hours: float = 8.0, catch_up: float = 10.0) -> Fault:
    """Deliver nothing for `hours`, then what was held back, in order and `catch_up` times as fast as it had come.

    The backlog is read like a log: while it lasts, what comes anew stands behind it.
    """
    _check(at_day=at_day, hours=hours, catch_up=catch_up)

    def deliver(draw: Draw, told: Deliveries, opening: int) -> Deliveries:
        begin = opening + round(at_day * DAY)
        read = begin + round(hours * HOUR) + ((told.time - begin) / catch_up).astype(np.int64)
        return told._replace(time=np.where(told.time >= begin, np.maximum(told.time, read), told.time))

    return Fault(deliver)


def skewed(share: float = 0.2, minutes: float = 30.0) -> Fault:
    """Let the clocks of a share of the shoppers be wrong, each by as much as it is (normal, `minutes` its deviation).

    Their events come when they come, and are dated wrongly.
    """
    _check(share=share, minutes=minutes)

    def deliver(draw: Draw, told: Deliveries, opening: int) -> Deliveries:
        drawn = draw("skewed", told.shopper, 3)
        off = np.rint(60.0 * MICROSECONDS * minutes * normal(drawn[:, 1:])).astype(np.int64)
        return told._replace(stamp=told.stamp + np.where(drawn[:, 0] < share, off, 0))

    return Fault(deliver)


_RANGES = {
    "share": (0.0, 1.0),
    "spread": (0.0, 5.0),
    "at_day": (0.0, 36_500.0),
    "at_hour": (0.0, 24.0),
    "every_hours": (0.01, 8_760.0),
    "catch_up": (1.01, 1e6),
}


def _check(**given: float) -> None:
    """Refuse a parameter out of its range; times in hours and minutes are those of a hundred years at most."""
    for name, value in given.items():
        low, high = _RANGES.get(name, (0.0, 876_000.0))
        if not low <= value <= high:
            raise Refusal(f"A fault's {name} = {value} is outside {low:g} to {high:g}.")


FAULTS: dict[str, Callable[..., Fault]] = {
    "lost": lost,
    "duplicated": duplicated,
    "late": late,
    "load": load,
    "outage": outage,
    "skewed": skewed,
}
