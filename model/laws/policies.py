"""What a policy keeps: it is a pure, traceable function of what it is given, and it only restricts."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from journal.chance import stream
from model.baselines import BASELINES
from model.contract import Outcomes
from model.encoders import ENCODERS
from model.laws import trial
from model.laws.law import BrokenError, Law, same_types, strong
from model.network import network
from model.parts import Action, Event, Met, Policy, Recommender, Seen, Tree, everything
from model.policies import budget, chain, every

N = 256
"""Events of a trial."""

STRANGE = np.int32(27)
"""Added to the products of a stream: as many are beyond the catalogue, within the room there is."""

HIGH = 1e6
"""A rate that no policy should propose, and that none may choke on."""


@functools.cache
def memory() -> Recommender:
    """The cheapest recommender whose ranks mean something."""
    return BASELINES["own_recent"]()


@functools.cache
def _small() -> Recommender:
    return network(ENCODERS["sage"](), **trial.SMALL)


@functools.lru_cache(maxsize=4)
def _plain(policy: Policy) -> tuple[Outcomes, str]:
    """What other ways of running a policy are compared with."""
    lane = trial.lane(memory(), policy)
    return trial.feed(lane, trial.events(N)), lane.digest()


def _anew(policy: Policy) -> Policy:
    """The same policy to be traced afresh: what was compiled for it is not found."""
    return Policy(lambda: policy.init(), lambda action, state, seen: policy.update(action, state, seen))


def _step(policy: Policy) -> Any:
    """One call of a policy as a function of arrays alone."""

    def step(action: Action, state: Tree, event: Event, waiting: Array, rank: Array) -> tuple[Action, Tree]:
        return policy.update(action, state, Seen(event, waiting, lambda: rank, lambda: Met(waiting, waiting)))

    return step


def _asked(n: int = N) -> tuple[Event, Array, Array]:
    """Scored events as a policy meets them, how many wait, and their ranks; each [n]. Time stands still, and leaps."""
    draw = stream(trial.SEED, "asked")
    seconds = np.cumsum(draw.choice([0.0, 0.0, 1.0, 90.0, 1e5], n))
    kind = draw.choice(trial.MET, n)
    shopper, product = draw.integers(0, 10**6, n), draw.integers(0, 10**6, n)
    event = Event(
        *(
            jnp.asarray(c, t)
            for c, t in zip((np.arange(1, n + 1), seconds, kind, shopper, product), _TYPES, strict=True)
        )
    )
    waiting, rank = draw.integers(1, 5, n), draw.choice([1.0, 3.5, 10.0, 11.0, 1e6], n)
    return event, jnp.asarray(waiting, jnp.int32), jnp.asarray(rank, jnp.float32)


_TYPES = (jnp.int32, jnp.float32, jnp.int32, jnp.int32, jnp.int32)


def _first(columns: tuple[Event, Array, Array]) -> tuple[Event, Array, Array]:
    return jax.tree.map(lambda column: column[0], columns)


def traced(policy: Policy) -> None:
    """Raise what tracing raises."""
    jax.eval_shape(_step(policy), everything(), trial.as_arrays(policy.init()), *_first(_asked()))


def one_trace(policy: Policy) -> None:
    """Ask it of events one after the other, its own state handed back."""
    traces = []

    def step(*given: Any) -> tuple[Action, Tree]:
        traces.append(1)
        return _step(policy)(*given)

    compiled, state, asked = jax.jit(step), policy.init(), _asked(40)
    for n in range(40):
        _, state = compiled(everything(), state, *jax.tree.map(lambda column, n=n: column[n], asked))
    if len(traces) > 1:
        raise BrokenError(
            f"40 events made it compile {len(traces)} times",
            "Begin with the very types that update returns: jnp.float32(0) for 0.0, jnp.int32(0) for 0",
        )


def kept(policy: Policy) -> None:
    """Compare the types of state and action before and after a call."""
    begun = jax.eval_shape(policy.init)
    for path, leaf in jax.tree_util.tree_flatten_with_path(begun)[0]:
        strong(leaf, f"state{jax.tree_util.keystr(path)}", "begins")
    came = jax.eval_shape(_step(policy), everything(), policy.init(), *_first(_asked()))
    if not (isinstance(came, tuple) and len(came) == 2 and isinstance(came[0], Action)):
        raise BrokenError(f"update returns {type(came).__name__} {_brief(came)}", "Return (action, state)")
    same_types(begun, came[1], "state")
    for name, was, now in zip(Action._fields, everything(), came[0], strict=True):
        if was is not None:  # what is None at first is the policy's own to set
            same_types(was, now, f"action.{name}")


def _brief(value: Any) -> str:
    return f"of {[type(one).__name__ for one in value]}" if isinstance(value, tuple) else ""


def deterministic(policy: Policy) -> None:
    """Run it twice, each time traced afresh."""
    lane = trial.lane(memory(), _anew(policy))
    again = trial.feed(lane, trial.events(N)), lane.digest()
    do = "Draw chance from model.chance with a seed and seen.seq, and keep nothing outside of the state"
    trial.same_bits(_plain(policy), again, "the same run twice differs", do)


def read(policy: Policy) -> None:
    """Read slates and scores between the calls; and see that update does not write into what it is given."""
    written: list[str] = []

    def step(action: Action, state: Tree, *asked: Any) -> tuple[Action, Tree]:
        before = trial.copied(state)
        came = _step(policy)(action, state, *asked)
        written.extend(trial.written_into(before, state))
        return came

    jax.eval_shape(step, everything(), trial.as_arrays(policy.init()), *_first(_asked()))
    if written:
        raise BrokenError(
            f"update writes into the state it is given, at state{written[0]}",
            "Return a new one, as {**state, 'key': value} does",
        )
    lane = trial.lane(memory(), policy)
    outcomes = trial.reads_between(lane, trial.events(N))
    trial.same_bits(
        _plain(policy),
        (outcomes, lane.digest()),
        "slates and scores read in between change the run",
        "Keep no state outside",
    )


def uncut(policy: Policy) -> None:
    """Give the same events in calls of other lengths."""
    for size in (1, 64):
        lane = trial.lane(memory(), policy)
        outcomes = trial.feed(lane, trial.events(N), size)
        trial.same_bits(
            _plain(policy),
            (outcomes, lane.digest()),
            f"calls of 7 events and of {size} differ",
            "Count in the state: a Python counter counts compilations, not events",
        )


def restricts(policy: Policy) -> None:
    """Ask it of events that an earlier policy dropped, or lets wait."""
    event, waiting, rank = _asked()
    for keep in (False, True):

        def step(state: Tree, asked: Any, keep: bool = keep) -> tuple[Tree, tuple[Array, Array]]:
            given = everything()._replace(learn=jnp.bool_(False), keep=jnp.bool_(keep))
            action, state = _step(policy)(given, state, *asked)
            return state, (action.learn, action.keep & ~given.keep)

        found = jax.jit(lambda state, step=step: jax.lax.scan(step, state, (event, waiting, rank))[1])
        for what, wrong in zip(("learned", "kept waiting"), found(trial.as_arrays(policy.init())), strict=True):
            if np.any(wrong):
                raise BrokenError(
                    f"of {N} events that an earlier policy {'lets wait' if keep else 'dropped'}, "
                    f"{int(np.sum(wrong))} are {what}",
                    "Only restrict: learn=action.learn & mine, and keep=action.keep | action.learn at most",
                )


def _replays(policy: Policy) -> bool:
    came = jax.eval_shape(_step(policy), everything(), trial.as_arrays(policy.init()), *_first(_asked()))
    return came[0].replays is not None


def within_budget(policy: Policy) -> None:
    """Put a budget of 4 an hour, 3 at once, before it and behind it."""
    limit, source = budget(per_hour=4.0, burst=3), trial.events(N)
    when = trial.hours(source)
    pairs = {"before": (limit, policy), "behind": (policy, limit)}
    if _replays(policy):  # what it replays comes on top of what was granted before it
        del pairs["before"]
    for place, pair in pairs.items():
        total = np.append(0, np.cumsum(trial.feed(trial.lane(memory(), chain(*pair)), source).learned))
        for start in range(len(when)):
            over = total[start + 1 :] - total[start] - (3 + 4.0 * (when[start:] - when[start]))
            if (over > 1e-3).any():
                raise BrokenError(
                    f"a budget {place} it is exceeded by {over.max():.1f} events from scored event {start} on",
                    "Only restrict what the policy before proposed: learn=action.learn & mine",
                )


def survives(policy: Policy) -> None:
    """Rates of 1e6, times that stand still, shoppers and products never seen, a rank that is not a number at first."""
    event, waiting, rank = _asked()

    def step(state: Tree, asked: Any) -> tuple[Tree, tuple[Array, Array]]:
        given = everything()._replace(rate=jnp.float32(HIGH), weights=jnp.float32(HIGH))
        action, state = _step(policy)(given, state, *asked)
        return state, (action.rate, action.weights)

    rates = jax.jit(lambda state: jax.lax.scan(step, state, (event, waiting, rank))[1])(trial.as_arrays(policy.init()))
    for name, column in zip(("rate", "weights"), map(np.asarray, rates), strict=True):
        wrong = np.flatnonzero(~(np.isfinite(column) & (column >= 0)))
        if len(wrong):
            raise BrokenError(
                f"action.{name} is {column[wrong[0]]} at scored event {wrong[0]}",
                "Guard divisions (jnp.maximum(n, 1)), and keep rates finite and not below 0",
            )
    lane, source = trial.lane(_small(), chain(_high(), _blind(policy))), trial.events(120, "strangers")
    trial.feed(lane, source._replace(product=source.product + STRANGE))
    trial.served_is_finite(lane, int(source.time[-1]))


def _high() -> Policy:
    return Policy(lambda: (), lambda action, state, seen: (action._replace(rate=action.rate * HIGH), state))


def _blind(policy: Policy) -> Policy:
    """The policy, told at its first event that the rank is not a number."""

    def update(action: Action, state: Tree, seen: Seen) -> tuple[Action, Tree]:
        own, begun = state
        event = Event(seen.seq, seen.time, seen.kind, seen.shopper, seen.product)
        rank = lambda: jnp.where(begun, seen.rank, jnp.nan)
        told = Seen(event, seen.waiting, rank, lambda: seen.met, seen._ripe)
        action, own = policy.update(action, own, told)
        return action, (own, jnp.bool_(True))

    return Policy(lambda: (policy.init(), jnp.bool_(False)), update)


def composes(policy: Policy) -> None:
    """Put every(4) before it and behind it: events are learned at every fourth scored event, and at no other."""
    pairs = {"before": (every(4), policy), "behind": (policy, every(4))}
    if _replays(policy):  # `every` lets through what a policy before it replays
        del pairs["behind"]
    for place, pair in pairs.items():
        outcomes = trial.feed(trial.lane(memory(), chain(*pair)), trial.events(N))
        learned = outcomes.learned - outcomes.replayed
        wrong = np.flatnonzero((learned > 0) & (np.arange(len(learned)) % 4 != 3))
        if len(wrong):
            raise BrokenError(
                f"with every(n=4) {place} it, {learned[wrong[0]]} events are learned at scored event {wrong[0]}",
                "Only restrict what the policy before proposed: learn=action.learn & mine",
            )


POLICY_LAWS: tuple[Law, ...] = (
    Law("traced", "it can be traced", traced, founding=True),
    Law("one_trace", "many events compile it once", one_trace),
    Law("kept", "state and action keep structure, shapes and dtypes", kept, founding=True),
    Law("deterministic", "the same run twice gives the same bits", deterministic),
    Law("read", "a read changes nothing", read),
    Law("uncut", "the cut of events into calls changes no bit", uncut),
    Law("restricts", "an event dropped before it stays dropped", restricts),
    Law("budget", "a budget before or behind it is kept", within_budget),
    Law("survives", "strangers and extreme rates leave finite numbers", survives),
    Law("composes", "it composes with every(n=4), before and behind", composes),
)
