"""Uplift is what a coupon changes in a shopper's probability to buy; what it is of whom, only the truth knows.

persuadable     looks at prices with the coupon taken off, and buys what was chosen more often; uses the coupon
sure thing      chooses and buys as without; uses the coupon
lost cause      chooses and buys as without, and never thinks of the coupon
sleeping dog    is annoyed by it and buys what was chosen less often; does not use it
pull            what a coupon adds to the logarithm of the probability to buy what was chosen, nats

Who is what is drawn by weights: the logarithm of the kind's share, plus `traits` times how sensitive to prices the
shopper is (persuadable +, sleeping dog -) or how active (sure thing +, lost cause -), in spreads from the mean.
The four kinds: Radcliffe and Surry 1999; the names are those of marketing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from journal.chance import stream
from simulator.shoppers import Traits
from simulator.spec import WorldSpec

ANSWERS = ("persuadable", "sure thing", "lost cause", "sleeping dog")
PERSUADABLE, SURE_THING, LOST_CAUSE, SLEEPING_DOG = range(4)


def draw_answers(spec: WorldSpec, seed: int, traits: Traits) -> Traits:
    """Return answer[n] i1 (place in `ANSWERS`) and pull[n] f4 (nats) of every shopper.

    >>> from simulator.shoppers import draw_shoppers
    >>> answers = draw_answers(WorldSpec(), 1, draw_shoppers(WorldSpec(), 1)[2])
    >>> np.bincount(answers["answer"], minlength=4).sum()
    np.int64(1000)
    """
    uplift, who = spec.uplift, spec.shoppers
    luck = stream(seed, "uplift").random((len(traits["activity"]), 2))
    spread = spec.sessions.activity
    # Both are in spreads from the mean of those they are drawn from, so one shopper more changes nobody.
    sensitive = traits["sensitivity"] / max(who.price_sensitivity, 1e-12) * 2 - 2
    active = (np.log(traits["activity"] / spec.sessions.per_day) + spread**2 / 2) / max(spread, 1e-12)
    left = max(1 - uplift.persuadable - uplift.sure_thing - uplift.sleeping_dog, 0.0)
    shares = (uplift.persuadable, uplift.sure_thing, left, uplift.sleeping_dog)
    leaning = uplift.traits * np.stack([sensitive, active, -active, -sensitive], axis=1)
    weight = np.array(shares) * np.exp(leaning.astype(np.float64))
    ladder = weight.cumsum(axis=1)
    answer = (luck[:, :1] * ladder[:, -1:] >= ladder[:, :-1]).sum(axis=1)
    strength = 0.5 + luck[:, 1]
    pull = np.select([answer == PERSUADABLE, answer == SLEEPING_DOG], [uplift.lift, -uplift.annoyance]) * strength
    return {"answer": answer.astype(np.int8), "pull": pull.astype(np.float32)}


def uses(answer: NDArray[np.int8] | int) -> NDArray[np.bool_] | bool:
    """Whether shoppers of a kind use a coupon when they buy."""
    return (answer == PERSUADABLE) | (answer == SURE_THING)
