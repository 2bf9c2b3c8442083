"""A warm shop to time updates on: every node has all its last relations, as after a long stream, at any size at once.

Relations and followers are planted at random and events are drawn uniformly over shoppers and products: the caches of
the machine get no help from a few popular products, which a real stream would give them.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from jax import numpy as jnp
from numpy.typing import NDArray

from journal.chance import stream
from journal.facts import MICROSECONDS, Kind
from model import ENCODERS, POLICIES, Catalogue, Events, Learner, Policy, Recommender, loop, network
from model.compiling import looped
from model.graph import RELATION, Columns
from model.layout import Layout
from model.pages import in_large_pages
from model.parts import Event

DIM, NEIGHBOURS, NEGATIVES, FOLLOWERS, CROWD = 64, 10, 8, 16, 64
COLUMNS = Columns(DIM, NEIGHBOURS, FOLLOWERS)
SEED = 1
GAP = 5.0
"""Seconds between two events."""


@functools.cache
def parts(encoder: str = "sage", policy: str = "every_event") -> tuple[Recommender, Policy]:
    """A network and a policy at their defaults, once, so that learners of one size share what is compiled."""
    return _network(encoder), POLICIES[policy]()


@functools.cache
def _network(encoder: str) -> Recommender:
    made = ENCODERS[encoder]()
    return network(made, dim=DIM, neighbours=NEIGHBOURS, followers=FOLLOWERS, negatives=NEGATIVES, crowd=CROWD)


def shop(products: int, categories: int, brands: int) -> Catalogue:
    """Return a catalogue with everything on sale."""
    rng = stream(SEED, "shop", products)
    category, brand = (rng.integers(0, n, products).astype(np.int32) for n in (categories, brands))
    category[-1], brand[-1] = categories - 1, brands - 1  # the highest ids say how many there are
    return Catalogue(category, brand, np.ones(products, np.float32), np.ones(products, np.bool_))


def events(n: int, shoppers: int, products: int, first: int = 1) -> Events:
    """Return n views, uniform over shoppers and products, with seq from `first`."""
    rng = stream(SEED, "events", first)
    seq = np.arange(first, first + n)
    return Events(
        seq=seq.astype(np.int64),
        time=(seq * GAP * MICROSECONDS).astype(np.int64),
        kind=np.full(n, Kind.VIEWED, np.int16),
        shopper=rng.integers(0, shoppers, n).astype(np.int32),
        product=rng.integers(0, products, n).astype(np.int32),
    )


def warmed(
    products: int, shoppers: int, categories: int, brands: int, encoder: str = "sage", policy: str = "every_event"
) -> Learner:
    """Return a learner of a network and a policy, whose shoppers and products have full memories."""
    learner = Learner(*parts(encoder, policy), shop(products, categories, brands), shoppers, SEED)
    table = np.array(learner.carry.state["table"])
    layout = learner.layout
    buyers = layout.shopper(0)
    plant(table[:products], buyers, shoppers, products)
    plant(table[buyers : buyers + shoppers], 0, products, products)
    carry = learner.carry
    learner.carry = carry._replace(state={**carry.state, "table": jnp.asarray(table)})
    in_large_pages(learner.carry)
    return learner


def plant(rows: NDArray[np.float32], first: int, count: int, products: int) -> None:
    """Give rows float32[n, width] distinct neighbours among `count` rows from `first`, and distinct followers."""
    rng = stream(SEED, "plant", first, count)
    n = len(rows)
    starts = rng.integers(0, count, (n, 1))
    block = rows[:, COLUMNS.relations].reshape(n, RELATION, NEIGHBOURS)
    block[:, 0] = first + (starts + np.arange(NEIGHBOURS) * (count // 16)) % count
    block[:, 1] = 0
    block[:, 2] = -GAP * rng.integers(1, 100_000, (n, 1)) - 60.0 * np.arange(NEIGHBOURS)
    block[:, 4] = NEIGHBOURS - 1 - np.arange(NEIGHBOURS)
    block[:, 5] = 1
    rows[:, COLUMNS.relations] = block.reshape(n, -1)
    followers = np.zeros((n, 2, FOLLOWERS), np.float32)
    followers[:, 0] = (rng.integers(0, products, (n, 1)) + np.arange(FOLLOWERS) * (products // 32)) % products
    followers[:, 1] = 1
    rows[:, COLUMNS.follower] = followers.reshape(n, -1)
    rates = rng.random((n, 2)) * [3.0, 20.0]
    rows[:, COLUMNS.facts] = np.c_[np.full(n, NEIGHBOURS), rates, np.full(n, -GAP)]


def told(whole: Events, at: int, n: int) -> Events:
    """Return the n events from `at`, a multiple of n, beginning again where the whole is at its end."""
    start = at % (len(whole.seq) // n * n)
    return Events(*(column[start : start + n] for column in whole))


def without_ranks(recommender: Recommender, policy: Policy, layout: Layout, carry: Any, part: Event, n: Any) -> Any:
    """`loop.advance`, of which only the carry and the number of events used are returned, and no scores to rank by."""
    carry, ticks, _ = loop.advance(recommender, policy, layout, carry, part, n)
    return carry, ticks.used


class Updating:
    """The learner's own loop without its ranks: no scores are returned, so the compiler takes out what notes them.

    What stays: scoring the target (the shopper is encoded), policy, reading, loss, gradient, writing, serving.
    """

    def __init__(self, learner: Learner) -> None:
        self.step = looped(without_ranks, learner.recommender, learner.policy, learner.layout)
        self.carry = learner.carry
        del learner.carry  # its buffers are given away

    def advance(self, events: Events) -> int:
        """Learn n events, n a multiple of the ticks of a call, and return how many the last call used."""
        seconds = (events.time / MICROSECONDS).astype(np.float32)
        columns = events.seq.astype(np.int32), seconds, events.kind.astype(np.int32), events.shopper, events.product
        for at in range(0, len(events.seq), loop.TICKS):
            part = Event(*(column[at : at + loop.TICKS] for column in columns))
            self.carry, used = self.step(self.carry, part, np.int32(loop.TICKS))
        return int(used)
