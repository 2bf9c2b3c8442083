"""Shocks on products: bursts, sales, wars, scandals, empty shelves, launches, deaths; see `shocks.contract`."""

from __future__ import annotations

from math import exp, log1p

import numpy as np

from simulator.market import Stock
from simulator.shocks.contract import Change, Plan, Scene, Shock, check, course, drawn, some


def viral(product: int = -1, magnitude: float = 6.0, at_day: float = 5.0, decay_days: float = 1.0) -> Shock:
    """Everybody wants one product at once; demand for it relaxes as (1 + t / decay_days) ** -1.4.

    The response of demand to a push from outside (Crane and Sornette 2008, exponent 1 + theta with theta = 0.4); at its
    height demand within the category is exp(magnitude) times what it was. The product is drawn with no regard to its
    demand if none is given.
    """
    check(magnitude=magnitude, at_day=at_day, decay_days=decay_days)

    def plan(rng: np.random.Generator, scene: Scene) -> Plan:
        alike = scene._replace(demand=np.ones_like(scene.demand))
        ids = np.arange(len(scene.category), dtype=np.int32)
        chosen = np.array([drawn(rng, product, ids, alike, at_day, "product")])
        times = exp(magnitude) - 1

        def extra(since: float) -> float:
            return log1p(times * (1 + since / decay_days) ** -1.4)

        return Plan(tuple(Change(day, chosen, appeal=nats) for day, nats in course(extra, at_day, scene.days)))

    return Shock(plan, at_day)


def flash_sale(
    share: float = 0.05, discount: float = 0.4, magnitude: float = 2.0, at_day: float = 5.5, hours: float = 12.0
) -> Shock:
    """Some products are cheaper for some hours, and all are told so: `magnitude` is what being on show adds.

    Price promotions move demand most where the price was above what a shopper would pay, and displays move it beside
    the price (Blattberg, Briesch and Fox 1995).
    """
    check(share=share, discount=discount, magnitude=magnitude, at_day=at_day, hours=hours)

    def plan(rng: np.random.Generator, scene: Scene) -> Plan:
        chosen = some(rng, share, scene, at_day)
        on = Change(at_day, chosen, appeal=magnitude, price=1 - discount)
        return Plan((on, Change(at_day + hours / 24, chosen)))

    return Shock(plan, at_day)


def price_war(
    category: int = -1, discount: float = 0.5, at_day: float = 5.0, over_days: float = 3.0, for_days: float = 5.0
) -> Shock:
    """The prices of a category fall day by day for some days and are back `for_days` after the first cut (0: never)."""
    check(discount=discount, at_day=at_day, over_days=over_days, for_days=for_days)

    def plan(rng: np.random.Generator, scene: Scene) -> Plan:
        chosen = np.flatnonzero(scene.category == drawn(rng, category, scene.category, scene, at_day, "category"))
        cuts = max(round(over_days), 1)
        fall = [Change(at_day + cut, chosen, price=(1 - discount) ** ((cut + 1) / cuts)) for cut in range(cuts)]
        end = at_day + for_days
        return Plan((*(cut for cut in fall if cut.day < end), Change(end, chosen)) if for_days else tuple(fall))

    return Shock(plan, at_day)


def stock_out(share: float = 0.1, at_day: float = 5.0, for_days: float = 2.0) -> Shock:
    """The products in greatest demand run out, a share of all on sale, and are back after `for_days` (0: never)."""
    check(share=share, at_day=at_day, for_days=for_days)

    def plan(rng: np.random.Generator, scene: Scene) -> Plan:
        there = np.flatnonzero(scene.launch_day <= at_day)
        wanted = there[np.argsort(-scene.demand[there], kind="stable")]
        chosen = np.sort(wanted[: round(share * len(there))])
        back = [Change(at_day + for_days, chosen)] * bool(for_days)
        return Plan((Change(at_day, chosen, stock=Stock.OUT), *back))

    return Shock(plan, at_day)


def launch_wave(share: float = 0.15, at_day: float = 7.0, within_days: float = 0.0) -> Shock:
    """A share of the products, held back until then, is launched at once, or evenly within some days (cold start)."""
    check(share=share, at_day=at_day, within_days=within_days)

    def plan(rng: np.random.Generator, scene: Scene) -> Plan:
        coins = rng.random((len(scene.demand), 2))
        held = np.flatnonzero((coins[:, 0] < share) & (scene.launch_day <= at_day))
        return Plan(launches=tuple((int(i), at_day + within_days * float(coins[i, 1])) for i in held))

    return Shock(plan, at_day, holds_back=True)


def brand_scandal(brand: int = -1, magnitude: float = 3.0, at_day: float = 7.0, recovery_days: float = 0.0) -> Shock:
    """A brand's products lose appeal at once; it comes back with the time constant `recovery_days`, or never (0).

    The harm of a product crisis lasts, and decays slowly if at all (Van Heerde, Helsen and Dekimpe 2007).
    """
    check(magnitude=magnitude, at_day=at_day, recovery_days=recovery_days)

    def plan(rng: np.random.Generator, scene: Scene) -> Plan:
        chosen = np.flatnonzero(scene.brand == drawn(rng, brand, scene.brand, scene, at_day, "brand"))

        def lost(since: float) -> float:
            return -magnitude * (exp(-since / recovery_days) if recovery_days else 1.0)

        return Plan(tuple(Change(day, chosen, appeal=nats) for day, nats in course(lost, at_day, scene.days)))

    return Shock(plan, at_day)


def category_death(category: int = -1, magnitude: float = 4.0, at_day: float = 5.0, over_days: float = 4.0) -> Shock:
    """A category goes out of use: its appeal falls evenly for `over_days`, and then its products are retired."""
    check(magnitude=magnitude, at_day=at_day, over_days=over_days)

    def plan(rng: np.random.Generator, scene: Scene) -> Plan:
        chosen = np.flatnonzero(scene.category == drawn(rng, category, scene.category, scene, at_day, "category"))
        end = at_day + over_days

        def faded(since: float) -> float:
            return -magnitude * since / over_days if over_days else 0.0

        falling = course(faded, at_day, min(end, scene.days))
        fall = [Change(day, chosen, appeal=nats) for day, nats in falling]
        return Plan((*fall, Change(end, chosen, appeal=-magnitude, stock=Stock.GONE)))

    return Shock(plan, at_day)
