"""The schedule is what all shocks together do to a world, worked out before it begins: nothing that happens alters it.

launch_time[P] i8, join_time[n] i8, leave_time[n] i8    us; who never leaves leaves at `FOREVER`
market    the rows of the truth's table `market`, in order of time; see `simulator.market`
shams     sessions of bots, in order of time: when each begins (us, odd as all sessions), the bot's id (bots come behind
          all shoppers), and what it does
bots      a row a bot, of the truth's table `bot`: shopper i4, part i4 (place in the list of shocks)
shocks    a row a shock, of the truth's table `shock`:
          time i8 (us, when it sets in), part i4 (place in the list of shocks), until i8 (us, its last move),
          on i1 (0: it moves products, 1: shoppers, 2: it is bots), affected i4 (how many), magnitude f4, path f4
magnitude, path    of demand, the choices of shoppers without interests of their own: the largest total variation
          distance to how it was before, and the sum of those of all moves (Webb, Hyde, Cao, Nguyen and Petitjean 2016:
          drift magnitude, path length; its duration is until - time). Of a shock on shoppers: the share that it moves
          (of bots: their share of all who ever come).
All times are even, as those of launches and drifts: nothing ties with a session. A change to a product that is not on
sale yet waits until just after its launch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from journal.chance import stream
from journal.errors import Refusal
from simulator.choice import Mind, Visit
from simulator.market import COLUMNS, FOREVER, Stock
from simulator.rhythm import DAY, HOUR
from simulator.shocks.contract import Change, Plan, Scene, Sham, Shock
from simulator.shop import Shop
from simulator.spec import WorldSpec

Arrays = Mapping[str, NDArray[Any]]
Rows = dict[str, NDArray[Any]]

PRODUCTS, SHOPPERS, BOTS = 0, 1, 2

_BOT = {"shopper": np.int32, "part": np.int32}

_SHOCK = {
    "time": np.int64,
    "part": np.int32,
    "until": np.int64,
    "on": np.int8,
    "affected": np.int32,
    "magnitude": np.float32,
    "path": np.float32,
}


class Schedule(NamedTuple):
    """What is to happen; see the module's docstring."""

    launch_time: NDArray[np.int64]
    join_time: NDArray[np.int64]
    leave_time: NDArray[np.int64]
    market: Rows
    shocks: Rows
    shams: tuple[tuple[int, int, Sham], ...]
    bots: Rows

    def moments(self) -> Iterator[tuple[int, Rows, Rows]]:
        """Yield each time at which a shock sets in or the market changes, with the rows of `shocks` and `market`."""
        for time in np.unique([*self.shocks["time"], *self.market["time"]]).astype(np.int64).tolist():
            yield time, _at(self.shocks, time), _at(self.market, time)


def _at(rows: Rows, time: int) -> Rows:
    return {name: column[rows["time"] == time] for name, column in rows.items()}


def schedule(
    spec: WorldSpec, seed: int, shocks: Sequence[Shock], published: Arrays, truth: Arrays, traits: Arrays
) -> Schedule:
    """Plan all shocks of a world and lay the plans over each other.

    Raises Refusal where at some moment nothing would be on sale.
    """
    launch, join = published["launch_time"], traits["join_time"]
    leave = np.full(len(join), FOREVER, np.int64)
    if not shocks:
        return Schedule(launch, join, leave, _columns(COLUMNS, []), _columns(_SHOCK, []), (), _columns(_BOT, []))
    shop = Shop(published, truth, spec)
    demand = np.empty(shop.products)
    demand[shop.order] = _average(shop, FOREVER).probabilities()
    scene = Scene(published["category"], published["brand"], demand, launch / DAY, join / DAY, spec.days)
    plans = [shock.plan(stream(seed, "shock", part), scene) for part, shock in enumerate(shocks)]
    launch, join = launch.copy(), join.copy()
    for plan in plans:
        for column, pairs, tick in ((launch, plan.launches, HOUR), (join, plan.joins, 2), (leave, plan.leaves, 2)):
            for which, day in pairs:
                column[which] = _time(day, tick)
    rows = _market([plan.changes for plan in plans], launch, published["price"], int(spec.days * DAY))
    told = []
    for part, (shock, plan) in enumerate(zip(shocks, plans, strict=True)):
        on = BOTS if plan.shams else SHOPPERS if plan.joins or plan.leaves else PRODUCTS
        begin = _time(shock.at_day)
        until, *extent = _on_demand(plan, spec, published, truth) if on == PRODUCTS else _on_crowd(plan, len(join))
        told.append((begin, part, max(until, begin), on, *extent))
    shams, bots = _shams(plans, len(join))
    return Schedule(launch, join, leave, rows, _columns(_SHOCK, sorted(told)), shams, _columns(_BOT, bots))


def _shams(plans: Sequence[Plan], shoppers: int) -> tuple[tuple[tuple[int, int, Sham], ...], list[tuple[int, int]]]:
    """Give bots their ids, and return their sessions in order, and each bot with its part."""
    found, bots, first = [], [], shoppers
    for part, plan in enumerate(plans):
        found += [(_time(sham.day) | 1, first + sham.bot, sham) for sham in plan.shams]
        many = max((sham.bot + 1 for sham in plan.shams), default=0)
        bots += [(first + bot, part) for bot in range(many)]
        first += many
    return tuple(sorted(found, key=lambda row: row[:2])), bots


def _time(day: float, tick: int = 2) -> int:
    """The time of a day, us, on a tick."""
    return round(day * DAY / tick) * tick


def _columns(dtypes: Mapping[str, Any], rows: Sequence[tuple[Any, ...]]) -> Rows:
    columns = zip(*rows, strict=True) if rows else [()] * len(dtypes)
    return {name: np.array(column, dtype) for (name, dtype), column in zip(dtypes.items(), columns, strict=True)}


def _market(plans: Sequence[Sequence[Change]], launch: NDArray[np.int64], price: NDArray[Any], end: int) -> Rows:
    """Lay changes over each other: a row for each product that comes out different from what it was."""
    due = defaultdict[int, list[tuple[int, Change, NDArray[np.intp]]]](list)
    for part, changes in enumerate(plans):
        for change in changes:
            time = _time(change.day)
            when = np.where(launch[change.products] > time, launch[change.products] + 2, time)
            for moment in np.unique(when).tolist():
                due[moment].append((part, change, change.products[when == moment]))
    products, base = len(launch), np.asarray(price, float)
    appeal, factor = np.zeros((len(plans), products)), np.ones((len(plans), products))
    stock = np.zeros((len(plans), products), np.int8)
    now = np.zeros(products), base.copy(), np.zeros(products, np.int8)
    rows: list[tuple[Any, ...]] = []
    for moment in sorted(due):
        for part, change, which in due[moment]:
            appeal[part, which], factor[part, which], stock[part, which] = change.appeal, change.price, change.stock
        factors = factor.prod(0)
        prices = np.where(factors == 1, base, np.maximum(np.round(base * factors, 2), 0.01))
        after = appeal.sum(0), prices, stock.max(0)
        moved = np.flatnonzero(np.any([one != other for one, other in zip(now, after, strict=True)], 0))
        rows += zip([moment] * len(moved), moved, *(column[moved] for column in after), strict=True)
        now = after
        if moment < end and not ((launch <= moment) & (now[2] == Stock.IN)).any():
            raise Refusal(
                f"The shocks leave nothing on sale on day {moment / DAY:.2f}. Give them fewer products, or other days."
            )
    return _columns(COLUMNS, rows)


def _average(shop: Shop, time: int) -> Visit:
    """The visit of a shopper who has no interests, and the median budget."""
    price = shop.spec.catalogue.price
    mind = Mind(float(np.log(price)), shop.spec.shoppers.price_sensitivity, novelty=0.0, loyalty=0.0)
    return Visit(shop, mind, np.zeros(shop.spec.shoppers.factors, np.float32), time)


def _on_crowd(plan: Plan, shoppers: int) -> tuple[int, int, float, float]:
    """When a shock on shoppers is over, how many it moves, and their share twice: they move once and at once."""
    bots = max((sham.bot + 1 for sham in plan.shams), default=0)
    days = [day for _, day in (*plan.joins, *plan.leaves)] + [sham.day for sham in plan.shams]
    many = bots or len({who for who, _ in (*plan.joins, *plan.leaves)})
    share = many / (shoppers + bots)
    return _time(max(days)), many, share, share


def _on_demand(plan: Plan, spec: WorldSpec, published: Arrays, truth: Arrays) -> tuple[int, int, float, float]:
    """When the last move of a shock on products is over, how many it moves, and how far and by which way, alone."""
    launch = published["launch_time"].copy()
    for product, day in plan.launches:
        launch[product] = _time(day, HOUR)
    shop = Shop({**published, "launch_time": launch}, truth, spec)
    shop.market.add(_market([plan.changes], launch, published["price"], end=0))
    waves = {_time(day, HOUR) for _, day in plan.launches}
    times = sorted(time for time in waves | {_time(change.day) for change in plan.changes} if time < spec.days * DAY)
    visit = _average(shop, max(times[0] - 2, 0) if times else 0)
    first = was = visit.probabilities()
    until, magnitude, path = 0, 0.0, 0.0
    for time in times:
        if time in waves:  # else newness stays as it was: it is none of the shock's
            was, visit = _average(shop, max(time - 2, 0)).probabilities(), _average(shop, time)
        elif time >= visit.until:
            visit.turn(time)
        now = visit.probabilities()
        step, far = (float(np.abs(now - other).sum()) / 2 for other in (was, first))
        until, magnitude, path, was = time if step > 0 else until, max(magnitude, far), path + step, now
    affected = {int(i) for change in plan.changes for i in change.products} | {product for product, _ in plan.launches}
    return until, len(affected), magnitude, path
