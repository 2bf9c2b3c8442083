"""Policies that ask the loop for the same share one compiled loop, in which a lane's number says which of them rules.

asks     what a loop has to be compiled with for a policy: what it reads of an event that costs something (its rank,
         what was met), and which fields of an action it sets, in which shapes
group    policies whose asks agree; a field that costs nothing (`FREE`) is set to nothing for those that do not ask.
         Where that would be more than a dozen loops, those share one that differ in what costs little (`CHEAP`), too
joined   the policy of a group: its state is the member's number and the member's state in slots that all members share
apart    a lane's carry as the loop of its policy alone would have it: the form in which it is kept and compared

What a policy computes is the same in either loop, and to the bit: only which rule is called differs.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from model.carry import Carry, asked_for
from model.parts import Action, Policy, Replays, Seen, Tree

Kind = tuple[tuple[int, ...], str]
"""Shape and dtype of an array."""

PLAIN = ("learn", "keep", "rate", "weights")
"""Fields of an action that every policy sets."""

FREE = ("alarm",)
"""Fields of an action that cost nothing where nothing is asked: a group of its own would be compiled for no gain."""

CHEAP = ("note", "older")
"""Fields that cost little where nothing is asked, as does reading a rank or what was met."""

NOTHING = {"alarm": np.bool_(False), "note": np.bool_(False), "older": np.float32(-np.inf)}
"""What such a field is for a policy that does not set it: no alarm, no note, and every event is old enough."""

REPLAYS = Action._fields.index("replays")

LOOPS = 12
"""Loops that the policies of a run have, at most, before those share one that ask for different things."""


class Asks(NamedTuple):
    """What a policy asks the loop for."""

    rank: bool  # it reads the rank of an event
    met: bool  # it reads what was met before
    action: tuple[tuple[Kind, ...] | None, ...]  # by field of `Action`: the arrays that it sets; None where it is None

    def __str__(self) -> str:
        """What is asked for beside what every policy does: "rank, pull, save", or "nothing"."""
        sets = [name for name, kinds in zip(Action._fields, self.action, strict=True) if kinds and name not in PLAIN]
        reads = [name for name in ("rank", "met") if getattr(self, name)]
        return ", ".join(reads + [name for name in sets if name not in FREE]) or "nothing"


class Member(NamedTuple):
    """A policy of a group."""

    policy: Policy
    places: tuple[int, ...]  # slot of each leaf of its state
    sets: tuple[bool, ...]  # by field of `Action`: whether it is not None
    met: bool  # whether it reads what was met before
    room: int  # events that it replays at once, at most


class Joint(NamedTuple):
    """The policy that a loop is compiled for, and which of its members the lane has."""

    loop: Policy  # the same for all members: what is compiled is known by it
    policy: Policy  # begins with the number of this member
    member: Member | None  # None where the loop is compiled for the policy alone

    def apart(self, carry: Carry) -> Carry:
        """Return the carry as the loop of the member alone would have it."""
        if self.member is None:
            return carry
        _, slots = carry.policy
        shape = jax.tree.structure(self.member.policy.init())
        own = jax.tree.unflatten(shape, [slots[place] for place in self.member.places])
        sets = zip(Action._fields, self.member.sets, strict=True)
        unset: dict[str, Any] = {name: None for name, on in sets if not on}
        if carry.action.replays is not None:
            unset["replays"] = _sized(carry.action.replays, self.member.room)
        tally = carry.tally
        if tally is not None and "note" in unset:
            tally = tally._replace(noted=None)
        met = carry.met if self.member.met else None
        return carry._replace(policy=own, action=carry.action._replace(**unset), met=met, tally=tally)

    def together(self, apart: Carry, carry: Carry) -> Carry:
        """Return what `apart` returned as the group's loop takes it; `carry` is that of a lane of this group."""
        if self.member is None:
            return apart
        number, slots = carry.policy
        slots = _filled(slots, self.member.places, jax.tree.leaves(apart.policy))
        known = {name: field for name, field in apart.action._asdict().items() if field is not None}
        if apart.action.replays is not None and carry.action.replays is not None:
            known["replays"] = _sized(apart.action.replays, len(carry.action.replays.fresh))
        met, tally = carry.met if apart.met is None else apart.met, apart.tally
        if tally is not None and tally.noted is None and carry.tally is not None:
            tally = tally._replace(noted=carry.tally.noted)
        action = carry.action._replace(**known)
        return apart._replace(policy=(number, slots), action=action, met=met, tally=tally)


def alone(policy: Policy) -> Joint:
    """Return a policy that has a loop of its own."""
    return Joint(policy, policy, None)


@functools.cache
def asks(policy: Policy) -> Asks:
    """Return what a policy asks the loop for, in a form that can be compared."""
    asked = asked_for(policy, policy.init())
    fields = (None if field is None else tuple(map(_kind, jax.tree.leaves(field))) for field in asked.action)
    return Asks(asked.rank, asked.met, tuple(fields))


def grouped(policies: Sequence[Policy]) -> list[Joint]:
    """Return each policy with the loop that it shares; equal groups share it from run to run of a process."""
    keys = [_but(asks(policy), FREE) for policy in policies]
    if len(set(keys)) > LOOPS:
        keys = [_any_size(_but(key, CHEAP)._replace(rank=False, met=False)) for key in keys]
    groups: dict[Asks, list[Policy]] = {}
    for key, policy in zip(keys, policies, strict=True):
        of_group = groups.setdefault(key, [])
        if policy not in of_group:
            of_group.append(policy)
    return [_joined(tuple(groups[key]), policy) for key, policy in zip(keys, policies, strict=True)]


def _but(asked: Asks, names: Sequence[str]) -> Asks:
    """Leave these fields of an action out of what is asked."""
    fields = zip(Action._fields, asked.action, strict=True)
    return asked._replace(action=tuple(None if name in names else kinds for name, kinds in fields))


def _any_size(asked: Asks) -> Asks:
    """Leave out of what is asked how many events are replayed at once."""
    kinds = asked.action[REPLAYS]
    sized = kinds and tuple(((), dtype) for _, dtype in kinds)
    return asked._replace(action=(*asked.action[:REPLAYS], sized, *asked.action[REPLAYS + 1 :]))


def _sized(replays: Replays, room: int) -> Replays:
    """Return replays with room for so many events: the first of them, or with none behind them."""

    def fitted(column: Array) -> Array:
        return jnp.concatenate([column[:room], jnp.zeros(max(room - len(column), 0), column.dtype)])

    return Replays(jax.tree.map(fitted, replays.events), fitted(replays.fresh), replays.n)


def _room(asked: Asks) -> int:
    """How many events a policy replays at once, at most."""
    kinds = asked.action[REPLAYS]
    return kinds[0][0][0] if kinds else 0


def _joined(policies: tuple[Policy, ...], which: Policy) -> Joint:
    if len(policies) == 1:
        return alone(which)
    members, loop = _group(policies)
    number = policies.index(which)
    init = functools.partial(_begun, members, number, _slots(policies))
    return Joint(loop, Policy(init, loop.update), members[number])


def _begun(members: Sequence[Member], number: int, kinds: Sequence[Kind]) -> Tree:
    empty = [jnp.zeros(shape, dtype) for shape, dtype in kinds]
    policy, places = members[number].policy, members[number].places
    return jnp.int32(number), _filled(empty, places, jax.tree.leaves(policy.init()))


def _slots(policies: Sequence[Policy]) -> list[Kind]:
    """The arrays of which each policy finds enough for its state."""
    needed: dict[Kind, int] = {}
    for policy in policies:
        own = [_kind(leaf) for leaf in jax.tree.leaves(policy.init())]
        for kind in own:
            needed[kind] = max(needed.get(kind, 0), own.count(kind))
    return [kind for kind in sorted(needed) for _ in range(needed[kind])]


def _places(policy: Policy, kinds: Sequence[Kind]) -> tuple[int, ...]:
    """The slot of each leaf of a policy's state, all different."""
    free = list(enumerate(kinds))
    places = []
    for leaf in jax.tree.leaves(policy.init()):
        slot = next(slot for slot in free if slot[1] == _kind(leaf))
        free.remove(slot)
        places.append(slot[0])
    return tuple(places)


@functools.cache
def _group(policies: tuple[Policy, ...]) -> tuple[list[Member], Policy]:
    """Return the members of a group and the policy that is them all: one object, for one loop."""
    kinds, asked = _slots(policies), [asks(policy) for policy in policies]
    sets = [tuple(field is not None for field in one.action) for one in asked]
    each = zip(policies, sets, asked, strict=True)
    members = [Member(policy, _places(policy, kinds), own, one.met, _room(one)) for policy, own, one in each]
    rank, met, room = any(one.rank for one in asked), any(one.met for one in asked), max(map(_room, asked))
    together = tuple(map(any, zip(*sets, strict=True)))

    def update(action: Action, state: Tree, seen: Seen) -> tuple[Action, Tree]:
        number, slots = state
        seen = seen.ahead(rank=rank, met=met)
        rules = [functools.partial(_ruled, member, together, room, seen) for member in members]
        action, slots = lax.switch(number, rules, action, slots)
        return action, (number, slots)

    return members, Policy(functools.partial(_begun, members, 0, kinds), update)


def _ruled(
    member: Member, together: Sequence[bool], room: int, seen: Seen, action: Action, slots: tuple[Array, ...]
) -> tuple[Action, tuple[Array, ...]]:
    """Let a member rule: it finds its state in the slots, and leaves what is not its own."""
    policy, places = member.policy, member.places
    own = jax.tree.unflatten(jax.tree.structure(policy.init()), [slots[place] for place in places])
    action, own = policy.update(action, own, seen)
    wanted = [name for name, on in zip(Action._fields, together, strict=True) if on and name in NOTHING]
    unset: dict[str, Any] = {name: NOTHING[name] for name in wanted if getattr(action, name) is None}
    if action.replays is not None:
        unset["replays"] = _sized(action.replays, room)
    action = action._replace(**unset)
    return jax.tree.map(_strong, action), _filled(slots, places, jax.tree.leaves(own))


def _filled(slots: Sequence[Array], places: Sequence[int], leaves: Sequence[Any]) -> tuple[Array, ...]:
    """Return the slots with these leaves in their places."""
    held = dict(zip(places, leaves, strict=True))
    return tuple(_strong(held.get(n, slot)) for n, slot in enumerate(slots))


def _strong(leaf: Any) -> Array:
    """The same as an array of a type that stays: of a number in Python the type is weak, and rules must agree."""
    array = jnp.asarray(leaf)
    return lax.convert_element_type(array, array.dtype)


def _kind(leaf: Any) -> Kind:
    given = jnp.asarray(leaf)
    return tuple(given.shape), str(given.dtype)
