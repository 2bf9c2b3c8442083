"""The memory of recent things against a list."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model.recent import empty, place_of, remember

PLACES = 5
jitted = jax.jit(remember)


@given(st.lists(st.tuples(st.integers(0, 8), st.booleans()), max_size=40))
def test_remember_is_a_list_with_the_newest_first(things: list[tuple[int, bool]]) -> None:
    row, kept = empty(1, PLACES)[0], []
    for new, on in things:
        row = jitted(row, jnp.int32(new), on)
        if on:
            times = next((times for thing, times in kept if thing == new), 0)
            kept = [(new, times + 1), *((thing, times) for thing, times in kept if thing != new)][:PLACES]
    ids, counts = np.asarray(row).reshape(2, PLACES)
    missing = PLACES - len(kept)
    assert ids.tolist() == [thing for thing, _ in kept] + [-1.0] * missing
    assert counts.tolist() == [times for _, times in kept] + [0.0] * missing


def test_what_is_not_there_takes_the_last_place() -> None:
    ids = jnp.array([4.0, 2.0, -1.0, -1.0])
    assert [int(place_of(ids, jnp.int32(new))) for new in (4, 2, 9)] == [0, 1, 3]
