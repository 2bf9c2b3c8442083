"""A passage takes one lane's facts through the pipeline: what happens and what is delivered become one stream in order.

Entries stand in order of time; at one time, a delivery stands before what happens then, unless it is of that very fact.
A fact that is delivered again is left out, unless the pipeline is naive: learning is idempotent by the fact's seq.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from journal.facts import Facts
from model.contract import Entries, Events
from simulator.delivery import Deliveries, Fault, Pipe, at


class Passage:
    """The way of one lane.

    >>> from journal.facts import Kind, facts
    >>> from driftlab.lanes import told
    >>> from simulator.spec import DeliverySpec
    >>> passage = Passage(Pipe(DeliverySpec(), (), seed=1, opening=0))
    >>> views = facts(seq=[1, 2], time=[0, 9], kind=[Kind.VIEWED] * 2, shopper=[0, 0], product=[4, 5])
    >>> entries = passage.entries(views, told(views))
    >>> entries.events.seq.tolist(), entries.delivered.tolist()
    ([1, 1, 2, 2], [False, True, False, True])
    """

    def __init__(self, pipe: Pipe) -> None:
        """Take a pipe that nothing was sent through yet."""
        self._pipe = pipe

    def meet(self, faults: Sequence[tuple[str, Fault]]) -> None:
        """Let what happens from now on meet these faults, by name, in place of those before."""
        self._pipe.meet(faults)

    def entries(self, facts: Facts, events: Events) -> Entries:
        """Send the next facts, of which `events` are told; return what happens and is delivered up to the last."""
        due = self._pipe.send(facts)
        if not self._pipe.spec.naive:
            due = at(due, due.first)
        return _merged(events, due)


def _merged(events: Events, due: Deliveries) -> Entries:
    n, m = len(events.seq), len(due.seq)
    now = np.concatenate([events.time, due.time])
    delivered = np.repeat([False, True], [n, m])
    seq = np.concatenate([events.seq, due.seq])
    copy = np.concatenate([np.zeros(n, np.int16), due.copy])
    order = np.lexsort((copy, delivered, seq, now))
    told = Events(due.seq, due.stamp, due.kind, due.shopper, due.product)
    pairs: list[tuple[NDArray[Any], NDArray[Any]]] = list(zip(events, told, strict=True))
    return Entries(Events(*(np.concatenate(pair)[order] for pair in pairs)), now[order], delivered[order])
