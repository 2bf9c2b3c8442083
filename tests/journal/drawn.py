"""Any facts that the journal must keep, drawn by hypothesis."""

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
