"""A shopper's stream of chance sleeps as eight numbers; one generator wakes as whichever shopper's is asked for.

What is drawn is what `journal.chance.stream` of the same name draws; a generator each would cost kilobytes a shopper.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from journal.chance import stream, stream_key

_KEY, _COUNTER, _BUFFER, _REST = slice(0, 2), 2, slice(3, 7), 7
"""What is kept of a Philox: its key, the low word of its counter, its last four numbers, and how many are used up (with
half a number that may be left). The counter's other words would be needed after 2 ** 66 draws."""

_LOW, _WORD = (1 << 64) - 1, 32


class Streams:
    """The streams ("shopper", id, *name) of n shoppers; 64 bytes each, none for those never woken.

    >>> streams, alone = Streams(1, 3), stream(1, "shopper", 2)
    >>> drawn = []
    >>> for shopper in (2, 0, 2):
    ...     drawn.append(float(streams.wake(shopper).random()))
    ...     streams.rest(shopper)
    >>> drawn[::2] == [float(alone.random()), float(alone.random())]
    True
    """

    def __init__(self, seed: int, shoppers: int, *name: str) -> None:
        self._seed, self._name = seed, name
        self._rows = np.zeros((shoppers, 8), np.uint64)
        self._generator = stream(seed, "shopper", *name)
        self._state: dict[str, Any] = dict(self._generator.bit_generator.state)
        self._counter = np.zeros(4, np.uint64)

    def __len__(self) -> int:
        return len(self._rows)

    def wake(self, shopper: int) -> np.random.Generator:
        """Return the shopper's stream; what is drawn from it until `rest` is the shopper's."""
        row, state = self._rows[shopper], self._state
        rest = int(row[_REST])
        if not rest:  # a Philox that was used has at least one number used up
            key = stream_key(self._seed, "shopper", shopper, *self._name)
            row[_KEY] = key & _LOW, key >> 64
            rest = 4
        self._counter[0] = row[_COUNTER]
        state["state"] = {"counter": self._counter, "key": row[_KEY]}
        state["buffer"] = row[_BUFFER]
        state["buffer_pos"], state["has_uint32"], state["uinteger"] = rest & 7, rest >> 3 & 1, rest >> _WORD
        self._generator.bit_generator.state = state
        return self._generator

    def rest(self, shopper: int) -> None:
        """Let the stream that was woken last, the shopper's, sleep again."""
        row, state = self._rows[shopper], self._generator.bit_generator.state
        row[_COUNTER], row[_BUFFER] = state["state"]["counter"][0], state["buffer"]
        row[_REST] = state["buffer_pos"] | state["has_uint32"] << 3 | state["uinteger"] << _WORD

    def copy(self) -> Streams:
        """Return the same streams, to be drawn from apart."""
        made = Streams(self._seed, 0, *self._name)
        made._rows = self._rows.copy()
        return made
