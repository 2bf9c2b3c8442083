"""A shopper is drawn from a random stream of its own, so that one shopper more changes no other's life.

interests   theta[n, D]: of variance 1 a factor: what all have in common + what the cohort has + the shopper's own
traits      cohort[n] i4, join_time[n] i8 (us), budget[n] (log money), sensitivity[n], novelty[n], loyalty[n] (nats),
            activity[n] (sessions a day), all f4

What the stream is used for does not depend on what anybody recommends: the traits, then a fixed number of draws for
every session. So the choices of a session are made with the same numbers under every policy (common random numbers).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from journal.chance import stream
from simulator.rhythm import DAY
from simulator.spec import WorldSpec
from simulator.streams import Streams

Traits = dict[str, NDArray[Any]]


def draw_shoppers(spec: WorldSpec, seed: int) -> tuple[Streams, NDArray[np.float64], Traits]:
    """Return the shoppers' streams (traits already drawn), the interests at the start, and the traits.

    >>> streams, interests, traits = draw_shoppers(WorldSpec(), 1)
    >>> len(streams), interests.shape
    (1000, (1000, 16))
    """
    who, n, factors = spec.shoppers, spec.shoppers.shoppers, spec.shoppers.factors
    streams = Streams(seed, n)
    coins, normals, gammas = np.empty((n, 3)), np.empty((n, factors + 2)), np.empty((n, 3))
    for shopper in range(n):
        own = streams.wake(shopper)
        own.random(out=coins[shopper])
        own.standard_normal(out=normals[shopper])
        own.standard_gamma(4.0, out=gammas[shopper])
        streams.rest(shopper)
    gammas /= 4.0

    cohort = (coins[:, 0] * who.cohorts).astype(np.int32)
    late = coins[:, 1] < who.joining
    activity = np.exp(spec.sessions.activity * normals[:, 1] - spec.sessions.activity**2 / 2)
    traits = {
        "cohort": cohort,
        # Whole milliseconds, and at least one: time 0 is for those who are there from the start.
        "join_time": np.where(late, 1_000 + (coins[:, 2] * spec.days * (DAY // 1_000)).astype(np.int64) * 1_000, 0),
        "budget": np.log(spec.catalogue.price) + who.budget_spread * normals[:, 0],
        "sensitivity": who.price_sensitivity * gammas[:, 0],
        "novelty": who.novelty * gammas[:, 1],
        "loyalty": who.loyalty * gammas[:, 2],
        "activity": spec.sessions.per_day * activity,
    }
    for name in ("budget", "sensitivity", "novelty", "loyalty", "activity"):
        traits[name] = traits[name].astype(np.float32)
    common = stream(seed, "interests", "all").standard_normal(factors)
    of_cohorts = stream(seed, "interests", "cohorts").standard_normal((who.cohorts, factors))[cohort]
    own_share = max(1 - who.shared - who.cohort_shared, 0.0)
    interests = np.sqrt(who.shared) * common + np.sqrt(who.cohort_shared) * of_cohorts
    interests += np.sqrt(own_share) * normals[:, 2:]
    return streams, interests, traits
