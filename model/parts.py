"""The shapes of the parts: a recommender is scored before it learns, and a policy decides what it learns and when.

A part is a NamedTuple of pure, traceable functions made by a plain function whose parameters are a scenario's keys.

Query    what may be known before an event: who asks, and when; never the product
Scored   the answer to a query: score(i) = vector . served[i] + (bonus[m] where ids[m] == i)
Seen     an event that has been scored; only the loop makes it, so nothing can learn from an unscored one
Action   what a policy lets happen with what waits to be learned
Detector tells a policy when a stream of numbers has changed
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from model.contract import Catalogue
from model.layout import Layout
from model.ties import Made

Tree = Any
"""A pytree of arrays."""

OF_CATALOGUE = ("catalogue", "content")
"""What of a state the catalogue alone decides: made anew when the tables grow."""


class Query(NamedTuple):
    """Who asks, and when. All are scalars of a traced function."""

    seq: Array  # int32
    time: Array  # float32, seconds since the first event of the stream
    shopper: Array  # int32


class Shop(NamedTuple):
    """What is served now, of all products with room to grow (P)."""

    served: Array  # float32[P, width]
    on_sale: Array  # int32[P], 1 or 0
    listed: Array  # int32: products on sale
    products: Array  # int32: products that exist, the ids below it


class Scored(NamedTuple):
    """Scores of all products at once: a vector against the served rows, and M exceptions. Ids of -1 are no product."""

    vector: Array  # float32[width], on the grid of `model.grid`; its last component is 1 (the served bias)
    ids: Array  # int32[M], distinct or -1
    bonus: Array  # float32[M], on the grid


class Seen:
    """A scored event. `rank` and `hit` cost a pass over the whole catalogue, and only where a policy reads them."""

    __slots__ = (
        *("_met", "_rank", "_ripe", "again", "kind", "met_was_read", "noted", "now", "product", "rank_was_read", "seq"),
        *("shopper", "time", "waiting"),
    )

    def __init__(
        self,
        event: Event,
        waiting: Array,
        rank: Callable[[], Array] | None = None,
        met: Callable[[], Met] | None = None,
        ripe: Callable[[Array], Array] | None = None,
        again: Array | None = None,
        noted: Array | None = None,
        now: Array | None = None,
    ) -> None:
        self.seq, self.time, self.kind, self.shopper, self.product = event
        self.now = self.time if now is None else now  # a policy's clock: when the event came, which may be later
        self.waiting = waiting  # int32: events that wait to be learned, this one included
        self.again = again  # bool: this event is replayed; None where the policy never replays
        self.noted = noted  # bool: it is noted and teaches nothing; None where the policy never notes
        self._rank, self.rank_was_read = rank, False
        self._met, self.met_was_read = met, False
        self._ripe = ripe

    @property
    def rank(self) -> Array:
        """Rank of the product among all listed ones, float32: 1 + greater + ties / 2."""
        if self._rank is None:
            raise TypeError("the rank of an event is known to a policy only, not while it is learned")
        self.rank_was_read = True
        return self._rank()

    @property
    def hit(self) -> Array:
        """1.0 where the product was among the first ten, else 0.0."""
        return (self.rank <= 10).astype(jnp.float32)

    @property
    def met(self) -> Met:
        """How often the shopper and the product were met before; counted only where a policy reads it."""
        if self._met is None:
            raise TypeError("what was met before is known to a policy only, not while an event is learned")
        self.met_was_read = True
        return self._met()

    def ahead(self, *, rank: bool, met: bool) -> Seen:
        """The same, with what is asked for computed here and now, not where it is read."""
        event = Event(self.seq, self.time, self.kind, self.shopper, self.product)
        place = self.rank if rank else None
        before = self.met if met else None
        reads = None if place is None else lambda: place, None if before is None else lambda: before
        return Seen(event, self.waiting, *reads, self._ripe, self.again, self.noted, self.now)

    def ripe(self, action: Action) -> Array:
        """How many of the events that wait the action would learn, if it learns, int32: those that are old enough."""
        if action.older is None:
            return self.waiting
        if self._ripe is None:
            raise TypeError("what waits is known to a policy only, not while an event is learned")
        return self._ripe(action.older)


class Met(NamedTuple):
    """Scored events before this one, int32."""

    shopper: Array
    product: Array


class Event(NamedTuple):
    """One event as the loop holds it. `kind` is a number of `journal.Kind`."""

    seq: Array  # int32
    time: Array  # float32 seconds
    kind: Array  # int32
    shopper: Array  # int32
    product: Array  # int32


class Replays(NamedTuple):
    """Up to R events to be learned after those that waited, in order."""

    events: Event  # each [R]
    fresh: Array  # bool[R]: not learned before, so the graph takes it in as well
    n: Array  # int32: the first so many are learned


class Action(NamedTuple):
    """What happens with the events that wait, the newest included. What is None costs nothing: it is not compiled."""

    learn: Array  # bool: learn all that wait, oldest first
    keep: Array  # bool: where nothing is learned, the newest event waits; otherwise it is dropped
    rate: Array  # float32: factor of the learning rate of the entity vectors
    weights: Array  # float32: factor of the learning rate of the shared weights
    older: Array | None = None  # float32, seconds: of those that wait, only events at least this old are learned
    replays: Replays | None = None  # events to be learned besides
    pull: Array | None = None  # float32, 0 to 1: how far each learning draws the shared weights to their anchor
    save: Array | None = None  # float32, 0 to 1: how far each learning draws the anchor to the shared weights
    firm: Array | None = None  # float32, 0 to 1: how far a weight that mattered more is drawn more (its Fisher term)
    anew: Array | None = None  # bool: entity vectors and encoder begin anew, before anything else is learned
    alarm: Array | None = None  # bool: a detector has alarmed; it is told in the outcomes
    note: Array | None = None  # bool: an event that is dropped is noted: what happened is kept, but it teaches nothing


def everything() -> Action:
    """The action that every chain of policies starts from: learn what waits, at the plain rates."""
    return Action(jnp.bool_(True), jnp.bool_(False), jnp.float32(1), jnp.float32(1))


class Policy(NamedTuple):
    """When, how and how much to update: `init() -> state`, `update(action, state, seen) -> (action, state)`."""

    init: Callable[[], Tree]
    update: Callable[[Action, Tree, Seen], tuple[Action, Tree]]


class Detector(NamedTuple):
    """When a stream of numbers has changed: `init() -> state`, `update(state, value) -> (state, alarm)`."""

    init: Callable[[], Tree]
    update: Callable[[Tree, Array], tuple[Tree, Array]]


class Learned(NamedTuple):
    """What a recommender changed: its state, and the new rows of C products in the served table (ids of -1: none)."""

    state: Tree
    ids: Array  # int32[C]
    rows: Array  # float32[C, width], on the grid


class Recommender(NamedTuple):
    """A model of any kind behind one contract.

    `init(layout, catalogue, seed)` gives the state, a dict whose "table" has a row a node, and the served table
    float32[P, width], which is wider by the columns of content where that is read. `query(state, shop, query, layout)`
    is a read. `learn(state, shop, seen, action, on, layout)` must change nothing where the scalar `on` is false. `cost`
    is (rows, additions and multiplications) of learning an event, to which `of_content(columns)` is added, `noting`
    that of one that is only noted; without it, none can be. When the table grows, its rows keep what they hold, but for
    the columns `row_ids` (start, stop), which are row numbers; what the catalogue alone decides stands under the names
    of `OF_CATALOGUE` in the state and is made anew. `ties` are the kinds of facts that it is told of besides, which
    make ties of shoppers (`model.ties`), and `bind(state, made, n, layout)` makes the first `n` of them. Where learning
    is `dear` the loop passes it over in ticks that learn nothing; else it is masked, or its tables would be copied.
    """

    name: str
    width: int
    init: Callable[[Layout, Catalogue, int], tuple[Tree, Array]]
    query: Callable[[Tree, Shop, Query, Layout], Scored]
    learn: Callable[[Tree, Shop, Seen, Action, Array, Layout], Learned]
    cost: tuple[int, float]
    row_ids: tuple[tuple[int, int], ...] = ()
    anew: Callable[[Tree, Shop, Layout, Catalogue, int], tuple[Tree, Array]] | None = None
    noting: tuple[int, float] | None = None
    of_content: Callable[[int], float] | None = None
    ties: tuple[int, ...] = ()
    bind: Callable[[Tree, Made, Array, Layout], Tree] | None = None
    dear: bool = False


def anew_after(alarm: Array, first: Tree, after: Tree) -> Tree:
    """Return a detector's first state where it has just alarmed, else the state it came to."""
    return jax.tree.map(lambda begun, come: jnp.where(alarm, begun, come), first, after)


def unmoved_by_nan(update: Callable[[Tree, Array], tuple[Tree, Array]]) -> Callable[[Tree, Array], tuple[Tree, Array]]:
    """Return a detector's update that leaves out what is not a number: the state stays, and there is no alarm.

    >>> count = unmoved_by_nan(lambda state, value: (state + 1, value > 0))
    >>> [int(count(jnp.int32(4), jnp.float32(value))[0]) for value in (1.0, float("nan"))]
    [5, 4]
    """

    def careful(state: Tree, value: Array) -> tuple[Tree, Array]:
        none = jnp.isnan(value)
        after, alarm = update(state, jnp.where(none, 0.0, value))
        return jax.tree.map(lambda old, new: jnp.where(none, old, new), state, after), alarm & ~none

    return careful


def at_least(part: str, key: str, value: float, least: float) -> None:
    """Raise ValueError where a part's parameter is too small, or is not a number."""
    if not value >= least:
        raise ValueError(f"{part}: {key} is {value}; it must be at least {least}")
