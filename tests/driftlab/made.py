"""Small made-up records and facts for the tests of this room."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from driftlab.record import Meetings, Probes, Record, meetings, record
from journal.facts import Facts, Kind, facts


def views(shoppers: list[int], products: list[int], kind: Kind = Kind.VIEWED) -> Facts:
    """Return one interaction a second."""
    n = len(shoppers)
    return facts(
        seq=range(1, n + 1), time=np.arange(n) * 1_000_000, kind=[kind] * n, shopper=shoppers, product=products
    )


def ranked(ranks: list[float], seen: Facts | None = None) -> Record:
    """Return the record of a lane that gave these ranks to the facts, one view a second by default."""
    seen = views([0] * len(ranks), list(range(len(ranks)))) if seen is None else seen
    outcomes = {"seq": seen.seq, "rank": np.array(ranks, np.float32), "candidates": np.full(len(ranks), 101)}
    return record(seen, meetings(seen), outcomes)


def probed(**columns: object) -> Record:
    """Return a record of nothing but probes; what is not given is nought."""
    slate = np.array(columns.pop("slate"))
    m = len(slate)
    plain = {
        **{name: np.full(m, 1, np.int64) for name in ("seq", "time", "shopper", "meetings", "listed")},
        **{name: np.zeros(m, np.float32) for name in ("regret", "tracking", "profile")},
        **{name: np.zeros(slate.shape, np.int64) for name in ("popularity", "category", "brand")},
    }
    return replace(ranked([]), probes=Probes(**{**plain, **columns}, slate=slate))  # type: ignore[arg-type]


NOTHING = Meetings(np.zeros(0, bool), np.zeros(0, int), np.zeros(0, int))
