"""Holding an encoder's weights: a slow or saved copy, the anchor, draws them back.

    w <- w - pull m (w - anchor)    anchor <- anchor + save (w - anchor)    m = 1 - firm + firm F / (F + mean F)

F is the running mean of squared slopes, the diagonal of the empirical Fisher information: a weight that mattered more
is held more (elastic weight consolidation, Kirkpatrick et al. 2017). With pull = save = 0 but for single moments the
same saves weights and returns to them.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from model.parts import Action, Tree

FADING = 0.001
"""Share of a new squared slope in its running mean."""


class Anchor(NamedTuple):
    """What an encoder is held by; each a tree like its weights."""

    weights: Tree  # where it is drawn to
    mattered: Tree  # running means of squared slopes


def begin(encoder: Tree) -> Anchor:
    """Return the anchor before the first event: the weights as they begin, none of which has mattered."""
    return Anchor(encoder, jax.tree.map(jnp.zeros_like, encoder))


def hold(encoder: Tree, anchor: Anchor, slope: Tree, action: Action, on: Array) -> dict[str, Tree]:
    """Return the encoder as the action holds it, and its anchor; nothing is computed of what the action leaves None."""
    weights, mattered = anchor
    if action.firm is not None:
        share = jnp.where(on, FADING, 0.0)
        mattered = jax.tree.map(lambda f, g: f + share * (g * g - f), mattered, slope)
    if action.pull is not None:
        pull = jnp.where(on, jnp.clip(action.pull, 0.0, 1.0), 0.0)
        firm = action.firm

        def drawn(w: Array, a: Array, f: Array) -> Array:
            m = 1.0 if firm is None else 1.0 - firm + firm * f / (f + f.mean() + 1e-12)
            return w - pull * m * (w - a)

        encoder = jax.tree.map(drawn, encoder, weights, mattered)
    if action.save is not None:
        save = jnp.where(on, jnp.clip(action.save, 0.0, 1.0), 0.0)
        weights = jax.tree.map(lambda a, w: a + save * (w - a), weights, encoder)
    return {"encoder": encoder, "anchor": Anchor(weights, mattered)}
