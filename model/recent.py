"""A memory of the M most recent distinct things, newest first, as a few columns of a node's row.

The ids stand in the first column block; further blocks (counts, kinds, times) move along with them. An empty place
holds -1.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array


def place_of(ids: Array, new: Array) -> Array:
    """Return where `new` stands in float32[M] ids, or the last place if it does not; int32."""
    found = ids == new
    return jnp.where(found.any(), jnp.argmax(found), ids.shape[-1] - 1)


def to_front(columns: Array, place: Array, newest: Array) -> Array:
    """Put `newest` float32[B] first in columns float32[B, M] and close the gap at `place`.

    >>> to_front(jnp.array([[5.0, 3.0, 9.0]]), jnp.int32(1), jnp.array([3.0])).tolist()
    [[3.0, 5.0, 9.0]]
    """
    moved = jnp.roll(columns, 1, axis=-1).at[:, 0].set(newest)
    return jnp.where(jnp.arange(columns.shape[-1]) <= place, moved, columns)


def remember(row: Array, new: Array, on: Array) -> Array:
    """Count `new` once more and move it to the front; row is float32[2 * M], ids then counts; only where `on`.

    The last place is given up when a thing that is not there arrives.
    """
    columns = row.reshape(2, -1)
    place = place_of(columns[0], new)
    count = jnp.where(columns[0, place] == new, columns[1, place], 0.0)
    after = to_front(columns, place, jnp.stack([new.astype(jnp.float32), count + 1.0]))
    return jnp.where(on, after, columns).reshape(-1)


def empty(rows: int, places: int) -> Array:
    """Return `rows` empty memories with counts, float32[rows, 2 * places]."""
    return jnp.concatenate([jnp.full((rows, places), -1.0), jnp.zeros((rows, places))], axis=1)
