"""A recording is a run file as the terminal sees it: read as it grows, never written.

The file is the one channel between engine and screen. Whoever writes it, here or in another terminal, is not disturbed
(readers do not block a writer), and a run that is finished is shown by the same code as one that goes on.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftlab.record import Moment
from driftlab.recorded import moments, thrown
from journal.facts import CHUNK, COLUMNS, SCORED, Facts, facts
from journal.runfile import RunFile
from tui.frame import Curve, Frame, Names

TAIL = 64
"""Facts before the moment whose ranks a frame has."""


QUEUE = "waiting"
"""Name of the curve of a lane's queue, events; of a run whose facts come through a pipeline."""


class Growing:
    """Columns that grow at the end; what was handed out before stays as it was."""

    def __init__(self) -> None:
        self._columns: dict[str, NDArray[Any]] = {}
        self.length = 0

    def add(self, columns: dict[str, NDArray[Any]]) -> None:
        """Put rows behind the others.

        >>> grown = Growing()
        >>> grown.add({"a": np.array([1, 2])})
        >>> grown.add({"a": np.array([3])})
        >>> grown["a"].tolist()
        [1, 2, 3]
        """
        rows = max((len(column) for column in columns.values()), default=0)
        for name, column in columns.items():
            room = self._columns.get(name)
            if room is None or len(room) < self.length + rows:
                more = np.empty((max(2 * (self.length + rows), 1024), *column.shape[1:]), column.dtype)
                if room is not None:
                    more[: self.length] = room[: self.length]
                self._columns[name] = room = more
            room[self.length : self.length + rows] = column
        self.length += rows

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._columns[name][: self.length]

    def all(self) -> dict[str, NDArray[Any]]:
        """Return all columns."""
        return {name: self[name] for name in self._columns}


class Recording:
    """A run file, as far as it was read."""

    def __init__(self, path: Path) -> None:
        """Open a run file; raises Refusal where it is none."""
        self.path = path
        self._file = RunFile.open(path)
        self.header = self._file.header
        self.lanes: tuple[str, ...] = tuple(json.loads(self.header["lanes"]))
        product = (self._file.array(name) for name in ("category", "brand", "price"))
        self.names = Names(self._file.names("shopper"), self._file.names("product"), *product)
        self.own = {source.name: source.text for source in self._file.sources()}
        self._facts, self._ranks, self._drifts, self._shocks, self._interests = (Growing() for _ in range(5))
        self._curves: dict[tuple[str, str], Growing] = {}
        self._payload: dict[int, str] = {}
        self._chunks = self._metrics = 0
        self._moments: tuple[Moment, ...] = ()
        self._thrown: tuple[Moment, ...] = ()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    @property
    def facts(self) -> Facts:
        """All facts that were read."""
        if not self._facts.length:
            return facts(seq=[], time=[], kind=[])
        return Facts(**self._facts.all(), payload=self._payload)

    def refresh(self) -> bool:
        """Read what was committed since; tell whether there was anything."""
        with self._file.still():
            return self._read()

    def _read(self) -> bool:
        cursor, before = self._file.cursor, self.header
        self.header = self._file.header  # first: a chunk's truth may be of what was thrown in with it
        if cursor.chunks == self._chunks:
            return before != self.header
        fresh = self._file.facts(self._facts.length + 1, cursor.seq)
        self._facts.add({name: getattr(fresh, name) for name in COLUMNS})
        self._payload |= fresh.payload
        self._thrown += thrown(fresh)
        for metric in self._file.metrics(self._metrics):
            self._metrics += 1
            curve = self._curves.setdefault((metric.lane, metric.measure), Growing())
            row = {"seq": metric.seq, "time": metric.time, "value": metric.value}
            curve.add({name: np.array([value]) for name, value in row.items()})
        outcomes = self._file.outcomes(self.lanes[0], self._chunks)
        self._ranks.add({name: outcomes[name] for name in ("seq", "rank") if name in outcomes})
        if "delivery" in self.header:
            self._read_queues()
        self._drifts.add(self._file.truth("drift", self._chunks))
        self._shocks.add(self._file.truth("shock", self._chunks))
        self._interests.add(self._file.truth("interest", self._chunks))
        self._moments = moments(self._drifts.all(), self._shocks.all(), self.header)
        self._chunks = cursor.chunks
        return True

    def _read_queues(self) -> None:
        """Read how many events each lane had been delivered and not learned, on average of each chunk."""
        for lane in self.lanes:
            outcomes = self._file.outcomes(lane, self._chunks)
            if not len(outcomes.get("waiting", ())):
                continue
            starts = np.flatnonzero(np.diff((outcomes["seq"] - 1) // CHUNK, prepend=-1))
            counts = np.diff(starts, append=len(outcomes["seq"]))
            seq = outcomes["seq"][starts + counts - 1]
            value = np.add.reduceat(outcomes["waiting"].astype(np.float64), starts) / counts
            row = {"seq": seq, "time": self._facts["time"][seq - 1], "value": value}
            self._curves.setdefault((lane, QUEUE), Growing()).add(row)

    def frame(self, seq: int) -> Frame:
        """Return what is known as of fact `seq`."""
        return Frame(
            path=str(self.path),
            header=self.header,
            lanes=self.lanes,
            facts=self.facts,
            seq=min(seq, self._facts.length),
            curves={key: Curve(**curve.all()) for key, curve in self._curves.items()},
            ranks=self._ranks_before(seq),
            drifts=self._moments,
            interests=self._interests.all(),
            names=self.names,
            own=self.own,
            finished="status" in self.header,
            thrown=self._thrown,
        )

    def _ranks_before(self, seq: int) -> dict[int, float]:
        if not self._ranks.length:
            return {}
        start, stop = np.searchsorted(self._ranks["seq"], [seq - TAIL, seq + 1])
        found = zip(self._ranks["seq"][start:stop].tolist(), self._ranks["rank"][start:stop].tolist(), strict=True)
        return dict(found)

    def next_scored(self, seq: int, step: int) -> int:
        """Return the scored fact `step` (1 or -1) from `seq`; `seq` itself where there is none."""
        which = np.flatnonzero(np.isin(self.facts.kind, SCORED)) + 1
        place = int(np.searchsorted(which, seq, side="right" if step > 0 else "left")) + (0 if step > 0 else -1)
        return int(which[place]) if 0 <= place < len(which) else seq
