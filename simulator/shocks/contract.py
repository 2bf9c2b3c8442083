"""A shock moves the market or the crowd, not interests; it is a part: a pure function that plans all of it beforehand.

plan(rng, scene) -> Plan     `rng` is a random stream of its own; the scene is the world as it is without any shock
at_day                       when it sets in
holds_back                   whether something that would be there before is held back until then

The world does what the plan says and writes it into the truth. Shocks compose: what they add to the appeal of a product
adds up, price factors multiply, and a product is to be had if it is for all of them. Nothing else in the world draws
from a shock's stream, so a shock moves nobody but those it is about.

magnitude   of a shock on products: nats of appeal at its height, 0 for a shock that does nothing
demand      share of choices that each product would have among shoppers without interests of their own
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from journal.errors import Refusal
from simulator.market import Stock

DRAWN = -1
"""As a product, brand or category: one that chance picks."""

STEPS = 50
"""A course is cut so that no step is more than one in so many of its height."""


class Scene(NamedTuple):
    """A world of P products and n shoppers, as it would be without shocks."""

    category: NDArray[np.int32]  # [P]
    brand: NDArray[np.int32]  # [P]
    demand: NDArray[np.float64]  # [P] adds up to 1
    launch_day: NDArray[np.float64]  # [P] 0 for those on sale from the start
    join_day: NDArray[np.float64]  # [n] 0 for those who are there from the start
    days: float  # length of the run


class Change(NamedTuple):
    """From a day on, k products are so, as far as this shock is concerned; until its next change of them."""

    day: float
    products: NDArray[np.intp]  # [k]
    appeal: float = 0.0  # nats, added
    price: float = 1.0  # factor
    stock: Stock = Stock.IN


class Sham(NamedTuple):
    """A session of a bot: m things done one after the other, for which no choice was made."""

    bot: int  # from 0, within the shock
    day: float  # when it begins; sessions of one bot do not overlap
    products: NDArray[np.intp]  # [m]
    kinds: tuple[int, ...]  # [m] of `journal.facts.Kind`
    gap: float  # seconds between two of them


class Plan(NamedTuple):
    """All that a shock does. Pairs are of an id and a day."""

    changes: tuple[Change, ...] = ()
    launches: tuple[tuple[int, float], ...] = ()  # products that are launched then, not when they would have been
    joins: tuple[tuple[int, float], ...] = ()  # shoppers who join then, not when they would have
    leaves: tuple[tuple[int, float], ...] = ()  # shoppers who leave then
    shams: tuple[Sham, ...] = ()  # what bots do; nothing tells of such a shock but the truth


class Shock(NamedTuple):
    """A shock; see the module's docstring."""

    plan: Callable[[np.random.Generator, Scene], Plan]
    at_day: float
    holds_back: bool = False


def course(level: Callable[[float], float], at_day: float, days: float) -> Iterator[tuple[float, float]]:
    """Yield (day, level) from `at_day` on, hour by hour, where the level has moved by a step of its height.

    >>> [(round(24 * day), height) for day, height in course(lambda since: 1.0 if since < 0.25 else 0.0, 0.0, 1.0)]
    [(0, 1.0), (6, 0.0)]
    """
    hours = np.arange(0, max(days - at_day, 0.0) * 24)
    levels = [level(float(hour) / 24) for hour in hours]
    height = max((abs(value) for value in levels), default=0.0)
    last = 0.0
    for hour, value in zip(hours, levels, strict=True):
        if abs(value - last) > height / STEPS or (value == 0.0) != (last == 0.0):
            yield at_day + float(hour) / 24, value
            last = value


def drawn(rng: np.random.Generator, wanted: int, of: NDArray[np.int32], scene: Scene, at_day: float, what: str) -> int:
    """Return the wanted product, brand or category, or one drawn in proportion to its demand on a day.

    Args:
        rng: draws one number, whether it is needed or not.
        wanted: its id, or `DRAWN`.
        of: what each product is of, [P].
        scene: the world.
        at_day: only what is on sale then is drawn.
        what: its name in an error.
    """
    weight = np.bincount(of, np.where(scene.launch_day <= at_day, scene.demand, 0.0))
    chosen = int(np.searchsorted(weight.cumsum(), rng.random() * weight.sum(), side="right"))
    if not -1 <= wanted < len(weight):
        raise Refusal(f"There is no {what} {wanted}: they are 0 to {len(weight) - 1}, or -1 for one that is drawn.")
    return min(chosen, len(weight) - 1) if wanted == DRAWN else wanted


def some(rng: np.random.Generator, share: float, scene: Scene, at_day: float) -> NDArray[np.intp]:
    """Return a share of the products on sale on a day, each as likely as another, in order of id."""
    there = np.flatnonzero(scene.launch_day <= at_day)
    return np.sort(rng.permutation(there)[: round(share * len(there))])


RANGES: dict[str, tuple[float, float]] = {
    "share": (0, 1),
    "targets": (1, 1_000_000),
    "bots": (1, 1_000_000),
    "visits": (1, 1_000_000),
    "beside": (1, 10_000),
    "magnitude": (0, 20),
    "discount": (0, 0.99),
    "at_day": (0, 3_650),
    "hours": (0.001, 87_600),
    "decay_days": (0.001, 3_650),
    "over_days": (0, 3_650),
    "recovery_days": (0, 3_650),
    "for_days": (0, 3_650),
    "within_days": (0, 3_650),
}


def check(positive: tuple[str, ...] = (), **given: Any) -> None:
    """Refuse a parameter out of its range, and 0 for one that has to be `positive`."""
    for name, value in given.items():
        low, high = RANGES[name]
        if not low <= value <= high or (name in positive and value == 0):
            but = " (and not 0)" if name in positive else ""
            raise Refusal(f"A shock's {name} = {value} is outside {low:g} to {high:g}{but}.")
