"""What goes on all the time, begins: until a day it is as if it were not there, from then on it is as it always was.

So a part without a day of its own can be thrown into a run under way: what has happened stays as it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.delivery import Deliveries, Draw, Fault, at, joined
from simulator.drifts import Drift
from simulator.rhythm import DAY

Array = NDArray[np.float64]


def drift_from(drift: Drift, at_day: float) -> Drift:
    """Return a drift that moves nobody before a day; its state is made when the world begins, as that of any other.

    >>> from simulator.drifts import walk
    >>> late, rng = drift_from(walk(), 1.0), np.random.default_rng(1)
    >>> state = late.init(rng, np.zeros(2, np.int32), 4)
    >>> [bool(late.step(rng, state, np.ones((2, 4)), day, 1 / 24)[2].any()) for day in (0.5, 1.0)]
    [False, True]
    """

    def step(
        rng: np.random.Generator, state: Any, interests: Array, now: float, dt: float
    ) -> tuple[Any, Array, NDArray[np.bool_]]:
        if now < at_day:
            return state, np.zeros_like(interests), np.zeros(len(interests), np.bool_)
        return drift.step(rng, state, interests, now, dt)

    return drift._replace(step=step)


def fault_from(fault: Fault, at_day: float) -> Fault:
    """Return a fault that befalls what happens from a day on; what happened before arrives as it would have.

    >>> from journal.facts import Kind, facts
    >>> from simulator.delivery import Pipe
    >>> from simulator.faults import lost
    >>> from simulator.spec import DeliverySpec
    >>> pipe = Pipe(DeliverySpec(), [("lost", fault_from(lost(share=1.0), 1.0))], seed=1, opening=0)
    >>> pipe.send(facts(seq=[1, 2], time=[0, DAY], kind=[Kind.VIEWED] * 2, shopper=[0, 0], product=[4, 5])).seq.tolist()
    [1]
    """

    def deliver(draw: Draw, told: Deliveries, opening: int) -> Deliveries:
        late = told.happened >= opening + round(at_day * DAY)
        return joined(at(told, ~late), fault.deliver(draw, at(told, late), opening))

    return Fault(deliver)
