"""Branching: what would have been? A run under way is thrown something into; a moment of the past is forked.

A fork (`driftlab fork`) is a run of its own, in a file that knows its parent, the same as it until the moment. What is
thrown in is left for whoever makes the run (`driftlab.inbox`), here or in another terminal; what became of it is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from textual.binding import Binding, BindingType

from driftlab.files import free_name
from driftlab.inbox import Fate, fates, put
from driftlab.showing import policies
from journal.errors import Refusal
from tui.clock import Clock
from tui.engine import Engine
from tui.form import Injecting, Thrown
from tui.frame import Frame, clock
from tui.modals import Asking

BINDINGS: list[BindingType] = [
    Binding("f", "fork", "Fork", tooltip="From this moment on, another policy, in a run of its own", id="fork.policy"),
    Binding(
        "i",
        "inject",
        "Inject",
        tooltip="A drift, shock, fault or campaign: into a run under way, or from this moment on in a fork",
        id="fork.drift",
    ),
]


class Branches:
    """The keys of a screen that throw something into its run, or fork it."""

    path: Path
    shown: Frame | None
    clock: Clock
    engine: Engine | None
    awaited: dict[int, Fate | None]  # what this screen has thrown in and was not told the end of, by line of the inbox

    def action_fork(self) -> None:
        """Ask for a policy that takes over at the moment."""
        screen: Any = self
        if not self._can_fork():
            return
        day = self._day()

        def answered(answer: str | None) -> None:
            if answer is not None:
                self._begin("policy", answer, day)

        hint = "every(n=4), micro_batch(n=100), …"
        screen.app.push_screen(Asking(f"Fork: which policy takes over at {clock(day)}?", hint, policies()), answered)

    def action_inject(self) -> None:
        """Ask for what sets in: in this run where it is under way, or in a fork."""
        screen: Any = self
        if not self._can_fork(world=True):
            return
        assert self.shown is not None
        day, under_way = self._day(), not self.shown.finished

        def answered(answer: Thrown | None) -> None:
            if answer is not None and answer.here:
                self._throw(answer)
            elif answer is not None:
                self._begin(answer.family, answer.part, day if answer.day is None else answer.day)

        screen.app.push_screen(Injecting(clock(day), under_way, under_way and self.clock.live), answered)

    def _day(self) -> float:
        assert self.shown is not None
        return float(self.shown.day(self.shown.time))

    def _can_fork(self, world: bool = False) -> bool:
        screen: Any = self
        if self.shown is None or not self.shown.seq:
            screen.notify("There is no moment yet to fork at.", severity="warning")
        elif world and not self.shown.simulated:
            screen.notify("The shoppers of a real log did what they did: nothing can be injected.", severity="warning")
        else:
            return True
        return False

    def _throw(self, asked: Thrown) -> None:
        screen: Any = self
        try:
            line = put(self.path, asked.family, asked.part, asked.day)
        except Refusal as refusal:
            screen.notify(str(refusal), severity="error", timeout=10)
            return
        self.awaited[line] = None
        waits = "" if self.engine is None or self.engine.alive else " The engine stands still; R lets it take it up."
        screen.notify(f"{asked.family} {asked.part} is thrown in.{waits}")

    def told(self, header: Mapping[str, str]) -> None:
        """Tell what became of what was thrown in from here, when it is news."""
        screen: Any = self
        known = fates(header) if self.awaited else {}
        for line, fate in known.items():
            if line not in self.awaited or self.awaited[line] == fate:
                continue
            if fate.state == "refused":
                screen.notify(fate.said, title="Not thrown in", severity="error", timeout=15)
            else:
                ahead = "is coming" if fate.state == "coming" else "has set in"
                screen.notify(f"{fate.said}: it {ahead}.")
            self.awaited[line] = fate
            if fate.state != "coming":
                del self.awaited[line]

    def _begin(self, what: str, answer: str, day: float) -> None:
        from tui.screen import RunScreen

        screen: Any = self
        try:
            path = free_name(f"{self.path.stem}-fork")
        except Refusal as refusal:
            screen.notify(str(refusal), severity="error", timeout=10)
            return
        words = ["fork", str(self.path), "--at", repr(day), f"--{what}", answer, "--out", str(path)]
        screen.app.push_screen(RunScreen(path, Engine(words, path, screen.app.gone)))
