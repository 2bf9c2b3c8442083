"""What a baseline keeps: a query is a read, learning is switched off by `on`, and what is served lies on the grid."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from journal.facts import Kind
from model import grid
from model.contract import Outcomes
from model.laws import trial
from model.laws.law import BrokenError, Law, same_types
from model.learner import Learner
from model.parts import Action, Event, Learned, Policy, Query, Recommender, Scored, Seen, everything
from model.policies import every_event

N = 200
"""Events of a trial."""

Lane = Learner


@functools.lru_cache(maxsize=4)
def _plain(baseline: Recommender) -> tuple[Outcomes, str, Lane]:
    """What other ways of running it are compared with."""
    lane = trial.lane(baseline, _always())
    outcomes = trial.feed(lane, trial.events(N))
    return outcomes, lane.digest(), lane


@functools.cache
def _always() -> Policy:
    return every_event()


def _query(baseline: Recommender, lane: Lane) -> Any:
    """Its query as a function of arrays alone."""

    def query(state: Any, shop: Any, seq: Any = 900, time: Any = 1e6, shopper: Any = 1) -> Scored:
        asked = jnp.asarray(seq, jnp.int32), jnp.asarray(time, jnp.float32), jnp.asarray(shopper, jnp.int32)
        return baseline.query(state, shop, Query(*asked), lane.layout)

    return query


def _learn(baseline: Recommender, lane: Lane) -> Any:
    """Its learning of one view, of product 2 by shopper 1, as a function of arrays alone."""

    def learn(state: Any, shop: Any, on: Array, shopper: Any = 1, product: Any = 2) -> Learned:
        event = Event(
            *(jnp.int32(900), jnp.float32(1e6), jnp.int32(Kind.VIEWED)),
            *(jnp.asarray(shopper, jnp.int32), jnp.asarray(product, jnp.int32)),
        )
        return baseline.learn(state, shop, Seen(event, jnp.int32(1)), everything(), on, lane.layout)

    return learn


def _at_first(baseline: Recommender) -> Lane:
    return trial.lane(baseline, _always())


def traced(baseline: Recommender) -> None:
    """Raise what tracing raises."""
    lane = _at_first(baseline)
    jax.eval_shape(_query(baseline, lane), lane.carry.state, lane.carry.shop, 900, 1e6, 1)
    jax.eval_shape(_learn(baseline, lane), lane.carry.state, lane.carry.shop, True, 1, 2)


def kept(baseline: Recommender) -> None:
    """Compare the types of what learning and queries return with what they have to be."""
    lane = _at_first(baseline)
    state, shop = lane.carry.state, lane.carry.shop
    rows = getattr(state.get("table") if isinstance(state, dict) else None, "shape", (None,))[0]
    if rows != lane.layout.rows:
        raise BrokenError(f"the state has no 'table' of layout.rows = {lane.layout.rows} rows", "Return it from init")
    answer = jax.eval_shape(_query(baseline, lane), state, shop)
    came = jax.eval_shape(_learn(baseline, lane), state, shop, jnp.bool_(True))
    for value, kind in ((answer, Scored), (came, Learned)):
        if not isinstance(value, kind):
            raise BrokenError(f"a {type(value).__name__} is returned", f"Return a {kind.__name__}{kind._fields}")
    same_types(jax.eval_shape(lambda: state), came.state, "state")
    several, bonuses = came.ids.shape, answer.ids.shape
    wanted = (
        ("served", shop.served, (lane.layout.products, baseline.width), "float32"),
        ("vector", answer.vector, (baseline.width,), "float32"),
        ("ids of the answer", answer.ids, bonuses, "int32"),
        ("bonus", answer.bonus, bonuses, "float32"),
        ("ids of what is learned", came.ids, several, "int32"),
        ("rows of what is learned", came.rows, (*several, baseline.width), "float32"),
    )
    for name, leaf, shape, dtype in wanted:
        if leaf.shape != shape or leaf.dtype != dtype:
            raise BrokenError(f"{name}: {leaf.dtype}{list(leaf.shape)}", f"Return {dtype}{list(shape)}")


def deterministic(baseline: Recommender) -> None:
    """Run it twice, each time traced afresh."""
    lane = _at_first(baseline._replace(name=f"{baseline.name} again"))
    again = trial.feed(lane, trial.events(N)), lane.digest()
    do = "Draw chance from model.chance with a seed and seen.seq, and keep nothing outside of the state"
    trial.same_bits(_plain(baseline)[:2], again, "the same run twice differs", do)


def read(baseline: Recommender) -> None:
    """Read slates and scores between the calls; and see that query does not write into the state."""
    lane = _at_first(baseline)
    written: list[str] = []

    def ask(state: Any, shop: Any) -> Scored:
        before = trial.copied(state)
        came = _query(baseline, lane)(state, shop)
        written.extend(trial.written_into(before, state))
        return came

    jax.eval_shape(ask, lane.carry.state, lane.carry.shop)
    if written:
        raise BrokenError(f"query writes into the state, at state{written[0]}", "Only read in query; write in learn")
    outcomes = trial.reads_between(lane, trial.events(N))
    trial.same_bits(_plain(baseline)[:2], (outcomes, lane.digest()), "reading in between changes the run", "Only read")


def off(baseline: Recommender) -> None:
    """Let it learn an event with `on` false."""
    lane = _plain(baseline)[2]
    state = lane.carry.state
    after = jax.jit(_learn(baseline, lane))(state, lane.carry.shop, jnp.bool_(False)).state
    for (path, was), now in zip(jax.tree_util.tree_flatten_with_path(state)[0], jax.tree.leaves(after), strict=True):
        if np.asarray(was).tobytes() != np.asarray(now).tobytes():
            raise BrokenError(
                f"where 'on' is false, learning changes state{jax.tree_util.keystr(path)}",
                "Write jnp.where(on, new, old), or to a row out of range with mode='drop'",
            )


def gridded(baseline: Recommender) -> None:
    """Look at ids and numbers of what is served, answered and learned."""
    lane = _plain(baseline)[2]
    state, shop, products = lane.carry.state, lane.carry.shop, trial.PRODUCTS
    answer = jax.jit(_query(baseline, lane))(state, shop)
    came = jax.jit(_learn(baseline, lane))(state, shop, jnp.bool_(True))
    for name, ids in (("answered", answer.ids), ("learned", came.ids)):
        real = np.asarray(ids)[np.asarray(ids) >= 0]
        if (real >= products).any() or (name == "answered" and len(np.unique(real)) < len(real)):
            raise BrokenError(f"ids {name}: {real.tolist()}", f"Give products below {products}, each once, or -1")
    if float(answer.vector[-1]) != 1.0:
        raise BrokenError(f"the last component of the vector is {float(answer.vector[-1])}", "It is 1: the served bias")
    if baseline.width == 1:
        return
    served = (("served rows", shop.served), ("learned rows", came.rows))
    columns = [(name, rows[:, :-1], grid.STEP) for name, rows in served] + [("vector", answer.vector[:-1], grid.STEP)]
    columns += [(name, rows[:, -1], grid.FINE) for name, rows in served] + [("bonus", answer.bonus, grid.FINE)]
    for name, numbers, step in columns:
        steps = np.asarray(numbers, np.float64) / step
        if not (np.isfinite(steps).all() and (steps == np.round(steps)).all()):
            raise BrokenError(
                f"the {name} are no multiples of {step:g}",
                "Round with model.grid.vectors, and biases and bonuses with model.grid.biases",
            )


def uncut(baseline: Recommender) -> None:
    """Give the same events in calls of other lengths."""
    for size in (1, 64):
        lane = _at_first(baseline)
        outcomes = trial.feed(lane, trial.events(N), size)
        told = f"calls of 7 events and of {size} differ"
        trial.same_bits(_plain(baseline)[:2], (outcomes, lane.digest()), told, "Count in the state, not in Python")


def survives(baseline: Recommender) -> None:
    """Learn at a rate of 1e6, from shoppers and products never seen."""

    def high(action: Action, state: Any, seen: Seen) -> Any:
        return action._replace(rate=action.rate * 1e6, weights=action.weights * 1e6), state

    lane, stream = trial.lane(baseline, Policy(lambda: (), high)), trial.events(120, "strangers")
    trial.feed(lane, stream._replace(product=stream.product + np.int32(27)))
    trial.served_is_finite(lane, int(stream.time[-1]))


BASELINE_LAWS: tuple[Law, ...] = (
    Law("traced", "it can be traced", traced, founding=True),
    Law("kept", "state and answers have the structure, shapes and dtypes of the contract", kept, founding=True),
    Law("deterministic", "the same run twice gives the same bits", deterministic),
    Law("read", "a query is a read", read),
    Law("off", "learning changes nothing where 'on' is false", off),
    Law("gridded", "ids are products, and served numbers lie on the grid", gridded),
    Law("uncut", "the cut of events into calls changes no bit", uncut),
    Law("survives", "strangers and extreme rates leave finite numbers", survives),
)
