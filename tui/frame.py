"""A frame is what the screens show of one moment; every screen reads a frame, and nothing else crosses to it.

moment   a fact of the run, the newest one shown; what comes after it is known to charts alone
curve    a measure of a lane over the run, one value a chunk, as the run file keeps it
level    the newest value of a curve at the moment
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from driftlab.record import Moment
from driftlab.recorded import DAY
from journal.facts import Facts, Kind

TREND = 8
"""Values of a curve over which its trend is told."""


class Curve(NamedTuple):
    """A measure of a lane over time."""

    seq: NDArray[np.int64]  # [n] last fact of each chunk
    time: NDArray[np.int64]  # [n] microseconds
    value: NDArray[np.float64]  # [n]

    def at(self, seq: int) -> float:
        """Return the newest value at fact `seq`; NaN before the first."""
        place = int(np.searchsorted(self.seq, seq, side="right"))
        return float(self.value[place - 1]) if place else float("nan")

    def trend(self, seq: int) -> float:
        """Return how far the newest value at `seq` is above that of `TREND` values before; NaN where there is none."""
        place = int(np.searchsorted(self.seq, seq, side="right"))
        return float(self.value[place - 1] - self.value[place - 1 - TREND]) if place > TREND else float("nan")

    def total(self, seq: int) -> float:
        """Return the sum of all values up to `seq`: what a cost comes to."""
        return float(self.value[: int(np.searchsorted(self.seq, seq, side="right"))].sum())


class Names(NamedTuple):
    """What shoppers and products are called, and what is known of each product."""

    shopper: list[str]  # by id; none in a world, where the number is the name
    product: list[str]
    category: NDArray[np.int32]  # [P], -1 where unknown
    brand: NDArray[np.int32]  # [P]
    price: NDArray[np.float32]  # [P], NaN where unknown


@dataclass(frozen=True, eq=False)
class Frame:
    """All that a screen needs to know of a run at a moment."""

    path: str
    header: Mapping[str, str]
    lanes: tuple[str, ...]
    facts: Facts  # all that are recorded
    seq: int  # the moment; 0 before the first fact
    curves: Mapping[tuple[str, str], Curve]  # by lane and measure
    ranks: Mapping[int, float]  # of the facts of the tail, by seq, in the first lane
    drifts: tuple[Moment, ...]
    interests: Mapping[str, NDArray[np.float64]]  # rows of the truth: time, shopper, theta; none of a log
    names: Names
    own: Mapping[str, str]  # texts of the users' own parts, by file name
    finished: bool
    thrown: tuple[Moment, ...] = ()  # what a person threw in: when it set in, and what it is

    @property
    def last(self) -> int:
        """Seq of the last fact recorded."""
        return len(self.facts)

    @property
    def opening(self) -> int:
        """Time of the first fact, microseconds."""
        return int(self.facts.time[0]) if self.last else 0

    @property
    def time(self) -> int:
        """Time of the moment, microseconds."""
        return self.time_of(self.seq)

    def time_of(self, seq: int) -> int:
        """Return the time of a fact, microseconds; of the opening for none."""
        return int(self.facts.time[min(seq, self.last) - 1]) if self.last and seq else self.opening

    def day(self, time: int | NDArray[np.int64]) -> float | NDArray[np.float64]:
        """Return a time as days since the opening."""
        return (time - self.opening) / DAY

    def seq_at(self, day: float) -> int:
        """Return the last fact up to a day."""
        return int(np.searchsorted(self.facts.time, self.opening + day * DAY, side="right"))

    @property
    def simulated(self) -> bool:
        """Whether there is a truth to hold the lanes against."""
        return self.header.get("source") == "world"


def name_of(moment: Moment) -> str:
    """Return the name of the part that a moment is of.

    >>> name_of(Moment(0, 9, "viral(magnitude=7.0), 1 product"))
    'viral'
    """
    return moment.about.partition("(")[0].partition(",")[0]


def clock(day: float) -> str:
    """Write a time as day and hour.

    >>> clock(7.5)
    'day 7, 12:00'
    """
    minutes = round(day * 1440)
    return f"day {minutes // 1440}, {minutes // 60 % 24:02d}:{minutes % 60:02d}"


THROWN = "◆"
"""Sign of what a person threw into the run."""

SIGNS: Mapping[int, str] = {
    Kind.PRODUCT_LISTED: "+",
    Kind.PRODUCT_RETIRED: "-",
    Kind.SESSION_STARTED: "(",
    Kind.SESSION_ENDED: ")",
    Kind.VIEWED: "·",
    Kind.FAVOURITED: "♥",
    Kind.CARTED: "c",
    Kind.PURCHASED: "$",
    Kind.REVIEWED: "r",
    Kind.RETURNED: "<",
    Kind.SLATE_SERVED: "=",
    Kind.SHOCK: "!",
    Kind.COMMAND: THROWN,
    Kind.PRICE_CHANGED: "%",
    Kind.STOCK_OUT: "x",
    Kind.RESTOCKED: "o",
    Kind.SHOPPER_JOINED: ">",
    Kind.SHOPPER_LEFT: "|",
}
"""A sign for each kind of fact, so that kinds can be told apart without colour."""

COLOURS: Mapping[int, str] = {
    Kind.VIEWED: "dim",
    Kind.FAVOURITED: "magenta",
    Kind.CARTED: "yellow",
    Kind.PURCHASED: "bold green",
    Kind.REVIEWED: "cyan",
    Kind.RETURNED: "red",
    Kind.PRODUCT_LISTED: "blue",
    Kind.PRODUCT_RETIRED: "blue",
    Kind.STOCK_OUT: "blue",
    Kind.RESTOCKED: "blue",
    Kind.SHOCK: "bold yellow",
    Kind.COMMAND: "bold yellow",
}


def kind_of(number: int) -> str:
    """Write a kind of fact in words."""
    return Kind(number).name.lower().replace("_", " ")
