"""Encoders against their formulae in plain numpy."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from journal.chance import stream
from model import ENCODERS
from model.encoders.contract import Neighbourhood

D, C, K, KINDS = 8, 4, 3, 6


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
    W, b, w, decay, order, r = (
        np.asarray(getattr(made, name)[...], float) for name in ("weight", "bias", "kind", "decay", "order", "relation")
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


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("scale", [0.0, 1e-20, 1e3, 1e8])
def test_slopes_are_finite(name: str, scale: float) -> None:
    """Of every weight and of every number that was read, at numbers far smaller and larger than they ever are."""
    shape, weights = nnx.split(module(name))
    read = around(scale)
    whole = (read.kind, read.there)

    def total(weights, floats):
        kind, there = whole
        own, kin, near, strength, age, rank = floats
        made = nnx.merge(shape, weights)
        return jnp.tanh(made(Neighbourhood(own, kin, near, strength, kind, age, rank, there)) / max(scale, 1)).sum()

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
