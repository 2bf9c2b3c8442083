"""Who sleeps is an entry in the heap of one SimPy process for all shoppers, and costs no process of its own.

woken(shopper, time, length) -> (time, length)    what a shopper does when it is woken, and when it is to be woken next
length   interactions of the session that begins; `JOINING` the first time, when the shopper joins; 0: never again
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

import numpy as np
import simpy
from numpy.typing import NDArray

from simulator.due import Process

JOINING = -1
"""In place of a number of interactions: the shopper joins."""


def waking(
    env: simpy.Environment, joined: NDArray[np.int64], woken: Callable[[int, int, int], tuple[int, int]]
) -> Process:
    """Wake each shopper when it joins (`joined`, us), and then whenever it asked to be.

    >>> env = simpy.Environment()
    >>> env.process(waking(env, np.array([4, 0]), lambda *who: print(who) or (who[1] + 3, 0 if env.now > 5 else 2)))
    <Process(waking) object at 0x...>
    >>> env.run()
    (1, 0, -1)
    (1, 3, 2)
    (0, 4, -1)
    (1, 6, 2)
    (0, 7, 2)
    """
    # When, in which order of asking, who, and for how many interactions.
    coming = [(time, shopper, shopper, JOINING) for shopper, time in enumerate(joined.tolist())]
    heapq.heapify(coming)
    order = count(len(coming))
    while coming:
        time, _, shopper, length = coming[0]
        if time > env.now:
            yield env.timeout(time - int(env.now))
        heapq.heappop(coming)
        time, length = woken(shopper, time, length)
        if length:
            heapq.heappush(coming, (time, next(order), shopper, length))
