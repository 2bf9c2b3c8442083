"""What makes ties is told in the columns of events: who, and whom or what it is tied to.

FOLLOWED             shopper: who follows; product: the shopper that is followed
COUPON_ISSUED        shopper: who gets it; product: the campaign
COUPON_REDEEMED      shopper: who uses it; product: the campaign, which the fact's cause tells
CAMPAIGN_STARTED     shopper: the campaign; product: the category that its coupons are good for, -1 for all
"""

from __future__ import annotations

import json

import numpy as np

from journal.facts import Facts, Kind
from model.contract import Events

Coupons = dict[int, int]
"""Campaigns by the seq of the fact that issued a coupon."""


def issued(facts: Facts) -> Coupons:
    """Return the coupons that are issued in these facts.

    >>> from journal.facts import facts
    >>> issued(facts(seq=[7, 8], time=[0, 0], kind=[Kind.COUPON_ISSUED, Kind.VIEWED], shopper=[3, 3], value=[2, 0]))
    {7: 2}
    """
    which = facts.kind == Kind.COUPON_ISSUED
    return dict(zip(facts.seq[which].tolist(), facts.value[which].astype(int).tolist(), strict=True))


def told_ties(events: Events, facts: Facts, ties: tuple[int, ...], coupons: Coupons) -> Events:
    """Return the events of these facts, one each, with what makes ties told as it is to be."""
    shopper, product = events.shopper.copy(), events.product.copy()
    for at in np.flatnonzero(np.isin(events.kind, ties)).tolist():
        kind = Kind(int(events.kind[at]))
        if kind == Kind.CAMPAIGN_STARTED:
            terms = json.loads(facts.payload[int(facts.seq[at])])
            shopper[at], product[at] = int(facts.value[at]), int(terms["category"])
        elif kind == Kind.COUPON_REDEEMED:
            product[at] = coupons[int(facts.cause[at])]
        else:
            product[at] = int(facts.value[at])
    return events._replace(shopper=shopper, product=product)
