"""A record is all that is known of what one lane did: its outcomes, beside the facts that they answer.

scored event  a fact that the lane was asked to foresee; n of them, in order; those of bots are left out
repeat        the shopper met this product before
cold          shopper or product was met fewer than `WARM` times before; warm otherwise
probe         a reading of slates for a few shoppers at the end of a chunk; m rows, one for each shopper read
passed        what a pipeline did with the events on their way to the lane
traffic       what shoppers did with the slates they were served, in the closed loop
at once       the same lane beside itself, with no pipeline: it learns each event the moment it happens
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from journal.facts import INTERACTIONS, Facts, Kind

WARM = 5
"""Earlier meetings from which a shopper or a product counts as warm."""


@dataclass(frozen=True, eq=False)
class Meetings:
    """What went before each of n facts; columns of length n."""

    repeat: NDArray[np.bool_]  # this shopper met this product before
    of_shopper: NDArray[np.int64]  # earlier interactions of the shopper
    of_product: NDArray[np.int64]  # earlier interactions of the product


@dataclass(frozen=True, eq=False)
class Probes:
    """Slates read at chunk ends, one row for each shopper read; what is not known there is NaN."""

    seq: NDArray[np.int64]  # [m] last fact the lane was told
    time: NDArray[np.int64]  # [m] microseconds
    shopper: NDArray[np.int32]  # [m]
    slate: NDArray[np.int32]  # [m, k] product ids, best first; -1 where fewer products were listed
    regret: NDArray[np.float32]  # [m] utility units for one place
    tracking: NDArray[np.float32]  # [m] 1 - Spearman
    popularity: NDArray[np.int64]  # [m, k] earlier meetings of each product shown
    meetings: NDArray[np.int64]  # [m] all earlier meetings
    listed: NDArray[np.int64]  # [m] products listed
    profile: NDArray[np.float64]  # [m] mean popularity of what the shopper met before
    category: NDArray[np.int32]  # [m, k] of the products shown
    brand: NDArray[np.int32]  # [m, k]


@dataclass(frozen=True)
class Traffic:
    """What came of the slates served in the closed loop."""

    slates: int
    clicked: int  # slates with at least one view of a product from them
    converted: int  # slates that led to a purchase, along the chain of causes
    revenue: float  # money, of those purchases


class Passed(NamedTuple):
    """What a pipeline did with scored events on their way to one lane."""

    lag: NDArray[np.float64]  # [m] seconds from happening to being learned, of each event learned, in that order
    shed: int  # events that had been delivered and were thrown away because the updater's queue was full
    undelivered: int  # events that had not been delivered when the run ended: lost, or still on their way
    doubled: int  # deliveries of events that had been delivered before


class Moment(NamedTuple):
    """One drift as the truth tells it: when it set in, when it was over, and in words what it was."""

    time: int  # microseconds
    until: int  # microseconds
    about: str


@dataclass(frozen=True, eq=False)
class Record:
    """What one lane did, event by event; columns of length n (see `model.contract.Outcomes`)."""

    seq: NDArray[np.int64]
    time: NDArray[np.int64]
    kind: NDArray[np.int16]
    shopper: NDArray[np.int32]
    product: NDArray[np.int32]
    rank: NDArray[np.float32]
    candidates: NDArray[np.int32]
    learned: NDArray[np.int32]
    replayed: NDArray[np.int32]
    rows: NDArray[np.int32]
    flops: NDArray[np.float32]
    waiting: NDArray[np.int32]
    age: NDArray[np.float32]
    alarm: NDArray[np.bool_]  # the lane's detector alarmed at this event; False where it has none
    before: Meetings
    probes: Probes | None = None
    traffic: Traffic | None = None
    drifts: tuple[Moment, ...] = ()
    passed: Passed | None = None
    at_once: NDArray[np.float32] | None = None  # [n] the rank the lane would have given with no wait, where it was run

    def __len__(self) -> int:
        return int(self.seq.shape[0])

    def where(self, which: slice | NDArray[Any]) -> Record:
        """Return the scored events at `which` (a slice, a mask or an index array); probes, traffic and drifts stay."""
        kept = {name: getattr(self, name)[which] for name in _EVENT_COLUMNS}
        before = Meetings(self.before.repeat[which], self.before.of_shopper[which], self.before.of_product[which])
        at_once = None if self.at_once is None else self.at_once[which]
        return replace(self, **kept, before=before, at_once=at_once)


_SPENT = ("learned", "replayed", "rows", "flops")
"""Columns that add up over events."""


def without(seen: Record, shoppers: NDArray[np.int32]) -> Record:
    """Return a record without the scored events of some shoppers; what learning them cost is laid on those before them.

    What was spent before the first event that is kept is laid on that one; an alarm counts at the event it is laid on.
    """
    kept = ~np.isin(seen.shopper, shoppers)
    if kept.all() or not kept.any():
        return seen.where(kept)
    place = np.maximum(np.cumsum(kept) - 1, 0)
    many = int(kept.sum())
    spent = {name: np.bincount(place, getattr(seen, name), many).astype(getattr(seen, name).dtype) for name in _SPENT}
    return replace(seen.where(kept), **spent, alarm=np.bincount(place, seen.alarm, many) > 0)  # type: ignore[arg-type]


OUTCOME_COLUMNS = (
    *("seq", "rank", "candidates"),
    *("learned", "replayed", "rows", "flops", "waiting", "age", "alarm"),
)
"""What a lane reports."""

_EVENT_COLUMNS = (*OUTCOME_COLUMNS, "time", "kind", "shopper", "product")


def record(facts: Facts, before: Meetings, outcomes: Mapping[str, NDArray[Any]], **more: object) -> Record:
    """Join a lane's outcomes to the facts they answer, by seq.

    Args:
        facts: all facts of the run, seq dense from 1.
        before: the meetings that went before each of them, see `meetings`.
        outcomes: the columns of `model.contract.Outcomes`; what a lane does not report counts as nothing.
        more: probes, traffic, drifts, passed, at_once of the `Record`.
    """
    seq = np.asarray(outcomes["seq"], np.int64)
    at = seq - (int(facts.seq[0]) if len(facts) else 1)
    none: dict[str, NDArray[Any]] = {
        name: np.zeros(len(seq), np.float32) for name in ("learned", "replayed", "rows", "flops", "waiting")
    }
    none |= {"age": np.full(len(seq), np.nan, np.float32), "alarm": np.zeros(len(seq), np.bool_)}
    told = {name: np.asarray(column) for name, column in {**none, **outcomes}.items() if name in _EVENT_COLUMNS}
    told["alarm"] = told["alarm"].astype(np.bool_)
    met = Meetings(before.repeat[at], before.of_shopper[at], before.of_product[at])
    asked = {name: getattr(facts, name)[at] for name in ("time", "kind", "shopper", "product")}
    return Record(**{**told, **asked, "seq": seq}, before=met, **more)  # type: ignore[arg-type]


def meetings(facts: Facts) -> Meetings:
    """Count what went before each fact: only interactions count as meetings.

    >>> from journal.facts import Kind, facts
    >>> seen = facts(seq=[1, 2, 3], time=[0, 1, 2], kind=[Kind.VIEWED] * 3, shopper=[4, 4, 5], product=[7, 7, 7])
    >>> meetings(seen).repeat.tolist(), meetings(seen).of_product.tolist()
    ([False, True, False], [0, 1, 2])
    """
    met = np.isin(facts.kind, INTERACTIONS)
    shopper, product = facts.shopper[met].astype(np.int64), facts.product[met].astype(np.int64)
    pair = shopper * (int(product.max(initial=0)) + 1) + product
    columns = [np.zeros(len(facts), np.int64) for _ in range(3)]
    for column, key in zip(columns, (pair, shopper, product), strict=True):
        column[met] = earlier(key)
    return Meetings(columns[0] > 0, columns[1], columns[2])


def earlier(key: NDArray[Any]) -> NDArray[np.int64]:
    """Count, for each entry, the equal entries before it.

    >>> earlier(np.array([3, 1, 3, 3])).tolist()
    [0, 0, 1, 2]
    """
    order = np.argsort(key, kind="stable")
    in_order = key[order]
    starts = np.flatnonzero(np.r_[True, in_order[1:] != in_order[:-1]]) if len(key) else np.zeros(0, np.int64)
    run_length = np.diff(np.r_[starts, len(key)])
    counts = np.empty(len(key), np.int64)
    counts[order] = np.arange(len(key)) - np.repeat(starts, run_length)
    return counts


def traffic(facts: Facts) -> Traffic:
    """Follow the chain of causes from each interaction back to the slate it came of.

    >>> from journal.facts import Kind, facts
    >>> kinds = [Kind.SLATE_SERVED, Kind.VIEWED, Kind.PURCHASED]
    >>> traffic(facts(seq=[1, 2, 3], time=[0, 1, 2], kind=kinds, cause=[0, 1, 2], value=[10, 0, 9.5]))
    Traffic(slates=1, clicked=1, converted=1, revenue=9.5)
    """
    first = int(facts.seq[0]) if len(facts) else 1
    root = facts.seq - first
    cause = np.where(facts.cause > 0, facts.cause - first, root)
    # Causes point backwards, so following them doubles the reach each time and ends after log2(n) steps.
    while not np.array_equal(cause, cause[cause]):
        cause = cause[cause]
    served = facts.kind == Kind.SLATE_SERVED
    from_slate = served[cause] & ~served
    bought = from_slate & (facts.kind == Kind.PURCHASED)
    clicked = from_slate & (facts.kind == Kind.VIEWED)
    return Traffic(
        slates=int(served.sum()),
        clicked=len(np.unique(cause[clicked])),
        converted=len(np.unique(cause[bought])),
        revenue=float(np.nansum(facts.value[bought])),
    )
