"""ADWIN: a window as long as nothing changes, kept as an exponential histogram (Bifet and Gavalda 2007, ADWIN2).

bucket   the sum of 2**level numbers in a row; a level holds a few, and hands the sum of its two oldest to the next
cut      a place between two buckets where the means before and after differ by more than chance allows, by

    |mean before - mean after| > sqrt(2 m s2 log(2 log(n) / delta)) + 2/3 m log(2 log(n) / delta)

with s2 the variance of the window, n its length and m = 1 / (n before - least + 1) + 1 / (n after - least + 1). Any cut
is an alarm, and after an alarm the window begins anew, as River's does.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax

from model.parts import Detector, Tree, anew_after, at_least, unmoved_by_nan

LEVELS = 24
"""Enough for windows of 2**24 numbers, beyond which float32 does not count."""


def adwin(delta: float = 0.002, clock: int = 32, buckets: int = 5, least: int = 5, grace: int = 10) -> Detector:
    """Adaptive windowing (Bifet and Gavalda 2007): alarms where two parts of its window have different means.

    delta    chance of a false alarm that is put up with, at each look
    clock    numbers from one look to the next
    buckets  buckets of a level: more of them find the place of a change more finely
    least    numbers on either side of a cut
    grace    numbers before the first look
    """
    for key, value, lowest in (("clock", clock, 1), ("buckets", buckets, 1), ("least", least, 1), ("grace", grace, 2)):
        at_least("adwin", key, value, lowest)
    if not 0 < delta < 1:
        raise ValueError(f"adwin: delta is {delta}; it must be between 0 and 1")

    def init() -> Tree:
        zero = jnp.float32(0)
        held = {"count": jnp.zeros(LEVELS, jnp.int32), "sums": jnp.zeros((LEVELS, buckets + 1))}
        return {**held, "n": zero, "total": zero, "squares": zero, "tick": jnp.int32(0)}

    def cut(state: Tree) -> Array:
        there = jnp.arange(buckets + 1) < state["count"][:, None]
        size, total = (
            jnp.cumsum(jnp.where(there, column, 0.0)[::-1].reshape(-1))  # oldest first
            for column in (2.0 ** jnp.arange(LEVELS)[:, None], state["sums"])
        )
        after = state["n"] - size
        apart = jnp.abs(total / jnp.maximum(size, 1.0) - (state["total"] - total) / jnp.maximum(after, 1.0))
        m = sum(1.0 / jnp.maximum(part - least + 1.0, 1.0) for part in (size, after))
        doubt = jnp.log(2.0 * jnp.log(state["n"]) / delta)
        chance = jnp.sqrt(2.0 * m * state["squares"] / state["n"] * doubt) + 2.0 / 3.0 * m * doubt
        return ((size >= least) & (after >= least) & (apart > chance)).any()

    def update(state: Tree, value: Array) -> tuple[Tree, Array]:
        n = state["n"] + 1.0
        off = value - state["total"] / jnp.maximum(n - 1.0, 1.0)
        count, sums = _with(state["count"], state["sums"], value)
        squares, total = state["squares"] + off * off * (n - 1.0) / n, state["total"] + value
        tick = state["tick"] + 1
        after = {"count": count, "sums": sums, "n": n, "total": total, "squares": squares, "tick": tick}
        alarm = (tick % clock == 0) & (n > grace) & cut(after)
        return anew_after(alarm, init(), after), alarm

    return Detector(init, unmoved_by_nan(update))


def _with(count: Array, sums: Array, value: Array) -> tuple[Array, Array]:
    """Put a number into the first level, and merge the two oldest buckets of every level that is full."""
    full = sums.shape[1]

    def merged(at: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        count, sums, level = at
        both = sums[level, 0] + sums[level, 1]
        sums = sums.at[level].set(jnp.roll(sums[level], -2)).at[level + 1, count[level + 1]].set(both)
        return count.at[level].add(-2).at[level + 1].add(1), sums, level + 1

    sums = sums.at[0, count[0]].set(value)
    begun = count.at[0].add(1), sums, jnp.int32(0)
    count, sums, _ = lax.while_loop(lambda at: at[0][at[2]] == full, merged, begun)
    return count, sums
