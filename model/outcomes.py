"""What came of a call: the ticks of the loop, joined to one outcome a scored event, and to what was learned when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.contract import Learnings, Outcomes
from model.loop import Ticks


def outcomes(
    parts: Sequence[Ticks], cost: tuple[int, float], noting: tuple[int, float] | None = None, *, apart: bool
) -> Outcomes:
    """Join the ticks of several calls; `cost` is (rows, additions and multiplications) of learning an event, `noting`
    that of noting one.

    Where scoring and learning are apart, a tick that scores brings the counts since the one before; else they are
    summed from it to the next.
    """
    fields = ("scored", "seq", "rank", "candidates", "learned", "waiting", "age", "again", "alarm")
    lines = {name: _column(parts, name) for name in fields}
    scored = lines["scored"].astype(bool)
    starts = np.flatnonzero(scored)
    learned, replayed = (
        lines[name][scored]
        if apart
        else np.add.reduceat(lines[name].astype(np.int32), starts)
        if len(starts)
        else np.zeros(0, np.int32)
        for name in ("learned", "again")
    )
    noted = _noted(parts, starts, apart)
    rows, flops = (learned * one + noted * other for one, other in zip(cost, noting or (0, 0.0), strict=True))
    return Outcomes(
        seq=lines["seq"][scored].astype(np.int64),
        rank=lines["rank"][scored].astype(np.float32),
        candidates=lines["candidates"][scored].astype(np.int32),
        learned=learned.astype(np.int32),
        replayed=replayed.astype(np.int32),
        rows=rows.astype(np.int32),
        flops=flops.astype(np.float32),
        waiting=lines["waiting"][scored].astype(np.int32),
        age=lines["age"][scored].astype(np.float32),
        alarm=lines["alarm"][scored].astype(np.bool_),
    )


def _noted(parts: Sequence[Ticks], starts: NDArray[np.intp], apart: bool) -> NDArray[np.int64] | int:
    """How many events were noted between each scored event and the next; apart, since the one before."""
    if not len(starts) or parts[0].noted is None:
        return 0
    noted = _column(parts, "noted").astype(np.int64)
    return np.diff(np.cumsum(noted)[starts], prepend=0) if apart else np.add.reduceat(noted, starts)


def _column(parts: Sequence[Ticks], name: str) -> NDArray[Any]:
    pieces = [getattr(part, name)[: int(part.ticks)] for part in parts]
    return np.concatenate(pieces) if pieces else np.zeros(0)


def learnings(parts: Sequence[Ticks], time: NDArray[np.int64]) -> Learnings:
    """Return what was learned in the ticks of several calls; `time` (us) is the lane's clock at each of them."""
    learnt = [part.learnt for part in parts if part.learnt is not None]
    counts = [int(part.ticks) for part in parts]
    new = np.concatenate([one.new[:n] for one, n in zip(learnt, counts, strict=True)])
    seq = np.concatenate([one.seq[:n] for one, n in zip(learnt, counts, strict=True)])
    return Learnings(seq[new].astype(np.int64), time[new])


def joined(parts: Sequence[Learnings]) -> Learnings:
    """Return learnings one after the other."""
    empty = np.zeros(0, np.int64)
    return (
        Learnings(*(np.concatenate([empty, *columns]) for columns in zip(*parts, strict=True)))
        if parts
        else Learnings(empty, empty)
    )
