"""What is known before the world begins is told when it is due: SimPy processes that decide and draw nothing."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from journal.facts import MICROSECONDS, Kind
from simulator.ledger import NOBODY, Ledger
from simulator.market import Market, Stock
from simulator.schedule import BOTS, Schedule
from simulator.shop import Shop
from simulator.social import Follows
from simulator.truth import Truth

Process = Generator[simpy.Event, Any, None]

STOCK_KINDS = {Stock.IN: Kind.RESTOCKED, Stock.OUT: Kind.STOCK_OUT, Stock.GONE: Kind.PRODUCT_RETIRED}
"""What is told of a product whose stock is another now."""


def launches(env: simpy.Environment, ledger: Ledger, times: NDArray[np.int64], price: NDArray[np.float32]) -> Process:
    """List each product when it is launched."""
    prices = price.astype(float).tolist()
    for product in np.argsort(times, kind="stable").tolist():
        if times[product] > env.now:
            yield env.timeout(int(times[product]) - int(env.now))
        ledger.announce(int(env.now), NOBODY, Kind.PRODUCT_LISTED, product, value=prices[product])


def joinings(ledger: Ledger, times: NDArray[np.int64]) -> None:
    """Say when each shopper joins, ahead of time, so that nothing of it can come before."""
    for shopper, time in enumerate(times.tolist()):
        ledger.announce(time, shopper, Kind.SHOPPER_JOINED)


def commands(ledger: Ledger, told: Sequence[tuple[int, str]]) -> None:
    """Say when (us) which command sets in, ahead of time: its fact comes before all that it does."""
    for number, (time, text) in enumerate(told):
        ledger.announce(time, NOBODY, Kind.COMMAND, value=number, note=text)


def follows(env: simpy.Environment, ledger: Ledger, graph: Follows, joined: NDArray[np.int64]) -> Process:
    """A shopper follows another as soon as both have joined."""
    times = np.maximum(joined[graph.follower], joined[graph.followed])
    order = np.argsort(times, kind="stable")
    columns = (column[order].tolist() for column in (times, graph.follower, graph.followed))
    for time, follower, followed in zip(*columns, strict=True):
        if time > env.now:
            yield env.timeout(time - int(env.now))
        ledger.announce(int(env.now), follower, Kind.FOLLOWED, value=followed)


def shocks(env: simpy.Environment, ledger: Ledger, truth: Truth, market: Market, schedule: Schedule) -> Process:
    """Tell of a shock that it sets in, and of products that price or stock are others; write both into the truth."""
    for time, begins, changes in schedule.moments():
        if time > env.now:
            yield env.timeout(time - int(env.now))
        for part in begins["part"][begins["on"] != BOTS].tolist():  # of bots nothing tells but the truth
            ledger.announce(time, NOBODY, Kind.SHOCK, value=part)
        before, after = market.at(time - 1), market.at(time)
        for product in changes["product"].tolist():
            if before.price[product] != after.price[product]:
                ledger.announce(time, NOBODY, Kind.PRICE_CHANGED, product, value=float(after.price[product]))
            if before.stock[product] != after.stock[product]:
                ledger.announce(time, NOBODY, STOCK_KINDS[Stock(after.stock[product])], product)
        truth.note("shock", begins)
        truth.note("market", changes)


def shams(
    env: simpy.Environment, ledger: Ledger, truth: Truth, shop: Shop, schedule: Schedule, number: Callable[[], int]
) -> Process:
    """Have bots do what the schedule says, as far as it can be done; `number` gives the next session its number."""
    truth.note("bot", schedule.bots)
    joined = dict[int, None]()
    for start, bot, sham in schedule.shams:
        yield env.timeout(start - int(env.now))
        if bot not in joined:
            joined[bot] = None
            ledger.announce(start, bot, Kind.SHOPPER_JOINED)
        session, time = number(), start
        ledger.announce(start, bot, Kind.SESSION_STARTED, session=session)
        for product, kind in zip(sham.products.tolist(), sham.kinds, strict=True):
            time += int(sham.gap * MICROSECONDS)
            if shop.on_sale(product, time):
                paid = shop.price(product, time) if kind == Kind.PURCHASED else np.nan
                ledger.announce(time, bot, kind, product, session, paid)
        ledger.announce(time + 1, bot, Kind.SESSION_ENDED, session=session)
