"""What is known before the world begins is told when it is due: SimPy processes that decide and draw nothing."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from journal.facts import Kind
from simulator.ledger import NOBODY, Ledger
from simulator.market import Market, Stock
from simulator.schedule import Schedule
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
        for part in begins["part"].tolist():
            ledger.announce(time, NOBODY, Kind.SHOCK, value=part)
        before, after = market.at(time - 1), market.at(time)
        for product in changes["product"].tolist():
            if before.price[product] != after.price[product]:
                ledger.announce(time, NOBODY, Kind.PRICE_CHANGED, product, value=float(after.price[product]))
            if before.stock[product] != after.stock[product]:
                ledger.announce(time, NOBODY, STOCK_KINDS[Stock(after.stock[product])], product)
        truth.note("shock", begins)
        truth.note("market", changes)
