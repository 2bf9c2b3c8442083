"""Learning again: events from a buffer, one by one or in a batch at set times."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from journal.errors import Refusal, nearest
from model.chance import below, uniform
from model.parts import Action, Event, Policy, Replays, Seen, Tree, at_least

BUFFERS = ("reservoir", "recent", "by_shopper", "inverse_degree")
"""What a replay buffer keeps, and how it is drawn from."""

CHOICES = 8
"""Events among which one of a product seldom met is preferred."""


def replay(buffer: str = "reservoir", size: int = 1024, ratio: float = 1.0, seed: int = 0) -> Policy:
    """Learn `ratio` events from a buffer for each event that is learned (experience replay, Lin 1992).

    buffer  "reservoir": each event so far is kept with equal chance (Vitter 1985); "recent": the last ones;
            "by_shopper": the last event of each shopper, so that all shoppers are replayed alike; "inverse_degree": a
            reservoir, drawn from in inverse proportion to how often the product had been met (Ahrabian et al. 2021)
    size    events kept
    ratio   replays for an event that is learned; at most 64

    A replayed event moves vectors and encoder by gradient, on the neighbourhood of its own time as far as that is
    remembered; it is not counted again.
    """
    if buffer not in BUFFERS:
        raise Refusal(f"replay: buffer is {buffer!r}. {nearest(buffer, BUFFERS)}")
    at_least("replay", "size", size, 1)
    if not 0 <= ratio <= 64:
        raise ValueError(f"replay: ratio is {ratio}; it is from 0 to 64")
    slots = max(1, int(-(-ratio // 1)))

    def update(action: Action, state: Tree, seen: Seen) -> tuple[Action, Tree]:
        kept, degree, count, owed = state
        owed = jnp.minimum(owed + jnp.where(action.learn, seen.ripe(action) * ratio, 0.0), 1e6)
        places = _drawn(buffer, seed, seen, slots, kept, jnp.minimum(count, size), degree)
        events = jax.tree.map(lambda column: column[places], kept)
        now = jnp.where((events.seq > 0).all(), jnp.minimum(jnp.floor(owed), slots), 0.0)  # an empty place holds seq 0
        taken = action.learn | action.keep
        place = jnp.where(taken, _place(buffer, size, seed, seen, count), size)
        kept = jax.tree.map(lambda column, value: column.at[place].set(value, mode="drop"), kept, _event(seen))
        if buffer == "inverse_degree":
            degree = degree.at[place].set(seen.met.product.astype(jnp.float32), mode="drop")
        action = _besides(action, Replays(events, jnp.zeros(slots, bool), now.astype(jnp.int32)))
        return action, (kept, degree, count + taken, owed - now)

    degrees = size if buffer == "inverse_degree" else 0
    return Policy(lambda: (_empty(size), jnp.zeros(degrees), jnp.int32(0), jnp.float32(0)), update)


def periodic_retrain(every: float = 86400.0, window: int = 4096, scratch: bool = False, online: bool = False) -> Policy:
    """Learn nothing between retrains; every `every` seconds learn the last `window` events, oldest first.

    scratch  vectors and encoder begin anew before each retrain; relations, rates and habits stay, as a shop's log does
    online   also learn each event as it comes: see `hybrid`

    Events that an earlier retrain learned already are replayed: they move vectors and encoder, and are not counted
    again. A retrain costs `window` events, whatever is new among them; what is older than the window is never learned.
    Full retrain and fine-tuning as the two ends of a scale: Zhang et al. 2020 (SML).
    """
    at_least("periodic_retrain", "every", every, 1e-6)
    at_least("periodic_retrain", "window", window, 1)

    def update(action: Action, state: Tree, seen: Seen) -> tuple[Action, Tree]:
        kept, count, learned, last = state
        taken = action.learn | action.keep
        place = jnp.where(taken, count % window, window)
        kept = jax.tree.map(lambda column, value: column.at[place].set(value, mode="drop"), kept, _event(seen))
        count = count + taken
        now = action.learn & (seen.now - last >= every)
        n = jnp.minimum(count, window)
        oldest = count - n + jnp.arange(window)
        events = jax.tree.map(lambda column: column[oldest % window], kept)
        fresh = jnp.zeros(window, bool) if online else oldest >= learned
        action = _besides(action, Replays(events, fresh, jnp.where(now, n, 0)))
        if scratch:
            action = action._replace(anew=now)
        if not online:
            off = jnp.bool_(False)
            action = action._replace(learn=off, keep=off)
        return action, (kept, count, jnp.where(now, count, learned), jnp.where(now, seen.now, last))

    return Policy(lambda: (_empty(window), jnp.int32(0), jnp.int32(0), jnp.float32(0)), update)


def hybrid(every: float = 86400.0, window: int = 4096) -> Policy:
    """Learn each event as it comes, and every `every` seconds the last `window` events once more.

    Batch and online learning together: Frigo et al. 2017 (BatchAndOnlineFactor of Alpenglow).
    """
    at_least("hybrid", "every", every, 1e-6)
    at_least("hybrid", "window", window, 1)
    return periodic_retrain(every, window, online=True)


def _event(seen: Seen) -> Event:
    return Event(seen.seq, seen.time, seen.kind, seen.shopper, seen.product)


def _empty(size: int) -> Event:
    none = jnp.zeros(size, jnp.int32)
    return Event(none, jnp.zeros(size, jnp.float32), none, none, none)


def _place(buffer: str, size: int, seed: int, seen: Seen, count: Array) -> Array:
    """Where this event is kept, int32; `size` where it is not."""
    if buffer == "recent":
        return count % size
    if buffer == "by_shopper":
        return seen.shopper % size
    drawn = below(seed + 101, seen.seq, 1, count + 1)[0]
    return jnp.where(count < size, count, jnp.where(drawn < size, drawn, size))


def _drawn(buffer: str, seed: int, seen: Seen, slots: int, kept: Event, filled: Array, degree: Array) -> Array:
    """Places of the events to be replayed, int32[slots]."""
    if buffer in ("reservoir", "recent"):
        return below(seed + 103, seen.seq, slots, jnp.maximum(filled, 1))
    limit = kept.seq.shape[0] if buffer == "by_shopper" else jnp.maximum(filled, 1)
    places = below(seed + 103, seen.seq, slots * CHOICES, limit).reshape(slots, CHOICES)
    if buffer == "by_shopper":  # places fill out of order: the first one that is not empty
        return jnp.take_along_axis(places, jnp.argmax(kept.seq[places] > 0, axis=1)[:, None], axis=1)[:, 0]
    chance = uniform(seed + 107, seen.seq, slots * CHOICES).reshape(slots, CHOICES)
    # The largest of u**(1 / weight) is a draw by weight (Efraimidis and Spirakis 2006); here the weight is 1 / degree.
    best = jnp.argmax(jnp.log(chance + 1e-9) * (1.0 + degree[places]), axis=1)
    return jnp.take_along_axis(places, best[:, None], axis=1)[:, 0]


def _besides(action: Action, more: Replays) -> Action:
    """Return the action with more replays after those it has."""
    if action.replays is None:
        return action._replace(replays=more)
    one, extra = action.replays, more.fresh.shape[0]
    at = one.n + jnp.arange(extra)  # both are filled from the front: the second begins where the first ends

    def joined(a: Array, b: Array) -> Array:
        return jnp.pad(a, (0, extra)).at[at].set(b)

    events, fresh = jax.tree.map(joined, (one.events, one.fresh), (more.events, more.fresh))
    return action._replace(replays=Replays(events, fresh, one.n + more.n))
