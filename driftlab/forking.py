"""A fork is a run of the same scenario and seed that is different from one moment on; until then it is its parent.

It is a run like any other: from its first fact on, in a file of its own that says who its parent is, so that it can be
resumed and verified without the parent. Named streams of chance make that cheap to trust: no shopper moves because
another policy learns, or because something drifts later.

policy   the parent's first policy until that moment, another from it on (`model.policies.during`)
more     one more drift, shock, fault or campaign, which sets in at that moment: a command (`scenarios.commands`)
What was thrown into the parent up to that moment is thrown into the fork as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from driftlab import build
from driftlab.hand import check, command_of, commands_told
from driftlab.lanes import told
from driftlab.logs import LogSource, read
from driftlab.ties import issued
from journal.errors import Refusal
from journal.runfile import RunFile
from model.ties import told_of
from scenarios import Scenario, Use, loads
from scenarios.commands import FAMILIES, in_order, united
from simulator.rhythm import DAY

MORE = ", ".join(f"--{family}" for family in FAMILIES)


def forked(run: RunFile, day: float, policy: str | None, more: Mapping[str, str]) -> Scenario:
    """Return the scenario of a fork of an open run at a day, counted from its first fact; raises Refusal.

    `more` spells the parts that set in, by their family.
    """
    header = run.header
    if policy is None and not more:
        raise Refusal(f"A fork needs something to be different: another policy (--policy), or one more part ({MORE}).")
    if more and header["source"] != "world":
        raise Refusal(
            f"{run.path} is the replay of a log: its shoppers did what they did. Fork it with another policy."
        )
    kept = {source.name: source.text for source in run.sources()}
    parent = loads(header["scenario"], f"the scenario in {run.path}", kept=kept)
    if not 0.0 <= day <= parent.days and header["source"] == "world":
        raise Refusal(f"Day {day:g} is not a day of {run.path}, which has {parent.days:g}.")
    changes = {}
    if policy is not None:
        ties = told_of(build.Finder(kept)("encoder", parent.network.encoders[0]).ties)
        changes["network.policies"] = _policies(parent, policy, max(day - _before_first(run, ties), 0.0))
    made = loads(header["scenario"], f"the fork of {run.path}", changes, kept)
    before = [command for command in commands_told(run.facts()) if command.at_day <= day]
    own = [command_of(family, spelled, day) for family, spelled in more.items()]
    for command in own:
        check(made, command, kept)
    return made.model_copy(update={"command": in_order([*united(made.command, before), *own])})


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
        events = told(facts, opening, ties, issued(facts))
        if len(events.seq):
            return (int(events.time[0]) - opening) / DAY
    return 0.0


def source_of(run: RunFile) -> tuple[LogSource | None, build.Finder]:
    """Return the log that a run replays, if it does, and the finder of the parts that its file keeps."""
    log = read(LogSource.asked(run.header)) if run.header["source"] == "log" else None
    return log, build.Finder({source.name: source.text for source in run.sources()})


def parent_of(run: RunFile, day: float) -> str:
    """Return how a fork names its parent: file, moment, and the digest of the parent's chain as far as it had come."""
    return f"{Path(run.path).name} at day {day:.4g}, digest {run.cursor.digest[:16]}"
