"""A source is where facts come from: a simulated world, a real log, or a run file; the loop does not know which.

piece     the next facts, a chunk of them, with the truth that belongs to them (none in a log)
opening   time of the first facts; products listed then are the catalogue at the start
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from journal.facts import CHUNK, Facts, pick

Serve = Callable[[Facts, int, int], NDArray[np.int32]]
"""`serve(facts since the last call, shopper, time)` returns the product ids of a slate."""


Score = Callable[[Facts, NDArray[np.int32], int, int], NDArray[np.float32]]
"""`score(facts since the last call, products, campaign, time)` returns how high those products are for each shopper."""


class Piece(NamedTuple):
    """The next facts of a stream, and the truth that belongs to them."""

    facts: Facts
    truth: dict[str, dict[str, NDArray[Any]]]
    now: int = 0  # microseconds; of a world: nothing from then on is told to anybody yet


class Source(Protocol):
    """Where facts come from."""

    opening: int  # microseconds
    end: int  # microseconds: where the stream ends, to tell how far it is

    def pieces(self, serve: Serve | None, score: Score | None = None) -> Iterator[Piece]:
        """Return the whole stream from its first fact, in pieces of `CHUNK` facts (the last may be shorter)."""
        ...


class Listed:
    """Facts that are all there already: those of a log, or of a run file."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.opening, self.end = (int(facts.time[0]), int(facts.time[-1])) if len(facts) else (0, 0)

    def pieces(self, serve: Serve | None, score: Score | None = None) -> Iterator[Piece]:
        """Cut the facts into chunks; nothing can be served to shoppers of the past.

        >>> from journal.facts import Kind, facts
        >>> seen = facts(seq=range(1, 1501), time=range(1500), kind=[Kind.VIEWED] * 1500)
        >>> [len(piece.facts) for piece in Listed(seen).pieces(None)]
        [1024, 476]
        """
        for start in range(0, len(self._facts), CHUNK):
            yield Piece(pick(self._facts, slice(start, start + CHUNK)), {})
