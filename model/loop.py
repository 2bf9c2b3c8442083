"""The prequential loop, compiled: every event is scored with all that was learned before it, and only then learned.

The loop advances in ticks. A tick scores the next event, if nothing is left to be learned, asks the policy what to do
with the events that wait, and then learns one of them, oldest first, if the policy said so. `every_event` thus scores
and learns in one tick; `micro_batch(n)` scores for n ticks and then learns n events in n ticks, the first of them
shared. What a policy replays is learned after what waited, an event a tick. An event that is dropped but noted is
taken in by the tick that was offered it, before anything else.

Where events reach the lane through a pipeline, scoring and learning stand apart: what happens is scored, and what is
delivered, later or never, is offered to the policy. Each is an entry of one stream in order of time.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from journal.facts import SCORED, Kind
from model.carry import WAITING, Carry, Tally, busy, stopped
from model.layout import Layout
from model.parts import Event, Met, Policy, Query, Recommender, Scored, Seen, Tree, everything
from model.ranks import Scores, rank_now, weigh
from model.rows import put, unread

TICKS = 128
"""Ticks of one call, at most."""

FEW = 16
"""Ticks of a short call: the few events before a slate is asked for."""


class Change(NamedTuple):
    """Up to C served rows that a tick writes, as they were before."""

    ids: Array  # int32[C]; P or more where none
    rows: Array  # float32[C, width]
    on_sale: Array  # int32[C]


class Passing(NamedTuple):
    """What stands beside the events of a call where scoring and learning are apart."""

    now: Array  # float32[T]: the lane's clock, seconds; an event's own time is when it says that it happened
    delivered: Array  # bool[T]: the event is delivered, not happening


class Learnt(NamedTuple):
    """Which event was learned in a tick, and when."""

    seq: Array  # int32[T]
    entry: Array  # int32[T]: place in the call of the entry that the lane had come to; -1: the last of the call before
    new: Array  # bool[T]: an event was learned in this tick that is not replayed


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

    def go_on(at: tuple) -> Array:
        step, used, now, _ = at
        return (step < size) & ((used < n) | busy(now)) & ~stopped(now)

    def body(at: tuple) -> tuple:
        step, used, now, out = at
        used, now, line = tick.once(used, now)
        out = jax.tree.map(lambda all_, one: lax.dynamic_update_index_in_dim(all_, one, step, 0), out, line)
        return step + 1, used, now, out

    step, used, carry, (scores, facts, exact) = lax.while_loop(go_on, body, (jnp.int32(0), jnp.int32(0), carry, log))
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
        fresh = ~busy(carry) & (used < self.n)
        at = jnp.minimum(used, self.n - 1)
        event = Event(*(column[at] for column in self.events))
        scored = offered = fresh & jnp.isin(event.kind, jnp.array(SCORED))
        now = event.time
        if self.passing is not None:
            now, delivered = self.passing.now[at], self.passing.delivered[at]
            scored, offered = scored & ~delivered, offered & delivered
        query = Query(event.seq, now, event.shopper)
        answer = self.recommender.query(carry.state, carry.shop, query, self.layout)
        target, known = _against(answer, event.product, carry)
        before = carry
        carry, exact, dropped = self._decide(
            carry,
            event,
            now,
            offered,
            lambda: rank_now(answer.vector, target, known, before.shop.served, before.shop.on_sale),
        )
        alarm = jnp.bool_(False) if carry.action.alarm is None else offered & carry.action.alarm
        noted = None
        if carry.action.note is not None and self.recommender.noting is not None:
            noted = dropped & carry.action.note
        carry, change, learned, learn, again = self._learn(carry, target, event, noted)
        carry, change = _relist(carry, event, fresh, change)
        waited = (before.held, now - before.newest)
        came = Tally(learn, again, alarm)
        learnt = None
        if carry.tally is not None:
            learnt = Learnt(learned.seq, used - ~fresh, learn & ~again)
            carry, came = _tallied(carry, came, scored)
        line = (scored, event.seq, before.shop.listed, came.learned, *waited, came.again, came.alarm, learnt, noted)
        return used + fresh, carry, (Scores(answer.vector, target, known, *change), line, exact)

    def _decide(  # type: ignore[no-untyped-def]
        self, carry: Carry, event: Event, now: Array, offered: Array, rank
    ) -> tuple[Carry, Array, Array]:
        """Let the event that is offered wait, and ask the policy what to learn now; say whether it was dropped."""
        place = jnp.where(offered, (carry.oldest + carry.held) % WAITING, WAITING)
        waiting = Event(*(a.at[place].set(b, mode="drop") for a, b in zip(carry.waiting, event, strict=True)))
        count = carry.held + offered
        met = carry.met
        clock = None if self.passing is None else now
        old_enough = partial(_ripe, waiting, carry.oldest, count, clock)
        seen = Seen(event, count, rank, None if met is None else partial(_met, met, event), old_enough, now=clock)
        action, state = self.policy.update(everything(), carry.policy, seen)
        full = count == WAITING
        learn = action.learn | full
        self.rank_was_read = self.rank_was_read or seen.rank_was_read
        exact = rank() if seen.rank_was_read else jnp.float32(0)

        def kept(new: Tree, old: Tree) -> Tree:
            return jax.tree.map(lambda a, b: jnp.where(offered, a, b), new, old)

        ripe = jnp.maximum(seen.ripe(action), full)
        due = jnp.where(offered, jnp.where(learn, ripe, 0), carry.due)
        dropped = offered & ~learn & ~action.keep
        if action.replays is not None and carry.left is not None:
            carry = carry._replace(left=jnp.where(offered, action.replays.n, carry.left))
        if met is not None:
            on = offered.astype(jnp.int32)
            met = Met(met.shopper.at[event.shopper].add(on), met.product.at[event.product].add(on))
        carry = carry._replace(
            policy=kept(state, carry.policy), action=kept(action, carry.action), waiting=waiting, due=due, met=met
        )
        return carry._replace(held=count - dropped), exact, dropped

    def _next(self, carry: Carry) -> tuple[Event, Array, Array | None]:
        """Return the event to be learned now, whether there is one, and whether it is replayed."""
        event = Event(*(column[carry.oldest] for column in carry.waiting))
        waits, replays = carry.due > 0, carry.action.replays
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
        learned = self.recommender.learn(carry.state, carry.shop, seen, carry.action, counted, self.layout)
        products = carry.shop.served.shape[0]
        # A second, idle row keeps a scatter one: for one row the compiler takes another road, which copies the table.
        ids = jnp.append(jnp.where(counted & (learned.ids >= 0), learned.ids, products), products)
        rows = jnp.concatenate([learned.rows, learned.rows[:1]])
        change = Change(ids, carry.shop.served.at[ids].get(mode="clip"), carry.shop.on_sale.at[ids].get(mode="clip"))
        served = put(carry.shop.served, jnp.where(unread(change.rows, target), products, ids), rows)
        carry = _past(carry, on, event.time)
        carry = carry._replace(state=learned.state, shop=carry.shop._replace(served=served))
        return carry, change, event, on, on & False if again is None else on & again


def _met(met: Met, event: Event) -> Met:
    return Met(met.shopper[event.shopper], met.product[event.product])


def _tallied(carry: Carry, came: Tally, scored: Array) -> tuple[Carry, Tally]:
    """Add what came of a tick to what came since an event was scored, and return that; a scored event begins anew."""
    assert carry.tally is not None
    before = carry.tally
    since = Tally(
        learned=jnp.where(scored, 0, before.learned) + came.learned,
        again=jnp.where(scored, 0, before.again) + came.again,
        alarm=(before.alarm & ~scored) | came.alarm,
    )
    return carry._replace(tally=since), before


def _ripe(waiting: Event, oldest: Array, held: Array, now: Array | None, older: Array) -> Array:
    """Return how many of those that wait are at least so old, int32; without a clock the newest tells the time."""
    place = (jnp.arange(WAITING) - oldest) % WAITING
    if now is None:
        now = waiting.time[(oldest + held - 1) % WAITING]
    return ((place < held) & (now - waiting.time >= older)).sum().astype(jnp.int32)


def _past(carry: Carry, on: Array, time: Array) -> Carry:
    """Count off one that was learned, if `on`: of those that wait, or else of those to be replayed."""
    step = (on & (carry.due > 0)).astype(jnp.int32)
    if carry.left is not None:
        carry = carry._replace(left=carry.left - (on.astype(jnp.int32) - step))
    return carry._replace(
        oldest=(carry.oldest + step) % WAITING,
        held=carry.held - step,
        due=carry.due - step,
        newest=jnp.where(on, jnp.maximum(time, carry.newest), carry.newest),
    )


def _against(answer: Scored, product: Array, carry: Carry) -> tuple[Array, Array]:
    """Return the target's exact score, and G's correction for the target itself and for the products with a bonus."""
    ids = jnp.concatenate([product[None], answer.ids])
    plain = carry.shop.served.at[ids].get(mode="clip") @ answer.vector
    counts = carry.shop.on_sale.at[ids].get(mode="clip")
    is_target = answer.ids == product
    target = plain[0] + jnp.where(is_target, answer.bonus, 0.0).sum()
    other = (answer.ids >= 0) & ~is_target
    moved = weigh(plain[1:] + answer.bonus, target) - weigh(plain[1:], target)
    return target, jnp.where(other, moved * counts[1:], 0).sum() - weigh(plain[0], target) * counts[0]


def _relist(carry: Carry, event: Event, fresh: Array, change: Change) -> tuple[Carry, Change]:
    """Put a product on sale, or take it off; a tick that does so learns nothing, so the first place of C is free."""
    products = carry.shop.served.shape[0]
    arrives = (event.kind == Kind.PRODUCT_LISTED) | (event.kind == Kind.RESTOCKED)
    leaves = (event.kind == Kind.PRODUCT_RETIRED) | (event.kind == Kind.STOCK_OUT)
    moves = fresh & (arrives | leaves)
    product = jnp.where(moves, event.product, products)
    change = Change(
        change.ids.at[0].set(jnp.where(moves, product, change.ids[0])),
        change.rows.at[0].set(jnp.where(moves, carry.shop.served.at[product].get(mode="clip"), change.rows[0])),
        change.on_sale.at[0].set(jnp.where(moves, carry.shop.on_sale.at[product].get(mode="clip"), change.on_sale[0])),
    )
    was, now = change.on_sale[0], arrives.astype(jnp.int32)
    on_sale = carry.shop.on_sale.at[product].set(now, mode="drop")
    listed = carry.shop.listed + jnp.where(moves, now - was, 0)
    return carry._replace(shop=carry.shop._replace(on_sale=on_sale, listed=listed)), change
