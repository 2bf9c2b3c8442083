"""Randomness is counter-based and named: a stream depends on the seed and its name alone, never on what else was drawn.

Adding a shopper, a policy or a drift therefore moves no other stream (common random numbers).
"""

from __future__ import annotations

import hashlib

import numpy as np

Name = str | int


def stream_key(seed: int, *name: Name) -> int:
    """Return the 128-bit key of a named stream: a BLAKE2b hash of the seed and the name.

    >>> stream_key(1, "shopper", 17) == stream_key(1, "shopper", 17)
    True
    >>> stream_key(1, "shopper", 17) == stream_key(1, "shopper", "17")
    False
    """
    text = repr((int(seed), *name)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=16).digest(), "little")


def stream(seed: int, *name: Name) -> np.random.Generator:
    """Return the named random stream, a numpy Generator over Philox (Salmon et al. 2011).

    >>> float(stream(1, "drift", 0).random()) == float(stream(1, "drift", 0).random())
    True
    """
    return np.random.Generator(np.random.Philox(key=stream_key(seed, *name)))
