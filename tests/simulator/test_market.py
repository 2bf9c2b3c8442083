"""The market holds what shocks make of products, and gives the state of any moment in any order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulator.market import COLUMNS, FOREVER, Market, Stock

ROWS = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 3)), unique=True, max_size=20).map(sorted)


@given(ROWS, st.lists(st.integers(0, 10), max_size=12), st.integers(0, 10))
def test_a_state_is_the_latest_row_of_each_product_however_it_is_asked_for(
    rows: list[tuple[int, int]], asked: list[int], cut: int
) -> None:
    market, price = Market(np.arange(4) + 10.0), np.arange(4) + 10.0
    for half in ([row for row in rows if row[0] <= cut], [row for row in rows if row[0] > cut]):
        columns = zip(*((time, product, time, time * 2.0, Stock.OUT) for time, product in half), strict=True)
        values = dict(zip(COLUMNS, columns, strict=True)) if half else dict.fromkeys(COLUMNS, ())
        market.add({name: np.array(values[name], dtype) for name, dtype in COLUMNS.items()})
    for time in asked:
        state = market.at(time)
        for product in range(4):
            last = max((when for when, which in rows if which == product and when <= time), default=None)
            expected = (0.0, price[product], Stock.IN) if last is None else (last, last * 2.0, Stock.OUT)
            assert (state.appeal[product], state.price[product], state.stock[product]) == expected
        assert market.until(time) == min((when for when, _ in rows if when > time), default=FOREVER)
        assert market.place(time) == len({when for when, _ in rows if when <= time})
