"""An audience says whom a campaign is for; it goes by what the shop knows at that moment, and by nothing else.

choose(known) -> bool[n]      of the n shoppers that ever join; those who are not there get nothing, chosen or not

An audience is a part, made by a builder whose parameters are the TOML keys. One of them, `persuadable`, is told the
truth: it is what the others are measured by, and its name says so, like the policy `oracle`'s. Another, `scored`, asks
the live model, and so needs the closed loop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from journal.errors import Refusal
from journal.facts import INTERACTIONS, Facts, Kind
from simulator.rhythm import DAY
from simulator.uplift import PERSUADABLE

Chosen = NDArray[np.bool_]


class Known(NamedTuple):
    """What there is to choose by."""

    now: int  # us
    facts: Facts  # all before now
    catalogue: Mapping[str, NDArray[Any]]  # what the shop publishes: see `simulator.catalogue`
    shoppers: int  # n
    answers: NDArray[np.int8]  # [n] the truth: see `simulator.uplift`
    meant: NDArray[np.int32]  # [m] products that the coupon is good for
    score: Callable[[NDArray[np.int32]], NDArray[np.float32]] | None  # see `Score`; None in the open loop


Score = Callable[[Facts, NDArray[np.int32], int, int], NDArray[np.float32]]
"""`score(facts since the model was last asked, products, campaign, time)` returns how far above all other products it
puts these for each shopper, float32[n]; in `Known`, with facts, campaign and time given already."""


class Audience(NamedTuple):
    """Whom a campaign is for; see the module's docstring for the function."""

    choose: Callable[[Known], Chosen]


def everybody() -> Audience:
    """All shoppers."""
    return Audience(lambda known: np.ones(known.shoppers, bool))


def viewed(category: int = -1, within_days: float = 7.0) -> Audience:
    """Shoppers who met a product (of a category; -1: any) within the last days, whatever they did with it."""
    _check("viewed", category=category, within_days=within_days)
    return Audience(lambda known: _who(known, _since(known, INTERACTIONS, within_days) & _of(known, category)))


def bought(category: int = -1, within_days: float = 7.0) -> Audience:
    """Shoppers who bought a product (of a category; -1: any) within the last days."""
    _check("bought", category=category, within_days=within_days)
    return Audience(lambda known: _who(known, _since(known, (Kind.PURCHASED,), within_days) & _of(known, category)))


def inactive(for_days: float = 3.0) -> Audience:
    """Shoppers who met no product for some days."""
    _check("inactive", for_days=for_days)
    return Audience(lambda known: ~_who(known, _since(known, INTERACTIONS, for_days)))


def newcomers(within_days: float = 3.0) -> Audience:
    """Shoppers who joined within the last days."""
    _check("newcomers", within_days=within_days)
    return Audience(lambda known: _who(known, _since(known, (Kind.SHOPPER_JOINED,), within_days)))


def top_spenders(share: float = 0.2, within_days: float = 3_650.0) -> Audience:
    """The share of all shoppers who spent most within the last days, if they spent anything; ties by id."""
    _check("top_spenders", share=share, within_days=within_days)

    def choose(known: Known) -> Chosen:
        spent = spending(known.facts, known.shoppers, known.now - int(within_days * DAY))
        first = np.argsort(-spent, kind="stable")[: round(share * known.shoppers)]
        chosen = np.zeros(known.shoppers, bool)
        chosen[first] = spent[first] > 0
        return chosen

    return Audience(choose)


def scored(share: float = 0.2) -> Audience:
    """The share of all shoppers for whom the live model puts the campaign's products highest; ties by id.

    Highest: the mean of their scores, in standard deviations above that of all products on sale.
    """
    _check("scored", share=share)

    def choose(known: Known) -> Chosen:
        if known.score is None:
            raise Refusal("The audience scored asks the live model, and none serves here. Give [loop] mode = 'closed'.")
        chosen, score = np.zeros(known.shoppers, bool), known.score(known.meant)
        chosen[np.argsort(-score, kind="stable")[: round(share * known.shoppers)]] = True
        return chosen & (score > -np.inf)

    return Audience(choose)


def persuadable() -> Audience:
    """Those who will buy because of it: known to the truth alone, and so the best audience there can be."""
    return Audience(lambda known: np.equal(known.answers, PERSUADABLE))


def spending(facts: Facts, shoppers: int, since: int) -> NDArray[np.float64]:
    """Return what each shopper paid from time `since` (us) on, money[n]."""
    paid = (facts.kind == Kind.PURCHASED) & (facts.time >= since) & (facts.shopper < shoppers)
    return np.bincount(facts.shopper[paid], facts.value[paid], shoppers).astype(np.float64)


def _since(known: Known, kinds: tuple[Kind, ...], days: float) -> Chosen:
    """Which facts are of these kinds and of the last days."""
    recent: Chosen = np.isin(known.facts.kind, kinds) & (known.facts.time >= known.now - int(days * DAY))
    return recent


def _of(known: Known, category: int) -> Chosen:
    """Which facts are about a product of the category."""
    there: Chosen = known.facts.product >= 0
    return there & (known.catalogue["category"][known.facts.product] == category) if category >= 0 else there


def _who(known: Known, which: Chosen) -> Chosen:
    """The shoppers of some facts; a bot has an id beyond theirs."""
    chosen = np.zeros(known.shoppers, bool)
    shopper = known.facts.shopper[which]
    chosen[shopper[(shopper >= 0) & (shopper < known.shoppers)]] = True
    return chosen


def _check(name: str, **given: float) -> None:
    """Refuse a parameter out of its range."""
    ranges = {"share": (0.0, 1.0), "category": (-1, 100_000)}
    for key, value in given.items():
        low, high = ranges.get(key, (0.0, 3_650.0))
        if not low <= value <= high:
            raise Refusal(f"The audience {name} has {key} = {value}, which is outside {low:g} to {high:g}.")


AUDIENCES: dict[str, Callable[..., Audience]] = {
    "everybody": everybody,
    "viewed": viewed,
    "bought": bought,
    "inactive": inactive,
    "newcomers": newcomers,
    "top_spenders": top_spenders,
    "scored": scored,
    "persuadable": persuadable,
}
