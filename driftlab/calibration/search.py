"""What cannot be read from a log is searched for: from the best values so far, a few are moved at random and tried.

step    of a move: from wide to narrow over the search, times the width of a value's range
seeded  the same log, seed and trials give the same world; all trials share one world seed, so that they differ by their
        values and not by luck; the result is judged in a world of another seed, as large as the log where that is cheap
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from driftlab.calibration.sizing import ENOUGH, SHOPPER_DAYS, Target, target
from driftlab.calibration.starting import Values, matched, starting_values
from driftlab.calibration.trials import JUMPS, WANDER, Beside, Trial, judged
from driftlab.described import Described
from driftlab.progress import Tell, silent
from journal.chance import stream

WHOLE = 6
"""The result is judged beside the whole log where that costs no more than so many trials of the largest size; else
beside the part that trials saw."""


class Range(NamedTuple):
    """Where a value may be, and how far a move goes at first."""

    low: float
    high: float
    width: float  # of a move: a factor e ** width where `log`, else added
    log: bool = False


RANGES: dict[str, Range] = {
    "catalogue.products": Range(10, 1_000_000, 0.5, log=True),
    "catalogue.appeal": Range(0, 3, 0.5),
    "catalogue.category_appeal": Range(0, 3, 0.5),
    "catalogue.launched": Range(0, 0.8, 0.1),
    "shoppers.shared": Range(0, 0.5, 0.1),
    "shoppers.cohort_shared": Range(0, 0.5, 0.15),
    "shoppers.category_interest": Range(0, 6, 0.8),
    "shoppers.product_interest": Range(0, 6, 0.8),
    "shoppers.novelty": Range(0, 10, 1.5),
    "shoppers.newness": Range(0, 6, 0.8),
    "sessions.per_day": Range(0.001, 100, 0.15, log=True),
    "sessions.activity": Range(0, 3, 0.1),
    "sessions.length": Range(1, 1_000, 0.15, log=True),
    "sessions.length_spread": Range(0, 3, 0.15),
    "sessions.gap": Range(0.001, 3_600, 0.15, log=True),
    "sessions.gap_spread": Range(0, 3, 0.15),
    "sessions.stay": Range(0, 0.95, 0.08),
    "sessions.recall": Range(0, 0.95, 0.05),
    "sessions.recency": Range(0, 4, 0.2),
    WANDER[0]: Range(0, 2, 0.4),
    WANDER[1]: Range(0.1, 3_650, 0.6, log=True),
    JUMPS: Range(0, 1, 0.15),
}
"""The values that are searched for; those that a log has been read for begin there."""

MOVED = 5
"""Values moved in one trial, on average."""


class Found(NamedTuple):
    """The result: the best values for the whole log, and how far they are from it."""

    target: Target
    beside: Beside
    best: Trial
    whole: bool  # whether `beside` is the whole log, or the part that trials saw
    trials: int  # done
    stopped: bool  # before all were done


def search(log: Described, trials: int, seed: int, tell: Tell = silent) -> Found:
    """Fit a world to a log; a KeyboardInterrupt ends the search, and the best so far is the result.

    Args:
        log: what the world is to look like.
        trials: worlds to try after the one of the values read from the log.
        seed: of the search and of its worlds.
        tell: is told how far the search is, and the interactions simulated.

    Raises Refusal where the log is too small to tell.
    """
    aim = target(log, seed)
    beside = Beside.of(aim.part)
    best = judged({**begun(aim), "shoppers.shoppers": aim.part_shoppers}, beside, seed, small=True)
    done, stopped = 0, False
    try:
        for trial in range(trials):
            tried = judged(_next(best, beside, trial / trials, seed, trial), beside, seed, small=True)
            best = min(best, tried, key=lambda made: made.score)
            done = trial + 1
            tell(done / (trials + 1), done * len(aim.part.facts))
    except KeyboardInterrupt:
        stopped = True
    cost = len(aim.whole.facts) / ENOUGH, aim.shoppers * aim.whole.days / SHOPPER_DAYS
    whole = max(cost) <= WHOLE and not stopped
    values = {**best.values, "shoppers.shoppers": aim.shoppers}
    if whole:
        beside = Beside.of(aim.whole)
        best = judged(rounded(values), beside, seed + 1)
    return Found(aim, beside, best._replace(values=rounded(values)), whole, done, stopped)


def rounded(values: Values) -> Values:
    """Return values to four digits, as a person would write them; the rhythm and the funnel as they are."""
    return {key: float(f"{value:.4g}") if isinstance(value, float) else value for key, value in values.items()}


def _next(best: Trial, beside: Beside, progress: float, seed: int, trial: int) -> Values:
    """Return the values to try next: some moved at random, and the funnel as the best world's stages ask for."""
    funnel = matched(beside.funnel, best.funnel) if beside.funnel[:, 0].any() else {}
    return {**moved(best.values, progress, seed, trial), **funnel}


def begun(aim: Target) -> Values:
    """Return the values that the search begins with: those read from the log, and usual ones for the others."""
    read = starting_values(aim)
    guessed: Values = {
        "catalogue.appeal": 0.6,
        "catalogue.category_appeal": 0.7,
        "catalogue.launched": 0.05,
        "shoppers.shared": 0.05,
        "shoppers.cohort_shared": 0.1,
        "shoppers.category_interest": 3.5,
        "shoppers.product_interest": 1.0,
        "shoppers.novelty": 3.5,
        "shoppers.newness": 1.0,
        WANDER[0]: 1.0,  # half of the variance of interests stays, half wanders
        WANDER[1]: max(read["days"] / 4, 0.1),
        JUMPS: 0.1,
    }
    return {**guessed, **read}


def moved(values: Values, progress: float, seed: int, trial: int) -> Values:
    """Return values of which some are moved at random, the less the further the search is."""
    rng = stream(seed, "calibrate", trial)
    names = [name for name in RANGES if name in values]
    which = rng.random(len(names)) < MOVED / len(names)
    steps = rng.standard_normal(len(names)) * (1.0 - 0.8 * progress)
    made: dict[str, Any] = dict(values)
    for name, moves, step in zip(names, which.tolist(), steps.tolist(), strict=True):
        if moves:
            low, high, width, log = RANGES[name]
            by = values[name] * np.exp(width * step) if log else values[name] + width * step
            made[name] = type(values[name])(np.clip(by, low, high))
    return made
