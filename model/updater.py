"""The updater learns in simulated time: calls stand in a queue, free workers take them in order, each takes a while.

call     events that the policy has learned together; it takes `call_seconds`, and `event_seconds` for each of them
worker   does one call after the other; it begins the first call of the queue as soon as it is free
ready    when a call is done its events are learned, all before the next entry; until then answers know nothing of them
replays  of a policy that learns again: a call of their own, which has the next free worker. While it is not done, the
         policy's further replays are given up

Times are seconds from the entry that the lane has come to, not from a beginning: so float32 holds them exactly enough
in a run of any length. It is Lindley's recursion (1952) on the work left of each worker (Kiefer and Wolfowitz 1955).
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from model.chance import uniform
from model.contract import WHEN_FULL, Updater
from model.parts import Action
from model.rows import unread

ROOM = 32_768
"""Places of events that wait, are queued or in service; when all are taken, what is delivered is shed."""

_HOW = ("rate", "weights", "pull", "save", "firm")
"""What an action says of how a call learns."""


class Service(NamedTuple):
    """The updater with W workers. Places are those of the ring of events: behind the queue is what the policy keeps
    waiting; what is in service, or was shed, lies before it."""

    lines: Array  # float32[ROOM, 1 + H]: size and how of the call that begins at a place
    first: Array  # float32[1 + H]: the line of the first call in the queue
    head: Array  # int32: place where it begins
    queued: Array  # int32: events in the queue
    free: Array  # float32[W]: seconds until each worker is free; negative: since when it has been
    ready: Array  # float32[W]: seconds until the call of each worker is done
    place: Array  # int32[W]: place of its first event that is not learned
    size: Array  # int32[W]: its events that are not learned
    how: Array  # float32[W, H]: how they are learned
    passed: Array  # bool: time has passed to the entry that comes next
    shed: Array  # int32: events shed since the last tick
    replaying: Array  # float32: seconds until the replays are ready
    replays: Array  # int32: replays that wait for that
    anew: Array  # bool: and before them all is to begin anew
    event_seconds: Array  # float32
    call_seconds: Array  # float32
    room: Array  # int32: events that the queue holds
    when_full: Array  # int32: place in `WHEN_FULL`


def begin(updater: Updater, action: Action) -> Service:
    """Return the updater before the first event, idle."""
    zero, no, says = jnp.int32(0), jnp.bool_(False), len(_says(action))
    nothing = jnp.zeros(updater.workers, jnp.int32)
    return Service(
        lines=jnp.zeros((ROOM, 1 + says), jnp.float32),
        first=jnp.zeros(1 + says, jnp.float32),
        **dict.fromkeys(("head", "queued", "shed", "replays"), zero),
        **dict.fromkeys(("free", "ready"), nothing.astype(jnp.float32)),
        **dict.fromkeys(("place", "size"), nothing),
        how=jnp.zeros((updater.workers, says), jnp.float32),
        passed=no,
        anew=no,
        replaying=jnp.float32(0),
        event_seconds=jnp.float32(updater.event_seconds),
        call_seconds=jnp.float32(updater.call_seconds),
        room=jnp.int32(updater.room),
        when_full=jnp.int32(WHEN_FULL.index(updater.when_full)),
    )


def _says(action: Action) -> list[str]:
    return [name for name in _HOW if getattr(action, name) is not None]


def busy(service: Service) -> Array:
    """Whether anything is left to be done at the time to which the lane has come."""
    done = ((service.size > 0) & (service.ready <= 0)).any()
    return done | _startable(service) | _over(service) | _replays_ready(service)


def _startable(service: Service) -> Array:
    worker = jnp.argmin(service.free)
    return (service.queued > 0) & (service.free[worker] <= 0) & (service.size[worker] == 0)


def _over(service: Service) -> Array:
    """Whether the first call in the queue has to go; a call alone may be larger than the room."""
    sheds = service.when_full == WHEN_FULL.index("shed_oldest")
    return sheds & (service.queued > service.room) & (service.queued > service.first[0])


def _replays_ready(service: Service) -> Array:
    return ((service.replays > 0) | service.anew) & (service.replaying <= 0)


class Due(NamedTuple):
    """The event that is learned next."""

    on: Array  # bool: there is one
    worker: Array  # int32: whose it is
    place: Array  # int32
    late: Array  # float32: seconds, none above 0, at which it was ready; where there is none, the replays were


def due(service: Service) -> Due:
    """Return the event to be learned now: of the call that was done first, once no worker waits to begin another."""
    done = jnp.where(service.size > 0, service.ready, jnp.inf)
    worker = jnp.argmin(done)
    on = (done[worker] <= 0) & ~_startable(service)
    return Due(on, worker, service.place[worker], jnp.minimum(jnp.where(on, done[worker], service.replaying), 0.0))


def pass_time(service: Service, seconds: Array, on: Array) -> Service:
    """Let time pass to the next entry, if `on`."""
    seconds = jnp.where(on, seconds, 0.0)
    return service._replace(
        free=service.free - seconds,
        ready=service.ready - seconds,
        replaying=service.replaying - seconds,
        passed=service.passed | on,
    )


def admit(service: Service, held: Array, seq: Array, fresh: Array, offered: Array) -> tuple[Service, Array]:
    """Begin with an entry, if `fresh`; return whether an event that is offered is taken up, or shed.

    With `sample` an event is taken with the share of the queue that is free: random early detection (Floyd and Jacobson
    1993), so that what is learned stays a sample of what happens.
    """
    idle = jnp.maximum(service.free, 0.0)  # who has been free begins now, not in the past
    service = service._replace(free=jnp.where(fresh, idle, service.free), passed=service.passed & ~fresh)
    behind = jnp.where(service.size > 0, (service.head - service.place) % ROOM, 0).max()
    share = 1.0 - service.queued / service.room
    drawn = (service.when_full != WHEN_FULL.index("sample")) | (uniform(1009, seq, 1)[0] < share)
    admitted = offered & drawn & (behind + service.queued + held < ROOM - 1)
    return service._replace(shed=service.shed + (offered & ~admitted)), admitted


def waiting_at(service: Service) -> Array:
    """The place of the oldest event that the policy keeps waiting."""
    return (service.head + service.queued) % ROOM


def work(service: Service, action: Action, n: Array) -> Service:
    """Put the `n` oldest events that wait into the queue as one call, if any; then let a worker begin the first call of
    the queue, or shed that call where the queue is too long."""
    place, submitted = waiting_at(service), n > 0
    line = jnp.stack([n.astype(jnp.float32), *(getattr(action, name) for name in _says(action))])
    alone = submitted & (service.queued == 0)
    service = service._replace(first=jnp.where(alone, line, service.first), queued=service.queued + n)
    on, off = _startable(service), ~_startable(service) & _over(service)
    size = jnp.where(on | off, service.first[0], 0).astype(jnp.int32)
    head = (service.head + size) % ROOM
    known = lax.dynamic_index_in_dim(service.lines, head, keepdims=False)
    after = jnp.where(submitted & (head == place), line, known)
    # The table is read before it is written: see `unread`.
    old = lax.dynamic_index_in_dim(service.lines, place, keepdims=False)
    new = jnp.where(submitted & ~unread(known), line, old)
    worker = jnp.argmin(service.free)
    finish = service.free[worker] + service.call_seconds + size * service.event_seconds
    this = on & (jnp.arange(service.free.shape[0]) == worker)
    return service._replace(
        lines=lax.dynamic_update_index_in_dim(service.lines, new, place, 0),
        first=jnp.where(on | off, after, service.first),
        head=head,
        queued=service.queued - size,
        free=jnp.where(this, finish, service.free),
        ready=jnp.where(this, finish, service.ready),
        place=jnp.where(this, service.head, service.place),
        size=jnp.where(this, size, service.size),
        how=jnp.where(this[:, None], service.first[1:], service.how),
        shed=service.shed + jnp.where(off, size, 0),
    )


def replay(service: Service, action: Action, n: Array, offered: Array) -> tuple[Service, Array]:
    """Give the replays of an action, beside a call of `n` events, to the next free worker; return if they are taken."""
    count = jnp.int32(0) if action.replays is None else action.replays.n
    anew = jnp.bool_(False) if action.anew is None else action.anew
    on = offered & ((count > 0) | anew) & (service.replays == 0) & ~service.anew
    worker = jnp.argmin(service.free)
    cost = jnp.where(n > 0, 0.0, service.call_seconds) + count * service.event_seconds
    finish = service.free[worker] + cost
    service = service._replace(
        free=jnp.where(on & (jnp.arange(service.free.shape[0]) == worker), finish, service.free),
        replaying=jnp.where(on, finish, service.replaying),
        replays=jnp.where(on, count, service.replays),
        anew=jnp.where(on, anew, service.anew),
    )
    return service, on


def take_replays(service: Service) -> tuple[Service, Array, Array]:
    """Return how many replays are to be learned now, and whether all is to begin anew before them."""
    on = _replays_ready(service) & ~due(service).on
    count, anew = jnp.where(on, service.replays, 0), service.anew & on
    return service._replace(replays=service.replays - count, anew=service.anew & ~on), count, anew


def how(service: Service, action: Action, now: Due) -> Action:
    """Return the action as it was when the call was made of which an event is due."""
    said = service.how[now.worker]
    then = {name: jnp.where(now.on, said[at], getattr(action, name)) for at, name in enumerate(_says(action))}
    return action._replace(**then)  # type: ignore[arg-type]


def learned(service: Service, now: Due, on: Array) -> Service:
    """Take the event that was due off, if `on`."""
    this = on & (jnp.arange(service.size.shape[0]) == now.worker)
    return service._replace(size=service.size - this, place=jnp.where(this, (service.place + 1) % ROOM, service.place))
