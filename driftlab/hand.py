"""A hand throws something into a world under way: from a moment on there is one drift, shock, fault or campaign more.

The moment is the first of a few a day (`MOMENTS`) that lies ahead of all that was drawn. The world is then made anew,
with the command in its scenario, and brought to where it was: what it tells on the way has to be what was told already,
bit by bit, or the command is refused and nothing has changed. So a run with a command is the same, however the command
came into it: thrown in, written in `[[command]]`, or read from the facts by `resume` and `verify`. Lanes just go on.

The fact of the command is its record. It is in the chunk with the moment, and with it goes into the header what became
of the line of the inbox; a run that was killed before finds the line there again, and gives it another moment.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from driftlab import build
from driftlab.inbox import Fate, clear, fates, waiting, written
from driftlab.sources import Piece, Score, Serve
from journal.columns import fact_columns, pack
from journal.errors import Refusal, nearest
from journal.facts import Facts, Kind
from journal.runfile import RunFile
from scenarios import Scenario, commanded
from scenarios.commands import FAMILIES, CommandSpec, in_order, read, united
from scenarios.uses import read_use
from simulator.rhythm import DAY
from simulator.spec import DeliverySpec

MOMENTS = 8
"""Moments in a day at which something may set in that gives no day: every three hours."""


class Breakable(Protocol):
    """A way of facts: a pipe, or what takes a lane's facts through one."""

    def meet(self, faults: Sequence[tuple[str, Any]]) -> None:
        """Let what happens from now on meet these faults, by name, in place of those before."""


class Hand:
    """A world's pieces, among which may come what is thrown in; see the module's docstring."""

    def __init__(self, scenario: Scenario, world: build.Simulated, kept: Mapping[str, str], run: RunFile) -> None:
        """Take the world of an open run file, and the texts of the users' own parts in it."""
        self.opening, self.end = world.opening, world.end
        self.ways: Sequence[Breakable] = ()  # all that facts go through
        self._scenario, self._world, self._kept, self._run = scenario, world, dict(kept), run
        self._path = Path(run.path)
        self._there = run.cursor.chunks  # chunks that only have to be told again
        self._fates = {line: fate for line, fate in fates(run.header).items() if fate.state != "coming"}
        self._coming: list[tuple[int, CommandSpec]] = []  # commands whose fact is not in the file yet, by their lines
        self._is_news = False

    def pieces(self, serve: Serve | None, score: Score | None = None) -> Iterator[Piece]:
        """Run the world from its first fact, and take up what is thrown in from the end of the file on."""
        pieces, told = self._world.pieces(serve, score), list[str]()
        while (piece := next(pieces, None)) is not None:
            told.append(marked(piece))
            yield piece
            if len(told) < self._there:
                continue
            for line, asked in waiting(self._path).items():
                if line not in self._fates:
                    try:
                        pieces = self._thrown(line, asked, piece.now, told, serve, score)
                    except Refusal as refusal:
                        self._tell(line, Fate("refused", str(refusal)))

    def _thrown(
        self,
        line: int,
        asked: Mapping[str, Any],
        now: int,
        told: Sequence[str],
        serve: Serve | None,
        score: Score | None,
    ) -> Iterator[Piece]:
        """Take up one line: return what the world with it tells from now on."""
        command = _command(asked, now, self.end)
        finder = build.Finder(self._kept)
        amended, world = amend(self._scenario, command, finder)
        if world.world.everybody != self._world.world.everybody:
            raise Refusal(
                f"The shock '{command.part.use}' brings sham shoppers, and the lanes of this run were built for those "
                "there were. Fork the run with it."
            )
        again = world.pieces(serve, score)
        for number, mark in enumerate(told, 1):
            if marked(next(again, None)) != mark:
                raise Refusal(
                    f"With {command.family} '{command.part}' chunk {number} would have come out different, long before "
                    f"day {command.at_day:g}: what has happened stays as it is. Put it into a scenario, and run that."
                )
        for source in finder.sources.values():
            if source.name not in self._kept:
                self._run.put_source(source.name, source.text)
                self._kept[source.name] = source.text
        self._scenario, self._world = amended, world
        if command.family == "fault":
            for way_there in self.ways:
                way_there.meet(build.parts_of(amended, "fault", finder))
        self._coming.append((line, command))
        self._tell(line, Fate("coming", f"{command.family} {command.part}, day {command.at_day:g}"))
        return again

    def _tell(self, line: int, fate: Fate) -> None:
        self._fates[line], self._is_news = fate, True

    def header(self, facts: Facts) -> dict[str, str]:
        """Return what of the run file's header changes with a chunk."""
        for command in commands_told(facts):
            for line, coming in self._coming:
                if coming == command:
                    self._coming.remove((line, coming))
                    self._tell(line, Fate("done", self._fates[line].said))
                    break
        return self._news()

    def _news(self) -> dict[str, str]:
        """Return the entries of the header that have changed since they were last asked for."""
        if not self._is_news:
            return {}
        self._is_news = False
        return {**written(self._fates), **headings(self._scenario, self._kept)}

    def close(self) -> None:
        """The world is over: say so of what is left, and delete the inbox."""
        for line in waiting(self._path):
            if line not in self._fates:
                self._tell(line, Fate("refused", "The run was over before it could set in. Fork the run with it."))
        for key, value in self._news().items():
            self._run.set_header(key, value)
        clear(self._path)


def _command(asked: Mapping[str, Any], now: int, end: int) -> CommandSpec:
    """Return the command that a line of the inbox asks for, with its day; raises Refusal."""
    day = (now * MOMENTS // DAY + 1) / MOMENTS if asked["at"] is None else float(asked["at"])
    if not now < day * DAY < end:
        raise Refusal(
            f"Day {day:g} is not ahead: the world has come to day {now / DAY:.3f} of {end / DAY:g}. "
            "Leave the day out for the next moment there is, or fork the run at that day."
        )
    return command_of(str(asked["family"]), str(asked["part"]), day)


def command_of(family: str, spelled: str, day: float) -> CommandSpec:
    """Return the command that a part on one line is on a day; raises Refusal where it does not read."""
    if family not in FAMILIES:
        raise Refusal(f"A {family} cannot be thrown in. {nearest(family, FAMILIES)}")
    try:
        return CommandSpec.model_validate({"at_day": day, family: read_use(spelled)})
    except ValueError as error:
        raise Refusal(f"{error}.") from error


def amend(scenario: Scenario, command: CommandSpec, finder: build.Finder) -> tuple[Scenario, build.Simulated]:
    """Return a scenario with one command more, and its world; raises Refusal where it will not do."""
    check(scenario, command, finder.kept or {})
    amended = scenario.model_copy(update={"command": in_order([*scenario.command, command])})
    return amended, build.Simulated(amended, finder)


def check(scenario: Scenario, command: CommandSpec, kept: Mapping[str, str]) -> None:
    """Raise Refusal where a command will not do in a scenario."""
    wrong = list(commanded.mistakes(scenario, command, kept))
    if wrong:
        raise Refusal(" ".join(wrong))


def commands_told(facts: Facts) -> list[CommandSpec]:
    """Return the commands that facts tell of."""
    return [read(facts.payload[seq]) for seq in facts.seq[facts.kind == Kind.COMMAND].tolist()]


def with_commands(scenario: Scenario, facts: Facts) -> Scenario:
    """Return a scenario with the commands that facts tell of: those alone say what was thrown in."""
    return scenario.model_copy(update={"command": united(scenario.command, commands_told(facts))})


def headings(scenario: Scenario, kept: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what a run file's header says of a world: how drifts, shocks and audiences are spelled, by number; and of
    the way of its facts."""
    made = {
        "drifts": json.dumps([str(use) for use in commanded.uses(scenario, "drift", kept)]),
        "shocks": json.dumps([str(use) for use in commanded.uses(scenario, "shock", kept)]),
        "audiences": json.dumps([str(one.audience) for one in commanded.campaigns(scenario)]),
    }
    return made if scenario.delivery is None and not scenario.fault else {**made, **way(scenario, kept)}


def way(scenario: Scenario, kept: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the entry that says how facts reach the lanes: what differs from a delivery at once, and what breaks."""
    spec = scenario.delivery or DeliverySpec()
    names = [field.name for field in dataclasses.fields(spec) if field.name != "at_once"]
    given = [(name, getattr(spec, name)) for name in names]
    usual = DeliverySpec()
    own = ", ".join(f"{name} = {value}" for name, value in given if value != getattr(usual, name)) or "at once"
    return {"delivery": "; ".join([own, *map(str, commanded.uses(scenario, "fault", kept))])}


def marked(piece: Piece | None) -> str:
    """Return a digest of a piece: of its facts and its truth."""
    state = hashlib.blake2b(digest_size=16)
    if piece is not None:
        state.update(pack(fact_columns(piece.facts)))
        for name in sorted(piece.truth):
            state.update(name.encode() + pack(piece.truth[name]))
    return state.hexdigest()
