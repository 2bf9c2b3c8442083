"""A learner is one recommender under one policy, from the first event to the last: score, then learn, in order.

It is told events, each scored and then learned (`advance`), or entries of a pipeline, of which some are scored as they
happen and others, later, are delivered to be learned (`follow`). How either are cut into calls changes no bit of what
comes out or of what is kept.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray
from safetensors.numpy import load, save

from journal.facts import MICROSECONDS, Kind
from model import loop, ties
from model.carry import begin, busy
from model.compiling import compiled, looped
from model.contract import Catalogue, Entries, Events, Learnings, Outcomes, Updater, extended
from model.grouping import Joint, alone
from model.layout import Layout, regrow, renumber, room
from model.outcomes import joined, learnings, outcomes
from model.pages import in_large_pages
from model.parts import OF_CATALOGUE, Event, Met, Policy, Query, Recommender, Shop
from model.ranks import ranks

OFTEN = 4
"""Calls with few events (`loop.FEW`), one after the other, before the short length is compiled for them."""


class Learner:
    """The state of one lane and its compiled functions; see `model.parts` for the contract of what it runs."""

    def __init__(
        self,
        recommender: Recommender,
        policy: Policy,
        catalogue: Catalogue,
        shoppers: int,
        seed: int,
        *,
        joint: Joint | None = None,
        apart: bool = False,
        updater: Updater | None = None,
    ) -> None:
        """Begin before the first event.

        joint    the loop that the policy shares with others (`model.grouping`); None: it has one of its own
        apart    it is told entries, not events
        updater  apart: who learns, where that takes time
        """
        self.recommender, self.policy, self.seed = recommender, policy, seed
        self.joint = joint or alone(policy)
        self.catalogue = catalogue
        self.origin: int | None = None
        self._brief = 0  # calls with few events, one after the other
        self.clock: int | None = None  # apart: microseconds of the entry that the lane has come to
        reads_coupons = Kind.CAMPAIGN_STARTED in recommender.ties
        self._lay_out(len(catalogue.category), shoppers, ties.CAMPAIGNS if reads_coupons else 0)
        padded = extended(catalogue, self.layout.products)
        state, served = recommender.init(self.layout, padded, seed)
        listed = padded.listed.astype(np.int32)
        shop = Shop(served, jnp.asarray(listed), jnp.int32(listed.sum()), jnp.int32(len(catalogue.category)))
        self.carry = begin(self.joint.policy, state, shop, self.layout, apart=apart, working=updater)
        in_large_pages(self.carry)

    def _lay_out(self, products: int, shoppers: int, campaigns: int) -> None:
        kinds = [int(ids.max(initial=-1)) + 1 for ids in (self.catalogue.category, self.catalogue.brand)]
        sizes = room(products), room(kinds[0], 1), room(kinds[1], 1), room(shoppers)
        self.layout = Layout(*sizes, room(campaigns, 1) if campaigns else 0)
        self._advance = looped(loop.advance, self.recommender, self.joint.loop, self.layout)
        self._ranks = compiled(ranks)
        self._scores = compiled(_scores, self.recommender, self.layout)
        self._bind = looped(_bound, self.recommender, self.layout)

    def advance(self, events: Events) -> Outcomes:
        """Score each event, then let the policy learn; n events give the outcomes of those that are scored."""
        return self._take(events, None)[0]

    def follow(self, entries: Entries) -> tuple[Outcomes, Learnings]:
        """Score what happens, offer the policy what is delivered; return the outcomes, and what was learned when."""
        return self._take(entries.events, entries)

    def _take(self, events: Events, entries: Entries | None) -> tuple[Outcomes, Learnings]:
        now = events.time if entries is None else entries.now
        if self.origin is None and len(now):
            self.origin = int(now[0])
        parts: list[loop.Ticks] = []
        learned: list[Learnings] = []
        binds = np.isin(events.kind, self.recommender.ties)
        for piece in _pieces(np.where(binds, -1, events.product), len(self.catalogue.category), binds):
            told = Events(*(column[piece] for column in events))  # type: ignore[arg-type]
            if binds[piece.start]:
                self._tie(told)
                continue
            self._make_room(int(told.shopper.max(initial=-1)), int(told.product.max(initial=-1)))
            delivered = None if entries is None else entries.delivered[piece]
            ticks, entry = self._run(told, now[piece], delivered)
            parts += ticks
            if entries is not None:
                learned.append(learnings(ticks, now[piece][entry]))
        (rows, flops), of_content = self.recommender.cost, self.recommender.of_content
        if of_content is not None and self.catalogue.content is not None:
            flops += of_content(self.catalogue.content.shape[1])
        costs = (rows, flops), self.recommender.noting
        return outcomes(parts, *costs, apart=entries is not None), joined(learned)

    def _run(
        self, events: Events, now: NDArray[np.int64], delivered: NDArray[np.bool_] | None
    ) -> tuple[list[loop.Ticks], NDArray[np.int64]]:
        """Take events whose ids all have a row through the loop; return its ticks and, apart, where each stood."""
        told, n, at = self._told(events, now, delivered), len(events.seq), 0
        # A second length is compiled where few events come again and again, as before slates; not for a rest.
        self._brief = self._brief + 1 if n <= loop.FEW else 0
        size = loop.FEW if self._brief > OFTEN else loop.TICKS
        parts: list[loop.Ticks] = []
        entries: list[NDArray[np.int64]] = []
        while at < n or bool(busy(self.carry)):
            count = min(size, n - at)
            part = [np.pad(column[at : at + count], (0, size - count)) for column in told]
            given = (Event(*part[:5]), np.int32(count), *([loop.Passing(*part[5:])] if delivered is not None else []))  # type: ignore[arg-type]
            self.carry, out, scores = self._advance(self.carry, *given)
            if scores is not None:
                shop = self.carry.shop
                out = out._replace(rank=self._ranks(scores, shop.served, shop.on_sale, shop.products))
            ticks: loop.Ticks = jax.device_get(out)
            if ticks.learnt is not None:
                entries.append(at + np.asarray(ticks.learnt.entry[: int(ticks.ticks)], np.int64))
            at += int(ticks.used)
            parts.append(ticks)
            if self.carry.action.anew is not None and bool(self.carry.action.anew):
                self._begin_anew()
        return parts, np.concatenate(entries) if entries else np.zeros(0, np.int64)

    def _begin_anew(self) -> None:
        """Set what gradients moved back to how it began; what the graph remembers stays."""
        carry = self.carry
        if self.recommender.anew is not None:
            padded = extended(self.catalogue, self.layout.products)
            state, served = self.recommender.anew(carry.state, carry.shop, self.layout, padded, self.seed)
            carry = carry._replace(state=state, shop=carry.shop._replace(served=served))
        self.carry = carry._replace(action=carry.action._replace(anew=jnp.array(False)))

    def _told(
        self, events: Events, now: NDArray[np.int64], delivered: NDArray[np.bool_] | None
    ) -> tuple[NDArray[Any], ...]:
        """The events in the types of the loop, times in seconds since the first; apart, what stands beside them too."""
        columns = events.seq, self._seconds(events.time), events.kind, events.shopper, events.product
        types = np.int32, np.float32, np.int32, np.int32, np.int32
        told = tuple(np.asarray(column).astype(t) for column, t in zip(columns, types, strict=True))
        if delivered is None:
            return told
        since = np.diff(now, prepend=now[0] if self.clock is None else self.clock) / MICROSECONDS
        self.clock = int(now[-1])
        return *told, self._seconds(now).astype(np.float32), delivered, since.astype(np.float32)

    def _seconds(self, time: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray((time - (self.origin or 0)) / MICROSECONDS, np.float64)

    def _tie(self, told: Events) -> None:
        """Make the ties that facts tell of; what waits to be learned waits on."""
        shopper, campaign = ties.highest(told)
        self._make_room(shopper, -1, campaign)
        for made in ties.calls(self.recommender.ties, told, self._seconds(told.time).astype(np.float32)):
            self.carry = self.carry._replace(state=self._bind(self.carry.state, *made))

    def _make_room(self, shopper: int, product: int, campaign: int = -1) -> None:
        """Grow the tables for ids that have no row yet."""
        if product >= len(self.catalogue.category):
            self.catalogue = extended(self.catalogue, product + 1)
            self.carry = self.carry._replace(shop=self.carry.shop._replace(products=jnp.array(product + 1, jnp.int32)))
        has, needs = self.layout, (product, shopper, campaign)
        sizes = [max(id_ + 1, n) for id_, n in zip(needs, (has.products, has.shoppers, has.campaigns), strict=True)]
        if sizes != [has.products, has.shoppers, has.campaigns]:
            self._grow(*sizes)

    def _grow(self, products: int, shoppers: int, campaigns: int) -> None:
        before, carry = self.layout, self.carry
        self._lay_out(products, shoppers, campaigns)
        after = self.layout
        fresh, served = self.recommender.init(after, extended(self.catalogue, after.products), self.seed)
        table = np.array(carry.state["table"])
        for start, stop in self.recommender.row_ids:
            table[:, start:stop] = renumber(table[:, start:stop], before, after)
        table = regrow(table, np.asarray(fresh["table"]), before, after)
        state = {**carry.state, "table": jnp.asarray(table)}
        state |= {name: fresh[name] for name in OF_CATALOGUE if name in fresh}
        served = jnp.asarray(np.concatenate([carry.shop.served, np.asarray(served)[before.products :]]))
        on_sale = jnp.asarray(np.pad(carry.shop.on_sale, (0, after.products - before.products)))
        met = carry.met
        if met is not None:
            more = zip(met, (after.shoppers, after.products), strict=True)
            met = Met(*(jnp.asarray(np.pad(column, (0, rows - len(column)))) for column, rows in more))
        self.carry = carry._replace(state=state, shop=carry.shop._replace(served=served, on_sale=on_sale), met=met)
        in_large_pages(self.carry)

    def scores(self, shoppers: NDArray[np.int32], time: int) -> NDArray[np.float32]:
        """Return the scores float32[n, P] of all products for n shoppers at `time` (microseconds): a read.

        Products that are not on sale score -inf. A shopper without a row yet scores as one who did nothing.
        """
        known = np.minimum(np.asarray(shoppers, np.int32), self.layout.shoppers)  # the row behind is the null row
        seconds = np.float32((time - (self.origin if self.origin is not None else time)) / MICROSECONDS)
        padded = np.zeros(room(len(known), 1), np.int32)
        padded[: len(known)] = known
        out = self._scores(self.carry.state, self.carry.shop, padded, seconds)
        return np.asarray(out)[: len(known), : len(self.catalogue.category)]

    def slates(
        self, shoppers: NDArray[np.int32], time: int, k: int, *, exclude: NDArray[np.bool_] | None = None
    ) -> NDArray[np.int32]:
        """Return the k best products int32[n, k] for n shoppers, ties by id; -1 where fewer are on sale: a read."""
        return best(self.scores(shoppers, time), k, exclude)

    def snapshot(self) -> bytes:
        """Return the whole state as safetensors; a cache that may be thrown away."""
        leaves = jax.tree.leaves(self.joint.apart(self.carry))
        arrays = {f"{n:04d}": np.asarray(leaf, order="C") for n, leaf in enumerate(leaves)}
        *sizes, campaigns = self.layout
        sizes += [len(self.catalogue.category), *([campaigns] if campaigns else [])]
        arrays["layout"] = np.array(sizes, np.int64)
        known = (-1 if moment is None else moment for moment in (self.origin, self.clock))
        arrays["origin"] = np.array(list(known)[: 1 if self.clock is None else 2], np.int64)
        return save(arrays)

    def restore(self, snapshot: bytes) -> None:
        """Take the state from a snapshot of a learner of the same recommender, policy, catalogue and seed."""
        arrays = load(snapshot)
        rows, _, _, shoppers, products, *campaigns = (int(size) for size in arrays.pop("layout"))
        origin, clock = (int(moment) for moment in [*arrays.pop("origin"), -1][:2])
        kept = (None if column is None else column[:products] for column in self.catalogue)
        self.catalogue = extended(Catalogue(*kept), products)  # type: ignore[arg-type]
        self._lay_out(rows, shoppers, sum(campaigns))
        tree = jax.tree.structure(self.joint.apart(self.carry))
        kept = jax.tree.unflatten(tree, [jnp.asarray(arrays[name]) for name in sorted(arrays)])
        self.carry = self.joint.together(kept, self.carry)
        in_large_pages(self.carry)
        self.origin, self.clock = (None if moment < 0 else moment for moment in (origin, clock))

    def digest(self) -> str:
        """Return a hash of the state, for comparing two learners to the bit."""
        return hashlib.blake2b(self.snapshot(), digest_size=16).hexdigest()


def best(scores: NDArray[np.float32], k: int, exclude: NDArray[np.bool_] | None = None) -> NDArray[np.int32]:
    """Return the places int32[n, k] of the k highest scores of each row, ties by place; -1 where a score is -inf.

    >>> best(np.array([[1.0, 3.0, 3.0, -np.inf]], np.float32), 3).tolist()
    [[1, 2, 0]]
    """
    scores = np.where(exclude, -np.inf, scores) if exclude is not None else scores
    slates = np.full((len(scores), k), -1, np.int32)
    k = min(k, scores.shape[1])
    edge = -np.partition(-scores, k - 1, axis=1)[:, k - 1]
    for row, (line, least) in enumerate(zip(scores, edge, strict=True)):
        candidates = np.flatnonzero((line >= least) & (line > -np.inf))
        order = candidates[np.argsort(-line[candidates], kind="stable")][:k]
        slates[row, : len(order)] = order
    return slates


def _pieces(product: NDArray[np.int32], products: int, binds: NDArray[np.bool_]) -> Iterator[slice]:
    """Cut before each event that brings a product beyond the catalogue: until then nobody knows of it; and between what
    makes ties and what does not."""
    highest = np.maximum.accumulate(np.append(np.int32(products - 1), product))
    other = np.diff(binds, prepend=binds[:1])
    cuts = [0, *np.flatnonzero((np.diff(highest) > 0) | other).tolist(), len(product)]
    for start, stop in itertools.pairwise(cuts):
        if stop > start:
            yield slice(start, stop)


def _bound(recommender: Recommender, layout: Layout, state: Any, made: ties.Made, n: Array) -> Any:
    assert recommender.bind is not None
    return recommender.bind(state, made, n, layout)


def _scores(recommender: Recommender, layout: Layout, state: Any, shop: Shop, shoppers: Array, time: Array) -> Array:
    def of(shopper: Array) -> Array:
        ask = shopper * 7919 + time.astype(jnp.int32)  # a read is no event; what chance answers depends on who and when
        answer = recommender.query(state, shop, Query(ask, time, shopper), layout)
        line = shop.served @ answer.vector
        place = jnp.where(answer.ids >= 0, answer.ids, line.shape[0])
        return jnp.where(shop.on_sale > 0, line.at[place].add(answer.bonus, mode="drop"), -jnp.inf)

    return jax.vmap(of)(shoppers)
