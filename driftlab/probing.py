"""A probe reads slates and scores of a few shoppers at the end of a chunk; reading changes nothing.

Who is probed is drawn from a stream named by the chunk: the same shoppers in every lane, and in every run of the seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftlab.lanes import Answer, Chunk, Probe, Truth, best
from driftlab.measures.truth import spearman
from driftlab.recorded import PROBES_OF
from journal.chance import stream
from journal.facts import INTERACTIONS, Facts, Kind

SHOPPERS = 32
"""Shoppers read by one probe."""

EVERY = 2
"""A probe is taken at the end of every second chunk."""

_ON = (Kind.PRODUCT_LISTED, Kind.RESTOCKED)
_OFF = (Kind.PRODUCT_RETIRED, Kind.STOCK_OUT)


class Shopfront:
    """What anybody can see of the shop so far: which products are listed, which shoppers have met one.

    Bots are no shoppers to be served: those that the truth tells of are not probed.
    """

    def __init__(self, products: int) -> None:
        self.listed = np.zeros(products, np.bool_)
        self._met = np.zeros(0, np.bool_)
        self._bots = np.zeros(0, np.int32)

    def observe(self, facts: Facts, truth: Truth | None = None) -> None:
        """Take the next facts in, and the truth that came with them."""
        self._bots = np.r_[self._bots, truth["bot"]["shopper"]] if truth and "bot" in truth else self._bots
        which = np.isin(facts.kind, (*_ON, *_OFF))
        for product, kind in zip(facts.product[which].tolist(), facts.kind[which].tolist(), strict=True):
            self.listed[product] = kind in _ON
        shoppers = facts.shopper[np.isin(facts.kind, INTERACTIONS)]
        grown = max(len(self._met), int(shoppers.max(initial=-1)) + 1)
        self._met = np.r_[self._met, np.zeros(grown - len(self._met), np.bool_)]
        self._met[shoppers] = True
        self._met[self._bots[self._bots < len(self._met)]] = False

    def probe(self, seed: int, number: int, facts: Facts, scores: bool) -> Probe | None:
        """Return the probe due at the end of chunk `number`, or None."""
        met = np.flatnonzero(self._met).astype(np.int32)
        if number % EVERY or not len(met):
            return None
        chosen = stream(seed, "probe", number).choice(met, min(SHOPPERS, len(met)), replace=False)
        return Probe(int(facts.seq[-1]), int(facts.time[-1]), np.sort(chosen), self.listed.copy(), scores)


def readings(chunk: Chunk, answers: Mapping[str, Answer], oracle: str | None) -> dict[str, dict[str, NDArray[Any]]]:
    """Return what the probe of a chunk found in each lane, as columns of outcomes; nothing where there was no probe.

    Columns: seq, time, shopper, slate [m, k], listed, regret, tracking (NaN where there is no oracle).
    """
    probe = chunk.probe
    if probe is None:
        return {}
    m, true = len(probe.shoppers), answers[oracle].scores if oracle else None
    found: dict[str, dict[str, NDArray[Any]]] = {}
    for name, answer in answers.items():
        if answer.slates is None:
            continue
        unknown = np.full(m, np.nan, np.float32)
        lost, strayed = unknown, unknown
        if true is not None:
            lost = regret(true, answer.slates)
            strayed = unknown if answer.scores is None else tracking(true, answer.scores, probe.listed)
        found[PROBES_OF + name] = {
            "seq": np.full(m, probe.seq, np.int64),
            "time": np.full(m, probe.time, np.int64),
            "shopper": probe.shoppers,
            "slate": np.asarray(answer.slates, np.int32),
            "listed": np.full(m, int(probe.listed.sum()), np.int32),
            "regret": lost,
            "tracking": strayed,
        }
    return found


def regret(true: NDArray[Any], slates: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return how much utility each slate gives away for one place against the best slate of its length; float32[m].

    >>> regret(np.array([[1.0, 2.0, 4.0]]), np.array([[0, 2]])).tolist()
    [0.5]
    """
    ideal = best(true, slates.shape[1])
    shown = (slates >= 0) & (ideal >= 0)
    gap = np.take_along_axis(true, np.maximum(ideal, 0), 1) - np.take_along_axis(true, np.maximum(slates, 0), 1)
    lost = np.where(shown, gap, 0.0).sum(axis=1) / np.maximum(shown.sum(axis=1), 1)
    return np.asarray(lost, np.float32)


def tracking(true: NDArray[Any], scores: NDArray[Any], listed: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return 1 - Spearman of scores with true utilities over the listed products, for each shopper; float32[m]."""
    return (1.0 - spearman(scores[:, listed], true[:, listed])).astype(np.float32)
