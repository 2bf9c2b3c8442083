"""An axis is a span of numbers laid over cells, with ticks at round numbers: 1, 2 or 5 times a power of ten."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Span(NamedTuple):
    """The numbers from `low` to `high`, high above low.

    >>> Span(0.0, 100.0).zoomed(0.5, about=20.0)
    Span(low=10.0, high=60.0)
    >>> Span(10.0, 60.0).moved(-30.0).held_within(Span(0.0, 100.0))
    Span(low=0.0, high=50.0)
    """

    low: float
    high: float

    @property
    def length(self) -> float:
        return self.high - self.low

    def holds(self, number: float | None) -> bool:
        """Return whether a number is in the span."""
        return number is not None and self.low <= number <= self.high

    def zoomed(self, factor: float, about: float) -> Span:
        """Return a span `factor` times as long in which `about` lies where it lay."""
        return Span(about - (about - self.low) * factor, about + (self.high - about) * factor)

    def moved(self, by: float) -> Span:
        """Return the span moved along."""
        return Span(self.low + by, self.high + by)

    def held_within(self, whole: Span) -> Span:
        """Return the span moved into the whole, which it becomes if it is longer."""
        if self.length >= whole.length:
            return whole
        return self.moved(max(whole.low - self.low, 0.0) + min(whole.high - self.high, 0.0))

    def holding(self, number: float) -> Span:
        """Return the span moved as little as holds a number."""
        return self.moved(min(number - self.low, 0.0) + max(number - self.high, 0.0))

    def places(self, numbers: NDArray | float, dots: int) -> NDArray:
        """Return where numbers float64[n] lie on `dots` dots: low on the middle of the first, high of the last."""
        return (np.asarray(numbers, np.float64) - self.low) * ((dots - 1) / self.length)

    def number_at(self, place: float, dots: int) -> float:
        """Return the number at a place; the inverse of `places`."""
        return self.low + place * self.length / max(dots - 1, 1)


def span_of(numbers: NDArray) -> Span | None:
    """Return the span of the finite ones of float64[n]: a single one has 1 on its right; none has no span.

    >>> span_of(np.array([3.0, np.nan, 1.0])), span_of(np.array([2.0])), span_of(np.array([np.inf]))
    (Span(low=1.0, high=3.0), Span(low=2.0, high=3.0), None)
    """
    known = numbers[np.isfinite(numbers)]
    if not len(known):
        return None
    low, high = float(known.min()), float(known.max())
    return Span(low, high if high > low else low + 1.0)


def tick_step(span: Span, most: int) -> float:
    """Return the least round step with which at most `most` ticks (at least 2) lie in a span.

    >>> [tick_step(Span(0.0, high), 5) for high in (0.9, 7.0, 12_000.0)]
    [0.5, 2.0, 5000.0]
    """
    rough = span.length / max(most - 1, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * round_ for round_ in (1.0, 2.0, 5.0, 10.0) if power * round_ >= rough * (1 - 1e-9))


def ticks(span: Span, most: int) -> list[float]:
    """Return round numbers in a span, about `most` at most.

    >>> ticks(Span(0.0, 0.55), 4)
    [0.0, 0.2, 0.4]
    """
    step = tick_step(span, most)
    first, last = math.ceil(span.low / step - 1e-9), math.floor(span.high / step + 1e-9)
    return [float(f"{number * step:.12g}") for number in range(first, last + 1)]


def plain_number(number: float) -> str:
    """Return a number as one reads it: thousands apart, or three digits that matter.

    >>> [plain_number(number) for number in (12_000, 0.25, 0.1234, 0.0, float("nan"))]
    ['12,000', '0.25', '0.123', '0', '–']
    """
    if not math.isfinite(number):
        return "–"
    return f"{number:,.0f}" if abs(number) >= 1000 or number == int(number) else f"{number:.3g}"
