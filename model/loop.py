"""The prequential loop, compiled: every event is scored with all that was learned before it, and only then learned.

The loop advances in ticks. A tick scores the next event, if nothing is left to be learned, asks the policy what to do
with the events that wait, and then learns one of them, oldest first, if the policy said so. `every_event` thus scores
and learns in one tick; `micro_batch(n)` scores for n ticks and then learns n events in n ticks, the first of them
shared. What a policy replays is learned after what waited, an event a tick. An event that is dropped but noted is
taken in by the tick that was offered it, before anything else.

Where events reach the lane through a pipeline, scoring and learning stand apart: what happens is scored, and what is
delivered, later or never, is offered to the policy. Each is an entry of one stream in order of time. Where learning
takes time, what the policy lets be learned goes to the updater (`model.updater`), and is learned when that is done.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from journal.facts import SCORED
from model import updater
from model.carry import WAITING, Carry, Tally, busy, go_on, kept, stopped, submitted, take_shed, tallied, unlearned
from model.layout import Layout
from model.parts import Action, Event, Learned, Met, Policy, Query, Recommender, Seen, everything
from model.ranks import Scores, rank_now
from model.rows import put, unread
from model.standing import Change, against, relist

TICKS = 128
"""Ticks of one call, at most."""

FEW = 16
"""Ticks of a short call: the few events before a slate is asked for."""


class Passing(NamedTuple):
    """What stands beside the events of a call where scoring and learning are apart."""

    now: Array  # float32[T]: the lane's clock, seconds; an event's own time is when it says that it happened
    delivered: Array  # bool[T]: the event is delivered, not happening
    since: Array  # float32[T]: seconds since the entry before


class Learnt(NamedTuple):
    """Which event was learned in a tick, and when."""

    seq: Array  # int32[T]
    entry: Array  # int32[T]: place in the call of the entry that the lane had come to; -1: the last of the call before
    late: Array  # float32[T]: seconds from the time of that entry to when it was learned; none is above 0
    new: Array  # bool[T]: an event was learned in this tick that is not replayed
    shed: Array  # int32[T]: events shed in this tick


class Ticks(NamedTuple):
    """What came of each tick of a call, in order, and how far the call went."""

    scored: Array  # bool[T]: an event was scored
    seq: Array  # int32[T]
    rank: Array  # float32[T]
    candidates: Array  # int32[T]
    learned: Array  # bool[T]: an event was learned; apart, int32[T]: events learned since the one scored before this
    waiting: Array  # int32[T]: events that waited when this one was scored
    age: Array  # float32[T]: seconds since the newest event learned
    again: Array  # bool[T], or int32[T]: of the events learned, it was learned before
    alarm: Array  # bool[T]: a detector alarmed
    learnt: Learnt | None  # None where scoring and learning are not apart
    noted: Array | None  # bool[T]: an event was noted; None where the policy never notes
    used: Array  # int32: events of the call that were consumed
    ticks: Array  # int32: ticks that were used


def advance(
    recommender: Recommender,
    policy: Policy,
    layout: Layout,
    carry: Carry,
    events: Event,
    n: Array,
    passing: Passing | None = None,
) -> tuple[Carry, Ticks, Scores | None]:
    """Run up to T ticks over the first `n` of the events (each field [T]); pure, to be jitted with `carry` donated.

    The ranks are those of `model.ranks` for the scores that are returned; where there are none, the ticks have them.
    """
    size = events.seq.shape[0]
    tick = _Tick(recommender, policy, layout, events, n, passing)
    empty = jax.eval_shape(tick.once, jnp.int32(0), carry)[2]
    log = jax.tree.map(lambda leaf: jnp.zeros((size, *leaf.shape), leaf.dtype), empty)
    unwritten = jnp.full_like(log[0].ids, carry.shop.served.shape[0])
    log = (log[0]._replace(ids=unwritten), *log[1:])  # ticks that are not reached write no row

    def unfinished(at: tuple) -> Array:
        step, used, now, _ = at
        return (step < size) & ((used < n) | busy(now)) & ~stopped(now)

    def body(at: tuple) -> tuple:
        step, used, now, out = at
        used, now, line = tick.once(used, now)
        out = jax.tree.map(lambda all_, one: lax.dynamic_update_index_in_dim(all_, one, step, 0), out, line)
        return step + 1, used, now, out

    step, used, carry, (scores, facts, exact) = lax.while_loop(
        unfinished, body, (jnp.int32(0), jnp.int32(0), carry, log)
    )
    scored, seq, candidates, learned, waiting, age, again, alarm, learnt, noted = facts
    ticks = Ticks(scored, seq, exact, candidates, learned, waiting, age, again, alarm, learnt, noted, used, step)
    return carry, ticks, None if tick.rank_was_read else scores


class _Tick:
    """One tick, as a traced function; notes whether the policy reads a rank, which must then be counted at once."""

    def __init__(
        self,
        recommender: Recommender,
        policy: Policy,
        layout: Layout,
        events: Event,
        n: Array,
        passing: Passing | None,
    ) -> None:
        self.recommender, self.policy, self.layout = recommender, policy, layout
        self.events, self.n, self.passing, self.rank_was_read = events, n, passing, False

    def once(self, used: Array, carry: Carry) -> tuple[Array, Carry, tuple]:
        at = jnp.minimum(used, self.n - 1)
        carry, come = go_on(carry, used < self.n, None if self.passing is None else self.passing.since[at])
        fresh = come & ~busy(carry)
        event = Event(*(column[at] for column in self.events))
        scored = offered = fresh & jnp.isin(event.kind, jnp.array(SCORED))
        now = event.time
        if self.passing is not None:
            now, delivered = self.passing.now[at], self.passing.delivered[at]
            scored, offered = scored & ~delivered, offered & delivered
        query = Query(event.seq, now, event.shopper)
        answer = self.recommender.query(carry.state, carry.shop, query, self.layout)
        target, known = against(answer, event.product, carry)
        before = carry
        if carry.service is not None:
            service, offered = updater.admit(carry.service, carry.held, event.seq, fresh, offered)
            carry = carry._replace(service=service)
        carry, exact, dropped = self._decide(
            carry,
            event,
            now,
            offered,
            lambda: rank_now(answer.vector, target, known, before.shop.served, before.shop.on_sale),
        )
        alarm = jnp.bool_(False) if carry.action.alarm is None else offered & carry.action.alarm
        late = jnp.float32(0) if carry.service is None else updater.due(carry.service).late
        noted = None
        if carry.action.note is not None and self.recommender.noting is not None:
            noted = dropped & carry.action.note
        carry, change, learned, learn, again = self._learn(carry, target, event, noted)
        carry, change = relist(carry, event, fresh, change)
        came, learnt = Tally(learn, again, alarm, noted), None
        if carry.tally is not None:
            carry, shed = take_shed(carry)
            learnt = Learnt(learned.seq, used - ~come, late, learn & ~again, shed)
            carry, came = tallied(carry, came, scored)
        waited = (unlearned(before), now - before.newest)
        line = (
            scored,
            event.seq,
            before.shop.listed,
            came.learned,
            *waited,
            came.again,
            came.alarm,
            learnt,
            came.noted,
        )
        return used + fresh, carry, (Scores(answer.vector, target, known, *change), line, exact)

    def _decide(  # type: ignore[no-untyped-def]
        self, carry: Carry, event: Event, now: Array, offered: Array, rank
    ) -> tuple[Carry, Array, Array]:
        """Let the event that is offered wait, and ask the policy what to learn now; say whether it was dropped."""
        oldest = carry.oldest if carry.service is None else updater.waiting_at(carry.service)
        room = carry.waiting.seq.shape[0]
        place = jnp.where(offered, (oldest + carry.held) % room, room)
        waiting = Event(*(a.at[place].set(b, mode="drop") for a, b in zip(carry.waiting, event, strict=True)))
        count = carry.held + offered
        met = carry.met
        clock = None if self.passing is None else now
        old_enough = partial(_ripe, waiting, oldest, count, clock)
        seen = Seen(event, count, rank, None if met is None else partial(_met, met, event), old_enough, now=clock)
        action, state = self.policy.update(everything(), carry.policy, seen)
        full = count == WAITING
        learn = action.learn | full
        self.rank_was_read = self.rank_was_read or seen.rank_was_read
        exact = rank() if seen.rank_was_read else jnp.float32(0)
        ripe = jnp.maximum(seen.ripe(action), full)
        dropped = offered & ~learn & ~action.keep
        if met is not None:
            on = offered.astype(jnp.int32)
            met = Met(met.shopper.at[event.shopper].add(on), met.product.at[event.product].add(on))
        carry = carry._replace(policy=kept(offered, state, carry.policy), waiting=waiting, met=met)
        if carry.service is not None:
            n = jnp.where(offered & learn, ripe, 0)
            return submitted(carry, action, n, offered)._replace(held=count - dropped - n), exact, dropped
        if action.replays is not None and carry.left is not None:
            carry = carry._replace(left=jnp.where(offered, action.replays.n, carry.left))
        due = jnp.where(offered, jnp.where(learn, ripe, 0), carry.due)
        asked = kept(offered, action, carry.action)
        return carry._replace(action=asked, due=due, held=count - dropped), exact, dropped

    def _next(self, carry: Carry) -> tuple[Event, Array, Array | None]:
        """Return the event to be learned now, whether there is one, and whether it is replayed."""
        oldest, waits = carry.oldest, carry.due > 0
        if carry.service is not None:
            waits, _, oldest, _ = updater.due(carry.service)
        event = Event(*(column[oldest] for column in carry.waiting))
        replays = carry.action.replays
        if replays is None or carry.left is None:
            return event, waits, None
        at = replays.n - carry.left
        event = Event(*(jnp.where(waits, a, b[at]) for a, b in zip(event, replays.events, strict=True)))
        return event, waits | (carry.left > 0), ~waits & ~replays.fresh[at]

    def _learn(
        self, carry: Carry, target: Array, newest: Event, noted: Array | None
    ) -> tuple[Carry, Change, Event, Array, Array]:
        """Learn the oldest event that is due, or else the next to be replayed, if any; return it, and if there is.

        Where the newest event is `noted`, take that in instead.
        """
        event, on, again = self._next(carry)
        on = on & ~stopped(carry)
        if noted is not None:
            on, noted = on & ~noted, noted & ~stopped(carry)
            event = Event(*(jnp.where(noted, a, b) for a, b in zip(newest, event, strict=True)))
            again = None if again is None else again & ~noted
        seen = Seen(event, carry.held, again=again, noted=noted)
        counted = on & ~again if again is not None and self.recommender.anew is None else on  # a count is not replayed
        counted = counted if noted is None else counted | noted
        counted &= ~unread(target)  # what was scored is read before anything is written
        action = carry.action
        if carry.service is not None:
            action = updater.how(carry.service, action, updater.due(carry.service))
        learned = self._learned(carry, seen, action, counted)
        products = carry.shop.served.shape[0]
        # A second, idle row keeps a scatter one: for one row the compiler takes another road, which copies the table.
        ids = jnp.append(jnp.where(counted & (learned.ids >= 0), learned.ids, products), products)
        rows = jnp.concatenate([learned.rows, learned.rows[:1]])
        change = Change(ids, carry.shop.served.at[ids].get(mode="clip"), carry.shop.on_sale.at[ids].get(mode="clip"))
        served = put(carry.shop.served, jnp.where(unread(change.rows, target), products, ids), rows)
        carry = _past(carry, on, event.time)
        carry = carry._replace(state=learned.state, shop=carry.shop._replace(served=served))
        return carry, change, event, on, on & False if again is None else on & again

    def _learned(self, carry: Carry, seen: Seen, action: Action, on: Array) -> Learned:
        """Let the recommender learn, if `on`; where that is dear, in a loop of one round or none: with masks alone a
        tick that learns nothing costs as much as one that does, and a branch copies tables."""

        def learn(before: Learned) -> Learned:
            return self.recommender.learn(before.state, carry.shop, seen, action, on, self.layout)

        if not self.recommender.dear:
            return learn(Learned(carry.state, on, on))
        made = jax.eval_shape(learn, Learned(carry.state, on, on))
        no_ids, no_rows = jnp.full(made.ids.shape, -1, made.ids.dtype), jnp.zeros(made.rows.shape, made.rows.dtype)
        before = Learned(carry.state, no_ids, no_rows)
        return lax.fori_loop(0, on.astype(jnp.int32), lambda _, now: learn(now), before)


def _met(met: Met, event: Event) -> Met:
    return Met(met.shopper[event.shopper], met.product[event.product])


def _ripe(waiting: Event, oldest: Array, held: Array, now: Array | None, older: Array) -> Array:
    """Return how many of those that wait are at least so old, int32; without a clock the newest tells the time."""
    room = waiting.time.shape[0]
    place = (jnp.arange(room) - oldest) % room
    if now is None:
        now = waiting.time[(oldest + held - 1) % room]
    return ((place < held) & (now - waiting.time >= older)).sum().astype(jnp.int32)


def _past(carry: Carry, on: Array, time: Array) -> Carry:
    """Count off one that was learned, if `on`: of those that wait, or else of those to be replayed."""
    if carry.service is not None:
        due = updater.due(carry.service)
        waits = on & due.on
        left = None if carry.left is None else carry.left - (on & ~waits)
        newest = jnp.where(on, jnp.maximum(time, carry.newest), carry.newest)
        return carry._replace(service=updater.learned(carry.service, due, waits), left=left, newest=newest)
    step = (on & (carry.due > 0)).astype(jnp.int32)
    if carry.left is not None:
        carry = carry._replace(left=carry.left - (on.astype(jnp.int32) - step))
    return carry._replace(
        oldest=(carry.oldest + step) % WAITING,
        held=carry.held - step,
        due=carry.due - step,
        newest=jnp.where(on, jnp.maximum(time, carry.newest), carry.newest),
    )
