"""A follow graph says who sees what whom is doing; it is drawn once, before the world runs, and is public.

draw(rng, cohorts[n]) -> Follows      n shoppers that ever join, `cohorts` their groups (i4); rng a stream of its own

A graph is a part, made by a builder whose parameters are the TOML keys of `[social]`. Who is drawn with whom depends on
all who are there: unlike anything else a shopper has, follows change when a shopper is added.

follows    how many others a shopper follows
alike      share of shoppers who look for those of their own cohort (homophily: McPherson, Smith-Lovin and Cook 2001)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from journal.errors import Refusal

BLOCK = 4_096
"""Random numbers drawn at once."""


class Follows(NamedTuple):
    """Who follows whom: m pairs, each once and none with itself, in order of the follower, then of the followed."""

    follower: NDArray[np.int32]  # [m]
    followed: NDArray[np.int32]  # [m]
    shoppers: int  # n


class Social(NamedTuple):
    """A follow graph before it is drawn; see the module's docstring for the function."""

    draw: Callable[[np.random.Generator, NDArray[np.int32]], Follows]


def _pairs(follower: NDArray[np.int64], followed: NDArray[np.int64], n: int) -> Follows:
    """Put pairs in order, each once."""
    code = np.unique(follower * n + followed)
    return Follows((code // max(n, 1)).astype(np.int32), (code % max(n, 1)).astype(np.int32), n)


def none() -> Social:
    """Nobody follows anybody.

    >>> len(none().draw(None, np.zeros(9, np.int32)).follower)
    0
    """
    nobody = np.zeros(0, np.int64)
    return Social(lambda rng, cohorts: _pairs(nobody, nobody, len(cohorts)))


def small_world(follows: int = 10, rewired: float = 0.1, alike: float = 0.5) -> Social:
    """Seat all in a ring where each follows its neighbours and is followed back, then rewire a share of the pairs.

    Watts and Strogatz (1998, Nature 393): n seats, `follows` (an even number) nearest neighbours, each pair rewired
    with probability `rewired` to a target drawn from all. A pair stays where its target would make a pair twice.

    >>> from journal.chance import stream
    >>> ring = small_world(follows=4, rewired=0.0, alike=0.0).draw(stream(1, "ring"), np.zeros(50, np.int32))
    >>> np.bincount(ring.follower).tolist() == np.bincount(ring.followed).tolist() == [4] * 50
    True
    """
    _check("small_world", follows=follows, rewired=rewired, alike=alike)
    if follows % 2:
        raise Refusal(f"A small world's follows = {follows} is odd; half of them sit on either side.")

    def draw(rng: np.random.Generator, cohorts: NDArray[np.int32]) -> Follows:
        n = len(cohorts)
        coin, where = rng.random((2, n))
        seat = np.where(coin < alike, cohorts + where, where * (int(cohorts.max(initial=0)) + 1))
        ring = np.argsort(seat, kind="stable")
        steps = np.arange(1, min(follows, max(n - 1, 0)) // 2 + 1)
        one, other = np.repeat(np.arange(n), len(steps)), (np.arange(n)[:, None] + steps).ravel() % max(n, 1)
        coin, target = rng.random((2, len(one)))
        drawn = (target * n).astype(np.int64)
        # A pair's code is the same from either end. Whatever was a pair at first is no target, so no pair comes twice.
        before, after = _codes(one, other, n), _codes(one, drawn, n)
        first = np.zeros(len(one), bool)
        first[np.unique(after, return_index=True)[1]] = True
        moved = (coin < rewired) & (drawn != one) & first & ~np.isin(after, before)
        other = np.where(moved, drawn, other)
        return _pairs(np.append(ring[one], ring[other]), np.append(ring[other], ring[one]), n)

    return Social(draw)


def _codes(one: NDArray[np.int64], other: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    return np.minimum(one, other) * n + np.maximum(one, other)


def preferential(follows: int = 5, returned: float = 0.2, alike: float = 0.5) -> Social:
    """Let shoppers come one by one and follow those whom many follow already; a share of follows is returned.

    Barabasi and Albert (1999, Science 286) with direction (Price 1976): a newcomer follows `follows` of those before
    it, each drawn in proportion to its followers + 1, so that followers have the tail k ** -(2 + 1 / follows). Follows
    returned do not draw others. Reciprocity was 0.22 in Twitter (Kwak et al. 2010).

    >>> from journal.chance import stream
    >>> stars = preferential(follows=3, returned=0.0).draw(stream(1, "stars"), np.zeros(500, np.int32))
    >>> np.bincount(stars.followed).max() > 20
    np.True_
    """
    _check("preferential", follows=follows, returned=returned, alike=alike)

    def draw(rng: np.random.Generator, cohorts: NDArray[np.int32]) -> Follows:
        pairs = list(_newcomers(rng, cohorts.tolist(), follows, alike))
        follower, followed = np.array(pairs, np.int64).reshape(-1, 2).T
        back = rng.random(len(pairs)) < returned
        n = len(cohorts)
        return _pairs(np.append(follower, followed[back]), np.append(followed, follower[back]), n)

    return Social(draw)


def _newcomers(rng: np.random.Generator, cohorts: list[int], follows: int, alike: float) -> Iterator[tuple[int, int]]:
    """Yield pairs of follower and followed: everybody stands in a lottery once, and once more for each follower."""
    chance = _numbers(rng)
    everybody: list[int] = []
    of_cohort: list[list[int]] = [[] for _ in range(max(cohorts, default=0) + 1)]
    for newcomer, cohort in enumerate(cohorts):
        chosen: dict[int, None] = {}
        # Who looks in a cohort for more than there are finds fewer.
        for _ in range(8 * follows):
            if len(chosen) == min(follows, newcomer):
                break
            own = next(chance) < alike and of_cohort[cohort]
            lottery = of_cohort[cohort] if own else everybody
            chosen[lottery[int(next(chance) * len(lottery))]] = None
        for followed in chosen:
            yield newcomer, followed
            everybody.append(followed)
            of_cohort[cohorts[followed]].append(followed)
        everybody.append(newcomer)
        of_cohort[cohort].append(newcomer)


def _numbers(rng: np.random.Generator) -> Iterator[float]:
    while True:
        yield from rng.random(BLOCK).tolist()


def _check(name: str, **given: float) -> None:
    """Refuse a parameter out of its range."""
    for key, value in given.items():
        low, high = (1, 1_000) if key == "follows" else (0, 1)
        if not low <= value <= high:
            raise Refusal(f"The follow graph {name} has {key} = {value}, which is outside {low} to {high}.")


SOCIAL: dict[str, Callable[..., Social]] = {"none": none, "small_world": small_world, "preferential": preferential}
