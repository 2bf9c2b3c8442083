"""A run file read back: facts, and a record of each lane. Reading needs neither the model nor the world."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftlab.marketed import Marketed, campaigns
from driftlab.record import Meetings, Moment, Passed, Probes, Record, meetings, record, traffic, without
from journal.facts import INTERACTIONS, MICROSECONDS, SCORED, Facts, Kind, pick
from journal.runfile import RunFile

PROBES_OF = "probes of "
"""The outcomes of a lane's probes are kept in the run file under this and the lane's name."""

LEARNINGS_OF = "learnings of "
"""What a lane learned when, where facts reach it through a pipeline, is kept under this and the lane's name."""

AT_ONCE = "at once: "
"""What a lane would have done with no wait is kept under this and the lane's name, where the delivery asks for it."""

DAY = 86_400 * MICROSECONDS

AFFECTED = ("products", "shoppers", "bots")
"""Whom a shock moves; the truth says so by the place."""


@dataclass(frozen=True, eq=False)
class Recorded:
    """All that a run file says, joined."""

    header: Mapping[str, str]
    facts: Facts
    records: Mapping[str, Record]  # by lane, in the order of the lanes
    drifts: tuple[Moment, ...]
    campaigns: tuple[Marketed, ...] = ()
    sham: int = 0  # interactions of bots, which no lane is asked about

    @property
    def pipeline(self) -> bool:
        """Whether facts reached the lanes through a pipeline."""
        return any(seen.passed is not None for seen in self.records.values())

    @property
    def simulated(self) -> bool:
        """Whether shoppers were simulated (else the facts are those of a real log)."""
        return self.header["source"] == "world"


def read(run: RunFile) -> Recorded:
    """Join what an open run file holds; a run that is not finished is read as far as it has come."""
    with run.still():
        return _read(run)


def _read(run: RunFile) -> Recorded:
    facts, header = run.facts(), run.header
    lanes: list[str] = json.loads(header["lanes"])
    before, drifts = meetings(facts), moments(run.truth("drift"), run.truth("shock"), header)
    category, brand = (run.array(name) for name in ("category", "brand"))
    has_slates = bool(np.any(facts.kind == Kind.SLATE_SERVED))
    delivered, bots = run.deliveries(), run.truth("bot").get("shopper", np.zeros(0, np.int32))
    records = {}
    for lane in lanes:
        read_slates = join_probes(run.outcomes(PROBES_OF + lane), facts, category, brand)
        served = traffic(facts) if has_slates and lane == (header.get("server") or lanes[0]) else None
        outcomes, twin = run.outcomes(lane), run.outcomes(AT_ONCE + lane)
        passed = join_learnings(run.outcomes(LEARNINGS_OF + lane), delivered, facts)
        with_no_wait = twin["rank"] if twin else None
        joined = _record(facts, before, outcomes, read_slates, served, drifts, passed, with_no_wait)
        records[lane] = without(joined, bots)
    sham = int((np.isin(facts.kind, SCORED) & np.isin(facts.shopper, bots)).sum())
    return Recorded(header, facts, records, drifts, marketed(run, facts), sham)


def marketed(run: RunFile, facts: Facts, until: int | None = None) -> tuple[Marketed, ...]:
    """Return the campaigns of an open run that have begun by these facts, with what the truth says of them up to a time
    (us; None: all of it)."""
    audiences: list[str] = json.loads(run.header.get("audiences", "[]"))  # older files have no campaigns
    if not audiences:
        return ()
    category, price = run.array("category"), run.array("price")
    coupon, uplift = run.truth("coupon"), run.truth("uplift")
    if until is not None and uplift:
        kept = uplift["time"] <= until
        uplift = {name: column[kept] for name, column in uplift.items()}
    return campaigns(facts, category, price, audiences, coupon, uplift)


def _record(facts: Facts, before: Meetings, outcomes: Mapping[str, NDArray[Any]], *more: object) -> Record:
    none = outcomes or {name: np.zeros(0) for name in ("seq", "rank", "candidates")}
    names = ("probes", "traffic", "drifts", "passed", "at_once")
    return record(facts, before, none, **dict(zip(names, more, strict=True)))


def join_learnings(
    learned: Mapping[str, NDArray[Any]], delivered: Mapping[str, NDArray[Any]], facts: Facts
) -> Passed | None:
    """Join what a lane learned when with what happened when and what was delivered; None without a pipeline."""
    if not learned:
        return None
    first = int(facts.seq[0]) if len(facts) else 1
    once = len(np.unique(delivered["seq"]))
    learnt = learned["seq"] > 0
    return Passed(
        lag=(learned["time"][learnt] - facts.time[learned["seq"][learnt] - first]) / MICROSECONDS,
        shed=int(learned["shed"].sum()),
        undelivered=int(np.isin(facts.kind, SCORED).sum()) - once,
        doubled=len(delivered["seq"]) - once,
    )


def join_probes(
    columns: Mapping[str, NDArray[Any]], facts: Facts, category: NDArray[np.int32], brand: NDArray[np.int32]
) -> Probes | None:
    """Join what probes found in a lane with what the facts say of the products shown; None where there were none."""
    if not columns or not len(columns["seq"]):
        return None
    met = pick(facts, np.isin(facts.kind, INTERACTIONS))
    slate = columns["slate"]
    shown = np.maximum(slate, 0)
    popularity = np.zeros(slate.shape, np.int64)
    profile, total = np.full(len(slate), np.nan), np.zeros(len(slate), np.int64)
    for seq in np.unique(columns["seq"]):
        rows = np.flatnonzero(columns["seq"] == seq)
        until = int(np.searchsorted(met.seq, seq, side="right"))
        count = np.bincount(met.product[:until], minlength=len(category))
        popularity[rows], total[rows] = count[shown[rows]], until
        weight = np.bincount(met.shopper[:until], count[met.product[:until]])
        own = np.bincount(met.shopper[:until])
        who = columns["shopper"][rows]
        profile[rows] = weight[who] / own[who]
    labels = [np.where(slate >= 0, label[shown], -1) for label in (category, brand)]
    kept = {name: columns[name] for name in ("seq", "time", "shopper", "slate", "regret", "tracking", "listed")}
    return Probes(**kept, popularity=popularity, meetings=total, profile=profile, category=labels[0], brand=labels[1])


def moments(
    drift: Mapping[str, NDArray[Any]], shock: Mapping[str, NDArray[Any]], header: Mapping[str, str]
) -> tuple[Moment, ...]:
    """Return the drifts and shocks that the truth tells of, in order of time: each from its onset to its last move.

    Args:
        drift: columns time (microseconds), part, onset, affected (shoppers); a row for each move.
        shock: columns time, until (microseconds), part, on (place in `AFFECTED`), affected, magnitude; a row for each.
        header: of the run file: how the scenario spells each part, by its place.
    """
    found = []
    for part, use in enumerate(json.loads(header["drifts"]) if drift else []):
        own = drift["part"] == part
        time, onset, affected = (drift[name][own] for name in ("time", "onset", "affected"))
        begins = np.flatnonzero(onset)
        for first, after in zip(begins, [*begins[1:], len(time)], strict=True):
            most = int(affected[first:after].max())
            found.append(Moment(int(time[first]), int(time[after - 1]), f"{use}, {most:,} shoppers"))
    uses = json.loads(header.get("shocks", "[]"))  # files of before there were shocks have none
    names = ("time", "until", "part", "on", "affected", "magnitude")
    for begin, until, part, on, affected, magnitude in zip(*(shock[n].tolist() for n in names if shock), strict=True):
        demand = f", {100 * magnitude:.0f} % of demand" if AFFECTED[on] == "products" else ""
        whom = AFFECTED[on] if affected != 1 else AFFECTED[on].removesuffix("s")
        found.append(Moment(begin, until, f"{uses[part]}, {affected:,} {whom}{demand}"))
    return tuple(sorted(found, key=lambda moment: moment.time))


def thrown(facts: Facts) -> tuple[Moment, ...]:
    """Return what a person threw in, as facts tell of it: when it set in, and what it is.

    >>> from journal.facts import facts
    >>> told = {1: '{"at_day": 3.125, "shock": "viral(magnitude=7.0)"}'}
    >>> thrown(facts(told, seq=[1], time=[9], kind=[Kind.COMMAND]))
    (Moment(time=9, until=9, about='viral(magnitude=7.0), a shock'),)
    """
    found = []
    for place in np.flatnonzero(facts.kind == Kind.COMMAND).tolist():
        time, command = int(facts.time[place]), json.loads(facts.payload[int(facts.seq[place])])
        ((family, part),) = ((name, value) for name, value in command.items() if name != "at_day")
        found.append(Moment(time, time, f"{part if isinstance(part, str) else part['use']}, a {family}"))
    return tuple(found)
