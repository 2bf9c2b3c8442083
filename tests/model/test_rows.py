"""Rows are written as numpy writes them, by a loop or by a scatter."""

from __future__ import annotations

from contextlib import nullcontext

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.rows import add, put, scattered

ROWS, WIDTH = 5, 4
places = st.lists(st.integers(0, ROWS + 1), min_size=1, max_size=6)


def table() -> np.ndarray:
    return np.arange(ROWS * WIDTH, dtype=np.float32).reshape(ROWS, WIDTH)


@pytest.mark.parametrize("by_scatter", [False, True])
@given(at=places, first=st.integers(0, WIDTH - 2))
def test_rows_are_added_each_as_often_as_it_is_named(by_scatter: bool, at: list[int], first: int) -> None:
    rows = np.arange(2.0 * len(at), dtype=np.float32).reshape(-1, 2)
    expected = table()
    for place, row in zip(at, rows, strict=True):
        if place < ROWS:
            expected[place, first : first + 2] += row
    with scattered() if by_scatter else nullcontext():
        found = add(jnp.asarray(table()), jnp.array(at), jnp.asarray(rows), first)
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("by_scatter", [False, True])
@given(at=places, first=st.integers(0, WIDTH - 2))
def test_rows_are_put_and_those_beyond_the_table_dropped(by_scatter: bool, at: list[int], first: int) -> None:
    at = list(dict.fromkeys(at))
    rows = -np.ones((len(at), 2), np.float32)
    expected = table()
    expected[[place for place in at if place < ROWS], first : first + 2] = -1
    with scattered() if by_scatter else nullcontext():
        found = put(jnp.asarray(table()), jnp.array(at), jnp.asarray(rows), first)
    assert np.array_equal(found, expected)
