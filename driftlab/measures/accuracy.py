"""Accuracy is prequential: each event is ranked among all listed products before anything is learned from it.

rank    1 + greater + ties / 2 among all listed products, seen ones included; halves count as they are
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftlab.measures.measure import Measure, law, mean


def hit(rank: NDArray[Any], k: int) -> NDArray[np.float64]:
    """Return 1 where the rank is among the first k, else 0; float64[n]."""
    return (rank <= k).astype(np.float64)


def gain(rank: NDArray[Any], k: int) -> NDArray[np.float64]:
    """Return the discounted gain of each event: 1 at rank 1, 0 beyond k; float64[n].

    >>> gain(np.array([1.0, 3.0, 11.0]), 10).tolist()
    [1.0, 0.5, 0.0]
    """
    return np.where(rank <= k, 1.0 / np.log2(rank.astype(np.float64) + 1.0), 0.0)


def reciprocal(rank: NDArray[Any]) -> NDArray[np.float64]:
    """Return 1 / rank of each event; float64[n]."""
    return 1.0 / rank.astype(np.float64)


def hit_rate(k: int = 10) -> Measure:
    """Share of scored events whose product was among the k best of the whole catalogue."""
    return Measure(
        name=f"hr@{k}",
        title=f"HR@{k}",
        about=law(hit_rate),
        unit="share",
        better="higher",
        formula=f"mean(rank <= {k})",
        source="recall@N of prequential evaluation: Vinagre, Jorge, Gama 2014",
        value=lambda seen: mean(hit(seen.rank, k)),
    )


def ndcg(k: int = 10) -> Measure:
    """Discounted gain of the product within the k best; with one relevant product the ideal gain is 1."""
    return Measure(
        name=f"ndcg@{k}",
        title=f"NDCG@{k}",
        about=law(ndcg),
        unit="0 to 1",
        better="higher",
        formula=f"mean(1 / log2(rank + 1) if rank <= {k} else 0)",
        source="Järvelin and Kekäläinen 2002; online DCG as in Alpenglow (Frigó et al. 2017)",
        value=lambda seen: mean(gain(seen.rank, k)),
    )


def mrr() -> Measure:
    """Mean reciprocal rank over the whole catalogue."""
    return Measure(
        name="mrr",
        title="MRR",
        about=law(mrr),
        unit="0 to 1",
        better="higher",
        formula="mean(1 / rank)",
        source="Voorhees 1999",
        value=lambda seen: mean(reciprocal(seen.rank)),
    )


def percentile() -> Measure:
    """Mean place of the product in the ranked catalogue: 0 is first, 50 is what guessing gives, 100 last."""
    return Measure(
        name="mpr",
        title="MPR",
        about=law(percentile),
        unit="%",
        better="lower",
        formula="mean(100 (rank - 1) / (candidates - 1))",
        source="Hu, Koren, Volinsky 2008; FluRS",
        value=lambda seen: mean(100.0 * (seen.rank - 1.0) / np.maximum(seen.candidates - 1, 1)),
    )


def fading(values: NDArray[Any], factor: float = 0.999, state: tuple[float, float] = (0.0, 0.0)) -> tuple[float, float]:
    """Fold values into a fading mean S / N, S = v + a S, N = 1 + a N (Gama, Sebastião, Rodrigues 2013).

    Args:
        values: float[n], in order.
        factor: a, between 0 and 1; 0.999 remembers about a thousand events.
        state: S and N so far.

    Returns:
        S and N after the values.

    >>> total, weight = fading(np.array([1.0, 0.0]), factor=0.5)
    >>> round(total / weight, 4)
    0.3333
    """
    weights = factor ** np.arange(len(values) - 1, -1, -1, dtype=np.float64)
    kept = factor ** len(values)
    return float(values @ weights) + kept * state[0], float(weights.sum()) + kept * state[1]
