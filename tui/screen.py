"""The screen of a run: a head, one view, the timeline; it moves the clock and gives every view its frame.

subject   the shopper or product that Graph and Shopper look at
"""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Footer, Static

from journal.errors import Refusal
from tui import branching, moments, subjects
from tui.branching import Branches
from tui.clock import Clock
from tui.counting import Counting
from tui.engine import Engine, ended
from tui.figures import Figures
from tui.frame import clock
from tui.modals import leaving
from tui.moments import Moments
from tui.recording import Recording
from tui.subjects import Subjects
from tui.timeline import Timeline
from tui.views.campaigns import Campaigns
from tui.views.compare import Compare
from tui.views.graph import Graph
from tui.views.live import Live
from tui.views.pipeline import Pipeline
from tui.views.shopper import Shopper
from tui.views.source import Source
from tui.views.view import View, put

FRAMES = 4
"""Frames a second."""

VIEWS: tuple[type[View], ...] = (Live, Graph, Shopper, Compare, Source, Pipeline, Campaigns)


class RunScreen(Moments, Branches, Subjects, Screen[None]):
    """One run, at one moment."""

    BINDINGS: ClassVar = [
        *moments.BINDINGS,
        *branching.BINDINGS,
        *subjects.BINDINGS,
        *(
            Binding(str(n), f"view('{view.__name__.lower()}')", view.title, tooltip=view.about, id=f"view.{n}")
            for n, view in enumerate(VIEWS, 1)
        ),
        Binding("h", "hold", "Hold", tooltip="Let the engine rest, or go on", id="engine.hold"),
        Binding("R", "resume", show=False, tooltip="Go on with a run that was stopped", id="engine.resume"),
        Binding("w", "save", "CSV", tooltip="Write what is shown to a CSV file", id="save.csv"),
        Binding("s", "shot", "SVG", tooltip="Write the screen to an SVG file", id="save.svg"),
        Binding("q", "leave", "Quit", tooltip="Leave; the run is kept", id="leave"),
    ]

    def __init__(self, path: Path, engine: Engine | None = None) -> None:
        """Show the run file at `path`, which `engine` may be about to make."""
        super().__init__()
        self.path, self.engine = path, engine
        self.recording: Recording | None = None
        self.clock = Clock()
        self.shown = None
        self.awaited = {}
        self.counting = Counting(path)
        self._figures: Figures | None = None
        self._last_tick = time.monotonic()
        self._rate = (self._last_tick, 0, 0.0)
        self._fresh = True

    def compose(self) -> ComposeResult:
        yield Static(id="head", markup=False)
        yield Static(id="tabs")
        with ContentSwitcher(initial="waiting", id="views"):
            yield Static(id="waiting", markup=False)
            for view in VIEWS:
                yield view(id=view.__name__.lower())
        yield Timeline(id="timeline")
        yield Footer()

    def on_mount(self) -> None:
        self.set_interval(1 / FRAMES, self.beat)
        self.beat()

    def on_unmount(self) -> None:
        if self.recording:
            self.recording.close()
        if self.inspector:
            self.inspector.close()
        if self.engine:
            self.engine.close()

    # -- frames ------------------------------------------------------------------------------------------------------

    def beat(self) -> None:
        """Read what is new, let the clock tick, and show the frame that came of it."""
        now = time.monotonic()
        seconds, self._last_tick = now - self._last_tick, now
        if self.recording is None and not self._opened():
            return
        assert self.recording is not None
        try:
            self._fresh |= self.recording.refresh()
        except Refusal as refusal:
            self.notify(str(refusal), severity="error")
            return
        last = self.recording.facts.seq.shape[0]
        self._measure_rate(now, last)
        self.told(self.recording.header)
        before = self.shown.seq if self.shown else -1
        seq = self.clock.tick(seconds, last)
        found = self.counting.want(
            seq, at_rest=seq == before and (self.shown is None or seq != last or self.shown.finished)
        )
        if self._fresh or seq != before or found is not self._figures:
            self._figures = found
            self.show()
        self._show_head()

    def _opened(self) -> bool:
        """Open the run file as soon as it is there; say meanwhile what is being waited for."""
        waiting = self.query_one("#waiting", Static)
        if self.path.exists():
            try:
                self.recording = Recording(self.path)
            except Refusal as refusal:
                if self.engine is None or not self.engine.alive:
                    waiting.update(f"\n{refusal}\n\nq: back")
                return False
            self.query_one(ContentSwitcher).current = VIEWS[0].__name__.lower()
            return True
        if self.engine is None:
            waiting.update(f"\n{self.path} is not there yet; it is shown as soon as it is.\n\nq: back")
        elif self.engine.alive:
            said = self.engine.said() or "starting the engine"
            waiting.update(f"\n{said}\n\nThe model is compiled before the first event; it is kept for the next time.")
        else:
            waiting.update(f"\n{self.engine.said() or ended(self.engine.status or 0)}\n\nq: back")
        return False

    def show(self) -> None:
        """Show the moment in the view that is seen."""
        if self.recording is None:
            return
        frame = self.recording.frame(self.clock.seq)
        self.shown, self._fresh = frame, False
        self.query_one(Timeline).show(frame)
        view = self.view
        if view is not None:
            view.figures = self._figures
            view.show(frame)
            self.look()

    @property
    def view(self) -> View | None:
        """The view that is seen."""
        seen = self.query_one(ContentSwitcher).visible_content
        return seen if isinstance(seen, View) else None

    def _measure_rate(self, now: float, last: int) -> None:
        began, facts, _ = self._rate
        if now - began >= 1.0:
            self._rate = (now, last, (last - facts) / (now - began) if facts else 0.0)

    def _show_head(self) -> None:
        frame = self.shown
        if frame is None:
            return
        header = frame.header
        moment = f"{clock(float(frame.day(frame.time)))}  fact {frame.seq:,} of {frame.last:,}"
        words = f"{header['name']}, seed {header['seed']}" + (", a fork" if "parent" in header else "")
        put(self.query_one("#head", Static), f"{words}  {moment}  {self.clock}  {self.state()}")
        current = self.query_one(ContentSwitcher).current
        tabs = (
            f"[@click=screen.view('{name}')]{'[reverse]' if name == current else ''} {n} {view.title} "
            f"{'[/reverse]' if name == current else ''}[/]"
            for n, view in enumerate(VIEWS, 1)
            for name in (view.__name__.lower(),)
        )
        put(self.query_one("#tabs", Static), (" " if self.size.width >= 100 else "").join(tabs))

    def state(self) -> str:
        """Say in a few words what the engine does."""
        frame = self.shown
        if frame is not None and frame.finished:
            return "finished"
        rate = f"{self._rate[2]:,.0f} facts/s"
        if self.engine is None:
            return f"another's run, {rate}" if self._rate[2] else "not finished; R resumes it, if nobody runs it"
        if self.engine.alive:
            if self.engine.held:
                return "held; h lets it go on"
            return f"running, {rate}" if frame is not None and frame.last else "compiling; kept for the next time"
        said = self.engine.said() if self.engine.status == Refusal.status else ended(self.engine.status or 0)
        return f"{said}; R resumes it"

    # -- what keys do ------------------------------------------------------------------------------------------------

    def action_view(self, name: str) -> None:
        """See another view of the same moment."""
        if self.recording is not None:
            self.query_one(ContentSwitcher).current = name
            self.show()
            self._show_head()
            view = self.view
            if view is not None:
                view.focus_first()

    def action_hold(self) -> None:
        """Let the engine rest, or go on."""
        if self.engine is None or not self.engine.alive:
            self.notify("No engine of this terminal is running.")
        else:
            self.engine.hold()

    def action_resume(self) -> None:
        """Go on with a run that was stopped."""
        if self.shown is not None and self.shown.finished:
            self.notify("This run is finished.")
        elif self.engine is not None and self.engine.alive:
            self.notify("The engine is running.")
        else:
            app: Any = self.app
            self.engine = Engine(["resume", str(self.path)], self.path, app.gone)
            self.notify(f"Resuming {self.path.name}.")

    def action_save(self) -> None:
        """Write the rows of the view to a CSV file in the current folder."""
        view = self.view
        rows = view.rows() if view is not None else ()
        if view is None or not rows:
            self.notify("There is nothing here to be saved as rows.", severity="warning")
            return
        path = Path(f"{self.path.stem}-{view.id}-{self.clock.seq}.csv")
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        self.notify(f"{len(rows)} rows in {path}")

    def action_shot(self) -> None:
        """Write the screen to an SVG file in the current folder."""
        name = self.view.id if self.view is not None else "screen"
        path = Path(f"{self.path.stem}-{name}-{self.clock.seq}.svg")
        self.app.save_screenshot(path.name, str(path.parent))
        self.notify(f"screen in {path}")

    def action_leave(self) -> None:
        """Leave; where an engine of ours is running, ask what becomes of it."""
        done = self.shown is not None and self.shown.finished
        if self.engine is None or not self.engine.alive or done:
            self._go_back()
            return
        self.app.push_screen(leaving(self.path.name), self._left)

    def _left(self, choice: str | None) -> None:
        assert self.engine is not None
        if choice == "stop":
            self.engine.stop()
        elif choice == "leave":
            self.engine.leave()
        else:
            return
        self._go_back()

    def _go_back(self) -> None:
        """Show what was shown before this run: its parent, the picker, or the shell."""
        self.app.exit() if len(self.app.screen_stack) <= 2 else self.app.pop_screen()
