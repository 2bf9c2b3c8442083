"""One id space for all nodes: products, categories, brands, shoppers, campaigns stand behind each other in one table.

A section has room to grow; it doubles when it is full, so a stream of n new nodes costs at most log2(n) compilations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Layout(NamedTuple):
    """Rows of each section; the null row behind the last section stands for "no category", "no brand".

    >>> layout = Layout(products=4, categories=2, brands=2, shoppers=8)
    >>> layout.shopper(3), layout.null, layout.rows
    (11, 16, 17)
    """

    products: int
    categories: int
    brands: int
    shoppers: int
    campaigns: int = 0  # none where nobody reads coupons

    # An index is an int, a numpy array or a traced array; the row is the same sort of thing.

    def category(self, index: Any) -> Any:
        return self.products + index

    def brand(self, index: Any) -> Any:
        return self.products + self.categories + index

    def shopper(self, index: Any) -> Any:
        return self.products + self.categories + self.brands + index

    def campaign(self, index: Any) -> Any:
        return self.null - self.campaigns + index

    @property
    def null(self) -> int:
        return sum(self)

    @property
    def rows(self) -> int:
        return self.null + 1

    def sections(self) -> list[slice]:
        """The rows of each section, in order; the null row is the last."""
        ends = np.cumsum([*self, 1])
        return [slice(int(end - size), int(end)) for end, size in zip(ends, [*self, 1], strict=True)]


def room(count: int, least: int = 64) -> int:
    """Return the smallest power of two that holds `count`, and at least `least`.

    >>> room(1000), room(3)
    (1024, 64)
    """
    return max(least, 1 << max(0, count - 1).bit_length())


STREAMS = 0, 1, 2, 3, 5, 4
"""What the sections' streams of chance are called; the null row had its own before there were campaigns."""


def fill(layout: Layout, draw: Callable[[int, int], NDArray[np.float32]]) -> NDArray[np.float32]:
    """Build a table from `draw(stream, rows)`, whose first rows must not depend on how many are drawn."""
    parts = zip(STREAMS, layout.sections(), strict=True)
    return np.concatenate([draw(name, part.stop - part.start) for name, part in parts])


def regrow(old: NDArray, fresh: NDArray, before: Layout, after: Layout) -> NDArray:
    """Return `fresh` (a new table of the larger layout) with every row of `old` in its new place."""
    grown = np.array(fresh)
    for source, target in zip(before.sections(), after.sections(), strict=True):
        grown[target.start : target.start + source.stop - source.start] = old[source]
    return grown


def renumber(rows: NDArray[np.float32], before: Layout, after: Layout) -> NDArray[np.float32]:
    """Return row numbers of the layout `before` (-1: none) as those of the layout `after`, of the same shape."""
    starts = [part.start for part in before.sections()]
    moved = np.array([new.start - old.start for old, new in zip(before.sections(), after.sections(), strict=True)])
    section = np.searchsorted(starts, rows, side="right") - 1
    return np.where(rows >= 0, rows + moved[np.maximum(section, 0)], rows).astype(np.float32)
