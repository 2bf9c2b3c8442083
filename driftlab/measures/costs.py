"""Costs count work and delay, never seconds of this machine: the same run costs the same everywhere.

learned    events the model took a step for, replayed ones included
rows       table rows those steps wrote
staleness  age of the newest event that the model had learned when it answered
"""

from __future__ import annotations

import numpy as np

from driftlab.measures.measure import Measure, law, mean, quantile


def learned() -> Measure:
    """Events that the lane learned from."""
    return Measure(
        name="learned",
        title="learned",
        about=law(learned),
        unit="events",
        better="lower",
        formula="sum(learned)",
        source="cost account of update policies: Verachtert et al. 2023",
        value=lambda seen: float(np.sum(seen.learned, dtype=np.float64)),
    )


def replayed() -> Measure:
    """Events that the lane learned from once more."""
    return Measure(
        name="replayed",
        title="replayed",
        about=law(replayed),
        unit="events",
        better="lower",
        formula="sum(replayed)",
        source="cost account of update policies: Verachtert et al. 2023",
        value=lambda seen: float(np.sum(seen.replayed, dtype=np.float64)),
    )


def rows() -> Measure:
    """Table rows written by learning."""
    return Measure(
        name="rows",
        title="rows",
        about=law(rows),
        unit="rows",
        better="lower",
        formula="sum(rows)",
        source="driftlab",
        value=lambda seen: float(np.sum(seen.rows, dtype=np.float64)),
    )


def arithmetic() -> Measure:
    """Arithmetic of learning, multiplications and additions, as the lane accounts for it."""
    return Measure(
        name="gflop",
        title="GFLOP",
        about=law(arithmetic),
        unit="1e9 operations",
        better="lower",
        formula="sum(flops) / 1e9",
        source="cost account of update policies: Verachtert et al. 2023",
        value=lambda seen: float(np.sum(seen.flops, dtype=np.float64)) / 1e9,
    )


def staleness(share: float = 0.5) -> Measure:
    """Age of the newest event that the model had learned when it was asked, at a quantile of all questions."""
    percent = round(100 * share)
    return Measure(
        name=f"staleness_p{percent}",
        title=f"stale p{percent}",
        about=law(staleness),
        unit="seconds",
        better="lower",
        formula=f"quantile(age, {share})",
        source="model age: Kille and Albayrak 2017",
        value=lambda seen: quantile(seen.age, share),
    )


def waiting() -> Measure:
    """Events that the lane knew of but had not learned from when it was asked."""
    return Measure(
        name="waiting",
        title="waiting",
        about=law(waiting),
        unit="events",
        better="lower",
        formula="mean(waiting)",
        source="queue length at the moment of serving; FluRS logs its latency",
        value=lambda seen: mean(seen.waiting),
    )
