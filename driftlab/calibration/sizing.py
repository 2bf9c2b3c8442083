"""A trial is cheap because it is small: some shoppers of the log beside a world of as many, and the whole catalogue."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from driftlab.described import Described
from journal.chance import stream
from journal.errors import Refusal
from journal.facts import INTERACTIONS, Facts, Kind, facts, pick

DONE = (Kind.VIEWED, Kind.FAVOURITED, Kind.CARTED, Kind.PURCHASED)
"""What a simulated shopper does with a product at once; reviews and returns come of purchases."""

LEAST = 500
"""Interactions that a log must have: below, its figures are noise."""

ENOUGH = 20_000
"""Interactions of the shoppers that a trial is compared with."""


SHOPPER_DAYS = 60_000
"""Days of one shopper that a trial has at most: interests that drift cost time also while shoppers sleep."""


class Target(NamedTuple):
    """The log to look like: whole, and in the part that trials are compared with."""

    whole: Described
    part: Described
    shoppers: int  # in the whole
    notes: tuple[str, ...]  # what the log cannot tell, and what was taken in its place

    @property
    def part_shoppers(self) -> int:
        """Shoppers in the part."""
        return len(np.unique(self.part.facts.shopper))


def target(log: Described, seed: int) -> Target:
    """Return what a world is to look like; raises Refusal where a log is too small to tell."""
    met = pick(log.facts, np.isin(log.facts.kind, INTERACTIONS))
    notes: list[str] = []
    if not np.isin(met.kind, DONE).any():
        notes.append("It holds no views, favourites, carts or purchases: its reviews are taken for views.")
        met = _as_views(met)
    if len(met) < LEAST or log._replace(facts=met).days < 1:
        raise Refusal(
            f"A log of {len(met):,} interactions in {log._replace(facts=met).days:.1f} days says too little of its "
            f"shop. Give at least {LEAST} interactions of at least a day, or a wider window."
        )
    shoppers, whole = np.unique(met.shopper), log._replace(facts=met)
    few = max(int(min(ENOUGH / len(met) * len(shoppers), SHOPPER_DAYS / whole.days)), 20)
    chosen = stream(seed, "calibrate", "shoppers").permutation(shoppers)[:few]
    part = whole._replace(facts=pick(met, np.isin(met.shopper, chosen)))
    return Target(whole, part, len(shoppers), (*notes, *_untold(met, log.category)))


def _as_views(met: Facts) -> Facts:
    columns = {name: getattr(met, name) for name in ("seq", "time", "shopper", "product", "session", "value")}
    return facts(kind=np.full(len(met), Kind.VIEWED), **columns)


def _untold(met: Facts, category: NDArray[np.int32]) -> list[str]:
    """Return what a log does not say, and what its world has in place of it."""
    notes = []
    missing = [kind.name.lower() for kind in DONE if not (met.kind == kind).any()]
    if missing:
        notes.append(f"Nothing is {_listed(missing)} in it: the world's shoppers do without, and no ratio is told.")
    if not (category >= 0).any():
        notes.append("It names no categories (an items file would): those of the world are a guess.")
    return notes


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
