"""What a detector keeps: scalars in, alarms out, and after an alarm it begins anew."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from journal.chance import stream
from model.laws import trial
from model.laws.law import BrokenError, Law, same_types, strong
from model.parts import Detector

NUMBER = np.float32(0.5)

LONGEST = 2004
"""Numbers of a stream, at most."""


def changes() -> dict[str, NDArray[np.float32]]:
    """Return streams that change at number 1,000, by name; float32[2000] each."""
    draw = stream(trial.SEED, "changes")
    bits = draw.random(2000)
    rates = {"a rise of a rate from 0.1 to 0.9": (0.1, 0.9), "a fall of a rate from 0.9 to 0.1": (0.9, 0.1)}
    found = {name: (bits < np.repeat(pair, 1000)).astype(np.float32) for name, pair in rates.items()}
    leap = np.repeat([0.0, 5.0], 1000) + draw.standard_normal(2000)
    return {**found, "a leap of a mean by 5 deviations": leap.astype(np.float32)}


def _scan(detector: Detector, values: NDArray[np.float32]) -> tuple[Any, NDArray[np.bool_]]:
    """The states after each number, and whether there was an alarm; compiled once."""
    states, alarms = _compiled(detector)(np.pad(values, (0, LONGEST - len(values))))
    return states, np.asarray(alarms)[: len(values)]


@functools.lru_cache(maxsize=4)
def _compiled(detector: Detector) -> Any:
    def step(state: Any, value: Any) -> Any:
        state, alarm = detector.update(state, value)
        return state, (state, alarm)

    begun = trial.as_arrays(detector.init())
    return jax.jit(lambda rows: jax.lax.scan(step, begun, rows)[1])


def traced(detector: Detector) -> None:
    """Raise what tracing raises."""
    jax.eval_shape(detector.update, trial.as_arrays(detector.init()), NUMBER)


def one_trace(detector: Detector) -> None:
    """Give it numbers one after the other, its own state handed back."""
    traces = []

    def step(state: Any, value: Any) -> Any:
        traces.append(1)
        return detector.update(state, value)

    compiled, state = jax.jit(step), detector.init()
    for _ in range(20):
        state, _alarm = compiled(state, NUMBER)
    if len(traces) > 1:
        raise BrokenError(
            f"20 numbers made it compile {len(traces)} times",
            "Begin with the very types that update returns: jnp.float32(0) for 0.0, jnp.int32(0) for 0",
        )


def kept(detector: Detector) -> None:
    """Compare the types of the state before and after a call; the alarm is one bool."""
    begun = jax.eval_shape(detector.init)
    for path, leaf in jax.tree_util.tree_flatten_with_path(begun)[0]:
        strong(leaf, f"state{jax.tree_util.keystr(path)}", "begins")
    came = jax.eval_shape(detector.update, detector.init(), NUMBER)
    if not (isinstance(came, tuple) and len(came) == 2):
        raise BrokenError(f"update returns a {type(came).__name__}", "Return (state, alarm)")
    same_types(begun, came[0], "state")
    same_types(jax.eval_shape(lambda: jnp.bool_(False)), came[1], "alarm")


def deterministic(detector: Detector) -> None:
    """Run it twice over the same numbers, each time traced afresh."""
    afresh = detector._replace(update=lambda state, value: detector.update(state, value))
    for name, values in changes().items():
        one, other = (np.flatnonzero(_scan(again, values)[1]) for again in (detector, afresh))
        if one.tolist() != other.tolist():
            raise BrokenError(
                f"{name}: alarms at {one[:3].tolist()}, and then at {other[:3].tolist()}",
                "Draw chance from model.chance with a seed and a count in the state",
            )


def alarms(detector: Detector) -> None:
    """It finds one of three plain changes, and holds still where every number is the same."""
    if not any(_scan(detector, values)[1][1000:].any() for values in changes().values()):
        raise BrokenError(
            f"no alarm within 1,000 numbers after {'; nor after '.join(changes())}", "Lower its threshold"
        )
    for value in (0.0, 1.0):
        found = np.flatnonzero(_scan(detector, np.full(2000, value, np.float32))[1])
        if len(found):
            raise BrokenError(f"a stream of nothing but {value} alarms at number {found[0]}", "Raise its threshold")


def anew(detector: Detector) -> None:
    """Compare the state after each alarm with the first one."""
    first = jax.tree.leaves(trial.as_arrays(detector.init()))
    for values in changes().values():
        states, found = _scan(detector, values)
        for at in np.flatnonzero(found):
            for begun, (path, leaf) in zip(first, jax.tree_util.tree_flatten_with_path(states)[0], strict=True):
                if np.asarray(begun).tobytes() != np.asarray(leaf[at]).tobytes():
                    raise BrokenError(
                        f"after the alarm at number {at} state{jax.tree_util.keystr(path)} is not what it was at first",
                        "Return model.parts.anew_after(alarm, init(), state)",
                    )


def nan(detector: Detector) -> None:
    """Numbers that are not numbers, at first and just before a change, raise no alarm and hide no later one."""
    for name, values in changes().items():
        if not _scan(detector, values)[1][1000:].any():
            continue
        holed = np.concatenate([[np.nan], values[:1000], [np.nan] * 3, values[1000:]]).astype(np.float32)
        found = _scan(detector, holed)[1]
        if found[np.isnan(holed)].any():
            raise BrokenError("a NaN raises an alarm", "Leave out what is not a number: model.parts.unmoved_by_nan")
        if not found[1000:].any():
            raise BrokenError(
                f"after a NaN {name} is no longer found",
                "Leave out what is not a number: model.parts.unmoved_by_nan(update)",
            )


DETECTOR_LAWS: tuple[Law, ...] = (
    Law("traced", "it can be traced", traced, founding=True),
    Law("one_trace", "many numbers compile it once", one_trace),
    Law("kept", "the state keeps structure, shapes and dtypes, and the alarm is one bool", kept, founding=True),
    Law("deterministic", "the same numbers twice give the same alarms", deterministic),
    Law("alarms", "a plain change is found, and a constant stream gives no alarm", alarms),
    Law("anew", "after an alarm it begins anew", anew),
    Law("nan", "a NaN raises no alarm and hides none", nan),
)
