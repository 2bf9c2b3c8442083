"""Facts for tests: any that the journal must keep, by hypothesis, and a small shop's, always the same."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from journal import COLUMNS, Facts, Kind, facts

DOUBLES = st.integers(0, 2**64 - 1)
"""Every bit pattern of a double: each NaN, -0.0, infinities and denormals among them."""


@st.composite
def any_facts(draw: st.DrawFn, most: int = 40) -> Facts:
    """Draw facts with any ids, any double as a value, and payloads; seq dense from 1, times in order."""
    n = draw(st.integers(0, most))
    columns: dict[str, Any] = {
        name: draw(hnp.arrays(dtype, n, elements=hnp.from_dtype(dtype)))
        for name, dtype in COLUMNS.items()
        if name != "value"
    }
    columns["value"] = draw(hnp.arrays("<u8", n, elements=DOUBLES)).view("<f8")
    columns["seq"] = np.arange(1, n + 1)
    columns["time"] = np.sort(columns["time"])
    columns["kind"] = draw(hnp.arrays("<i2", n, elements=st.sampled_from([int(kind) for kind in Kind])))
    columns["version"] = np.ones(n)
    payload = draw(st.dictionaries(st.integers(1, max(n, 1)), st.text(min_size=1), max_size=n))
    return facts(payload, **columns)


def shop(n: int) -> Facts:
    """Return n facts of a shop, always the same."""
    place = np.arange(n)
    kinds = np.array([Kind.VIEWED, Kind.VIEWED, Kind.CARTED, Kind.SLATE_SERVED, Kind.PURCHASED])
    return facts(
        {int(seq): f"[{seq}, 2, 3]" for seq in place[3::5] + 1},
        seq=place + 1,
        time=place * 250_000 + place % 7,
        kind=kinds[place % 5],
        shopper=place * 7 % 31,
        product=place * 13 % 101,
        session=place // 6,
        value=np.where(place % 5 == 4, place / 8, np.nan),
        cause=np.where(place % 5 == 2, place, 0),
    )


def outcomes_of(piece: Facts) -> dict[str, Any]:
    """Return columns that stand for what a lane made of `piece`."""
    return {"seq": piece.seq, "rank": np.sqrt(piece.seq).astype(np.float32)}


def same_bits(one: Facts, other: Facts) -> bool:
    """Whether two facts are equal in every bit and in their payloads."""
    columns = all(getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in COLUMNS)
    return columns and dict(one.payload) == dict(other.payload)
