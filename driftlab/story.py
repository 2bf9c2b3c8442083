"""What a pipeline did when, so that a reader understands the run from its output alone.

limit   what those who learn can learn in an hour, beside what came in the busiest one
worst   the day on which the first lane lost most to waiting; where no lanes run at once, on which it was most stale
"""

from __future__ import annotations

import textwrap
import tomllib

import numpy as np

from driftlab.days import by_day, spans, within
from driftlab.measures import MEASURES
from driftlab.record import Record
from driftlab.recorded import DAY, Recorded
from driftlab.wording import decimals, difference, duration, number

HOUR = DAY // 24

NAME, WIDTH = 28, 100
"""Characters of a lane's name, and of a line."""

SEEN = 0.005
"""NDCG@10 from which a loss is worth a sentence."""


def story(recorded: Recorded) -> list[str]:
    """Return the lines that tell a run with a pipeline."""
    begin, days = _span(recorded)
    shown = [
        ("NDCG@10", "ndcg@10", decimals),
        ("NDCG@10 lost to waiting: at once less as it was", "lost_to_staleness", difference),
        ("stale p50", "staleness_p50", duration),
        ("queue, on average", "waiting", number),
    ]
    table = by_day(recorded.records, begin, days, shown, NAME, recorded.simulated)
    alike = ["n more: lanes whose figures are the same"] if any(" more " in line for line in table) else []
    told = [*alike, *_limit(recorded, begin), *_worst(recorded, begin, days)]
    return [*table, "", *(line for text in told for line in textwrap.wrap(text, WIDTH, subsequent_indent="  "))]


def _span(recorded: Recorded) -> tuple[int, float]:
    """Return when the first fact was, us, and for how many days the run is."""
    time = recorded.facts.time
    return (int(time[0]), (int(time[-1]) - int(time[0])) / DAY) if len(time) else (0, 0.0)


def _limit(recorded: Recorded, begin: int) -> list[str]:
    """Say what can be learned in an hour, where learning takes time, and what came in the busiest hour."""
    spec = tomllib.loads(recorded.header["scenario"]).get("delivery", {})
    each, call, workers = spec.get("event_seconds", 0.0), spec.get("call_seconds", 0.0), spec.get("workers", 1)
    seen = next(iter(recorded.records.values()), None)
    if not each + call or seen is None or not len(seen):
        return []
    came = np.bincount((seen.time - begin) // HOUR)
    busiest = int(came.argmax())
    batches = f", in large batches {number(3_600 * workers / each)}" if each else ", in batches more"
    alone = f"an hour has room to learn {number(3_600 * workers / (each + call))} events one by one"
    return [f"{alone}{batches}; {came[busiest]:,} came in the busiest (day {busiest // 24}, {busiest % 24} h)"]


def _worst(recorded: Recorded, begin: int, days: float) -> list[str]:
    """Tell the first lane's worst days, and who did best on them of those that learn."""
    (first, ours), *_ = recorded.records.items()
    measure = MEASURES["lost_to_staleness" if ours.at_once is not None else "staleness_p50"]
    parts = spans(days)
    lost = [measure.value(ours.where(within(ours, begin, *part))) for part in parts]
    if not len(ours) or np.isnan(lost).all() or (ours.at_once is not None and max(lost) < SEEN):
        return []
    a, b = parts[int(np.nanargmax(lost))]
    then = {
        lane: seen.where(within(seen, begin, a, b))
        for lane, seen in recorded.records.items()
        if seen.passed is not None
    }
    level = {lane: MEASURES["ndcg@10"].value(seen) for lane, seen in then.items()}
    best = max(level, key=lambda lane: level[lane])
    worst = f"{first} had {_had(then[first])}: half of its answers were {_stale(then[first])} stale or more"
    lines = [f"worst for the first lane was day {a if b - a == 1 else f'{a} to {b - 1}'}: {worst}"]
    if best != first:
        lines.append(f"best then of those that learn was {best}: {_had(then[best])}, half {_stale(then[best])} or more")
    return lines


def _had(seen: Record) -> str:
    had = f"NDCG@10 {decimals(MEASURES['ndcg@10'].value(seen))}"
    return had if seen.at_once is None else f"{had} (at once {decimals(MEASURES['at_once'].value(seen))})"


def _stale(seen: Record) -> str:
    return duration(MEASURES["staleness_p50"].value(seen))
