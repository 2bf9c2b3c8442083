"""What the rooms above see of a model: the catalogue it is told, the events it is fed, the outcomes it returns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Catalogue(NamedTuple):
    """What a shop publishes of its P products; ids are dense."""

    category: NDArray[np.int32]  # [P], -1 where unknown
    brand: NDArray[np.int32]  # [P], -1 where unknown
    price: NDArray[np.float32]  # [P], NaN where unknown
    listed: NDArray[np.bool_]  # [P], on sale before the first event
    content: NDArray[np.float32] | None = None  # [P, c], NaN where unknown; None where nothing is published


def extended(catalogue: Catalogue, products: int) -> Catalogue:
    """Return the catalogue with room for `products`: those beyond it are unknown and not listed.

    >>> one = Catalogue(np.zeros(1, np.int32), np.zeros(1, np.int32), np.ones(1, np.float32), np.ones(1, bool))
    >>> extended(one, 3).category.tolist(), extended(one, 3).listed.tolist()
    ([0, -1, -1], [True, False, False])
    """
    more, content = (0, max(0, products - len(catalogue.category))), catalogue.content
    return Catalogue(
        category=np.pad(catalogue.category, more, constant_values=-1),
        brand=np.pad(catalogue.brand, more, constant_values=-1),
        price=np.pad(catalogue.price, more, constant_values=np.nan),
        listed=np.pad(catalogue.listed, more, constant_values=False),
        content=None if content is None else np.pad(content, (more, (0, 0)), constant_values=np.nan),
    )


class Events(NamedTuple):
    """Facts as a model is told them, in order of delivery; n of them, unpadded. See `journal.facts` for the columns."""

    seq: NDArray[np.int64]
    time: NDArray[np.int64]  # microseconds
    kind: NDArray[np.int16]  # `journal.Kind`
    shopper: NDArray[np.int32]
    product: NDArray[
        np.int32
    ]  # of a follow: the shopper that is followed; of a coupon: the campaign (`driftlab.lanes`)


class Entries(NamedTuple):
    """Events as a pipeline brings them: n entries in order of time, each of something that happens or is delivered."""

    events: Events  # the time of a delivery is when, by the clock of who reports it, it happened
    now: NDArray[np.int64]  # microseconds, never decreasing
    delivered: NDArray[np.bool_]  # it is delivered, to be learned; otherwise it happens, and is scored


WHEN_FULL = ("block", "shed_oldest", "sample")
"""What is done with events for which the updater's queue has no room."""


class Updater(NamedTuple):
    """Who learns, in simulated time; see `model.updater`."""

    workers: int
    event_seconds: float  # of a worker's time, for each event of a call
    call_seconds: float  # for each call besides
    room: int  # events that the queue holds
    when_full: str  # one of `WHEN_FULL`


class Learnings(NamedTuple):
    """What was learned for the first time, or shed, and when: m lines, in order."""

    seq: NDArray[np.int64]  # of the event that was learned; 0 where events were shed
    time: NDArray[np.int64]  # microseconds
    shed: NDArray[np.int32]  # how many events were shed; 0 where one was learned


class Outcomes(NamedTuple):
    """What came of each of the n events that was scored, in order; costs of all learning after it and before the next.

    Where events come through a pipeline, costs are of the learning before it, since the scored event before.
    """

    seq: NDArray[np.int64]
    rank: NDArray[np.float32]  # 1 + greater + ties / 2 among all listed products, seen ones included
    candidates: NDArray[np.int32]  # listed products at that moment
    learned: NDArray[np.int32]  # events learned after this one was scored, replayed ones included
    replayed: NDArray[np.int32]  # of these, events that had been learned before
    rows: NDArray[np.int32]  # table rows written by that learning
    flops: NDArray[np.float32]  # arithmetic of that learning, multiplications and additions
    waiting: NDArray[np.int32]  # events known to the lane but not learned when this one was scored
    age: NDArray[np.float32]  # seconds: staleness, age of the newest event learned when this one was scored
    alarm: NDArray[np.bool_]  # a detector alarmed at this event
