"""The carry is all that a lane knows between two events: what it has learned, and what waits to be learned."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from model.layout import Layout
from model.parts import Action, Event, Met, Policy, Seen, Shop, Tree, everything

WAITING = 8192
"""Room for events that wait to be learned. When it is full the policy is overruled and they are learned."""


class Tally(NamedTuple):
    """What was learned since the last event was scored, where scoring and learning stand apart."""

    learned: Array  # int32
    again: Array  # int32: of these, replayed
    alarm: Array  # bool: a detector alarmed


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


def begin(policy: Policy, state: Tree, shop: Shop, layout: Layout, *, apart: bool) -> Carry:
    """Return the carry before the first event; `apart`: events are scored when they happen, learned when delivered."""
    none = jnp.zeros(WAITING, jnp.int32)
    zero = jnp.int32(0)
    waiting = Event(none, none.astype(jnp.float32), none, none, none)
    own = policy.init()
    action, reads = _asked_for(policy, own)
    left = None if action.replays is None else zero
    met = Met(jnp.zeros(layout.shoppers, jnp.int32), jnp.zeros(layout.products, jnp.int32)) if reads else None
    tally = Tally(zero, zero, jnp.bool_(False)) if apart else None
    carry = Carry(state, shop, own, action, waiting, zero, zero, zero, jnp.float32(0), left, met, tally)
    # A buffer of its own for each leaf, so that all can be donated; from numpy, so that no weak type compiles twice.
    return jax.tree.map(lambda leaf: jnp.array(np.asarray(leaf)), carry)


def _asked_for(policy: Policy, own: Tree) -> tuple[Action, bool]:
    """Return an action of the policy in which nothing happens, and whether the policy reads what was met."""
    zero, seconds = jnp.int32(0), jnp.float32(0)
    nothing = Event(zero, seconds, zero, zero, zero)
    seen = Seen(nothing, zero, lambda: seconds, lambda: Met(zero, zero), lambda older: zero)
    action = jax.eval_shape(lambda start, state: policy.update(start, state, seen)[0], everything(), own)
    return jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), action), seen.met_was_read


def busy(carry: Carry) -> Array:
    """Whether something is still to be learned before the next event is scored."""
    return carry.due > 0 if carry.left is None else (carry.due > 0) | (carry.left > 0)


def stopped(carry: Carry) -> Array:
    """Whether the state has to be made anew first, which is not done in here."""
    return jnp.bool_(False) if carry.action.anew is None else carry.action.anew
