"""Shoppers come by the shop's own clock, which runs fast in busy hours and slowly at night: its rate is the rhythm.

A shopper's next session is a memoryless wait on that clock; `Rhythm.after` turns the wait into simulated time.
Over a week the two clocks run equally far, but for surges: spans in which the shop's runs so many times as fast.
"""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

from journal.facts import MICROSECONDS
from simulator.spec import RhythmSpec

HOUR = 3_600 * MICROSECONDS
DAY = 24 * HOUR
WEEK = 7 * DAY


class Rhythm:
    """The shop's clock over a week, by hours of constant rate.

    >>> rhythm = Rhythm(RhythmSpec(weekdays=(1,) * 7, hours=(0,) * 12 + (1,) * 12))
    >>> rhythm.after(0, 1.0) / HOUR  # a wait of one hour from midnight on: the shop wakes at noon, at twice the rate
    12.5
    """

    def __init__(self, spec: RhythmSpec) -> None:
        rate = np.outer(spec.weekdays, spec.hours).ravel()
        passed = np.concatenate([[0.0], np.cumsum(rate * (168 / rate.sum()))])
        passed[-1] = 168.0
        self._passed: list[float] = passed.tolist()
        self._surge = spec.surge
        begins = [round(day * DAY) for day in sorted((spec.surge_day, *spec.surge_again))]
        self._surges = [(self._until(t), self._until(t + round(spec.surge_hours * HOUR))) for t in begins]

    def after(self, now: int, wait_hours: float) -> int:
        """Return the time (us) at which `wait_hours` have passed on the shop's clock since time `now` (us)."""
        if self._surge != 1.0:
            wait_hours = self._calm(self._until(now), wait_hours)
        passed = self._passed
        week, rest = divmod(now, WEEK)
        hour, part = divmod(rest, HOUR)
        shop = passed[hour] + (passed[hour + 1] - passed[hour]) * (part / HOUR) + wait_hours
        weeks, shop = divmod(shop, 168.0)
        hour = min(bisect_right(passed, shop), 168) - 1
        step = passed[hour + 1] - passed[hour]
        part = int((shop - passed[hour]) / step * HOUR) if step > 0 else 0
        return (week + int(weeks)) * WEEK + hour * HOUR + part

    def _until(self, now: int) -> float:
        """Return the hours that have passed on the shop's clock at time `now` (us), were there no surge."""
        week, rest = divmod(now, WEEK)
        hour, part = divmod(rest, HOUR)
        step = self._passed[hour + 1] - self._passed[hour]
        return 168.0 * week + self._passed[hour] + step * (part / HOUR)

    def _calm(self, now: float, wait: float) -> float:
        """Return how long a wait that begins at `now` would be without surges; all in hours of the shop's clock."""
        calm = 0.0
        for begin, end in self._surges:
            if now >= end:
                continue
            before, surging = max(begin - now, 0.0), (end - max(now, begin)) * self._surge
            if wait <= before:
                break
            if wait - before <= surging:
                return calm + (before + (wait - before) / self._surge)
            calm, wait, now = calm + (before + surging / self._surge), wait - before - surging, end
        return calm + wait
