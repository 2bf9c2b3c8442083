"""Slates are judged by what they show, clicked or not: probes read them for a few shoppers at chunk ends.

popularity  earlier meetings of a product by anybody, at the moment of the probe
slots       places of all slates of one probe
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from driftlab.measures.measure import Measure, gini, law, mean
from driftlab.record import Probes, Record


def of_probes(value: Callable[[Probes], float]) -> Callable[[Record], float]:
    """Turn a function of probes into one of a record: NaN where nothing was probed."""
    return lambda seen: value(seen.probes) if seen.probes is not None and len(seen.probes.seq) else float("nan")


def _each_probe(probes: Probes, value: Callable[[NDArray[np.bool_]], float]) -> float:
    return mean(np.array([value(probes.seq == seq) for seq in np.unique(probes.seq)]))


def coverage() -> Measure:
    """Distinct products in the slates of one probe, as a share of all that they have room for."""

    def value(probes: Probes) -> float:
        def of_one(rows: NDArray[np.bool_]) -> float:
            shown = probes.slate[rows]
            room = min(shown.size, int(probes.listed[rows][0]))
            return len(np.unique(shown[shown >= 0])) / max(room, 1)

        return _each_probe(probes, of_one)

    return Measure(
        name="coverage",
        title="coverage",
        about=law(coverage),
        unit="share",
        better="higher",
        formula="mean over probes of distinct products / min(slots, listed)",
        source="aggregate diversity: Adomavicius and Kwon 2012",
        value=of_probes(value),
    )


def catalogue_coverage() -> Measure:
    """Distinct products in all slates of all probes, as a share of the products listed at the last."""

    def value(probes: Probes) -> float:
        return len(np.unique(probes.slate[probes.slate >= 0])) / max(int(probes.listed[-1]), 1)

    return Measure(
        name="catalogue_coverage",
        title="cat. coverage",
        about=law(catalogue_coverage),
        unit="share",
        better="higher",
        formula="distinct products shown / listed",
        source="Ge, Delgado-Battenfeld, Jannach 2010",
        value=of_probes(value),
    )


def exposure_gini() -> Measure:
    """Inequality of how often each listed product is shown: 0 all alike, near 1 a few have all places."""

    def value(probes: Probes) -> float:
        times_shown = np.bincount(probes.slate[probes.slate >= 0])
        listed = max(int(probes.listed[-1]), int(np.count_nonzero(times_shown)))
        shown = times_shown[times_shown > 0]
        return gini(np.r_[np.zeros(listed - len(shown)), shown])

    return Measure(
        name="exposure_gini",
        title="Gini",
        about=law(exposure_gini),
        unit="0 to 1",
        better="lower",
        formula="2 sum_i i x_(i) / (n sum x) - (n + 1) / n, x_(i) = sorted times shown",
        source="Fleder and Hosanagar 2009",
        value=of_probes(value),
    )


def novelty() -> Measure:
    """Mean surprise of the products shown: how few meetings they had before."""

    def value(probes: Probes) -> float:
        share = (probes.popularity + 1.0) / (probes.meetings + probes.listed)[:, None]
        return mean(-np.log2(share)[probes.slate >= 0])

    return Measure(
        name="novelty",
        title="novelty",
        about=law(novelty),
        unit="bits",
        better="neither",
        formula="mean(-log2((popularity + 1) / (meetings + listed)))",
        source="self-information: Zhou et al. 2010, with Laplace's rule for products never met",
        value=of_probes(value),
    )


def diversity(by: str = "category") -> Measure:
    """Share of the pairs of products on one slate that differ in category (or brand)."""

    def value(probes: Probes) -> float:
        label = probes.category if by == "category" else probes.brand
        first, second = np.triu_indices(label.shape[1], 1)
        known = (label[:, first] >= 0) & (label[:, second] >= 0)
        return mean((label[:, first] != label[:, second])[known])

    return Measure(
        name=f"diversity_{by}",
        title=f"div. {by}",
        about=law(diversity),
        unit="share",
        better="neither",
        formula=f"mean over pairs of a slate of [{by} differs]",
        source="intra-list distance: Ziegler et al. 2005, with the discrete distance",
        value=of_probes(value),
    )


def popularity_lift() -> Measure:
    """How much more popular the products shown are than those the shoppers themselves met, relative to the latter."""

    def value(probes: Probes) -> float:
        shown = np.where(probes.slate >= 0, probes.popularity, np.nan)
        known = ~np.isnan(probes.profile)
        own = mean(probes.profile[known])
        return mean(shown[known]) / own - 1.0 if own else float("nan")

    return Measure(
        name="popularity_lift",
        title="pop. lift",
        about=law(popularity_lift),
        unit="ratio",
        better="neither",
        formula="mean popularity of products shown / mean popularity of products met - 1",
        source="Abdollahpouri et al. 2020",
        value=of_probes(value),
    )
