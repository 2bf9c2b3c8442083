"""Drift detectors: a stream of numbers goes in, now and then an alarm comes out. After an alarm a detector begins anew.

Each is a part, `init() -> state` and `update(state, value) -> (state, alarm)`, traceable, over scalars. What they watch
(misses, surprise) is chosen by the policy that listens, as `model.policies.on_drift`.
"""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
from jax import Array

from journal.errors import Refusal
from model.adwin import adwin
from model.kswin import kswin
from model.named import one_of
from model.parts import Detector, Tree, anew_after, at_least, unmoved_by_nan


def page_hinkley(
    threshold: float = 50.0, delta: float = 0.005, fading: float = 0.9999, least: int = 30, side: str = "up"
) -> Detector:
    """The Page-Hinkley test on the mean of a stream (Page 1954): a sum of deviations, against its extreme so far.

    threshold  what the sum may stray from its extreme, in units of the stream
    delta      deviations that are put up with
    fading     factor by which older deviations fade with each number
    least      numbers before the first alarm
    side       "up" alarms where the mean rises, "down" where it falls, "both" on either
    """
    if side not in ("up", "down", "both"):
        raise Refusal(f"page_hinkley: side is {side!r}; it is 'up', 'down' or 'both'")
    for key, value in (("threshold", threshold), ("delta", delta), ("fading", fading), ("least", least)):
        at_least("page_hinkley", key, value, 0)
    number = jnp.float32

    def init() -> Tree:
        return {
            "n": number(0),
            "mean": number(0),
            "rise": number(0),
            "low": number(jnp.inf),
            "fall": number(0),
            "high": number(-1),
        }

    def update(state: Tree, value: Array) -> tuple[Tree, Array]:
        n = state["n"] + 1.0
        mean = state["mean"] + (value - state["mean"]) / n
        rise = fading * state["rise"] + (value - mean) - delta
        fall = fading * state["fall"] + (value - mean) + delta
        low, high = jnp.minimum(state["low"], rise), jnp.maximum(state["high"], fall)
        up, down = rise - low > threshold, high - fall > threshold
        alarm = {"up": up, "down": down, "both": up | down}[side] & (n >= least)
        return anew_after(
            alarm, init(), {"n": n, "mean": mean, "rise": rise, "low": low, "fall": fall, "high": high}
        ), alarm

    return Detector(init, unmoved_by_nan(update))


def ddm(drift: float = 3.0, least: int = 30) -> Detector:
    """The drift detection method on a stream of errors, 0 or 1 (Gama et al. 2004): the error rate against its best.

    drift  standard deviations above the lowest error rate at which it alarms
    least  numbers before the first alarm
    """
    at_least("ddm", "drift", drift, 0)
    at_least("ddm", "least", least, 1)
    number = jnp.float32

    def init() -> Tree:
        return {"n": number(0), "errors": number(0), "rate": number(jnp.inf), "spread": number(0)}

    def update(state: Tree, value: Array) -> tuple[Tree, Array]:
        n, errors = state["n"] + 1.0, state["errors"] + value
        rate = errors / n
        spread = jnp.sqrt(jnp.maximum(rate * (1.0 - rate), 0.0) / n)
        best = (n > least) & (rate + spread <= state["rate"] + state["spread"])
        lowest, its = jnp.where(best, rate, state["rate"]), jnp.where(best, spread, state["spread"])
        alarm = (n > least) & (rate + spread > lowest + drift * its)
        return anew_after(alarm, init(), {"n": n, "errors": errors, "rate": lowest, "spread": its}), alarm

    return Detector(init, unmoved_by_nan(update))


DETECTORS: dict[str, Callable[..., Detector]] = {
    "adwin": adwin,
    "page_hinkley": page_hinkley,
    "ddm": ddm,
    "kswin": kswin,
}


def detector_of(part: str, text: str) -> Detector:
    """Return the detector that a text names, as "ddm" or "adwin(delta=0.01)".

    Args:
        part: who asks for it, for the refusal.
        text: a name of `DETECTORS`, with parameters in parentheses where they are not its defaults.

    Raises Refusal where there is no such detector or parameter, or where its value is of another type or out of range.

    >>> sorted(detector_of("on_drift", "ddm(drift=2.5)").init())
    ['errors', 'n', 'rate', 'spread']
    >>> detector_of("on_drift", "ddm(drfit=2.5)")
    Traceback (most recent call last):
    journal.errors.Refusal: on_drift: 'drfit' is not a parameter of ddm. Did you mean 'drift'? Known: drift, least.
    """
    return one_of(part, "detector", text, DETECTORS)
