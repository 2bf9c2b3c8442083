"""How fast interests move is seen in the overlap of what a shopper meets now with what it meets later, without noise.

mix       shares of a shopper's interactions in a span by category (by product where no category is known)
half      every other session of a shopper: two halves of one span differ by noise alone
overlap   sum over categories of the smaller share of two mixes: 1 the same, 0 nothing in common
lag l     overlap of one half's mix with the other half's mix l spans later, over that at lag 0; 1 is no drift
stranger  the same for another shopper's other half in the same span: what all shoppers have in common anyway
excess    (lag - stranger) / (1 - stranger), fitted by p + (1 - p) exp(-lag / tau): a core p, and the rest that fades
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from driftlab.description.pace import CUT, DAY, by_shopper
from journal.facts import Facts

SPANS = 12
"""A log is cut into about so many spans, of whole days."""

SHORTEST = 6
"""Days that a log must have."""

LEAST = 3
"""Interactions that a mix must have, and pairs of mixes that a lag must have for each span of the log."""


class Mixes(NamedTuple):
    """The entries of many mixes, one a shopper and span; columns of the same length."""

    shopper: NDArray[np.int64]
    span: NDArray[np.int64]
    label: NDArray[np.int64]
    share: NDArray[np.float64]


def interests(met: Facts, label: NDArray[np.int32] | None) -> dict[str, float | list[float]]:
    """Describe how fast interests move; nothing where the log is too short or its shoppers come too seldom.

    label: i4[P] of products, -1 where unknown; None: each product is its own.
    """
    days = (int(met.time[-1]) - int(met.time[0])) / DAY
    if days < SHORTEST:
        return {}
    width = max(int(days / SPANS), 1)
    spans = int(days / width)
    halves = _halves(met, label, width)
    same, _ = _overlap(*halves, 0)
    lags = [_both(halves, lag) for lag in range(1, spans * 2 // 3 + 1)]
    known = [(lag, overlap, pairs) for lag, (overlap, pairs) in enumerate(lags, 1) if pairs >= LEAST * spans]
    if len(known) < 3 or not same > 0:
        return {}
    strangers = [_overlap(halves[0], _passed_on(halves[1], by), 0)[0] for by in (1, 2, 3)]
    stranger = min(sum(strangers) / len(strangers) / same, 0.99)
    lag, overlap, pairs = (np.array(column, np.float64) for column in zip(*known, strict=True))
    excess = (overlap / same - stranger) / (1 - stranger)
    core, tau, rmse = _fitted(lag * width, excess, pairs)
    return {
        "core share": core,
        "time constant days": tau,
        "fit rmse": rmse,
        "stranger's overlap": float(stranger),
        "days of a lag": float(width),
        "excess by lag": excess.tolist(),
    }


def _halves(met: Facts, label: NDArray[np.int32] | None, width: int) -> tuple[Mixes, Mixes]:
    """Return the mixes of odd and of even sessions."""
    ordered, gap = by_shopper(met)
    odd = np.cumsum((gap < 0) | (gap > CUT)) % 2 == 1
    span = (ordered.time - int(met.time[0])) // (width * DAY)
    what = ordered.product if label is None else label[ordered.product]
    known = what >= 0
    columns = [column[known].astype(np.int64) for column in (ordered.shopper, span, what)]
    return _mixes(columns, odd[known]), _mixes(columns, ~odd[known])


def _mixes(columns: list[NDArray[np.int64]], which: NDArray[np.bool_]) -> Mixes:
    rows, count = np.unique(np.stack([column[which] for column in columns], 1), axis=0, return_counts=True)
    mix = np.unique(rows[:, :2], axis=0, return_inverse=True)[1].ravel()
    total = np.bincount(mix, count)[mix]
    kept = total >= LEAST
    return Mixes(rows[kept, 0], rows[kept, 1], rows[kept, 2], count[kept] / total[kept])


def _both(halves: tuple[Mixes, Mixes], lag: int) -> tuple[float, int]:
    """Return the overlap at a lag and the pairs it is of, with either half as the earlier one."""
    odd, even = halves
    (one, n), (other, m) = _overlap(odd, even, lag), _overlap(even, odd, lag)
    return ((n * one + m * other) / (n + m) if n + m else 0.0), n + m


def _overlap(now: Mixes, later: Mixes, lag: int) -> tuple[float, int]:
    """Return the mean overlap of mixes with those of the same shopper `lag` spans later, and of how many pairs."""
    labels = int(max(now.label.max(initial=0), later.label.max(initial=0))) + 1
    spans = int(max(now.span.max(initial=0), later.span.max(initial=0))) + 1
    there = later.span >= lag
    mine, its = now.shopper * spans + now.span, (later.shopper * spans + later.span - lag)[there]
    label, share = later.label[there], later.share[there]
    pairs = len(np.intersect1d(mine, its))
    if not pairs:
        return 0.0, 0
    _, a, b = np.intersect1d(mine * labels + now.label, its * labels + label, assume_unique=True, return_indices=True)
    return float(np.minimum(now.share[a], share[b]).sum() / pairs), pairs


def _passed_on(mixes: Mixes, by: int) -> Mixes:
    """Return mixes as if each were that of the shopper `by` places before in the same span."""
    pairs, which = np.unique(np.stack([mixes.span, mixes.shopper], 1), axis=0, return_inverse=True)
    first = np.searchsorted(pairs[:, 0], pairs[:, 0])
    size = np.searchsorted(pairs[:, 0], pairs[:, 0], side="right") - first
    place = first + (np.arange(len(pairs)) - first - by) % size
    return mixes._replace(shopper=pairs[place, 1][which.ravel()])


def _fitted(
    lag: NDArray[np.float64], excess: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Fit p + (1 - p) exp(-lag / tau) by weighted least squares over a grid; return p, tau (days) and the rmse."""
    core = np.linspace(0, 1, 101)
    tau = np.geomspace(lag[0] / 4, 20 * lag[-1], 120)
    fading = np.exp(-lag / tau[:, None])
    left = core[:, None, None] + (1 - core[:, None, None]) * fading - excess
    error = (left**2 * (weight / weight.sum())).sum(-1)
    best = np.unravel_index(int(np.argmin(error)), error.shape)
    return float(core[best[0]]), float(tau[best[1]]), float(np.sqrt(error[best]))
