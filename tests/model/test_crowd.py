"""The crowd counts for the whole catalogue: with the weights of its draws, sums over it are right in the mean."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from journal.chance import stream
from model.crowd import draw, stock, words_for

PRODUCTS, DRAWS, MANY = 60, 16, 4000


@pytest.mark.parametrize(
    "recent",
    [[-1, -1, -1], [2, -1, -1], [2, 4, -1], [2, 4, 0], [3, 3, 3], [5, 2, 5]],
    ids=["stranger", "one", "two", "three", "one thrice", "unknown"],
)
def test_draws_stand_for_every_product(recent: list[int]) -> None:
    """Categories 0 to 4 hold six products or five each; 5 stands for "unknown", which holds the rest."""
    category = np.minimum(np.arange(PRODUCTS) % 11, 5)
    category = np.where(category == 5, -1, category).astype(np.int32)
    categories = 8
    recent = [categories if one == 5 else one for one in recent]
    shelves = stock(np.concatenate([category, [-1] * 4]).astype(np.int32), categories)
    words = jax.vmap(lambda seq: words_for(jnp.int32(9), seq, DRAWS))(jnp.arange(MANY))
    drawn, counts_for = jax.vmap(lambda w: draw(shelves, jnp.array(recent), jnp.int32(PRODUCTS), w))(words)
    worth, exists = np.exp(np.asarray(counts_for, float)), np.asarray(drawn) < PRODUCTS
    value = stream(2, "value").random(PRODUCTS + 4) * exists.max()
    for sums, truth in (
        ((worth * exists).sum(axis=1), PRODUCTS),
        ((worth * exists * value[drawn]).sum(axis=1), value[:PRODUCTS].sum()),
        ((worth * exists * (np.asarray(drawn) == 7)).sum(axis=1), 1),
    ):
        error = sums.std() / MANY**0.5
        assert abs(sums.mean() - truth) < 4 * error + 1e-3 * truth
    assert (drawn >= 0).all()
