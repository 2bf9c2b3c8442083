"""The carry is all that a lane knows between two events: what it has learned, and what waits to be learned."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from model import updater
from model.contract import Updater
from model.layout import Layout
from model.parts import Action, Event, Met, Policy, Seen, Shop, Tree, everything

WAITING = 8192
"""Room for events that wait to be learned. When it is full the policy is overruled and they are learned."""


class Tally(NamedTuple):
    """What was learned since the last event was scored, where scoring and learning stand apart."""

    learned: Array  # int32
    again: Array  # int32: of these, replayed
    alarm: Array  # bool: a detector alarmed
    noted: Array | None  # int32: events noted; None where none ever is


class Carry(NamedTuple):
    """All that a lane knows between two events."""

    state: Tree
    shop: Shop
    policy: Tree
    action: Action
    waiting: Event  # each [WAITING], a ring
    oldest: Array  # int32: place of the oldest event that waits
    held: Array  # int32: events that wait
    due: Array  # int32: of these, still to be learned before the next event is scored
    newest: Array  # float32: time of the newest event learned
    left: Array | None  # int32: events still to be replayed before the next one is scored; None: it never replays
    met: Met | None  # int32[shoppers], int32[P]: scored events of each; None where the policy does not read it
    tally: Tally | None  # None where each event is learned in the tick that scores it, or after it and before the next
    service: updater.Service | None  # None where learning takes no time


def begin(
    policy: Policy, state: Tree, shop: Shop, layout: Layout, *, apart: bool, working: Updater | None = None
) -> Carry:
    """Return the carry before the first event.

    apart    events are scored when they happen, and learned when they are delivered
    working  apart: by whom, where that takes time
    """
    none = jnp.zeros(WAITING if working is None else updater.ROOM, jnp.int32)
    zero = jnp.int32(0)
    waiting = Event(none, none.astype(jnp.float32), none, none, none)
    own = policy.init()
    action, _, reads = asked_for(policy, own)
    left = None if action.replays is None else zero
    met = Met(jnp.zeros(layout.shoppers, jnp.int32), jnp.zeros(layout.products, jnp.int32)) if reads else None
    noted = None if action.note is None else zero
    tally = Tally(zero, zero, jnp.bool_(False), noted) if apart else None
    service = None if working is None else updater.begin(working, action)
    carry = Carry(state, shop, own, action, waiting, zero, zero, zero, jnp.float32(0), left, met, tally, service)
    # A buffer of its own for each leaf, so that all can be donated; from numpy, so that no weak type compiles twice.
    return jax.tree.map(lambda leaf: jnp.array(np.asarray(leaf)), carry)


class Asked(NamedTuple):
    """What a policy asks the loop for."""

    action: Action  # one in which nothing happens: zeros, and None where the policy leaves a field None
    rank: bool  # it reads the rank of an event
    met: bool  # it reads what was met before


def asked_for(policy: Policy, own: Tree) -> Asked:
    """Return what a policy whose state is `own` asks for, found by tracing it."""
    zero, seconds = jnp.int32(0), jnp.float32(0)
    nothing = Event(zero, seconds, zero, zero, zero)
    seen = Seen(nothing, zero, lambda: seconds, lambda: Met(zero, zero), lambda older: zero)
    action = jax.eval_shape(lambda start, state: policy.update(start, state, seen)[0], everything(), own)
    zeros = jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), action)
    return Asked(zeros, seen.rank_was_read, seen.met_was_read)


def busy(carry: Carry) -> Array:
    """Whether something is still to be learned before the next event is scored."""
    due = carry.due > 0 if carry.service is None else updater.busy(carry.service)
    return due if carry.left is None else due | (carry.left > 0)


def unlearned(carry: Carry) -> Array:
    """How many events have come and are not learned, int32: those that the policy keeps waiting, and those after it."""
    service = carry.service
    return carry.held if service is None else carry.held + service.queued + service.size.sum()


def stopped(carry: Carry) -> Array:
    """Whether the state has to be made anew first, which is not done in here."""
    return jnp.bool_(False) if carry.action.anew is None else carry.action.anew


def tallied(carry: Carry, came: Tally, scored: Array) -> tuple[Carry, Tally]:
    """Add what came of a tick to what came since an event was scored, and return that; a scored event begins anew."""
    assert carry.tally is not None
    before = carry.tally
    since = Tally(
        learned=jnp.where(scored, 0, before.learned) + came.learned,
        again=jnp.where(scored, 0, before.again) + came.again,
        alarm=(before.alarm & ~scored) | came.alarm,
        noted=None
        if before.noted is None
        else jnp.where(scored, 0, before.noted) + (0 if came.noted is None else came.noted),
    )
    return carry._replace(tally=since), before


def take_shed(carry: Carry) -> tuple[Carry, Array]:
    """Return how many events were shed since this was last asked."""
    if carry.service is None:
        return carry, jnp.int32(0)
    return carry._replace(service=carry.service._replace(shed=jnp.int32(0))), carry.service.shed


def go_on(carry: Carry, waits: Array, since: Array | None) -> tuple[Carry, Array]:
    """Let time pass to the entry that comes next, if one `waits`, once nothing is left to be done; return whether the
    lane has come to it. It is `since` seconds after the entry before.
    """
    if carry.service is None or since is None:
        return carry, waits & ~busy(carry)
    on = waits & ~busy(carry) & ~carry.service.passed
    service, replays, anew = updater.take_replays(updater.pass_time(carry.service, since, on))
    if carry.left is not None:
        carry = carry._replace(left=carry.left + replays)
    if carry.action.anew is not None:
        carry = carry._replace(action=carry.action._replace(anew=carry.action.anew | anew))
    return carry._replace(service=service), service.passed


def kept(on: Array, new: Tree, old: Tree) -> Tree:
    """Return the leaves of `new`, if `on`, else those of `old`."""
    return jax.tree.map(lambda a, b: jnp.where(on, a, b), new, old)


def submitted(carry: Carry, action: Action, n: Array, offered: Array) -> Carry:
    """Hand a call of the `n` oldest events that wait, and the replays of an action, to the updater."""
    assert carry.service is not None
    service = updater.work(carry.service, action, n)
    service, taken = updater.replay(service, action, n, offered)
    now = kept(offered, action, carry.action)
    if action.replays is not None:
        now = now._replace(replays=kept(taken, action.replays, carry.action.replays))
    if action.anew is not None:
        now = now._replace(anew=carry.action.anew)
    return carry._replace(service=service, action=now)
