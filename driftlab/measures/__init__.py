"""Every number that driftlab shows is a measure of this table, and is computed nowhere else.

A measure of events can be taken over any of the `SLICES`; the others (slates, truth, loop) over the whole run.

>>> MEASURES["ndcg@10"].formula
'mean(1 / log2(rank + 1) if rank <= 10 else 0)'
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from driftlab.measures import accuracy, alarms, costs, loop, pipeline, slates, truth
from driftlab.measures.measure import Measure
from driftlab.record import WARM, Record
from journal.facts import SCORED, Kind

_ACCURACY = (accuracy.ndcg(10), accuracy.hit_rate(10), accuracy.hit_rate(20), accuracy.mrr(), accuracy.percentile())
_COSTS = (
    *(costs.learned(), costs.replayed(), costs.rows(), costs.arithmetic(), costs.waiting()),
    *(costs.staleness(0.5), costs.staleness(0.99)),
)
_SLATES = (
    *(slates.coverage(), slates.catalogue_coverage(), slates.exposure_gini(), slates.novelty()),
    *(slates.diversity("category"), slates.diversity("brand"), slates.popularity_lift()),
)
_TRUTH = (truth.recovery_time(), truth.area_lost(), truth.regret(), truth.tracking_error())
_LOOP = (loop.click_through(), loop.conversion(), loop.revenue())
_ALARMS = (
    *(alarms.delay(), alarms.normalised_delay(), alarms.false_alarms()),
    *(alarms.precision(), alarms.recall(), alarms.earned()),
)

_PIPELINE = (
    *(pipeline.lag(0.5), pipeline.lag(0.99), pipeline.queue(0.99), pipeline.shed()),
    *(pipeline.undelivered(), pipeline.doubled(), pipeline.at_once(), pipeline.lost()),
)

MEASURES: dict[str, Measure] = {
    m.name: m for m in (*_ACCURACY, *_COSTS, *_SLATES, *_TRUTH, *_LOOP, *_ALARMS, *_PIPELINE)
}
"""Every measure by name."""

SLICED: tuple[str, ...] = tuple(m.name for m in _ACCURACY)
"""Measures that are also taken over each of the `SLICES`."""

WINDOWED: tuple[str, ...] = ("ndcg@10", "hr@10", "mrr", "learned", "gflop", "staleness_p50")
"""Measures that are written to the run file for each chunk, as it is committed."""


Which = Callable[[Record], NDArray[np.bool_]]


def _of_kind(kind: Kind) -> Which:
    return lambda seen: np.equal(seen.kind, kind)


def _warm(seen: Record) -> NDArray[np.bool_]:
    warm: NDArray[np.bool_] = np.minimum(seen.before.of_shopper, seen.before.of_product) >= WARM
    return warm


SLICES: dict[str, Which] = {
    "all": lambda seen: np.ones(len(seen), np.bool_),
    **{kind.name.lower(): _of_kind(kind) for kind in SCORED},
    "repeats": lambda seen: seen.before.repeat,
    "without_repeats": lambda seen: ~seen.before.repeat,
    "new_shoppers": lambda seen: np.equal(seen.before.of_shopper, 0),
    "new_products": lambda seen: np.equal(seen.before.of_product, 0),
    "cold": lambda seen: ~_warm(seen),
    "warm": _warm,
}
"""Scored events by kind; repeats (this shopper met this product before) or not; first events of shoppers and of
products; cold (shopper or product met fewer than five times before) and warm."""

__all__ = ["MEASURES", "SLICED", "SLICES", "WINDOWED", "Measure"]
