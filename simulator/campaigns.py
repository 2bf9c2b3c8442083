"""A campaign gives coupons to its audience, but for a control group that is held out by chance; its budget is a limit.

coupon      so much off the price of one purchase, until the campaign ends; it is felt from the next visit on
void        a coupon whose discount would go beyond what is left of the budget is as good as none
use         of several coupons that are good for a product the one with the highest discount is used, ties by campaign
own cost    of a product: (1 - margin) of its list price in the catalogue

Facts: CAMPAIGN_STARTED and CAMPAIGN_ENDED (value: place in the list of campaigns; payload: the terms, who is held out
and, in the closed loop, who is not; what was given away), COUPON_ISSUED (value: the place; cause: the start),
COUPON_REDEEMED (value: money off the purchase just before it; cause: the coupon).

Truth: coupon   time i8 (us), campaign i4, shopper i4, issued bool, answer i1, pull f4: a row a shopper of the audience
       uplift   time i8, campaign i4, shopper i4, and what the coupon changed in expectation in the visit begun then,
                along the path it took: purchases f8, revenue f8 (money at full price), margin f8 (revenue less own
                cost), given f8 (money off)
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict
from math import exp
from typing import Any, NamedTuple

import numpy as np
import simpy
from numpy.typing import NDArray

from journal.chance import stream
from journal.facts import Kind
from simulator.audiences import Audience, Known, Score
from simulator.choice import Coupon, Minds
from simulator.ledger import NOBODY, Ledger
from simulator.rhythm import DAY
from simulator.spec import TermsSpec, WorldSpec
from simulator.truth import Truth
from simulator.uplift import PERSUADABLE, uses


class Campaign(NamedTuple):
    """What is offered, and to whom."""

    terms: TermsSpec
    audience: Audience


class Used(NamedTuple):
    """A coupon that was used."""

    campaign: int
    money: float  # off the price


class Marketing:
    """The campaigns of one run: who holds which coupon, and what is left of each budget."""

    def __init__(
        self,
        campaigns: Sequence[Campaign],
        spec: WorldSpec,
        seed: int,
        catalogue: Mapping[str, NDArray[Any]],
        traits: Mapping[str, NDArray[Any]],
        minds: Minds,
    ) -> None:
        self.campaigns, self.spec, self.seed, self.catalogue, self.minds = campaigns, spec, seed, catalogue, minds
        self.answers: NDArray[np.int8] = traits["answer"]
        self.pulls: NDArray[np.float32] = traits["pull"]
        self._category: list[int] = self.catalogue["category"].tolist()
        self._cost: list[float] = ((1 - self.spec.catalogue.margin) * self.catalogue["price"].astype(float)).tolist()
        self._held: dict[int, dict[int, Coupon]] = {}  # shopper -> campaign -> its coupon
        self._left = [campaign.terms.budget for campaign in self.campaigns]
        self._visit: dict[int, list[float]] = {}  # campaign -> what it changed in this visit so far
        self._to_start = len(self.campaigns)

    def process(
        self, number: int, env: simpy.Environment, ledger: Ledger, truth: Truth, score: Score | None = None
    ) -> Generator[simpy.Event, Any, None]:
        """Run one campaign from its start to its end; `score` asks the live model, where one serves."""
        terms, audience = self.campaigns[number]
        start, end = even(terms.at_day * DAY), even((terms.at_day + terms.days) * DAY)
        yield env.timeout(start)
        ledger.write(start)
        ask = None if score is None else lambda products: score(ledger.unread(), products, number, start)
        known = Known(start, ledger.so_far(), self.catalogue, len(self.minds), self.answers, self._meant(terms), ask)
        chosen = np.flatnonzero(audience.choose(known) & _there(known))
        self._to_start -= 1
        if not self._to_start:
            ledger.forget()
        held_out = stream(self.seed, "campaign", number).random(len(self.minds))[chosen] < terms.hold_out
        issued = chosen[~held_out].tolist()
        told = {**asdict(terms), "until": end, "margin": self.spec.catalogue.margin}
        told["held_out"] = chosen[held_out].tolist()
        if score is not None:  # a run that is gone on with has to find the same audience again
            told["issued"] = issued
        ledger.announce(start, NOBODY, Kind.CAMPAIGN_STARTED, value=number, note=json.dumps(told))
        coupon = Coupon(end, terms.discount, terms.category)
        for shopper in issued:
            ledger.announce(start, shopper, Kind.COUPON_ISSUED, value=number, note=True)
            self._held.setdefault(shopper, {})[number] = coupon
            if self.answers[shopper] == PERSUADABLE:
                self.minds[shopper].coupons[number] = coupon
        rows = _keys(start, number, chosen)
        rows |= {"issued": ~held_out, "answer": self.answers[chosen], "pull": self.pulls[chosen]}
        truth.note("coupon", rows)
        yield env.timeout(end - start)
        for shopper in issued:
            self._take(shopper, number)
        given = {"given": round(terms.budget - self._left[number], 6)}
        ledger.announce(end, NOBODY, Kind.CAMPAIGN_ENDED, value=number, note=json.dumps(given))

    def _meant(self, terms: TermsSpec) -> NDArray[np.int32]:
        """Return the products that a coupon is good for."""
        category = self.catalogue["category"]
        return np.flatnonzero((category == terms.category) | (terms.category < 0)).astype(np.int32)

    def holds(self, shopper: int) -> bool:
        """Whether a shopper has any coupon."""
        return shopper in self._held

    def tempt(self, shopper: int, product: int, price: float, time: int, low: float, high: float) -> float:
        """Return where the stretch of luck ends that leads to buying a product now: from `low`, without coupons to
        `high`."""
        number = self._good(shopper, product, price, time) if self.holds(shopper) else -1
        if number < 0:
            return high
        chance = high - low
        tempted = min(chance * exp(float(self.pulls[shopper])), 1 - low)
        extra, off = tempted - chance, self._held[shopper][number].discount * price
        given = tempted * off if uses(int(self.answers[shopper])) else 0.0
        changed = (extra, extra * price, extra * (price - self._cost[product]), given)
        so_far = self._visit.setdefault(number, [0.0] * len(changed))
        self._visit[number] = [one + more for one, more in zip(so_far, changed, strict=True)]
        return low + tempted

    def redeem(self, shopper: int, product: int, price: float, time: int) -> Used | None:
        """Use a coupon on a purchase, if the shopper has one that is good for it and uses coupons."""
        willing = self.holds(shopper) and uses(int(self.answers[shopper]))
        number = self._good(shopper, product, price, time) if willing else -1
        if number < 0:
            return None
        money = self._held[shopper][number].discount * price
        self._left[number] -= money
        self._take(shopper, number)
        return Used(number, money)

    def close(self, shopper: int, start: int, truth: Truth) -> None:
        """Write into the truth what coupons changed in the visit that is over."""
        for number, sums in self._visit.items():
            names = ("purchases", "revenue", "margin", "given")
            changed = {name: np.array([value]) for name, value in zip(names, sums, strict=True)}
            truth.note("uplift", _keys(start, number, np.array([shopper])) | changed)
        self._visit = {}

    def _good(self, shopper: int, product: int, price: float, time: int) -> int:
        """Return the campaign whose coupon is the best for a purchase, or -1."""
        best, most = -1, 0.0
        for number, coupon in self._held[shopper].items():
            meant = coupon.category in (-1, self._category[product]) and time < coupon.until
            if meant and coupon.discount > most and coupon.discount * price <= self._left[number]:
                best, most = number, coupon.discount
        return best

    def _take(self, shopper: int, number: int) -> None:
        """A coupon is used or over."""
        self._held.get(shopper, {}).pop(number, None)
        if not self._held.get(shopper, True):  # it was the last one
            del self._held[shopper]
        if self.answers[shopper] == PERSUADABLE:
            self.minds[shopper].coupons.pop(number, None)


def even(time: float) -> int:
    """The even microsecond at or just after a time: sessions begin on the odd ones."""
    whole = int(time)
    return whole + whole % 2


def _there(known: Known) -> NDArray[np.bool_]:
    """Shoppers who have joined and not left."""
    there = np.zeros(known.shoppers, bool)
    for kind, is_there in ((Kind.SHOPPER_JOINED, True), (Kind.SHOPPER_LEFT, False)):
        who = known.facts.shopper[known.facts.kind == kind]
        there[who[who < known.shoppers]] = is_there
    return there


def _keys(time: int, number: int, shoppers: NDArray[Any]) -> dict[str, NDArray[Any]]:
    n = len(shoppers)
    return {
        "time": np.full(n, time, np.int64),
        "campaign": np.full(n, number, np.int32),
        "shopper": shoppers.astype(np.int32),
    }
