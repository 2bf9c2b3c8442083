"""A fact is something that happened in the shop; facts are kept in order, in columns, and are never changed.

seq      dense, from 1, in order of occurrence
time     integer microseconds of simulated (or, in a real log, epoch) time, never decreasing
kind     one of `Kind`
shopper, product, session    dense ids from 0; -1 where the kind has none
value    a number the kind explains: price, rating, slate length, shopper followed; NaN where it has none
cause    seq of the fact that led to this one (view -> cart -> purchase -> review; slate -> click); 0 where it has none
version  version of the kind
payload  JSON text of the rare kinds, by seq
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MICROSECONDS = 1_000_000
"""Ticks of the one clock in a second."""

CHUNK = 1024
"""Facts in one chunk of a run file (the last may hold fewer)."""


class Kind(enum.IntEnum):
    """What happened. A number is never reused; a kind that changes its meaning gets a new version and an upcast."""

    PRODUCT_LISTED = 1
    PRODUCT_RETIRED = 2
    PRICE_CHANGED = 3
    STOCK_OUT = 4
    RESTOCKED = 5
    SHOPPER_JOINED = 6
    SHOPPER_LEFT = 7
    SESSION_STARTED = 8
    SESSION_ENDED = 9
    SLATE_SERVED = 10
    VIEWED = 11
    FAVOURITED = 12
    CARTED = 13
    PURCHASED = 14
    REVIEWED = 15
    RETURNED = 16
    CAMPAIGN_STARTED = 17
    CAMPAIGN_ENDED = 18
    COUPON_ISSUED = 19
    COUPON_REDEEMED = 20
    SHOCK = 21
    COMMAND = 22
    FOLLOWED = 23


INTERACTIONS = (Kind.VIEWED, Kind.FAVOURITED, Kind.CARTED, Kind.PURCHASED, Kind.REVIEWED, Kind.RETURNED)
"""Kinds in which a shopper meets a product."""

SCORED = INTERACTIONS[:5]
"""Kinds that a recommender may be asked to foresee: every interaction but a return."""

COLUMNS: Mapping[str, np.dtype[Any]] = {
    "seq": np.dtype("<i8"),
    "time": np.dtype("<i8"),
    "kind": np.dtype("<i2"),
    "shopper": np.dtype("<i4"),
    "product": np.dtype("<i4"),
    "session": np.dtype("<i8"),
    "value": np.dtype("<f8"),
    "cause": np.dtype("<i8"),
    "version": np.dtype("<i2"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """Facts in columns, each a numpy array of the same length n (dtypes in `COLUMNS`), and the payloads by seq."""

    seq: NDArray[np.int64]
    time: NDArray[np.int64]
    kind: NDArray[np.int16]
    shopper: NDArray[np.int32]
    product: NDArray[np.int32]
    session: NDArray[np.int64]
    value: NDArray[np.float64]
    cause: NDArray[np.int64]
    version: NDArray[np.int16]
    payload: Mapping[int, str]

    def __len__(self) -> int:
        return int(self.seq.shape[0])


def facts(payload: Mapping[int, str] | None = None, **columns: Sequence[float] | NDArray[Any]) -> Facts:
    """Build `Facts` from columns; `seq`, `time`, `kind` are needed, the others default to "none".

    >>> len(facts(seq=[1, 2], time=[0, 5], kind=[Kind.VIEWED, Kind.CARTED], shopper=[3, 3], product=[7, 7]))
    2
    """
    n = len(columns["seq"])
    none = {"shopper": -1, "product": -1, "session": -1, "value": np.nan, "cause": 0, "version": 1}
    made: dict[str, Any] = {
        name: np.ascontiguousarray(columns[name], dtype) if name in columns else np.full(n, none[name], dtype)
        for name, dtype in COLUMNS.items()
    }
    return Facts(**made, payload=dict(payload or {}))


def pick(source: Facts, which: slice | NDArray[Any]) -> Facts:
    """Return the facts at `which` (a slice, a mask or an index array), with their payloads."""
    columns = {name: getattr(source, name)[which] for name in COLUMNS}
    kept = {int(s) for s in columns["seq"]} if source.payload else set()
    return Facts(**columns, payload={s: text for s, text in source.payload.items() if s in kept})


def join(pieces: Sequence[Facts]) -> Facts:
    """Return the pieces one after the other; no pieces give no facts."""
    if not pieces:
        return facts(seq=[], time=[], kind=[])
    columns: dict[str, Any] = {name: np.concatenate([getattr(p, name) for p in pieces]) for name in COLUMNS}
    return Facts(**columns, payload={s: text for p in pieces for s, text in p.payload.items()})
