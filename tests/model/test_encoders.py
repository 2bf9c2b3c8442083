"""Encoders against their formulae in plain numpy."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from journal.chance import stream
from model import ENCODERS
from model.chance import normal
from model.encoders.contract import Neighbourhood
from model.encoders.fading import LINE, logarithms
from model.encoders.vgae import divergence

D, C, K, KINDS = 8, 4, 3, 6

UNITS = 32
"""Numbers in a memory, where an encoder has one; others read none of what is kept."""


def around(scale: float = 1.0) -> Neighbourhood:
    """A drawn neighbourhood: the second node has no relation, the third one only."""
    draw = stream(4, "around")
    there = np.ones((C, K), bool)
    there[1], there[2, 1:] = False, False
    return Neighbourhood(
        own=draw.normal(size=(C, D)).astype(np.float32) * scale,
        kin=np.concatenate([np.zeros((1, D)), draw.normal(size=(C - 1, D))]).astype(np.float32) * scale,
        near=draw.normal(size=(C, K, D)).astype(np.float32) * scale,
        strength=draw.normal(size=(C, K)).astype(np.float32) * scale,
        kind=draw.integers(0, KINDS, (C, K)).astype(np.int32),
        age=(10 ** draw.uniform(0, 7, (C, K))).astype(np.float32) * scale,
        rank=draw.integers(0, 9, (C, K)).astype(np.float32) * scale,
        there=there,
        degree=draw.integers(1, 99, (C, K)).astype(np.float32),
        kept=np.abs(draw.normal(size=(C, UNITS + D + 1))).astype(np.float32) * scale,
    )


def module(name: str) -> nnx.Module:
    """An encoder whose every parameter has been moved away from where it starts."""
    made = ENCODERS[name]().make(D, nnx.Rngs(1))
    state = nnx.state(made)
    draw = stream(5, "weights", name)
    nnx.update(
        made, jax.tree.map(lambda leaf: leaf + jnp.asarray(draw.normal(size=leaf.shape, scale=0.3), jnp.float32), state)
    )
    return made


def sigma(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("shape", [(0,), (1,), (LINE,), (LINE + 1,), (2, C, K), (3, LINE)])
def test_logarithms_are_those_of_one_more_in_any_shape(shape: tuple[int, ...]) -> None:
    values = (10 ** stream(6, "logarithms", *shape).uniform(-9, 9, shape)).astype(np.float32)
    slope = jax.grad(lambda given: logarithms(given).sum())(values)
    np.testing.assert_allclose(logarithms(values), np.log1p(values), rtol=2e-6)
    np.testing.assert_allclose(slope, 1 / (1 + values), rtol=2e-6)


def test_paper_is_its_formula() -> None:
    made, read = module("paper"), around()
    weight, bias, bias_x = (np.asarray(getattr(made, name)[...], float) for name in ("weight_r", "bias_r", "bias_x"))
    expected = np.zeros((C, D))
    for c in range(C):
        row = read.kin[c].astype(float)  # related to its category and brand with strength 1
        for k in range(K):
            if read.there[c, k]:
                R = sigma(weight[read.kind[c, k]] * read.strength[c, k] + bias[read.kind[c, k]])
                row = row + R * read.near[c, k]
        expected[c] = sigma(row + bias_x)
    assert np.allclose(made(read), expected, atol=1e-5)


def test_paper_relates_by_the_overlap() -> None:
    """The sum of the relation strengths to the products that share something, as often as they share."""
    relate = ENCODERS["paper"]().relate
    stored = np.array([0.5, -1.0, 2.0])
    overlap = float(relate(jnp.array([2.0, 0.0, 1.0]), jnp.asarray(stored, jnp.float32)))
    assert overlap == pytest.approx(2 * sigma(0.5) + sigma(2.0), rel=1e-5)


def test_sage_is_its_formula() -> None:
    made, read = module("sage"), around()
    *W, b, w, decay, order, r = (
        np.asarray(getattr(made, name)[...], float)
        for name in ("shopper_weight", "product_weight", "bias", "kind", "decay", "order", "relation")
    )
    expected = np.zeros((C, D))
    for c in range(C):
        kind, there = read.kind[c], read.there[c]
        a = np.exp(
            read.strength[c] + w[kind] - decay[kind] * np.log1p(read.age[c] / 3600) - order * np.log1p(read.rank[c])
        )
        a = a * there / max((a * there).sum(), 1e-300)
        met = sum((a[k] * (read.near[c, k] + r[kind[k]]) for k in range(K)), np.zeros(D))
        side = min(c, 1)
        expected[c] = np.concatenate([read.own[c] + read.kin[c], met]) @ W[side] + b[side]
    assert np.allclose(made(read), expected, atol=1e-4)


def test_gat_is_its_formula() -> None:
    made, read = module("gat"), around()
    P, Q, E, c, a, fade, S, V, b, r = (
        np.asarray(getattr(made, name)[...], float)
        for name in ("query", "key", "edge", "shift", "attention", "fade", "own", "value", "bias", "relation")
    )
    heads, units = a.shape
    expected = np.zeros((C, D))
    for node in range(C):
        side, own = min(node, 1), (read.own[node] + read.kin[node]).astype(float)
        expected[node] = own @ S[side] + b[side]
        for h in range(heads):
            part = slice(h * units, (h + 1) * units)
            e, values = [], []
            for k in np.flatnonzero(read.there[node]):
                kind = read.kind[node, k]
                past = [np.log1p(read.age[node, k] / 3600), np.log1p(read.rank[node, k])]
                f = np.concatenate([np.eye(KINDS)[kind], past])
                hidden = own @ P[:, part] + read.near[node, k] @ Q[:, part] + f @ E[:, part] + c[part]
                content = np.where(hidden > 0, hidden, 0.2 * hidden) @ a[h]
                e.append(np.exp(read.strength[node, k] + f @ fade[:, h] + content))
                values.append((read.near[node, k] + r[kind]) @ V[side, h])
            if e:
                expected[node] += np.array(e) / sum(e) @ np.array(values) / heads
    assert np.allclose(made(read), expected, atol=1e-4)


def test_lightgcn_is_its_formula() -> None:
    made, read = module("lightgcn"), around()
    alpha, w, decay, order = (
        np.asarray(getattr(made, name)[...], float) for name in ("alpha", "kind", "decay", "order")
    )
    expected = np.zeros((C, D))
    for v in range(C):
        kind, there = read.kind[v], read.there[v]
        A = np.exp(
            read.strength[v] + w[kind] - decay[kind] * np.log1p(read.age[v] / 3600) - order * np.log1p(read.rank[v])
        )
        A = A * there
        met = sum(
            (A[k] / np.sqrt(A.sum() * read.degree[v, k]) * read.near[v, k] for k in np.flatnonzero(there)), np.zeros(D)
        )
        expected[v] = alpha[min(v, 1)] @ np.stack([read.own[v] + read.kin[v], met])
    assert np.allclose(made(read), expected, atol=1e-4)


def test_vgae_serves_the_mean_of_what_it_draws() -> None:
    made, read = module("vgae"), around()
    mean, log_variance = made.moments(read)
    assert np.array_equal(made(read), mean)
    sample = ENCODERS["vgae"](beta=0.0).sample
    assert np.array_equal(sample(made, read, jnp.zeros((C, D)))[0], mean)
    drawn, penalty = sample(made, read, jnp.ones((C, D)))
    assert np.allclose(drawn - mean, np.exp(0.5 * log_variance), atol=1e-5)
    assert penalty == 0


def test_vgae_is_its_formula() -> None:
    made, read = module("vgae"), around()
    *U, c = (np.asarray(getattr(made, name)[...], float) for name in ("shopper_spread", "product_spread", "level"))
    both = np.asarray(made.both(read), float)
    expected = np.stack([10 * (both[v] @ U[min(v, 1)] + c[min(v, 1)]) for v in range(C)])
    assert np.allclose(made.moments(read)[1], np.clip(expected, -20, 4), atol=1e-4)
    prior, beta, mean = 0.5, 0.3, np.asarray(made(read), float)
    variance = np.exp(np.clip(expected, -20, 4))
    kl = 0.5 * (mean**2 / prior**2 + variance / prior**2 - 1 - np.log(variance / prior**2)).sum(axis=1)
    assert ENCODERS["vgae"](beta, prior=prior).sample(made, read, jnp.zeros((C, D)))[1] == pytest.approx(
        beta * kl.mean(), rel=1e-4
    )


@pytest.mark.parametrize(("beta", "surer"), [(0.0, True), (1.0, False)])
def test_vgae_learns_how_sure_to_be(beta: float, surer: bool) -> None:
    """Noise blurs which product is meant, so without the prior it shrinks; a strong prior widens it."""
    part, read = ENCODERS["vgae"](beta, noise=0.5), around()
    shape, weights = nnx.split(part.make(D, nnx.Rngs(1)))

    def loss(weights, seq):
        z, penalty = part.sample(nnx.merge(shape, weights), read, normal(3, seq, C * D).reshape(C, D))
        alike = z[1:] @ z[0]
        return jax.nn.logsumexp(alike) - alike[0] + penalty

    step = jax.jit(lambda w, n: jax.tree.map(lambda w, g: w - 0.003 * jnp.clip(g, -1, 1), w, jax.grad(loss)(w, n)))
    moved = weights
    for n in range(300):
        moved = step(moved, jnp.int32(n))
    first, last = (nnx.merge(shape, w).moments(read)[1].mean() for w in (weights, moved))
    assert (last < first) == surer


def test_the_divergence_is_the_mean_log_ratio_of_the_densities() -> None:
    mean, sigma, prior = 0.4, 0.3, 0.8
    z = mean + sigma * np.asarray(normal(2, jnp.int32(1), 200_000), float)
    ratio = 0.5 * (z**2 / prior**2 - (z - mean) ** 2 / sigma**2) + np.log(prior / sigma)
    assert divergence(jnp.array([mean]), jnp.log(jnp.array([sigma**2])), prior) == pytest.approx(ratio.mean(), abs=0.01)


@pytest.mark.parametrize("name", [name for name in ENCODERS if name != "paper"])
def test_an_untrained_shopper_is_like_what_it_met_lately(name: str) -> None:
    """The newer of two relations says more, and the answer points where the met products point."""
    made = ENCODERS[name]().make(D, nnx.Rngs(1))
    near = np.zeros((1, K, D), np.float32)
    near[0, 0, 0] = near[0, 1, 1] = near[0, 2, 2] = 1.0
    read = Neighbourhood(
        own=np.zeros((1, D), np.float32),
        kin=np.zeros((1, D), np.float32),
        near=near,
        strength=np.zeros((1, K), np.float32),
        kind=np.zeros((1, K), np.int32),
        age=np.array([[60.0, 7200.0, 86400.0]], np.float32),
        rank=np.array([[0.0, 1.0, 2.0]], np.float32),
        there=np.array([[True, True, False]]),
        degree=np.ones((1, K), np.float32),
        kept=np.zeros((1, UNITS + D + 1), np.float32),
    )
    z = np.asarray(made(read))[0]
    assert z[0] > z[1] > 0.1
    assert np.abs(z[2:]).max() < 1e-6


@pytest.mark.parametrize("name", ["gat", "lightgcn", "vgae", "memory"])
@pytest.mark.parametrize("told_by", ["kind", "age", "rank"])
def test_what_tells_two_relations_apart_can_be_learned(name: str, told_by: str) -> None:
    """The right neighbour is the one with this value of one number; where it stands is drawn."""
    draw = stream(7, "told", told_by)
    shape, weights = nnx.split(ENCODERS[name]().make(D, nnx.Rngs(1)))
    low, high = {"kind": (1, 4), "age": (6e2, 6e5), "rank": (1.0, 9.0)}[told_by]
    right = draw.random((64, 1)) < 0.5
    values = np.where(np.concatenate([right, ~right], axis=1), high, low)
    near = draw.normal(size=(64, 2, D)).astype(np.float32)
    same = {"kind": np.zeros((64, 2)), "age": np.full((64, 2), 60.0), "rank": np.ones((64, 2))}
    same[told_by] = values
    wanted = np.where(right, near[:, 0], near[:, 1])

    def loss(weights):
        made = nnx.merge(shape, weights)

        def one(near, kind, age, rank):
            zeros, ones, there = jnp.zeros((1, D)), jnp.ones((1, 2)), jnp.ones((1, 2), bool)
            rows = (0 * ones, kind[None].astype(int), age[None], rank[None], there, ones, jnp.zeros((1, UNITS + D + 1)))
            return made(Neighbourhood(zeros, zeros, near[None], *rows))[0]

        columns = (jnp.asarray(same[key], jnp.float32) for key in ("kind", "age", "rank"))
        z = jax.vmap(one)(near, *columns)
        return -jax.nn.log_softmax(z @ wanted.T).diagonal().mean()

    step = jax.jit(
        lambda weights: jax.tree.map(lambda w, g: w - 0.3 * jnp.clip(g, -1, 1), weights, jax.grad(loss)(weights))
    )
    first = loss(weights)
    for _ in range(100):
        weights = step(weights)
    assert loss(weights) < 0.8 * first


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("scale", [0.0, 1e-20, 1e3, 1e8])
def test_slopes_are_finite(name: str, scale: float) -> None:
    """Of every weight and of every number that was read, at numbers far smaller and larger than they ever are."""
    shape, weights = nnx.split(module(name))
    read = around(scale)
    whole = (read.kind, read.there, read.degree, read.kept)
    sample = ENCODERS[name]().sample
    noise = normal(1, jnp.int32(2), C * D).reshape(C, D)

    def total(weights, floats):
        kind, there, degree, kept = whole
        own, kin, near, strength, age, rank = floats
        made = nnx.merge(shape, weights)
        seen = Neighbourhood(own, kin, near, strength, kind, age, rank, there, degree, kept)
        drawn, penalty = sample(made, seen, noise) if sample else (0.0, 0.0)
        return jnp.tanh((made(seen) + drawn) / max(scale, 1)).sum() + penalty

    floats = tuple(map(jnp.asarray, (read.own, read.kin, read.near, read.strength, read.age, read.rank)))
    for leaf in jax.tree.leaves(jax.grad(total, argnums=(0, 1))(weights, floats)):
        assert np.isfinite(leaf).all()


def test_an_encoder_knows_nothing_of_what_is_not_there() -> None:
    for name in ENCODERS:
        read, made = around(), module(name)
        other = read._replace(
            near=np.where(read.there[..., None], read.near, 7), age=np.where(read.there, read.age, 1e9)
        )
        assert np.allclose(made(read), made(other), atol=1e-5)
