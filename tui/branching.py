"""Branching: what would have been? From the moment shown, a run goes on with another policy, one more drift or shock.

Both are forks (`driftlab fork`): runs of their own, in files that know their parent, the same as it until the moment.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.binding import Binding, BindingType

from driftlab.files import free_name
from driftlab.showing import drifts, policies, shocks
from journal.errors import Refusal
from tui.engine import Engine
from tui.frame import Frame, clock
from tui.modals import Asking

BINDINGS: list[BindingType] = [
    Binding("f", "fork", "Fork", tooltip="From this moment on, another policy, in a run of its own", id="fork.policy"),
    Binding(
        "i",
        "inject",
        "Inject",
        tooltip="From this moment on, one more drift or shock, in a run of its own",
        id="fork.drift",
    ),
]


class Branches:
    """The keys of a screen that fork its run."""

    path: Path
    shown: Frame | None

    def action_fork(self) -> None:
        """Ask for a policy that takes over at the moment."""
        if self._can_fork():
            self._ask("policy", "Fork: which policy takes over", "every(n=4), micro_batch(n=100), …", policies())

    def action_inject(self) -> None:
        """Ask for a drift or a shock that sets in at the moment."""
        if self._can_fork(drift=True):
            self._ask("drift", "Inject: what sets in", 'abrupt(level="population", share=0.5)', [*drifts(), *shocks()])

    def _can_fork(self, drift: bool = False) -> bool:
        screen: Any = self
        if self.shown is None or not self.shown.seq:
            screen.notify("There is no moment yet to fork at.", severity="warning")
        elif drift and not self.shown.simulated:
            screen.notify("The shoppers of a real log did what they did: nothing can be injected.", severity="warning")
        else:
            return True
        return False

    def _ask(self, what: str, question: str, hint: str, known: list[tuple[str, str]]) -> None:
        screen: Any = self
        assert self.shown is not None
        day = float(self.shown.day(self.shown.time))

        def answered(answer: str | None) -> None:
            if answer is not None:
                named = answer.partition("(")[0].strip()
                is_shock = what == "drift" and named in [use.partition("(")[0] for use, _ in shocks()]
                self._begin("shock" if is_shock else what, answer, day)

        screen.app.push_screen(Asking(f"{question} at {clock(day)}?", hint, known), answered)

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
