"""A tie binds a shopper to what is no product: a follow to whom the shopper follows, a coupon to its campaign.

Facts make ties, and none of these is scored. A campaign's node is kin of the category whose products its coupon is good
for, as a product is of its own. A coupon that is used is the same tie, of another kind.

A shopper's row keeps its last T ties, newest first: row of the other end, kind (place in the encoder's `ties`), time
and strength, which is learned where it stands, as that of relations is. A tie that is made again is renewed. What those
at the other ends met lately is read with them, so what the followed do reaches a follower at once.

Ties are made between two calls of the loop, not in it: its step is the same whether somebody follows or not, and a tie
is known to whatever is scored or learned after the fact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from numpy.typing import NDArray

from journal.facts import Kind
from model.contract import Events
from model.graph import TIE, Columns
from model.layout import Layout
from model.recent import place_of, to_front

CAMPAIGNS = 8
"""Campaigns that there is room for at first, where coupons are read."""

LATELY = 4
"""B, the last relations of the other end of a tie that are read."""

AT_ONCE = 1024
"""Ties that one call makes, at most."""


def told_of(kinds: tuple[int, ...]) -> tuple[int, ...]:
    """Return the kinds of facts that a recommender is told of whose encoder reads these as ties."""
    coupons = {int(Kind.COUPON_ISSUED), int(Kind.COUPON_REDEEMED)} & set(kinds)
    return (*map(int, kinds), *([int(Kind.CAMPAIGN_STARTED)] if coupons else []))


class Made(NamedTuple):
    """Ties to be made, in order; padded."""

    shopper: Array | NDArray[np.int32]  # [n]; of a campaign that begins, its own id
    other: (
        Array | NDArray[np.int32]
    )  # [n]: id of the shopper followed, or of the campaign; of one that begins, the category
    kind: Array | NDArray[np.int32]  # [n]: place in the recommender's `ties`
    time: Array | NDArray[np.float32]  # [n], seconds


class Ties(NamedTuple):
    """The ties in a row, newest first. Ids of -1 are empty places."""

    ids: Array  # int32[T]: rows
    kind: Array  # int32[T]
    time: Array  # float32[T], seconds
    strength: Array  # float32[T]


def ties_in(block: Array, columns: Columns) -> Ties:
    """Read the ties from their columns float32[4 T]."""
    ids, kind, time, strength = block.reshape(TIE, columns.ties)
    return Ties(ids.astype(jnp.int32), kind.astype(jnp.int32), time, strength)


def weakened(block: Array, step: Array) -> Array:
    """Return the columns float32[4 T] with every strength less by `step` float32[T]."""
    return block.reshape(TIE, -1).at[3].add(-step).reshape(-1)


def bind(table: Array, made: Made, n: Array, kinds: Sequence[int], columns: Columns, layout: Layout) -> Array:
    """Return the table with the first `n` of the ties made, one after the other; `kinds` are the recommender's."""

    def one(i: Array, table: Array) -> Array:
        what = jnp.array(kinds)[made.kind[i]]
        begins = what == Kind.CAMPAIGN_STARTED
        other = jnp.where(what == Kind.FOLLOWED, layout.shopper(made.other[i]), layout.campaign(made.other[i]))
        other = other.astype(jnp.float32)
        at = layout.shopper(jnp.where(begins, 0, made.shopper[i])), columns.tied.start
        block = lax.dynamic_slice(table, at, (1, TIE * columns.ties)).reshape(TIE, -1)
        place = place_of(block[0], other)
        strength = jnp.where(block[0, place] == other, block[3, place], 0.0)
        newest = jnp.stack([other, made.kind[i].astype(jnp.float32), made.time[i], strength])
        block = jnp.where(begins, block, to_front(block, place, newest))
        table = lax.dynamic_update_slice(table, block.reshape(1, -1), at)
        return _opened(table, made, i, begins) if Kind.CAMPAIGN_STARTED in kinds else table

    def _opened(table: Array, made: Made, i: Array, begins: Array) -> Array:
        """Where a campaign begins, make its node kin of the category whose products its coupon is good for."""
        at = layout.campaign(made.shopper[i]), columns.dim + 1
        known = (made.other[i] >= 0) & (made.other[i] < layout.categories)
        kin = jnp.where(known, layout.category(made.other[i]), layout.null).astype(jnp.float32)
        old = lax.dynamic_slice(table, at, (1, 1))
        return lax.dynamic_update_slice(table, jnp.where(begins, kin, old), at)

    return lax.fori_loop(0, n, one, table)


def highest(events: Events) -> tuple[int, int]:
    """Return the highest shopper and the highest campaign that ties tell of; -1 where they tell of none."""
    begins, follows = events.kind == Kind.CAMPAIGN_STARTED, events.kind == Kind.FOLLOWED
    shoppers = np.concatenate([events.shopper[~begins], events.product[follows]])
    campaigns = np.concatenate([events.shopper[begins], events.product[~begins & ~follows]])
    return int(shoppers.max(initial=-1)), int(campaigns.max(initial=-1))


def calls(kinds: Sequence[int], events: Events, seconds: NDArray[np.float32]) -> Iterator[tuple[Made, np.int32]]:
    """Cut the facts that make ties into what `bind` takes at once; `seconds` are their times."""
    place = (events.kind[:, None] == np.array(kinds)[None, :]).argmax(axis=1).astype(np.int32)
    columns = events.shopper.astype(np.int32), events.product.astype(np.int32), place, seconds
    for start in range(0, len(seconds), AT_ONCE):
        parts = [column[start : start + AT_ONCE] for column in columns]
        n = len(parts[0])
        yield Made(*(np.pad(part, (0, AT_ONCE - n)) for part in parts)), np.int32(n)
