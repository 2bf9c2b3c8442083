"""Shocks on the crowd: who comes, and who leaves; see `simulator.shocks.contract`."""

from __future__ import annotations

import numpy as np

from simulator.shocks.contract import Plan, Scene, Shock, check


def influx(share: float = 0.3, at_day: float = 7.0, within_days: float = 0.5) -> Shock:
    """A share of the shoppers, who stayed away until then, joins in a burst: strangers all (cold start)."""
    check(share=share, at_day=at_day, within_days=within_days)

    def plan(rng: np.random.Generator, scene: Scene) -> Plan:
        coins = rng.random((len(scene.join_day), 2))
        who = np.flatnonzero((coins[:, 0] < share) & (scene.join_day <= at_day))
        return Plan(joins=tuple((int(u), at_day + within_days * float(coins[u, 1])) for u in who))

    return Shock(plan, at_day, holds_back=True)


def churn(share: float = 0.3, at_day: float = 7.0, within_days: float = 2.0) -> Shock:
    """A share of the shoppers who are there leaves for good, each at a moment of its own within some days."""
    check(share=share, at_day=at_day, within_days=within_days)

    def plan(rng: np.random.Generator, scene: Scene) -> Plan:
        coins = rng.random((len(scene.join_day), 2))
        who = np.flatnonzero((coins[:, 0] < share) & (scene.join_day <= at_day))
        return Plan(leaves=tuple((int(u), at_day + within_days * float(coins[u, 1])) for u in who))

    return Shock(plan, at_day)
