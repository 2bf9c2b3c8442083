"""KSWIN: the newest numbers of a window against as many of the older ones (Raab, Heusinger and Schleif 2020).

statistic  the Kolmogorov-Smirnov distance of two samples of r numbers: h / r, with h the most by which the counts of
           numbers up to some x differ; it is a whole number, so that it is exact in the compiled loop
p          the chance that two samples of r numbers from one distribution are h / r or more apart: exact, not a limit

    p(h) = 2 sum_{k >= 1} (-1)**(k - 1) C(2 r, r - k h) / C(2 r, r)          (Gnedenko and Korolyuk 1951)

It alarms where p is at most alpha and the distance above 0.1: where h is at least a number that is known beforehand.
After an alarm it begins anew, as River's does. River draws its sample of older numbers with Python's generator; here it
is drawn by `model.chance` from a seed and the count of numbers since the beginning, so alarms fall near River's, and
exactly where River's do if the window is 2 r long: then all older numbers are the sample.
"""

from __future__ import annotations

from math import comb

import jax.numpy as jnp
from jax import Array, lax

from model.chance import bits
from model.parts import Detector, Tree, anew_after, at_least, unmoved_by_nan

CLOSEST = 10
"""A distance of 1 / 10 or less never alarms, whatever its p."""


def kswin(alpha: float = 0.005, window: int = 100, newest: int = 30, seed: int = 0) -> Detector:
    """Kolmogorov-Smirnov windowing (Raab et al. 2020): alarms where the newest numbers are of another distribution.

    alpha   chance of a false alarm that is put up with, at each number
    window  numbers that are kept
    newest  numbers at the end of the window (r), compared with as many drawn from those before them
    seed    of the draws

    Raises ValueError where one is out of range. At the defaults two samples have to be 14 / 30 apart.

    >>> detector = kswin(window=8, newest=4, alpha=0.05)
    >>> state, alarms = detector.init(), []
    >>> for value in (0.0, 0.1, 0.2, 0.3, 5.0, 5.1, 5.2, 5.3):
    ...     state, alarm = detector.update(state, jnp.float32(value))
    ...     alarms.append(bool(alarm))
    >>> alarms.index(True)
    7
    """
    if not 0 < alpha < 1:
        raise ValueError(f"kswin: alpha is {alpha}; it must be between 0 and 1")
    at_least("kswin", "newest", newest, 1)
    at_least("kswin", "window", window, 2 * newest)
    least = critical(newest, alpha)
    older = window - newest

    def init() -> Tree:
        return {"n": jnp.int32(0), "values": jnp.zeros(window, jnp.float32)}

    def update(state: Tree, value: Array) -> tuple[Tree, Array]:
        n, values = state["n"] + 1, jnp.append(state["values"][1:], value)  # the newest stands last
        _, drawn = lax.top_k(bits(seed, n, older) >> 1, newest)
        alarm = (n >= window) & (distance(values[drawn], values[older:]) >= least)
        return anew_after(alarm, init(), {"n": n, "values": values}), alarm

    return Detector(init, unmoved_by_nan(update))


def distance(one: Array, other: Array) -> Array:
    """Return h of two samples of r numbers, int32: r times their Kolmogorov-Smirnov distance.

    >>> int(distance(jnp.array([1.0, 2.0, 3.0]), jnp.array([2.0, 3.0, 4.0])))
    1
    """
    both = jnp.concatenate([one, other])[:, None]
    apart = (one <= both).sum(axis=1) - (other <= both).sum(axis=1)
    return jnp.abs(apart).max().astype(jnp.int32)


def chance_of(h: int, r: int) -> float:
    """Return p(h), the chance that two samples of r numbers of one distribution are h / r or more apart.

    >>> chance_of(3, 3), chance_of(0, 3)
    (0.1, 1.0)
    """
    if h <= 0:
        return 1.0
    paths = sum((-1) ** (k - 1) * comb(2 * r, r - k * h) for k in range(1, r // h + 1))
    return 2 * paths / comb(2 * r, r)


def critical(r: int, alpha: float) -> int:
    """Return the least h that alarms: p(h) <= alpha and h / r > 0.1; r + 1, which is never reached, where none does.

    >>> critical(30, 0.005), critical(2, 0.005)
    (14, 3)
    """
    wide = (h for h in range(1, r + 1) if h * CLOSEST > r and chance_of(h, r) <= alpha)
    return next(wide, r + 1)
