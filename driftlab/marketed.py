"""What a campaign came to, shopper by shopper of its audience: from the facts, and, apart from them, from the truth.

audience   those who were chosen: with a coupon, or held out of it by chance as a control group
outcome    purchases of products that the coupon is good for, from the start of the campaign to its end
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from journal.facts import Facts, Kind, pick

Column = NDArray[np.float64]
"""One number for each of the m shoppers of the audience."""


@dataclass(frozen=True, eq=False)
class Truth:
    """What only the simulator knows of the audience; what a coupon changed is 0 where none was issued."""

    persuadable: NDArray[np.bool_]  # [m]
    pull: Column  # what a coupon adds (or would have) to the log probability to buy, nats
    purchases: Column  # expected extra ones
    revenue: Column  # expected extra money at full price
    margin: Column  # expected extra money after products' own cost


@dataclass(frozen=True, eq=False)
class Marketed:
    """One campaign and the m shoppers of its audience."""

    number: int
    audience: str  # as the scenario spells it
    start: int  # us
    end: int  # us; that of the plan
    terms: Mapping[str, Any]  # discount, category, budget, contact_cost, hold_out, margin, ...
    shopper: NDArray[np.int32]
    issued: NDArray[np.bool_]  # got a coupon; else held out
    before: Column  # money paid for anything before the start
    purchases: Column
    revenue: Column  # money, at full price
    margin: Column  # money, revenue less own cost
    redeemed: Column  # coupons used
    given: Column  # money taken off prices
    truth: Truth | None  # None where there is none to read

    @property
    def cost(self) -> float:
        """Money taken off prices and spent on contacts."""
        return float(self.given.sum()) + float(self.terms["contact_cost"]) * int(self.issued.sum())


def campaigns(
    facts: Facts,
    category: NDArray[np.int32],
    price: NDArray[np.float32],
    audiences: Sequence[str],
    coupon: Mapping[str, NDArray[Any]],
    uplift: Mapping[str, NDArray[Any]],
) -> tuple[Marketed, ...]:
    """Return the campaigns that have begun, in the order of the scenario.

    Args:
        facts: all facts of the run.
        category, price: of each product, as listed.
        audiences: how the scenario spells each campaign's audience.
        coupon, uplift: tables of the truth, see `simulator.campaigns`; without columns where there is none.
    """
    started = np.flatnonzero(facts.kind == Kind.CAMPAIGN_STARTED)
    made = []
    for row in sorted(started.tolist(), key=lambda row: int(facts.value[row])):
        number, terms = int(facts.value[row]), json.loads(facts.payload[int(facts.seq[row])])
        held_out = np.array(terms["held_out"], np.int32)
        of_campaign = facts.cause == facts.seq[row]
        got = pick(facts, of_campaign & (facts.kind == Kind.COUPON_ISSUED))
        shopper, issued = _audience(got.shopper, held_out)
        start, end = int(facts.time[row]), int(terms["until"])

        def total(which: NDArray[np.bool_], value: NDArray[Any], of: NDArray[np.int32] = shopper) -> Column:
            return _sums(facts.shopper[which], value[which], of)

        meant = (terms["category"] < 0) | (category[np.maximum(facts.product, 0)] == terms["category"])
        paid = facts.kind == Kind.PURCHASED
        bought = paid & meant & (facts.time >= start) & (facts.time < end)
        used = (facts.kind == Kind.COUPON_REDEEMED) & np.isin(facts.cause, got.seq)
        cost = (1 - terms["margin"]) * price[np.maximum(facts.product, 0)].astype(np.float64)
        made.append(
            Marketed(
                number=number,
                audience=audiences[number],
                start=start,
                end=end,
                terms=terms,
                shopper=shopper,
                issued=issued,
                before=total(paid & (facts.time < start), facts.value),
                purchases=total(bought, np.ones(len(facts))),
                revenue=total(bought, facts.value),
                margin=total(bought, facts.value - cost),
                redeemed=total(used, np.ones(len(facts))),
                given=total(used, facts.value),
                truth=_truth(number, shopper, coupon, uplift),
            )
        )
    return tuple(made)


def _audience(issued: NDArray[np.int32], held_out: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Return the shoppers by id, and who of them got a coupon."""
    everyone = np.concatenate([issued, held_out])
    order = np.argsort(everyone, kind="stable")
    return everyone[order], order < len(issued)


def _sums(who: NDArray[np.int32], value: NDArray[Any], shopper: NDArray[np.int32]) -> Column:
    """Return the sum of the values of each shopper of an audience (by id), [m]."""
    place = np.minimum(np.searchsorted(shopper, who), max(len(shopper) - 1, 0))
    ours = shopper[place] == who if len(shopper) else np.zeros(len(who), bool)
    return np.bincount(place[ours], value[ours], len(shopper)).astype(np.float64)


def _truth(
    number: int,
    shopper: NDArray[np.int32],
    coupon: Mapping[str, NDArray[Any]],
    uplift: Mapping[str, NDArray[Any]],
) -> Truth | None:
    if not coupon:
        return None
    own = coupon["campaign"] == number
    changed = {name: np.zeros(len(shopper)) for name in ("purchases", "revenue", "margin")}
    if uplift:
        of = uplift["campaign"] == number
        changed = {name: _sums(uplift["shopper"][of], uplift[name][of], shopper) for name in changed}
    # The table is in order of shopper, as the audience is.
    return Truth(coupon["answer"][own] == 0, coupon["pull"][own].astype(np.float64), **changed)
