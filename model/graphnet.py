"""The online graph network: one event reads the neighbourhood it touches, learns on it, and writes it back.

Scored:  s(u, i, t) = z_u . z_i + c_i + p(u, i, t), with z from the encoder and c, p from `model.habits`.
Learned: the sampled softmax of the product that came against uniform negatives (each standing for (products - 1) / n of
them: the logQ correction of Bengio and Senecal 2008) and against all products that have a bonus p; by stochastic gradient
on the touched rows, the strengths of the touched relations, the encoder's weights and the habits.
Written: the entity vectors of the touched rows, the new relation at both ends, the follower, the served rows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array

from journal.chance import stream_key
from model import grid, habits
from model.chance import below
from model.contract import Catalogue
from model.encoders.contract import Encoder, Neighbourhood
from model.graph import FIRST_KIND, Columns, Relations, facts_in, facts_of, plant, relations_of
from model.layout import Layout
from model.parts import Action, Learned, Query, Recommender, Scored, Seen, Shop, Tree
from model.recent import place_of, remember, to_front


def network(
    encoder: Encoder,
    dim: int = 64,
    neighbours: int = 10,
    followers: int = 16,
    negatives: int = 8,
    rate: float = 0.1,
    weights: float = 0.01,
    habit: float = 0.05,
    spread: float = 0.1,
) -> Recommender:
    """Build the network around an encoder.

    dim         length of the vectors
    neighbours  last relations of a node that are kept and read (K)
    followers   last successors of a product that are kept and read (S)
    negatives   products drawn against each event
    rate        learning rate of the entity vectors; `weights`, `habit`: of the encoder and of the habits
    spread      standard deviation of the entity vectors at first
    """
    columns = Columns(dim, neighbours, followers)
    net = _Network(encoder, columns, negatives, (rate, weights, habit), spread)
    centres = 2 + negatives
    rows = centres * (neighbours + 1) + 2 * (1 + negatives + neighbours)
    flops = 3.0 * centres * (2 * 2 * dim * dim + 2 * neighbours * dim)
    return Recommender(encoder.name, dim + 1, net.init, net.query, net.learn, (rows, flops))


def _softmax_loss(target: Array, others: Array) -> Array:
    return jax.nn.logsumexp(jnp.append(others, target)) - target


HACK = {"many": 64, "logq": 0.0, "shrink": 0.0, "kin": 1.0}


class Touched(NamedTuple):
    """The rows that learning one event reads: C = 2 + n centres (shopper, product, negatives) and their neighbours."""

    centres: Array  # int32[C]
    near: Array  # int32[C, K]
    kin: Array  # int32[2, C - 1 + K]: categories and brands of the products among them


class _Network:
    def __init__(self, encoder: Encoder, columns: Columns, negatives: int, rates: tuple, spread: float) -> None:
        self.encoder, self.columns, self.negatives, self.spread = encoder, columns, negatives, spread
        self.rate, self.weights, self.habit = rates
        rngs = nnx.Rngs(stream_key(0, "encoder", encoder.name) % 2**31)
        self.shape, first = nnx.split(encoder.make(columns.dim, rngs))
        self.first = nnx.to_pure_dict(first)

    def init(self, layout: Layout, catalogue: Catalogue, seed: int) -> tuple[Tree, Array]:
        table = jnp.asarray(plant(layout, catalogue, self.columns, self.spread, seed))
        state = {"table": table, "encoder": self.first, "habits": habits.start(), "slack": jax.tree.map(jnp.zeros_like, habits.start()), "seed": jnp.int32(seed % 2**31)}
        return state, jax.jit(self._serve_all, static_argnums=2)(table, self.first, layout)

    def _serve_all(self, table: Array, weights: Tree, layout: Layout) -> Array:
        """The served table before the first event, when no product has a relation."""
        rows = table[: layout.products]
        facts = facts_of(rows, self.columns)
        own = rows[:, : self.columns.dim]
        kin = table[facts.category, : self.columns.dim] + table[facts.brand, : self.columns.dim]
        near = jnp.zeros((layout.products + 1, 1, self.columns.dim))
        nothing = jnp.zeros((layout.products + 1, 1))
        lone = Neighbourhood(
            jnp.pad(own, ((1, 0), (0, 0))), jnp.pad(kin, ((1, 0), (0, 0))), near, nothing, nothing.astype(int), nothing,
            nothing, nothing > 0,
        )  # fmt: skip
        return jnp.pad(grid.vectors(self._encode(weights, lone)[1:]), ((0, 0), (0, 1)))

    def _encode(self, weights: Tree, around: Neighbourhood) -> Array:
        module: Any = nnx.merge(self.shape, weights)
        return module(around)  # type: ignore[no-any-return]

    def query(self, state: Tree, shop: Shop, query: Query, layout: Layout) -> Scored:
        table, columns = state["table"], self.columns
        row = table[layout.shopper(query.shopper)]
        own, facts = relations_of(row, columns), facts_of(row, columns)
        near = table[jnp.where(own.ids >= 0, own.ids, layout.null)]
        kin = facts_of(near, columns)
        near_x = near[:, : columns.dim] + table[kin.category, : columns.dim] + table[kin.brand, : columns.dim]
        around = self._around(row[None, : columns.dim], jnp.zeros((1, columns.dim)), near_x[None],
                              jax.tree.map(lambda a: a[None], own), facts.count[None], query.time)  # fmt: skip
        vector = grid.vectors(state["habits"].trust * self._encode(state["encoder"], around)[0])
        habit = state["habits"]
        ids, bonus = habits.bonuses(habit, own, facts.count, near[0, columns.followers], query.time)
        alike = shop.served.at[ids].get(mode="clip")[:, :-1] @ vector
        return Scored(jnp.append(vector, 1.0), ids, grid.biases(bonus - (1.0 - habit.alike) * alike))

    @staticmethod
    def _around(
        own: Array, kin: Array, near: Array, relations: Relations, count: Array, now: Array
    ) -> Neighbourhood:
        age = jnp.maximum(now - relations.time, 0.0)
        since = jnp.maximum(count[:, None] - relations.count, 0.0)
        kind = jnp.maximum(relations.kind, 0)
        return Neighbourhood(own, kin, near, relations.strength, kind, age, since, relations.ids >= 0)

    def learn(self, state: Tree, shop: Shop, seen: Seen, action: Action, on: Array, layout: Layout) -> Learned:
        table, columns, d = state["table"], self.columns, self.columns.dim
        drawn = below(13, seen.seq + state["seed"] * 31, self.negatives, shop.products)
        centres = jnp.concatenate([jnp.stack([layout.shopper(seen.shopper), seen.product]), drawn])
        rows = table[centres]
        relations, facts = relations_of(rows, columns), facts_of(rows, columns)
        near_ids = jnp.where(relations.ids >= 0, relations.ids, layout.null)
        near = table[near_ids.reshape(-1)].reshape(*near_ids.shape, -1)
        near_facts = facts_of(near[0], columns)
        kin_ids = jnp.stack([
            jnp.concatenate([facts.category[1:], near_facts.category]),
            jnp.concatenate([facts.brand[1:], near_facts.brand]),
        ])  # fmt: skip
        touched = Touched(centres, near_ids, kin_ids)
        ids, _ = habits.bonuses(state["habits"], jax.tree.map(lambda a: a[0], relations), facts.count[0],
                                near[0, 0, columns.followers], seen.time)  # fmt: skip
        known = shop.served.at[ids].get(mode="clip")
        many = below(17, seen.seq + state["seed"] * 31, HACK["many"], shop.products)
        crowd = shop.served[many]
        both = table[jnp.concatenate([ids, many]), columns.facts]
        n = ids.shape[0]
        known_facts, crowd_facts = facts_in(both[:n]), facts_in(both[n:])
        floats = (rows[:, :d], near[..., :d], table[kin_ids.reshape(-1), :d].reshape(*kin_ids.shape, d),
                  relations.strength, state["encoder"], state["habits"])  # fmt: skip

        def loss(own, near_x, kin, strength, weights, habit):  # type: ignore[no-untyped-def]
            both = kin.sum(axis=0)
            kin_of = jnp.pad(both[: len(centres) - 1], ((1, 0), (0, 0)))
            near_x = near_x.at[0].add(both[len(centres) - 1 :])
            there = relations._replace(strength=strength)
            z = self._encode(weights, self._around(own, kin_of, near_x, there, facts.count, seen.time))
            ids, bonus = habits.bonuses(habit, jax.tree.map(lambda a: a[0], relations), facts.count[0],
                                        near[0, 0, columns.followers], seen.time)  # fmt: skip
            popular = habits.popularity(habit, jax.tree.map(lambda a: a[1:], facts), seen.time)
            fair = (drawn != seen.product) & (shop.on_sale[drawn] > 0)
            alike = z[1:] @ z[0]
            embed = _softmax_loss(alike[0], jnp.where(fair, alike[1:] + HACK["logq"] * jnp.log(jnp.maximum(shop.listed - 1, 1) / self.negatives), -1e9))
            is_target = ids == seen.product
            z = jax.lax.stop_gradient(z)
            dense = habit.trust * (z[1:] @ z[0]) + popular
            again = habit.alike * habit.trust * (z[1] @ z[0]) + popular[0] + jnp.where(is_target, bonus, 0.0).sum()
            target = jnp.where(is_target.any(), again, dense[0])
            each = jnp.log(jnp.maximum(shop.listed - 1, 1) / many.shape[0])
            fair = (many != seen.product) & (shop.on_sale[many] > 0) & ~jnp.isin(many, ids)
            others = habit.trust * (crowd[:, :-1] @ z[0]) + habits.popularity(habit, crowd_facts, seen.time)
            others = jnp.where(fair, others + each, -1e9)
            rivals = habit.alike * habit.trust * (known[:, :-1] @ z[0]) + bonus
            rivals = rivals + habits.popularity(habit, known_facts, seen.time)
            rival = (ids >= 0) & ~is_target & (shop.on_sale.at[ids].get(mode="clip") > 0)
            mix = _softmax_loss(target, jnp.concatenate([others, jnp.where(rival, rivals, -1e9)]))
            return embed + mix

        slopes = jax.grad(loss, argnums=(0, 1, 2, 3, 4, 5))(*floats)
        return self._write(state, shop, seen, action, on, layout, touched, rows, near, slopes)

    def _write(self, state, shop, seen, action, on, layout, touched, rows, near, slopes) -> Learned:  # type: ignore[no-untyped-def]
        table, columns, d = state["table"], self.columns, self.columns.dim
        own, near_x, kin, strength, weights, habit = slopes
        rate = jnp.where(on, self.rate * action.rate, 0.0)
        at = jnp.concatenate([touched.centres, touched.near.reshape(-1), touched.kin.reshape(-1)])
        own = own + HACK["shrink"] * rows[:, :d]
        move = jnp.concatenate([own, near_x.reshape(-1, d), kin.reshape(-1, d) * HACK["kin"]])
        table = table.at[jnp.where(at == layout.null, layout.rows, at), :d].add(-rate * move, mode="drop")

        rows = rows.at[:, columns.relations].set(self._with_strength(rows, strength, rate))
        ends = self._relate(rows, near, seen, layout)
        last = touched.near[0, 0]
        back = remember(near[0, 0, columns.followers], seen.product, last != layout.null)
        same = last == seen.product
        ends = ends.at[1, columns.followers].set(jnp.where(same, back, ends[1, columns.followers]))
        third = near[0, 0].at[columns.followers].set(back)
        ids = jnp.stack([touched.centres[0], touched.centres[1], jnp.where(same | (last == layout.null), layout.rows, last)])
        written = jnp.concatenate([ends, third[None]])[:, d:]
        table = table.at[jnp.where(on, ids, layout.rows), d:].set(written, mode="drop")

        shift = jnp.where(on, self.weights * action.weights, 0.0)
        encoder = jax.tree.map(lambda w, g: w - shift * g, state["encoder"], weights)
        shift = jnp.where(on, self.habit * action.weights, 0.0)
        slack = jax.tree.map(lambda s, g: s + jnp.where(on, g * g, 0.0), state["slack"], habit)
        habit = jax.tree.map(lambda w, g, s: w - shift * g * jax.lax.rsqrt(s + 1e-8), state["habits"], habit, slack)
        state = {**state, "table": table, "encoder": encoder, "habits": habit, "slack": slack}
        return Learned(state, touched.centres[1:], self._serve(state, layout, touched, near, seen.time))

    def _with_strength(self, rows: Array, slope: Array, rate: Array) -> Array:
        """The relation columns with the strengths moved along their slope."""
        relations = rows[:, self.columns.relations].reshape(len(rows), 5, -1)
        return relations.at[:, 3].add(-rate * slope).reshape(len(rows), -1)

    def _relate(self, rows: Array, near: Array, seen: Seen, layout: Layout) -> Array:
        """The rows of the shopper and the product with the new relation first and their facts brought up to date."""
        columns = self.columns
        facts = facts_of(rows[:2], columns)
        old = relations_of(rows[0], columns)
        theirs = facts_of(near[0], columns)
        shared = ((theirs.category == facts.category[1]) & (facts.category[1] != layout.null)).astype(jnp.float32)
        shared += ((theirs.brand == facts.brand[1]) & (facts.brand[1] != layout.null)).astype(jnp.float32)
        strength = self.encoder.relate(jnp.where(old.ids >= 0, shared, 0.0), old.strength)
        out = []
        for end, other in ((0, seen.product), (1, layout.shopper(seen.shopper))):
            block = rows[end, columns.relations].reshape(5, -1)
            place = place_of(block[0], other.astype(jnp.float32))
            kept = jnp.where(block[0, place] == other, block[3, place], 0.0)
            fresh = jnp.stack([other.astype(jnp.float32), (seen.kind - FIRST_KIND).astype(jnp.float32), seen.time,
                               jnp.where(strength == 0.0, kept, strength), facts.count[end] + 1.0])  # fmt: skip
            row = rows[end].at[columns.relations].set(to_front(block, place, fresh).reshape(-1))
            out.append(row)
        return jnp.stack(out).at[:, columns.facts].set(habits.met(facts, seen.time))

    def _serve(self, state: Tree, layout: Layout, touched: Touched, near: Array, now: Array) -> Array:
        """The served rows of the products among the centres, from what they are after learning."""
        table, columns, d = state["table"], self.columns, self.columns.dim
        rows = table[touched.centres]
        facts = facts_of(rows, columns)
        kin = table[facts.category, :d] + table[facts.brand, :d]
        around = self._around(rows[:, :d], kin, near[..., :d], relations_of(rows, columns), facts.count, now)
        z = self._encode(state["encoder"], around)[1:]
        popular = habits.popularity(state["habits"], jax.tree.map(lambda a: a[1:], facts), now)
        return jnp.concatenate([grid.vectors(z), grid.biases(popular)[:, None]], axis=1)
