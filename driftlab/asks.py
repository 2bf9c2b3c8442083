"""An ask is what may be asked of a lane; it goes from the terminal to the process that looks into the model.

It is all that the two share, so it needs neither.
"""

from __future__ import annotations

from typing import NamedTuple


class Ask(NamedTuple):
    """What is to be looked at: a lane, a fact, and a shopper or a product."""

    lane: str
    seq: int
    shopper: int | None = None
    product: int | None = None
    map: bool = False
