"""What came of a call: the ticks of the loop, joined to one outcome a scored event, and to what was learned when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from journal.facts import MICROSECONDS
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
    return noted[starts] if apart else np.add.reduceat(noted, starts)


def _column(parts: Sequence[Ticks], name: str) -> NDArray[Any]:
    pieces = [getattr(part, name)[: int(part.ticks)] for part in parts]
    return np.concatenate(pieces) if pieces else np.zeros(0)


def learnings(parts: Sequence[Ticks], time: NDArray[np.int64]) -> Learnings:
    """Return what was learned in the ticks of several calls; `time` (us) is the lane's clock at each of them."""
    learnt = [part.learnt for part in parts if part.learnt is not None]
    counts = [int(part.ticks) for part in parts]
    new = np.concatenate([one.new[:n] for one, n in zip(learnt, counts, strict=True)])
    seq = np.concatenate([one.seq[:n] for one, n in zip(learnt, counts, strict=True)])
    late = np.concatenate([one.late[:n] for one, n in zip(learnt, counts, strict=True)])
    shed = np.concatenate([one.shed[:n] for one, n in zip(learnt, counts, strict=True)])
    place = np.arange(len(new))
    # A tick may learn an event and shed others: a line of each.
    lines = np.sort(np.concatenate([2 * place[shed > 0], 2 * place[new] + 1]))
    at, is_learned = lines // 2, lines % 2 > 0
    return Learnings(
        seq=np.where(is_learned, seq[at], 0).astype(np.int64),
        time=time[at] + np.where(is_learned, np.rint(late[at].astype(np.float64) * MICROSECONDS), 0).astype(np.int64),
        shed=np.where(is_learned, 0, shed[at]).astype(np.int32),
    )


def joined(parts: Sequence[Learnings]) -> Learnings:
    """Return learnings one after the other."""
    empty = Learnings(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int32))
    return Learnings(*(np.concatenate(columns) for columns in zip(empty, *parts, strict=True)))
