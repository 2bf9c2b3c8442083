"""The online graph network: one event reads the neighbourhood it touches, learns on it, and writes it back.

Scored:  s(u, i, t) = trust z_u . z_i + c_i + p(u, i, t), with z from the encoder and the rest from `model.habits`;
where the encoder says so, what is published of i counts as well (`model.content`).
Learned: a loss of `model.losses`, by stochastic gradient on the vectors of the touched rows (row-wise Adagrad, Duchi et
al. 2011), the strengths of the touched relations, the encoder's weights, and the habits (Adagrad).
Written: the touched vectors, the new relation at both ends, the follower of the product before, the served rows.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array

from journal.chance import stream_key
from journal.errors import Refusal
from journal.facts import INTERACTIONS
from model import content, crowd, grid, habits, holding, rows, writing
from model.chance import normal
from model.contract import Catalogue
from model.encoders.contract import Encoder
from model.graph import FIRST_KIND, KINDS, Columns, facts_of, plant
from model.layout import Layout
from model.losses import NEVER, Loss, softmax
from model.neighbourhood import Reading, Vectors, around, reach, shopper_of
from model.parts import Action, Learned, Query, Recommender, Scored, Seen, Shop, Tree
from model.samplers import Sampler, uniform
from model.teaching import ALIKE, Rates, Teaching
from model.ties import LATELY, Made, bind, told_of
from model.weighing import weights_slope

EPSILON = 1e-8

RANGES = {
    "dim": (2, 4096),
    "neighbours": (1, 1000),
    "followers": (1, 1000),
    "negatives": (1, 4096),
    "crowd": (2, 65536),
    "rate": (0.0, 3.0),
    "weights": (0.0, 0.1),
    "habit": (0.0, 15.0),
    "spread": (0.0, 1.0),
    "kinds": (0.0, 100.0),
    "ties": (1, 1000),
}
"""What a network's numbers may be."""

STEEPEST = 1.0
"""Largest slope of an encoder's weight that counts: vectors that a high rate made long cannot make weights infinite."""


def network(
    encoder: Encoder,
    dim: int = 64,
    neighbours: int = 10,
    followers: int = 16,
    negatives: int = 8,
    crowd: int = 64,
    rate: float = 0.01,
    weights: float = 0.003,
    habit: float = 0.5,
    spread: float = 0.015,
    kinds: tuple[float, ...] = ALIKE,
    ties: int = 10,
    loss: Loss | None = None,
    sampler: Sampler | None = None,
) -> Recommender:
    """Build the network around an encoder, a loss (softmax by default) and a sampler of negatives (uniform).

    dim         length of the vectors
    neighbours  last relations of a node that are kept and read (K)
    followers   last followers of a product that are kept and read (S)
    negatives   products drawn against each event, whose vectors learn too
    crowd       products that stand for the whole catalogue when the habits are weighed
    rate        learning rate of the entity vectors; `weights` and `habit` are those of the encoder and the habits
    spread      standard deviation of the entity vectors at first
    kinds       how much an event of each kind teaches: viewed, favourited, carted, purchased, reviewed, returned
    ties        last ties of a shopper that are kept and read (T), where the encoder reads ties

    Raises Refusal where one is outside its range (`RANGES`).
    """
    given = locals()
    for name, (low, high) in RANGES.items():
        for value in np.atleast_1d(given[name]):
            if not low <= value <= high:
                raise Refusal(f"A network's {name} = {given[name]} is outside {low:g} to {high:g}.")
    if len(kinds) != KINDS:
        named = ", ".join(kind.name.lower() for kind in INTERACTIONS)
        raise Refusal(f"A network's kinds = {list(kinds)} are {len(kinds)} numbers; it takes {KINDS}: {named}.")
    if encoder.content and not encoder.habits:
        raise Refusal(f"{encoder.name}(content=true) takes habits=true as well: content is weighed beside them.")
    ties = ties if encoder.ties else 0
    columns = Columns(dim, neighbours, followers, encoder.keeping.width(dim) if encoder.keeping else 0, ties)
    teaching = Teaching(loss or softmax(), sampler or uniform(), negatives, kinds)
    net = _Network(encoder, columns, teaching, crowd, Rates(rate, weights, habit), spread)
    centres = 2 + negatives
    rows = centres * (neighbours + 1) + 2 * (1 + negatives + neighbours)
    rows += centres * neighbours * min(encoder.beyond, neighbours)
    tied = ties * (1 + min(LATELY, neighbours))
    one = float(encoder.cost(dim, neighbours))
    cost = (rows + tied, 4.0 * (centres * one + 2.0 * tied * dim) + 4.0 * crowd * dim)
    noting = (4, one)  # two relations, a follower, and the product's vector served anew
    more = partial(content.arithmetic, dim=dim, products=crowd + neighbours + followers) if encoder.content else None
    ids = (columns.relations.start, columns.relations.start + neighbours)
    row_ids = (dim + 1, dim + 3), ids, *([(columns.tied.start, columns.tied.start + ties)] if ties else [])
    made = net.init, net.query, net.learn, cost, row_ids, net.anew, noting, more, told_of(encoder.ties), net.bind
    return Recommender(encoder.name, dim + 1, *made, dear=True)


class _Network:
    """The functions of a `Recommender`; holds nothing that changes."""

    def __init__(
        self, encoder: Encoder, columns: Columns, teaching: Teaching, crowd: int, rates: Rates, spread: float
    ) -> None:
        self.encoder, self.columns, self.spread = encoder, columns, spread
        self.teaching, self.crowd, self.rates = teaching, crowd, rates
        self.shape, _ = nnx.split(encoder.make(columns.dim, nnx.Rngs(0)))
        self._serve = jax.jit(self._rows, static_argnums=3)  # once a layout, also where it is served anew

    def init(self, layout: Layout, catalogue: Catalogue, seed: int) -> tuple[Tree, Array]:
        state = self._begin(layout, catalogue, seed)
        return state, self._serve_all(state, layout)

    def _begin(self, layout: Layout, catalogue: Catalogue, seed: int) -> Tree:
        table = jnp.asarray(plant(layout, catalogue, self.columns, self.spread, seed))
        module = self.encoder.make(self.columns.dim, nnx.Rngs(stream_key(seed, "encoder") % 2**31))
        encoder = nnx.to_pure_dict(nnx.split(module)[1])
        asked = self.encoder.content
        return {
            **(content.begin(catalogue, layout, self.encoder.name, self.columns.dim) if asked else {}),
            "table": table,
            "encoder": encoder,
            "anchor": holding.begin(encoder),
            "habits": habits.start(),
            "memory": jnp.zeros_like(habits.start()),
            "catalogue": crowd.stock(catalogue.category, layout.categories),
            "sampler": self.teaching.sampler.init(),
            "seed": jnp.int32(seed % 2**31),
        }

    def anew(self, state: Tree, shop: Shop, layout: Layout, catalogue: Catalogue, seed: int) -> tuple[Tree, Array]:
        """Return the state with vectors, encoder and what it keeps as they began; relations, rates and habits stay."""
        first = self._begin(layout, catalogue, seed)
        table = np.array(state["table"])
        for moved in (slice(0, self.columns.dim + 1), self.columns.kept):
            table[:, moved] = np.asarray(first["table"])[:, moved]
        state = {**state, "table": jnp.asarray(table), "encoder": first["encoder"]}
        return state, self._serve_all(state, layout)

    def _serve_all(self, state: Tree, layout: Layout) -> Array:
        """The whole served table, some products at a time."""
        now = state["table"][:, self.columns.facts.stop - 1].max()
        parts = jnp.arange(layout.products).reshape(-1, min(layout.products, 1024))
        return jnp.concatenate([self._serve(state, jnp.append(layout.null, part), now, layout) for part in parts])

    def _rows(self, state: Tree, centres: Array, now: Array, layout: Layout) -> Array:
        """The served rows float32[C - 1, d + 1] of the products among `centres`, as the graph stands; content comes
        before the last column."""
        reading = self.read(state["table"], centres, layout)
        z = grid.vectors(self.encode(state["encoder"], reading, reading.vectors, now)[1:])
        if not self.encoder.habits:
            return jnp.pad(z, ((0, 0), (0, 1)))
        facts = jax.tree.map(lambda leaf: leaf[1:], reading.facts)
        popular = habits.popularity(facts, now) @ state["habits"][habits.HABITS : -2]
        published = [content.rows(state["content"], centres[1:])] if self.encoder.content else []
        return jnp.concatenate([z, *published, grid.biases(popular)[:, None]], axis=1)

    def read(self, table: Array, centres: Array, layout: Layout, before: Array | None = None) -> Reading:
        """Return the neighbourhoods of the nodes, as far as the encoder looks."""
        return reach(table, centres, self.encoder.beyond, self.columns, layout, before)

    def bind(self, state: Tree, made: Made, n: Array, layout: Layout) -> Tree:
        return {**state, "table": bind(state["table"], made, n, told_of(self.encoder.ties), self.columns, layout)}

    def encode(self, weights: Tree, reading: Reading, vectors: Vectors, now: Array) -> Array:
        """Return the vectors float32[C, d] of the nodes that were read."""
        module: Any = nnx.merge(self.shape, weights)
        return module(around(reading, vectors, now))

    def query(self, state: Tree, shop: Shop, query: Query, layout: Layout) -> Scored:
        table, weights = state["table"], state["habits"]
        reading = self.read(table, layout.shopper(query.shopper)[None], layout)
        z = self.encode(state["encoder"], reading, reading.vectors, query.time)[0]
        if not self.encoder.habits:
            return Scored(jnp.append(grid.vectors(z), 1.0), jnp.full(1, -1, jnp.int32), jnp.zeros(1))
        vector = grid.vectors(habits.trust(weights) * z)
        if self.encoder.content:
            liked = content.known(state["content"], reading.near[0], z) @ state["liking"]
            vector = jnp.concatenate([vector, grid.vectors(liked)])
        ids, phi = self._habits(table, reading, query.time)
        rows = shop.served.at[ids].get(mode="clip")[:, : self.columns.dim]
        bonus = phi @ weights[: habits.HABITS] + weights[-1] * (rows @ z) - rows @ vector[: self.columns.dim]
        return Scored(jnp.append(vector, 1.0), ids, grid.biases(bonus))

    def _habits(self, table: Array, reading: Reading, now: Array) -> tuple[Array, Array]:
        own, events = shopper_of(reading)
        return habits.features(own, events, table[reading.near[0, 0], self.columns.follower], now)

    def learn(self, state: Tree, shop: Shop, seen: Seen, action: Action, on: Array, layout: Layout) -> Learned:
        loss_of, sampler, n, kinds = self.teaching
        drawn, log_q = sampler.draw(state["sampler"], state["seed"], seen, n, shop.products)
        centres = jnp.concatenate([jnp.stack([layout.shopper(seen.shopper), seen.product]), drawn])
        before = None if seen.again is None else jnp.where(seen.again, seen.time, jnp.inf)
        reading = self.read(state["table"], centres, layout, before)
        fair = (drawn != seen.product) & (shop.on_sale[drawn] > 0)

        def loss(vectors: Vectors, weights: Tree) -> tuple[Array, tuple[Array, Array | None]]:
            z = self.encode(weights, reading, vectors, seen.time)
            drawn_z, penalty = z, jnp.zeros(())
            if self.encoder.sample is not None:
                noise = normal(19, seen.seq + state["seed"] * 31, z.size).reshape(z.shape)
                module: Any = nnx.merge(self.shape, weights)
                drawn_z, penalty = self.encoder.sample(module, around(reading, vectors, seen.time), noise)
            alike = drawn_z[1:] @ drawn_z[0]
            lost = loss_of.of(alike[0], alike[1:], log_q, fair) + penalty
            lost = lost if kinds == ALIKE else lost * jnp.array(kinds)[seen.kind - FIRST_KIND]
            return lost, (z[0], self._kept(weights, reading, vectors, seen.time, z))

        slopes, (z, kept) = jax.grad(loss, argnums=(0, 1), has_aux=True)(reading.vectors, state["encoder"])
        habit = self._weigh(state, shop, reading, z, seen, layout) if self.encoder.habits else None
        state = {**state, "sampler": sampler.note(state["sampler"], seen, on)}
        return self._write(state, reading, (*slopes, habit, kept), seen, action, on, layout)

    def _kept(self, weights: Tree, reading: Reading, vectors: Vectors, now: Array, z: Array) -> Array | None:
        """Return what the encoder keeps of shopper and product after their event, float32[2, L]."""
        if self.encoder.keeping is None:
            return None
        return self.encoder.keeping.after(nnx.merge(self.shape, weights), around(reading, vectors, now), z)

    def _weigh(
        self, state: Tree, shop: Shop, reading: Reading, z: Array, seen: Seen, layout: Layout
    ) -> tuple[Array, Array | None]:
        """Return the slopes of the habits and of liking: the product that came, against those with habits and the
        crowd, as served."""
        ids, phi = self._habits(state["table"], reading, seen.time)
        category = reading.near_kin[:, 0]
        recent = jnp.where(category == layout.null, layout.categories, category - layout.products)
        recent = jnp.where(reading.near[0] != layout.null, recent, -1)
        words = crowd.words_for(state["seed"], seen.seq, self.crowd)
        drawn, counts_for = crowd.draw(state["catalogue"], recent, shop.products, words)

        everyone = jnp.concatenate([ids, drawn, seen.product[None]])
        vectors = shop.served.at[everyone].get(mode="clip")[:, : self.columns.dim]
        facts = facts_of(state["table"].at[everyone, self.columns.facts].get(mode="clip"))
        rates = habits.popularity(facts, seen.time)
        alike, n = vectors @ z, ids.shape[0]
        own = jnp.arange(everyone.shape[0]) < n
        agree = jnp.stack([jnp.where(own, 0.0, alike), jnp.where(own, alike, 0.0)], axis=1)
        phi = jnp.concatenate([jnp.pad(phi, ((0, self.crowd + 1), (0, 0))), rates, agree], axis=1)

        is_target = ids == seen.product
        target = jnp.where(is_target.any(), is_target.astype(jnp.float32) @ phi[:n], phi[-1])
        counted = (drawn != seen.product) & ~(drawn[:, None] == ids[None, :]).any(axis=1)
        extra = jnp.where(jnp.concatenate([(ids >= 0) & ~is_target, counted]), jnp.pad(counts_for, (n, 0)), NEVER)
        extra = jnp.where(shop.on_sale.at[everyone[:-1]].get(mode="clip") > 0, extra, NEVER)
        if not self.encoder.content:
            return weights_slope(state["habits"], target, phi[:-1], extra), None
        weighed = content.Weighed(state["habits"], target, phi[:-1], extra)
        shopper = content.known(state["content"], reading.near[0], z)
        return content.slopes(weighed, state["liking"], shopper, content.rows(state["content"], everyone))

    def _write(
        self, state: Tree, reading: Reading, slopes: tuple, seen: Seen, action: Action, on: Array, layout: Layout
    ) -> Learned:
        vectors, weights, habit, kept = slopes
        teaches = on if seen.noted is None else on & ~seen.noted
        rate = jnp.where(teaches, self.rates.vectors * action.rate, 0.0)
        last = state["table"][reading.near[0, 0]]
        taken = writing.Taken(rate * vectors.strength, None if vectors.tie is None else rate * vectors.tie, kept)
        fresh = writing.relate(reading, last, taken, seen, self.encoder, self.columns, layout)
        table = writing.move(state["table"], reading, vectors, rate, teaches & ~rows.unread(fresh.rows, habit), layout)
        new = on if seen.again is None else on & ~seen.again
        table = rows.put(table, jnp.where(new, fresh.at, layout.rows), fresh.rows, self.columns.body.start)
        step = jnp.where(teaches, self.rates.weights * action.weights, 0.0)
        slope = jax.tree.map(lambda g: jnp.clip(g, -STEEPEST, STEEPEST), weights)
        encoder = jax.tree.map(lambda w, g: w - step * g, state["encoder"], slope)
        state = {**state, "table": table, **holding.hold(encoder, state["anchor"], slope, action, teaches)}
        if habit is not None:
            of_habits, of_liking = habit
            first = new & teaches
            memory = state["memory"] + jnp.where(first, of_habits * of_habits, 0.0)
            step = jnp.where(first, self.rates.habits * action.weights, 0.0)
            state |= {"habits": state["habits"] - step * of_habits * jax.lax.rsqrt(memory + EPSILON), "memory": memory}
            state |= {} if of_liking is None else content.moved(state, of_liking, step, EPSILON)
        served = self._rows(state, reading.centres, seen.time, layout)
        # The next event writes this table: it has to be read before. The null row is zeros, and stays so.
        zero = rows.unread(served).astype(jnp.float32).reshape(1, 1)
        table = jax.lax.dynamic_update_slice(table, zero, (layout.null, 0))
        return Learned({**state, "table": table}, reading.centres[1:], served)
