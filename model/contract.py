"""What the rooms above see of a model: the catalogue it is told, the events it is fed, the outcomes it returns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Catalogue(NamedTuple):
    """What a shop publishes of its P products; ids are dense."""

    category: NDArray[np.int32]  # [P], -1 where unknown
    brand: NDArray[np.int32]  # [P], -1 where unknown
    price: NDArray[np.float32]  # [P], NaN where unknown
    listed: NDArray[np.bool_]  # [P], on sale before the first event


class Events(NamedTuple):
    """Facts as a model is told them, in order of delivery; n of them, unpadded. See `journal.facts` for the columns."""

    seq: NDArray[np.int64]
    time: NDArray[np.int64]  # microseconds
    kind: NDArray[np.int16]  # `journal.Kind`
    shopper: NDArray[np.int32]
    product: NDArray[np.int32]


class Outcomes(NamedTuple):
    """What came of each of the n events that was scored, in order; costs of all learning since the scored event before."""

    seq: NDArray[np.int64]
    rank: NDArray[np.float32]  # 1 + greater + ties / 2 among all listed products, seen ones included
    candidates: NDArray[np.int32]  # listed products at that moment
    learned: NDArray[np.int32]  # events learned after this one was scored
    rows: NDArray[np.int32]  # table rows written by that learning
    flops: NDArray[np.float32]  # arithmetic of that learning, multiplications and additions
    waiting: NDArray[np.int32]  # events known to the lane but not learned when this one was scored
    age: NDArray[np.float32]  # seconds: staleness, age of the newest event learned when this one was scored
