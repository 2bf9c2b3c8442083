"""Truth is what only a simulator can know; here it is gathered in tables and handed out with the facts it explains.

interest   time i8 (us), shopper i4, theta f4[n, D]: a row at joining, at every session start that finds interests
           changed since the shopper's last row, and whenever drift has carried them far from it (`STALE`).
           A session's choices are made with the row before or at its start.
drift      time i8 (us), part i4 (place in the list of drifts), onset bool (the tick before moved nobody),
           affected i4 (shoppers moved), magnitude f4 (their mean displacement over the length of their interests)
shock      a row when a shock sets in; see `simulator.schedule`
market     a row for each product that a shock has made different; see `simulator.market`
bot        a row a bot, as the world begins; see `simulator.schedule`
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

STALE = 0.4
"""How far interests may be from their last row before a new one is written, relative to their length."""

_DRIFT = {"time": np.int64, "part": np.int32, "onset": np.bool_, "affected": np.int32, "magnitude": np.float32}

Tables = dict[str, dict[str, NDArray[Any]]]


class Truth:
    """The interests [n, D] of all shoppers, and the rows about them not handed out yet.

    >>> truth = Truth(np.ones((3, 2)))
    >>> truth.interest(2, time=5).tolist()
    [1.0, 1.0]
    >>> truth.tables()["interest"]["shopper"].tolist()
    [2]
    """

    def __init__(self, interests: NDArray[np.float64]) -> None:
        self.interests = interests.copy()
        self._told = np.full(interests.shape, np.inf, np.float32)
        self._moves = 0
        self._told_at = [-1] * len(interests)  # `_moves` when the shopper's last row was checked
        self._rows: list[tuple[int, int, NDArray[np.float32]]] = []
        self._drifts: list[tuple[int, int, bool, int, float]] = []
        self._noted: dict[str, list[dict[str, NDArray[Any]]]] = {}

    def interest(self, shopper: int, time: int) -> NDArray[np.float32]:
        """Return a shopper's interests [D] f4 as they are now, and make sure they are written."""
        told: NDArray[np.float32] = self._told[shopper]
        if self._told_at[shopper] != self._moves:
            self._told_at[shopper] = self._moves
            now = self.interests[shopper].astype(np.float32)
            if (now != told).any():
                told[:] = now
                self._rows.append((time, shopper, now))
        return told

    def move(
        self, part: int, onset: bool, displacement: NDArray[np.float64], moved: NDArray[np.bool_], time: int
    ) -> None:
        """Displace interests, and write that it happened."""
        length = np.linalg.norm(self.interests[moved], axis=1)
        shift = np.linalg.norm(displacement[moved], axis=1)
        self.interests += displacement
        self._moves += 1
        magnitude = float(np.mean(shift / np.maximum(length, 1e-12)))
        self._drifts.append((time, part, onset, int(moved.sum()), magnitude))

    def tell(self, time: int) -> None:
        """Write the interests of shoppers who have joined and whose last row is too far from what is so."""
        known = np.isfinite(self._told[:, 0])
        away = np.linalg.norm(self.interests - np.where(known[:, None], self._told, 0), axis=1)
        for shopper in np.flatnonzero(known & (away > STALE * np.linalg.norm(self.interests, axis=1))):
            self.interest(int(shopper), time)

    def note(self, table: str, rows: dict[str, NDArray[Any]]) -> None:
        """Write rows of a table that somebody else keeps; no rows are nothing."""
        if len(next(iter(rows.values()))):
            self._noted.setdefault(table, []).append(rows)

    def tables(self) -> Tables:
        """Hand out the rows since the last call; a table without rows is left out."""
        made: Tables = {}
        if self._rows:
            time, shopper, theta = zip(*self._rows, strict=True)
            made["interest"] = {
                "time": np.array(time, np.int64),
                "shopper": np.array(shopper, np.int32),
                "theta": np.stack(theta),
            }
        if self._drifts:
            columns = zip(*self._drifts, strict=True)
            made["drift"] = {
                name: np.array(column, dtype) for (name, dtype), column in zip(_DRIFT.items(), columns, strict=True)
            }
        for table, parts in self._noted.items():
            made[table] = {name: np.concatenate([rows[name] for rows in parts]) for name in parts[0]}
        self._rows, self._drifts, self._noted = [], [], {}
        return made
