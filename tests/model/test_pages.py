"""Large pages change where an array lies in memory, and nothing that it holds."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from model.pages import LARGE, in_large_pages


def test_contents_stay() -> None:
    rows = np.arange(3 * LARGE, dtype=np.float32).reshape(-1, 64)
    tree = {"table": jnp.array(rows), "small": jnp.arange(3), "none": np.zeros(2)}
    address = tree["table"].unsafe_buffer_pointer()
    in_large_pages(tree)
    assert np.array_equal(tree["table"], rows)
    assert tree["table"].unsafe_buffer_pointer() == address
    assert tree["small"].tolist() == [0, 1, 2]
