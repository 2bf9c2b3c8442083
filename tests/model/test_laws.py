"""Every part there is keeps the laws of its family, and a part that breaks one is told which, and the way out."""

from __future__ import annotations

import re
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from model import BASELINES, ENCODERS, Encoder, Policy, Recommender
from model.detectors import DETECTORS
from model.encoders.contract import Keeping
from model.laws import LAWS, judge
from model.parts import Detector
from tests.model.made import DIMS, PARTS, each

MADE = {
    "policy": each(list(PARTS), ("budget", "on_drift")),
    "encoder": each(list(ENCODERS), ("paper",)),
    "baseline": each(list(BASELINES), ("popular", "isgd")),
    "detector": each(list(DETECTORS), tuple(DETECTORS)),
}


def made(family: str, name: str) -> Any:
    if family == "policy":
        return PARTS[name]
    table = {"encoder": ENCODERS, "baseline": BASELINES, "detector": DETECTORS}[family]
    return table[name](**DIMS.get(name, {}))


@pytest.mark.parametrize(
    ("family", "name"),
    [pytest.param(family, *one.values, marks=one.marks) for family, names in MADE.items() for one in names],
)
def test_every_part_keeps_the_laws_of_its_family(family: str, name: str) -> None:
    assert [verdict for verdict in judge(LAWS[family], made(family, name)) if verdict.outcome != "passed"] == []


def stateless(change: Any) -> Policy:
    return Policy(lambda: (), lambda action, state, seen: (change(action, seen), state))


def forced(action: Any, seen: Any) -> Any:
    return action._replace(learn=jnp.bool_(True))


def counting(init: Any, update: Any) -> Policy:
    return Policy(lambda: {"n": init}, lambda action, state, seen: (action, update(state)))


CALLS: list[int] = []
ZERO = jnp.float32(0)


def impure(action: Any, seen: Any) -> Any:
    CALLS.append(1)
    return action._replace(rate=jnp.float32(len(CALLS)))


def written(state: Any) -> Any:
    state["n"] = state["n"] + 1
    return state


POLICIES = [
    (
        "traced",
        stateless(lambda a, seen: a if seen.hit > 0 else forced(a, seen)),
        "Python 'if'.*test_laws.py, line .*jnp.where",
    ),
    ("traced", stateless(lambda a, seen: a._replace(rate=np.exp(seen.time))), "numpy function.*jax.numpy"),
    ("traced", stateless(lambda a, seen: a._replace(rate=float(seen.time))), r"float\(\).*astype"),
    ("traced", stateless(lambda a, seen: a._replace(rat=1)), "ValueError: .*rat"),
    ("one_trace", counting(0.0, lambda state: {"n": state["n"] + ZERO}), "compile 2 times.*jnp.float32"),
    (
        "kept",
        counting(0.0, lambda state: {"n": state["n"] + 1}),
        r"state\['n'\] begins as a Python number.*jnp.float32",
    ),
    ("kept", counting(jnp.int32(0), lambda state: {"n": state["n"] + 0.5}), r"state\['n'\] is int32.*float32.*int32"),
    ("kept", counting(jnp.zeros(3), lambda state: {"n": state["n"].sum()}), r"shape \(3,\) and comes back as \(\)"),
    ("kept", counting(jnp.int32(0), lambda state: {"m": state["n"]}), r"new state\['m'\]; missing state\['n'\]"),
    ("kept", stateless(lambda a, seen: a._replace(rate=1.0)), "action.rate comes back as a Python number.*jnp.float32"),
    ("kept", stateless(lambda a, seen: a._replace(learn=seen.hit)), "action.learn is bool and comes back as float32"),
    ("kept", Policy(lambda: (), lambda action, state, seen: action), r"Return \(action, state\)"),
    ("deterministic", stateless(impure), "same run twice differs"),
    ("read", counting(jnp.int32(0), written), r"writes into the state it is given, at state\['n'\]"),
    ("uncut", stateless(impure), "calls of 7 events and of 64 differ.*Count in the state"),
    ("restricts", stateless(forced), "dropped, 256 are learned.*Only restrict"),
    ("restricts", stateless(lambda a, seen: a._replace(keep=~a.learn)), "dropped, 256 are kept waiting"),
    ("budget", stateless(forced), "budget before it is exceeded"),
    (
        "survives",
        stateless(lambda a, seen: a._replace(rate=a.rate / seen.time)),
        "action.rate is inf at scored event 0",
    ),
    ("composes", stateless(forced), "learned at scored event 0"),
]


def detector(init: Any, update: Any) -> Detector:
    return Detector(lambda: init, update)


BROKEN_DETECTORS = [
    ("traced", detector(ZERO, lambda s, x: (s, x > 0 and s > 0)), "Python 'if'"),
    ("one_trace", detector(0.0, lambda s, x: (s + x, s > 9)), "compile 2 times"),
    ("kept", detector(ZERO, lambda s, x: (s, x)), "alarm is bool and comes back as float32"),
    ("kept", detector(ZERO, lambda s, x: (jnp.append(s, x), x > 2)), "shape"),
    ("alarms", detector(ZERO, lambda s, x: (s, x > 99)), "no alarm within 1,000"),
    ("alarms", detector(ZERO, lambda s, x: (s, x > 0.5)), "nothing but 1.0 alarms at number 0"),
    ("anew", detector(ZERO, lambda s, x: (s + 1, s > 1400)), "after the alarm at number 1401 state is not"),
    ("nan", detector(ZERO, lambda s, x: (jnp.where(s + x > 700, 0, s + x), s + x > 700)), "no longer found"),
    ("nan", detector(ZERO, lambda s, x: (s, ~(x < 2))), "a NaN raises an alarm"),
]


def shifting() -> Detector:
    """Another threshold each time it is traced."""

    def update(state: Any, value: Any) -> Any:
        CALLS.append(1)
        return state + 1, state > 1000 + len(CALLS)

    return detector(ZERO, update)


BROKEN_DETECTORS.append(("deterministic", shifting(), "alarms at"))


def encoder(embed: Any, size: int = 8) -> Encoder:
    class Module(nnx.Module):
        def __init__(self, rngs: nnx.Rngs) -> None:
            CALLS.append(1)
            self.scale = nnx.Param(jnp.full(size, 1.0 + 1e-3 * len(CALLS)))

        def __call__(self, read: Any) -> Any:
            return embed(read, self.scale[...])

    return Encoder("broken", lambda dim, rngs: Module(rngs), None, True)


BROKEN_ENCODERS = [
    ("traced", encoder(lambda read, w: read.own if read.age.sum() > 0 else read.kin), "Python 'if'"),
    ("shaped", encoder(lambda read, w: read.own.sum(axis=1)), r"4 nodes give float32\[4\].*float32\[4, 8\]"),
    ("deterministic", encoder(lambda read, w: read.own * w), "same seed twice"),
    ("empty", encoder(lambda read, w: read.own / read.there.sum(axis=1, keepdims=True)), "not finite"),
    ("absent", encoder(lambda read, w: read.near.sum(axis=1)), "not there change the vectors"),
    ("slopes", encoder(lambda read, w: jnp.sqrt(jnp.abs(read.own)) * w), "slope of .* is not finite"),
    (
        "keeps",
        encoder(lambda read, w: read.own)._replace(keeping=Keeping(lambda dim: 2, lambda made, read, z: z)),
        r"it keeps float32\[4, 8\].*float32\[2, 2\]",
    ),
    (
        "keeps",
        encoder(lambda read, w: read.own)._replace(
            keeping=Keeping(lambda dim: dim, lambda made, read, z: z[:2] * z[:2] * 1e30)
        ),
        "not finite",
    ),
    ("learns", encoder(lambda read, w: read.own / jnp.where(read.age[:, :1] > 0, 0.0, 1.0) * w), "not finite"),
]

POPULAR = BASELINES["popular"]()


def answered(**change: Any) -> Recommender:
    def query(*given: Any) -> Any:
        return POPULAR.query(*given)._replace(**change)

    return POPULAR._replace(query=query)


def learned(change: Any, base: Recommender = POPULAR) -> Recommender:
    def learn(state: Any, *given: Any) -> Any:
        return change(base.learn(state, *given), *given)

    return base._replace(learn=learn)


def grown(came: Any, *given: Any) -> Any:
    return came._replace(state={**came.state, "table": came.state["table"] + 1.0})


def numbered(came: Any, *given: Any) -> Any:
    CALLS.append(1)
    return came._replace(state={**came.state, "table": came.state["table"].at[0].set(float(len(CALLS)))})


def scribbling(state: Any, *given: Any) -> Any:
    state["table"] = state["table"] + 1
    return POPULAR.query(state, *given)


def branching(state: Any, shop: Any, query: Any, layout: Any) -> Any:
    return POPULAR.query(state, shop, query, layout) if query.shopper else None


def high(came: Any, shop: Any, seen: Any, action: Any, on: Any, layout: Any) -> Any:
    return came._replace(rows=came.rows / jnp.where(action.rate > 100, 0.0, 1.0))


BROKEN_BASELINES = [
    ("traced", POPULAR._replace(query=branching), "Python 'if'"),
    ("kept", answered(vector=jnp.ones(3)), r"vector: float32\[3\].*Return float32\[1\]"),
    ("kept", learned(lambda came, *_: came._replace(state={})), "another structure"),
    ("deterministic", learned(numbered), "same run twice differs"),
    ("read", POPULAR._replace(query=scribbling), r"query writes into the state, at state\['table'\]"),
    ("off", learned(grown), r"learning changes state\['table'\].*jnp.where\(on"),
    ("gridded", answered(ids=jnp.full(1, 100, jnp.int32)), "ids answered: .*below 100"),
    (
        "gridded",
        learned(lambda came, *_: came._replace(rows=came.rows + 1e-4), BASELINES["isgd"](dim=8)),
        "multiples of",
    ),
    ("uncut", learned(numbered), "calls of 7 events and of .* differ"),
    ("survives", learned(high), "served numbers are not finite"),
]

BROKEN = [
    (family, *case)
    for family, cases in (
        ("policy", POLICIES),
        ("detector", BROKEN_DETECTORS),
        ("encoder", BROKEN_ENCODERS),
        ("baseline", BROKEN_BASELINES),
    )
    for case in cases
]


@pytest.mark.parametrize(("family", "law", "part", "said"), BROKEN, ids=[f"{case[0]}-{case[1]}" for case in BROKEN])
def test_a_broken_law_is_named(family: str, law: str, part: Any, said: str) -> None:
    (verdict,) = judge([one for one in LAWS[family] if one.name == law], part)
    assert verdict.outcome == "failed"
    assert re.search(said, f"{verdict.seen}. {verdict.do}"), verdict


def test_every_law_is_broken_by_some_part() -> None:
    for family, laws in LAWS.items():
        assert {law.name for law in laws} == {case[1] for case in BROKEN if case[0] == family}


def test_what_a_founding_law_is_needed_for_is_not_tried() -> None:
    outcomes = [verdict.outcome for verdict in judge(LAWS["policy"], POLICIES[0][1])]
    assert outcomes == ["failed"] + ["not tried"] * (len(LAWS["policy"]) - 1)
