"""The update of the graph network done event by event in eager PyTorch: the same arithmetic, the same numbers.

It is written as such code usually is (tensors, autograd, in-place writes, Python's own control flow) and follows
`model.network` line by line, for the encoder `sage`. `benchmarks.updates` checks that both leave the same table.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot, pad, softmax

from model.graph import KINDS, RELATION, Columns
from model.grid import FINE, HIGHEST, LONGEST, STEP
from model.habits import FAST, FLOOR, HABITS, NAMES, SLOW
from model.layout import Layout
from model.losses import NEVER
from model.network import STEEPEST

EPSILON = 1e-8
HOUR = 3600.0


class Draws(NamedTuple):
    """What chance has to say of one event, drawn beforehand: the model's own draws."""

    negatives: Tensor  # int64[n]
    words: Tensor  # int64[2, crowd]


class Reading(NamedTuple):
    """C nodes and what was read around them; see `model.neighbourhood`."""

    centres: Tensor
    near: Tensor
    kin: Tensor
    rows: Tensor
    block: Tensor  # [C, 6, K]
    memory: Tensor
    vectors: tuple[Tensor, Tensor, Tensor, Tensor]  # own, near, kin, strength: what gradients flow to


class Eager:
    """A learner of its own, begun from the state of a `model.Learner`."""

    def __init__(self, carry: Any, layout: Layout, columns: Columns, rates: tuple[float, float, float]) -> None:
        def tensor(leaf: Any) -> Tensor:
            return torch.from_numpy(np.array(leaf))

        state, shop = carry.state, carry.shop
        self.layout, self.columns, self.rates = layout, columns, rates
        self.table, self.served, self.on_sale = (
            tensor(state["table"]),
            tensor(shop.served),
            tensor(shop.on_sale),
        )
        self.products = int(shop.products)
        self.encoder = {name: tensor(w).requires_grad_() for name, w in state["encoder"].items()}
        self.habits, self.memory = tensor(state["habits"]), tensor(state["memory"])
        self.shelves = [tensor(part).long() for part in state["catalogue"]]

    def read(self, centres: Tensor) -> Reading:
        d, columns, null = self.columns.dim, self.columns, self.layout.null
        rows = self.table[centres]
        block = rows[:, columns.relations].reshape(len(centres), RELATION, -1)
        ids = block[:, 0].long()
        near = torch.where(ids >= 0, ids, null)
        heads = self.table[:, columns.head].index_select(0, near.reshape(-1)).reshape(*near.shape, -1)
        kin = torch.cat([rows[1:, d + 1 : d + 3], heads[0, :, d + 1 : d + 3]]).long()
        kin_heads = self.table[:, : d + 1].index_select(0, kin.reshape(-1)).reshape(*kin.shape, -1)
        memory = torch.cat([rows[:, d], heads[..., d].reshape(-1), kin_heads[..., d].reshape(-1)])
        return Reading(
            centres, near, kin, rows, block, memory, (rows[:, :d], heads[..., :d], kin_heads[..., :d], block[:, 3])
        )

    def encode(self, reading: Reading, vectors: tuple[Tensor, ...], now: float) -> Tensor:
        own, near, kin, strength = vectors
        w, block, products = self.encoder, reading.block, len(reading.centres) - 1
        kin = kin.sum(1)
        own = torch.cat([own[:1], own[1:] + kin[:products]])
        near = torch.cat([near[:1] + kin[products:], near[1:]])
        kind, there = block[:, 1].long().clamp(min=0), block[:, 0] >= 0
        age = (now - block[:, 2]).clamp(min=0)
        events = reading.rows[:, self.columns.facts][:, :1]
        since = (events - block[:, 4]).clamp(min=0)
        logit = strength + w["kind"][kind] - w["decay"][kind] * torch.log1p(age / HOUR)
        logit = logit - w["order"] * torch.log1p(since)
        share = softmax(torch.where(there, logit, -1e9), -1) * there
        met = torch.einsum("ck,ckd->cd", share, near + w["relation"][kind])
        both = torch.cat([own, met], -1)
        shopper = both[:1] @ w["shopper_weight"] + w["bias"][0]
        return torch.cat([shopper, both[1:] @ w["product_weight"] + w["bias"][1]])

    def features(self, reading: Reading, now: float) -> tuple[Tensor, Tensor]:
        ids, kind, time, _, events, times = reading.block[0]
        count = reading.rows[0, self.columns.facts][0]
        other, counts = self.table[reading.near[0, 0], self.columns.follower].reshape(2, -1)
        places = -torch.log1p(torch.arange(len(other), dtype=torch.float32))
        theirs = torch.stack([torch.ones(len(other)), counts.clamp(min=1).log(), places], 1)
        minutes = (now - time).clamp(min=0) / 60
        ours = torch.stack([-torch.log1p(count - events), -torch.log1p(minutes), times.clamp(min=1).log()], 1)
        both = (ids[:, None] == other) & (other >= 0)
        followed = both.float() @ theirs
        ours = torch.cat([one_hot(kind.long().clamp(min=0), KINDS) * (kind >= 0)[:, None], ours, followed], 1)
        other = torch.where(both.any(0), -1.0, other)
        return torch.cat([ids, other]).long(), torch.cat([ours, pad(theirs, (KINDS + 3, 0))])

    def crowd(self, reading: Reading, words: Tensor) -> tuple[Tensor, Tensor]:
        products, first, category = self.shelves
        null, n = self.layout.null, words.shape[1]
        kin = reading.kin[len(reading.centres) - 1 :, 0]
        recent = torch.where(kin == null, self.layout.categories, kin - self.layout.products)
        recent = torch.where(reading.near[0] != null, recent, -1)
        there = int((recent >= 0).sum())
        size = first[recent + 1] - first[recent]
        drawn = words[1] % self.products
        half, coin = n // 2, words[0, : n // 2]
        if there:
            slot = torch.where((coin & 1 == 1) & (there > 1), 1 + (coin >> 1) % max(there - 1, 1), 0)
            inside = words[1, :half] % size[slot].clamp(min=1)
            drawn = torch.cat([products[first[recent[slot]] + inside], drawn[half:]])
        weight = torch.full((len(recent),), 0.5 / max(there - 1, 1))
        weight[0] = 0.5 if there > 1 else 1.0
        weight = torch.where(recent >= 0, weight, 0.0) / size.clamp(min=1)
        chance = ((category[drawn][:, None] == recent) * weight).sum(1)
        share = half / n if there else 0.0
        return drawn, -torch.log(n * (share * chance + (1 - share) / self.products))

    def loss(self, reading: Reading, vectors: tuple[Tensor, ...], product: int, negatives: Tensor, now: float) -> Any:
        z = self.encode(reading, vectors, now)
        alike = z[1:] @ z[0]
        fair = (negatives != product) & (self.on_sale[negatives] > 0)
        others = torch.where(fair, alike[1:], NEVER)
        return torch.logsumexp(torch.cat([others, alike[:1]]), 0) - alike[0], z[0].detach()

    def weigh(self, reading: Reading, z: Tensor, product: int, words: Tensor, now: float) -> Tensor:
        """The slope of the habits."""
        ids, phi = self.features(reading, now)
        crowd, counts_for = self.crowd(reading, words)
        n = len(ids)
        everyone = torch.cat([ids.clamp(min=0), crowd, torch.tensor([product])])
        alike = self.served[everyone, :-1] @ z
        agree = torch.zeros(len(everyone), 2)
        agree[:n, 1], agree[n:, 0] = alike[:n], alike[n:]
        popular = popularity(self.table[everyone, self.columns.facts], now)
        phi = torch.cat([pad(phi, (0, 0, 0, len(crowd) + 1)), popular, agree], 1)
        is_target = ids == product
        target = phi[:n][is_target][0] if is_target.any() else phi[-1]
        counted = (crowd != product) & ~(crowd[:, None] == ids).any(1)
        extra = torch.where(torch.cat([(ids >= 0) & ~is_target, counted]), pad(counts_for, (n, 0)), NEVER)
        extra = torch.where(self.on_sale[everyone[:-1]] > 0, extra, NEVER)
        others = phi[:-1]
        chance = softmax(torch.cat([others @ self.habits + extra, (target @ self.habits)[None]]), 0)
        return chance[:-1] @ others + (chance[-1] - 1) * target

    def learn(self, now: float, kind: int, shopper: int, product: int, drawn: Draws) -> None:
        """Take one gradient step on everything that one event touches, and write it."""
        at = self.layout.shopper(shopper)
        reading = self.read(torch.cat([torch.tensor([at, product]), drawn.negatives]))
        vectors = tuple(part.detach().requires_grad_() for part in reading.vectors)
        weights = list(self.encoder.values())
        loss, z = self.loss(reading, vectors, product, drawn.negatives, now)
        slopes = torch.autograd.grad(loss, [*vectors, *weights])
        with torch.no_grad():
            habit = self.weigh(reading, z, product, drawn.words, now)
            self._move(reading, slopes[:3])
            self._relate(reading, slopes[3] * self.rates[0], now, kind, product)
            for weight, slope in zip(weights, slopes[4:], strict=True):
                weight.sub_(slope.clamp(-STEEPEST, STEEPEST), alpha=self.rates[1])
            self.memory.addcmul_(habit, habit)
            self.habits.sub_(habit * torch.rsqrt(self.memory + EPSILON), alpha=self.rates[2])
            self.served[reading.centres[1:]] = self._serve(reading.centres, now)

    def _move(self, reading: Reading, slopes: tuple[Tensor, ...]) -> None:
        d = self.columns.dim
        at = torch.cat([reading.centres, reading.near.reshape(-1), reading.kin.reshape(-1)])
        slope = torch.cat([part.reshape(-1, d) for part in slopes])
        square = (slope * slope).mean(1, keepdim=True)
        step = -self.rates[0] * slope * torch.rsqrt(reading.memory[:, None] + square + EPSILON)
        change = torch.cat([step, square], 1) * (at != self.layout.null)[:, None]
        self.table[:, : d + 1].index_add_(0, at, change)

    def _relate(self, reading: Reading, step: Tensor, now: float, kind: int, product: int) -> None:
        columns, before = self.columns, int(reading.near[0, 0])
        rows = reading.rows[:2].clone()
        ends = int(reading.centres[0]), int(reading.centres[1])
        for end, other in enumerate(reversed(ends)):
            block = reading.block[end].clone()
            block[3] -= step[end]
            place, again = place_of(block[0], other)
            events = float(rows[end, columns.facts][0]) + 1
            strength, times = (float(block[3, place]), float(block[5, place])) if again else (0.0, 0.0)
            newest = torch.tensor([other, kind, now, strength, events, times + 1])
            rows[end, columns.relations] = to_front(block, place, newest).reshape(-1)
        facts = rows[:, columns.facts]
        fast, slow = rates(facts, now)
        rows[:, columns.facts] = torch.stack([facts[:, 0] + 1, fast + 1, slow + 1, torch.full((2,), now)], 1)
        if before != self.layout.null:
            memory = self.table[before, columns.follower].reshape(2, -1)
            place, again = place_of(memory[0], product)
            count = float(memory[1, place]) if again else 0.0
            followed = to_front(memory, place, torch.tensor([float(product), count + 1])).reshape(-1)
            if before == product:
                rows[1, columns.follower] = followed
            else:
                self.table[before, columns.follower] = followed
        self.table[list(ends), columns.body] = rows[:, columns.body]

    def _serve(self, centres: Tensor, now: float) -> Tensor:
        reading = self.read(centres)
        z = on_grid(self.encode(reading, reading.vectors, now)[1:])
        bias = fine(popularity(reading.rows[1:, self.columns.facts], now) @ self.habits[HABITS:-2])
        return torch.cat([z, bias[:, None]], 1)

    @torch.no_grad()
    def rank(self, now: float, shopper: int, product: int) -> float:
        """Return the exact rank of a product among all that are on sale."""
        reading = self.read(torch.tensor([self.layout.shopper(shopper)]))
        w, z = self.habits, self.encode(reading, reading.vectors, now)[0]
        vector = on_grid(w[NAMES.index("trust")] * z)
        ids, phi = self.features(reading, now)
        rows = self.served[ids.clamp(min=0), :-1]
        bonus = fine(phi @ w[:HABITS] + w[-1] * (rows @ z) - rows @ vector)
        scores = self.served @ torch.cat([vector, torch.ones(1)])
        known = ids >= 0
        scores.index_add_(0, ids[known], bonus[known])
        target, sold = scores[product], self.on_sale > 0
        higher, equal = ((scores > target) & sold).sum(), ((scores == target) & sold).sum()
        return float(1 + higher + (equal - 1) / 2)


def rates(facts: Tensor, now: float) -> tuple[Tensor, Tensor]:
    """The two decayed event counts of facts [..., 4] as of `now`."""
    since = (now - facts[..., 3]).clamp(min=0)
    return facts[..., 1] * torch.exp(-since / FAST), facts[..., 2] * torch.exp(-since / SLOW)


def popularity(facts: Tensor, now: float) -> Tensor:
    """The features of popularity, [..., 2]."""
    fast, slow = rates(facts, now)
    return torch.stack([torch.log1p(fast / FLOOR), torch.log1p(slow / FLOOR)], -1)


def place_of(ids: Tensor, new: int) -> tuple[int, bool]:
    """Where `new` stands, or the last place; and whether it was there."""
    found = (ids == new).nonzero()
    return (int(found[0]), True) if len(found) else (len(ids) - 1, False)


def to_front(columns: Tensor, place: int, newest: Tensor) -> Tensor:
    """Put `newest` first and close the gap at `place`."""
    return torch.cat([newest[:, None], columns[:, :place], columns[:, place + 1 :]], 1)


def on_grid(z: Tensor) -> Tensor:
    """See `model.grid.vectors`."""
    longest = LONGEST - STEP * z.shape[-1] ** 0.5
    norm = torch.sqrt((z * z).sum(-1, keepdim=True) + 1e-12)
    return torch.round(z * (longest / norm).clamp(max=1) / STEP) * STEP


def fine(b: Tensor) -> Tensor:
    """See `model.grid.biases`."""
    return torch.round(b.clamp(-HIGHEST, HIGHEST) / FINE) * FINE
