"""A fork is a run of the same scenario and seed that is different from one moment on; until then it is its parent.

It is a run like any other: from its first fact on, in a file of its own that says who its parent is, so that it can be
resumed and verified without the parent. Named streams of chance make that cheap to trust: no shopper moves because
another policy learns, or because something drifts later.

policy   the parent's first policy until that moment, another from it on (`model.policies.during`)
drift    one more drift, which sets in at that moment; shock: one more shock, likewise
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from driftlab import build
from driftlab.lanes import told
from driftlab.logs import LogSource, read
from journal.errors import Refusal
from journal.runfile import RunFile
from scenarios import Scenario, Use, find, loads, read_use
from simulator.rhythm import DAY


def forked(
    run: RunFile, day: float, policy: str | None = None, drift: str | None = None, shock: str | None = None
) -> Scenario:
    """Return the scenario of a fork of an open run at a day, counted from its first fact; raises Refusal."""
    header = run.header
    more = {family: use for family, use in (("drift", drift), ("shock", shock)) if use is not None}
    if policy is None and not more:
        raise Refusal(
            "A fork needs something to be different: another policy (--policy), one more drift (--drift) or "
            "shock (--shock)."
        )
    if more and header["source"] != "world":
        raise Refusal(
            f"{run.path} is the replay of a log: its shoppers did what they did. Fork it with another policy."
        )
    kept = {source.name: source.text for source in run.sources()}
    parent = loads(header["scenario"], f"the scenario in {run.path}", kept=kept)
    if not 0.0 <= day <= parent.days and header["source"] == "world":
        raise Refusal(f"Day {day:g} is not a day of {run.path}, which has {parent.days:g}.")
    changes: dict[str, Any] = {}
    if policy is not None:
        ties = build.Finder(kept)("encoder", parent.network.encoders[0]).ties
        changes["network.policies"] = _policies(parent, policy, max(day - _before_first(run, ties), 0.0))
    for family, use in more.items():
        there = [one.model_dump() for one in getattr(parent, family)]
        changes[family] = [*there, _set_in(family, use, day).model_dump()]
    return loads(header["scenario"], f"the fork of {run.path}", changes, kept)


def _policies(parent: Scenario, policy: str, day: float) -> list[str]:
    """Return the parent's first policy, as the lane to compare with, and the one that changes its mind."""
    day = round(day, 6)  # a tenth of a second
    before = "+".join(map(str, parent.network.policies[0]))
    phases = Use(use="during", policy=before, until=day), Use(use="during", policy=policy, since=day)
    return [before, "+".join(map(str, phases))]


def _before_first(run: RunFile, ties: tuple[int, ...]) -> float:
    """Return the days between the first fact and the first event that a recommender with such ties is told of: policies
    count from there."""
    for facts in run.chunks():
        opening = int(facts.time[0])
        events = told(facts, opening, ties)
        if len(events.seq):
            return (int(events.time[0]) - opening) / DAY
    return 0.0


def _set_in(family: str, spelled: str, day: float) -> Use:
    """Return a drift or shock that sets in at a day; one that takes no day, as it goes on all the time, is refused."""
    try:
        use = read_use(spelled)
    except ValueError as error:
        raise Refusal(f"{error}.") from error
    part, _ = find(family, use)
    if family == "shock" and part.holds_back:
        raise Refusal(
            f"The shock '{use.use}' holds back what was there before, and a fork is its parent until it begins. "
            "Put it into a scenario in place of a fork."
        )
    dated = Use.model_validate({**use.model_dump(), "at_day": day})
    try:
        find(family, dated)
    except Refusal as refusal:
        raise Refusal(f"The {family} '{use.use}' has no day to set in at, so a fork cannot begin with it.") from refusal
    return dated


def source_of(run: RunFile) -> tuple[LogSource | None, build.Finder]:
    """Return the log that a run replays, if it does, and the finder of the parts that its file keeps."""
    log = read(LogSource.asked(run.header)) if run.header["source"] == "log" else None
    return log, build.Finder({source.name: source.text for source in run.sources()})


def parent_of(run: RunFile, day: float) -> str:
    """Return how a fork names its parent: file, moment, and the digest of the parent's chain as far as it had come."""
    return f"{Path(run.path).name} at day {day:.4g}, digest {run.cursor.digest[:16]}"
