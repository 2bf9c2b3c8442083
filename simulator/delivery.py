"""Deliveries say what a model is told, and when; each fact is delivered on its own, so facts never move because of it.

delivery   of a scored fact: its seq, the time (us) at which it comes, the copy (0, or 1 and on where it comes again),
           and its stamp (us): when it happened by the clock of who reports it
first      of the copies of a fact that come at all, the one that comes first
What the shop itself does (products listed, out of stock) it knows at once: that is not delivered.

Each part of the pipeline draws for a fact from a stream named by the part and counted by the fact (`Draw`): no fault
moves the draws of another, and how the facts are cut into pieces changes nothing. Nothing in here waits for a resource,
so no process of SimPy is needed; the updater that learns from deliveries is part of each lane (`model.updater`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from journal.chance import Name, stream
from journal.facts import CHUNK, MICROSECONDS, SCORED, Facts, join
from simulator.spec import DeliverySpec


class Deliveries(NamedTuple):
    """n deliveries, each with what it tells of its fact."""

    seq: NDArray[np.int64]
    time: NDArray[np.int64]  # us
    copy: NDArray[np.int16]
    stamp: NDArray[np.int64]  # us
    happened: NDArray[np.int64]  # us
    kind: NDArray[np.int16]
    shopper: NDArray[np.int32]
    product: NDArray[np.int32]
    first: NDArray[np.bool_]


class Draw:
    """Numbers in [0, 1) of one part, for any facts, in any order.

    >>> draw = Draw(1, "lost", 0)
    >>> both = draw("which", np.array([7, 5_000]))
    >>> bool(draw("which", np.array([5_000]))[0, 0] == both[1, 0])
    True
    """

    def __init__(self, seed: int, *name: Name) -> None:
        self._seed, self._name = seed, name

    def __call__(self, what: str, ids: NDArray[Any], columns: int = 1) -> NDArray[np.float64]:
        """Return float64[n, columns] for n ids; the same `what` always has the same columns."""
        drawn = np.empty((len(ids), columns))
        block = np.asarray(ids) // CHUNK
        for number in np.unique(block).tolist():
            here = block == number
            rows = stream(self._seed, "delivery", *self._name, what, int(number)).random((CHUNK, columns))
            drawn[here] = rows[np.asarray(ids)[here] % CHUNK]
        return drawn

    def each(self, what: str, told: Deliveries, columns: int = 1) -> NDArray[np.float64]:
        """Return float64[n, columns] for deliveries: of each fact, and of each copy of it."""
        drawn = np.empty((len(told.seq), columns))
        for copy in np.unique(told.copy).tolist():
            here = told.copy == copy
            drawn[here] = self(f"{what} {copy}", told.seq[here], columns)
        return drawn


class Fault(NamedTuple):
    """What breaks on the way: `deliver(draw, deliveries, opening) -> deliveries`, each fact on its own.

    `opening` is the time (us) from which days are counted.
    """

    deliver: Callable[[Draw, Deliveries, int], Deliveries]


class Pipe:
    """The way from facts to deliveries, and what is on it.

    >>> from journal.facts import Kind, facts
    >>> pipe = Pipe(DeliverySpec(delay=5.0), (), seed=1, opening=0)
    >>> views = facts(seq=[1, 2], time=[0, 9 * MICROSECONDS], kind=[Kind.VIEWED] * 2, shopper=[0, 0], product=[4, 5])
    >>> pipe.send(views).seq.tolist()  # the first has come when the second happens, which is on its way
    [1]
    """

    def __init__(self, spec: DeliverySpec, faults: Sequence[tuple[str, Fault]], seed: int, opening: int) -> None:
        """Take faults by name, in the order in which a fact meets them; `opening` in us."""
        self.spec = spec
        self._opening, self._seed = opening, seed
        self._delay = Draw(seed, "delay")
        self._faults: tuple[tuple[Draw, Fault], ...] = ()
        self.meet(faults)
        self._coming = self._made(join([]))

    def meet(self, faults: Sequence[tuple[str, Fault]]) -> None:
        """Let facts meet these faults from now on, in place of those before; what is on its way stays as it is."""
        met: Counter[str] = Counter()
        named = []
        for name, fault in faults:
            named.append((Draw(self._seed, "fault", name, met[name]), fault))
            met[name] += 1
        self._faults = tuple(named)

    def send(self, facts: Facts) -> Deliveries:
        """Put the next facts on their way and return all deliveries up to the last of them, in order.

        A delivery at the time of a fact comes before it, unless it is of that fact.
        """
        if not len(facts):
            return at(self._coming, slice(0, 0))
        coming = joined(self._coming, self._made(facts))
        coming = at(coming, np.lexsort((coming.copy, coming.seq, coming.time)))
        due = int(np.searchsorted(coming.time, int(facts.time[-1]), side="right"))
        self._coming = at(coming, slice(due, None))
        return at(coming, slice(0, due))

    def _made(self, facts: Facts) -> Deliveries:
        which = np.isin(facts.kind, SCORED)
        seq, happened = facts.seq[which], facts.time[which]
        told = Deliveries(
            seq=seq,
            time=happened + self._delays(seq),
            copy=np.zeros(len(seq), np.int16),
            stamp=happened,
            happened=happened,
            kind=facts.kind[which],
            shopper=facts.shopper[which],
            product=facts.product[which],
            first=np.ones(len(seq), np.bool_),
        )
        for draw, fault in self._faults:
            told = fault.deliver(draw, told, self._opening)
        told = told._replace(time=np.maximum(told.time, told.happened))
        order = np.lexsort((told.copy, told.time, told.seq))
        told = at(told, order)
        return told._replace(first=np.append(True, told.seq[1:] != told.seq[:-1])[: len(told.seq)])

    def _delays(self, seq: NDArray[np.int64]) -> NDArray[np.int64]:
        spec = self.spec
        if spec.law == "constant" or not spec.delay:
            return np.full(len(seq), round(spec.delay * MICROSECONDS), np.int64)
        drawn = self._delay(spec.law, seq, 2)
        factor = exponential(drawn) if spec.law == "exponential" else np.exp(spec.spread * normal(drawn))
        return microseconds(spec.delay * factor)


def columns(told: Deliveries) -> dict[str, NDArray[Any]]:
    """Return what a run file keeps of deliveries: seq, time (us), copy, skew (us: stamp less the time of the fact)."""
    return {"seq": told.seq, "time": told.time, "copy": told.copy, "skew": told.stamp - told.happened}


def exponential(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return numbers of mean 1, float64[n], from float64[n, 1 or more] in [0, 1)."""
    return -np.log1p(-drawn[:, 0])


def normal(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return standard normal numbers, float64[n], from float64[n, 2] in [0, 1): Box and Muller 1958."""
    radius = np.sqrt(-2.0 * np.log1p(-drawn[:, 0]))
    turned: NDArray[np.float64] = radius * np.cos(2.0 * np.pi * drawn[:, 1])
    return turned


def microseconds(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return seconds as whole microseconds; no delay is longer than a hundred years."""
    return np.rint(np.minimum(seconds, 3.2e9) * MICROSECONDS).astype(np.int64)


def again(told: Deliveries, which: NDArray[np.bool_], later: NDArray[np.int64]) -> Deliveries:
    """Return the deliveries with a further copy of those at `which`, `later` (us, of these) than the one before."""
    highest: dict[int, int] = {}
    for seq, copy in zip(told.seq.tolist(), told.copy.tolist(), strict=True):
        highest[seq] = max(copy, highest.get(seq, 0))
    more = at(told, which)
    above = np.array([1 + highest[seq] for seq in more.seq.tolist()], np.int16)
    return joined(told, more._replace(copy=(more.copy + above).astype(np.int16), time=more.time + later))


def at(told: Deliveries, which: slice | NDArray[Any]) -> Deliveries:
    """Return the deliveries at `which`."""
    return Deliveries(*(column[which] for column in told))  # type: ignore[arg-type]


def joined(one: Deliveries, other: Deliveries) -> Deliveries:
    """Return the deliveries of both, one behind the other."""
    pairs: list[tuple[NDArray[Any], NDArray[Any]]] = list(zip(one, other, strict=True))
    return Deliveries(*(np.concatenate(pair) for pair in pairs))
