"""A sink takes the finished chunks of the loop: into a run file, or against one that holds them already."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftlab.lanes import Chunk
from driftlab.measures import MEASURES, WINDOWED
from driftlab.measures.accuracy import fading, gain
from driftlab.prequential import Outcomes
from driftlab.record import OUTCOME_COLUMNS, Meetings, Record
from driftlab.recorded import AT_ONCE, LEARNINGS_OF, PROBES_OF
from journal.columns import fact_columns, pack
from journal.errors import Refusal
from journal.facts import Facts, Kind
from journal.runfile import Metric, RunFile

FADING = "fading ndcg@10"
"""Name of the fading mean of NDCG@10 in the run file's metrics, beside the measures of `WINDOWED`."""


class Committing:
    """Writes each chunk, with all that came of it, as one transaction; chunks that are there already are compared."""

    def __init__(self, run: RunFile, header: Callable[[Facts], Mapping[str, str]] | None = None) -> None:
        """Take the run file, and who says what of its header changes with a chunk."""
        self._run = run
        self._header = header
        self._there = run.cursor
        self._bots = run.truth("bot").get("shopper", np.zeros(0, np.int32))
        self._level = {lane: self._levelled(run.outcomes(lane)) for lane in json.loads(run.header["lanes"])}

    def _levelled(self, outcomes: Mapping[str, NDArray[Any]]) -> tuple[float, float]:
        """Return the fading mean so far."""
        if outcomes and len(self._bots):
            outcomes = _of_shoppers(outcomes, self._run.facts(), self._bots)
        return fading(gain(outcomes["rank"], 10)) if outcomes else (0.0, 0.0)

    def take(self, chunk: Chunk, outcomes: Outcomes, snapshots: Mapping[str, bytes]) -> None:
        """Write the chunk, or, up to where the file had come, make sure that the source tells the same again."""
        if chunk.number <= self._there.chunks:
            same(self._run, chunk)
            return
        self._bots = np.r_[self._bots, chunk.truth["bot"]["shopper"]] if "bot" in chunk.truth else self._bots
        rows = [row for lane, columns in outcomes.items() for row in self._metrics(chunk, lane, columns)]
        kept = {lane: dict(columns) for lane, columns in outcomes.items()}
        self._run.commit(
            chunk.facts,
            truth=chunk.truth,
            deliveries=chunk.deliveries,
            outcomes=kept,
            metrics=rows,
            snapshots=dict(snapshots),
            header=self._header(chunk.facts) if self._header else {},
        )

    def _metrics(self, chunk: Chunk, lane: str, columns: Mapping[str, NDArray[Any]]) -> list[Metric]:
        seq, time = int(chunk.facts.seq[-1]), int(chunk.facts.time[-1])
        if lane.startswith((LEARNINGS_OF, AT_ONCE)):
            return []
        if lane.startswith(PROBES_OF):
            name = lane.removeprefix(PROBES_OF)
            values = {measure: float(np.mean(columns[measure])) for measure in ("regret", "tracking")}
            return [Metric(name, measure, seq, time, value) for measure, value in values.items() if value == value]
        if len(self._bots):
            columns = _of_shoppers(columns, chunk.facts, self._bots)
        if not len(columns["seq"]):
            return []
        seen = window(columns)
        self._level[lane] = fading(gain(seen.rank, 10), state=self._level[lane])
        total, weight = self._level[lane]
        rows = [Metric(lane, measure, seq, time, MEASURES[measure].value(seen)) for measure in WINDOWED]
        return [*rows, Metric(lane, FADING, seq, time, total / weight)]


def _of_shoppers(columns: Mapping[str, NDArray[Any]], facts: Facts, bots: NDArray[np.int32]) -> dict[str, NDArray[Any]]:
    """Return outcomes of some facts without those of bots."""
    kept = ~np.isin(facts.shopper[columns["seq"] - int(facts.seq[0])], bots)
    return {name: column[kept] for name, column in columns.items()}


def window(columns: Mapping[str, NDArray[Any]]) -> Record:
    """Return the record of outcomes alone, for measures that need nothing of the facts."""
    n = len(columns["seq"])
    none = np.zeros(n, np.int64)
    missing = {**dict.fromkeys(OUTCOME_COLUMNS, 0.0), "age": np.nan}  # who learns nothing is not stale
    given = {name: columns[name] if name in columns else np.full(n, missing[name]) for name in OUTCOME_COLUMNS}
    unknown = dict.fromkeys(("time", "kind", "shopper", "product"), none)
    return Record(**given, **unknown, before=Meetings(none > 0, none, none))  # type: ignore[arg-type]


class Comparing:
    """Holds each chunk, and all that came of it, against a run file; raises Refusal at the first that differs."""

    def __init__(self, run: RunFile) -> None:
        self._run = run
        self._last = run.cursor.chunks
        self._rows: dict[tuple[str, str], int] = {}  # rows compared of each table
        self._kept: dict[tuple[str, str], dict[str, NDArray[Any]]] = {}

    def take(self, chunk: Chunk, outcomes: Outcomes, snapshots: Mapping[str, bytes]) -> None:
        """Compare the chunk; raise Reached when it was the last of the file."""
        same(self._run, chunk)
        if chunk.deliveries is not None:
            self._compare(chunk, "delivery", "", chunk.deliveries)
        for table, rows in chunk.truth.items():
            self._compare(chunk, "truth", table, rows)
        for lane, columns in outcomes.items():
            self._compare(chunk, "lane", lane, columns)
        if chunk.number == self._last:
            raise Reached

    def _compare(self, chunk: Chunk, kind: str, name: str, columns: Mapping[str, NDArray[Any]]) -> None:
        if (kind, name) not in self._kept:
            read = {"truth": self._run.truth, "lane": self._run.outcomes, "delivery": lambda _: self._run.deliveries()}
            self._kept[kind, name] = dict(read[kind](name))
        start = self._rows.get((kind, name), 0)
        stop = start + max((len(column) for column in columns.values()), default=0)
        self._rows[kind, name] = stop
        there = {column: values[start:stop] for column, values in self._kept[kind, name].items()}
        if pack(there) != pack(columns):
            raise Refusal(
                f"{self._run.path}: {kind} '{name}' of chunk {chunk.number} (facts from {chunk.facts.seq[0]}) comes "
                "out different from what the file says. Another version or another machine made it, or it was changed."
            )


class Reached(Exception):
    """The file has been compared to its end."""


def same(run: RunFile, chunk: Chunk) -> None:
    """Raise Refusal where the source does not tell the facts that the file holds."""
    facts = chunk.facts
    kept = run.facts(int(facts.seq[0]), int(facts.seq[-1]))
    if pack(fact_columns(kept)) != pack(fact_columns(facts)):
        raise Refusal(
            f"{run.path} cannot go on: its facts {facts.seq[0]} to {facts.seq[-1]} are not told again by the same "
            f"{'scenario and seed' if run.header['source'] == 'world' else 'log'}. "
            "Another version or another machine made it, or the log has changed; run it again from the start."
        )


def audiences(facts: Facts) -> dict[int, NDArray[np.int32]]:
    """Return the shoppers of each campaign that has begun, with a coupon or held out."""
    rows = np.flatnonzero(facts.kind == Kind.CAMPAIGN_STARTED)
    told = {int(facts.value[row]): json.loads(facts.payload[int(facts.seq[row])]) for row in rows}
    return {number: np.array(terms.get("issued", []) + terms["held_out"], np.int32) for number, terms in told.items()}


def served(facts: Facts) -> dict[tuple[int, int], str]:
    """Return the slates that were served, as text by time and shopper."""
    which = np.flatnonzero(facts.kind == Kind.SLATE_SERVED)
    return {(int(facts.time[i]), int(facts.shopper[i])): facts.payload[int(facts.seq[i])] for i in which}
