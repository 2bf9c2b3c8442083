"""Shocks by bots: sham shoppers who click, crawl or pose; see `simulator.shocks.contract`.

Their facts look like anybody's. Only the truth knows them (table `bot`), and measures leave what they do out, since
nobody has to foresee it; but recommenders learn from it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from journal.facts import Kind
from simulator.shocks.contract import Plan, Scene, Sham, Shock, check, some

VIEW, BUY = int(Kind.VIEWED), int(Kind.PURCHASED)


def click_farm(
    targets: int = 10, bots: int = 40, visits: int = 50, at_day: float = 5.0, for_days: float = 3.0
) -> Shock:
    """Many sham shoppers view a few products, two of them a visit, to make them look popular (click fraud).

    Wilbur and Zhu 2009. The targets are drawn with no regard to demand.
    """
    check(("for_days",), targets=targets, bots=bots, visits=visits, at_day=at_day, for_days=for_days)

    def plan(rng: np.random.Generator, scene: Scene) -> Plan:
        chosen = _targets(rng, targets, scene, at_day)
        clicks = rng.integers(len(chosen), size=(bots, visits, 2))
        begins, slot = _begins(rng, bots, visits, at_day, for_days), 86_400 * for_days / visits
        return Plan(
            shams=tuple(
                Sham(bot, float(begins[bot, visit]), chosen[clicks[bot, visit]], (VIEW, VIEW), gap=min(8.0, slot / 8))
                for bot in range(bots)
                for visit in range(visits)
            )
        )

    return Shock(plan, at_day)


def scraper(at_day: float = 5.0, for_days: float = 1.0) -> Shock:
    """One sham shopper views every product on sale, in order of id, around the clock (a crawler)."""
    check(("for_days",), at_day=at_day, for_days=for_days)

    def plan(rng: np.random.Generator, scene: Scene) -> Plan:
        there = np.flatnonzero(scene.launch_day <= at_day)
        parts = np.array_split(there, max(round(24 * for_days), 1))
        hour = for_days / len(parts)
        return Plan(
            shams=tuple(
                Sham(0, at_day + hour * at, part, (VIEW,) * len(part), gap=min(hour * 77_760 / (len(part) + 1), 600.0))
                for at, part in enumerate(parts)
                if len(part)
            )
        )

    return Shock(plan, at_day)


def shilling(targets: int = 1, bots: int = 60, beside: int = 8, at_day: float = 5.0, for_days: float = 3.0) -> Shock:
    """Sham profiles pair a target with products in great demand, and buy it, so that it is shown beside them.

    A bandwagon attack to push a product (Lam and Riedl 2004; Mobasher, Burke, Bhaumik and Williams 2007). Each bot
    comes once and views `beside` products of the hundred in greatest demand, the target after each.
    """
    check(("for_days",), targets=targets, bots=bots, beside=beside, at_day=at_day, for_days=for_days)

    def plan(rng: np.random.Generator, scene: Scene) -> Plan:
        chosen = _targets(rng, targets, scene, at_day)
        there = np.flatnonzero(scene.launch_day <= at_day)
        known = there[np.argsort(-scene.demand[there], kind="stable")][:100]
        pushed, pairs = rng.integers(len(chosen), size=bots), rng.integers(len(known), size=(bots, beside))
        begins = _begins(rng, bots, 1, at_day, for_days)
        kinds, slot = (*(VIEW, VIEW) * beside, BUY), 43_200 * for_days
        shams = []
        for bot in range(bots):
            target = np.full(beside, chosen[pushed[bot]])
            steps = np.append(np.stack([known[pairs[bot]], target], 1).ravel(), target[0])
            shams.append(Sham(bot, float(begins[bot, 0]), steps, kinds, gap=min(20.0, slot / len(kinds))))
        return Plan(shams=tuple(shams))

    return Shock(plan, at_day)


def _targets(rng: np.random.Generator, targets: int, scene: Scene, at_day: float) -> NDArray[np.intp]:
    """Draw so many products on sale, or all there are."""
    there = int((scene.launch_day <= at_day).sum())
    return some(rng, min(targets / there, 1.0), scene, at_day)


def _begins(rng: np.random.Generator, bots: int, visits: int, at_day: float, for_days: float) -> NDArray[np.float64]:
    """Draw when each visit of each bot begins: each in the first half of a slot of its own."""
    slots = (np.arange(visits) + rng.random((bots, visits)) / 2) / visits
    return at_day + for_days * slots
