"""What a pipeline does to learning: how late events are learned, and which never are.

lag      time from an event to its being learned, of the events that were learned (the first time, where replayed)
at once  what the same lane, with the same policy, foresees with no wait: it is run beside itself without the pipeline,
         on the same facts, so the two differ in nothing but what waiting did. What a policy lets wait by itself it lets
         wait here, too: that is no loss to the pipeline, but a difference between two policies
"""

from __future__ import annotations

from driftlab.measures.accuracy import gain
from driftlab.measures.measure import Measure, law, mean, quantile
from driftlab.record import Record


def lag(share: float = 0.5) -> Measure:
    """Time from an event to its being learned, at a quantile of all events learned."""
    percent = round(100 * share)
    return Measure(
        name=f"lag_p{percent}",
        title=f"lag p{percent}",
        about=law(lag),
        unit="seconds",
        better="lower",
        formula=f"quantile(time learned - time happened, {share})",
        source="event-time lag of stream processors: Akidau et al. 2015",
        value=lambda seen: float("nan") if seen.passed is None else quantile(seen.passed.lag, share),
    )


def queue(share: float = 0.99) -> Measure:
    """Events that had been delivered and were not learned when the model was asked, at a quantile of all questions."""
    percent = round(100 * share)
    return Measure(
        name=f"queue_p{percent}",
        title=f"queue p{percent}",
        about=law(queue),
        unit="events",
        better="lower",
        formula=f"quantile(waiting, {share})",
        source="queue length: Kendall 1953; at the moment of serving",
        value=lambda seen: float("nan") if seen.passed is None else quantile(seen.waiting, share),
    )


def shed() -> Measure:
    """Events that were delivered and thrown away because the updater's queue was full."""
    return Measure(
        name="shed",
        title="shed",
        about=law(shed),
        unit="events",
        better="lower",
        formula="sum(shed)",
        source="load shedding: Tatbul et al. 2003",
        value=lambda seen: _count(seen, "shed"),
    )


def undelivered() -> Measure:
    """Events that had not been delivered when the run ended: lost, or still on their way."""
    return Measure(
        name="undelivered",
        title="undelivered",
        about=law(undelivered),
        unit="events",
        better="lower",
        formula="count(scored) - count(delivered at least once)",
        source="driftlab",
        value=lambda seen: _count(seen, "undelivered"),
    )


def doubled() -> Measure:
    """Deliveries of events that had been delivered before."""
    return Measure(
        name="doubled",
        title="doubled",
        about=law(doubled),
        unit="deliveries",
        better="lower",
        formula="count(deliveries) - count(delivered at least once)",
        source="at-least-once delivery; driftlab",
        value=lambda seen: _count(seen, "doubled"),
    )


def at_once() -> Measure:
    """Discounted gain that the same lane would have had, had every event come and been learned at once."""
    return Measure(
        name="at_once",
        title="at once",
        about=law(at_once),
        unit="0 to 1",
        better="higher",
        formula="mean(1 / log2(r + 1) if r <= 10 else 0), r the rank by the lane without the pipeline",
        source="driftlab; paired on the same events, as a fork with common random numbers",
        value=lambda seen: float("nan") if seen.at_once is None else mean(gain(seen.at_once, 10)),
    )


def lost() -> Measure:
    """Accuracy lost to the staleness that the pipeline makes: NDCG@10 at once less NDCG@10 as it was."""
    return Measure(
        name="lost_to_staleness",
        title="lost",
        about=law(lost),
        unit="NDCG@10",
        better="lower",
        formula="mean(gain at once - gain)",
        source="driftlab; paired on the same events, as a fork with common random numbers",
        value=lambda seen: float("nan") if seen.at_once is None else mean(gain(seen.at_once, 10) - gain(seen.rank, 10)),
    )


def _count(seen: Record, name: str) -> float:
    return float("nan") if seen.passed is None else float(getattr(seen.passed, name))
