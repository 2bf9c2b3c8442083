"""Moving the moment: rest, step, scrub, jump to a drift, return to now."""

from __future__ import annotations

import numpy as np
from textual.binding import Binding, BindingType

from journal.facts import Kind
from tui.chart import Chart
from tui.clock import Clock
from tui.frame import Frame
from tui.recording import Recording
from tui.timeline import Timeline, days_of

BINDINGS: list[BindingType] = [
    Binding("space", "pause", "Pause", tooltip="Rest at this moment, or play on from it", id="time.toggle"),
    Binding("full_stop", "event(1)", "Step", key_display=".", tooltip="Next scored event", id="time.next"),
    Binding("comma", "event(-1)", show=False, tooltip="Scored event before", id="time.before"),
    Binding("right_square_bracket", "session(1)", show=False, tooltip="Next session", id="time.session"),
    Binding("left_square_bracket", "session(-1)", show=False, tooltip="Session before", id="time.session_before"),
    Binding("right", "scrub(1)", show=False, tooltip="A hundredth of the run on", id="time.right"),
    Binding("left", "scrub(-1)", show=False, tooltip="A hundredth of the run back", id="time.left"),
    Binding("home", "scrub(-100)", show=False, tooltip="The first fact", id="time.home"),
    Binding("end", "follow", "Now", tooltip="Return to now, and follow it", id="time.now"),
    Binding("d", "drift(1)", "Drift", tooltip="Go to the next drift, shock or command", id="time.drift"),
    Binding("D", "drift(-1)", show=False, tooltip="Go to the drift before", id="time.drift_before"),
    Binding("greater_than_sign", "speed(1)", show=False, key_display=">", tooltip="Faster", id="time.faster"),
    Binding("less_than_sign", "speed(-1)", show=False, key_display="<", tooltip="Slower", id="time.slower"),
]


class Moments:
    """The keys of a screen that move its clock."""

    clock: Clock
    recording: Recording | None
    shown: Frame | None

    def show(self) -> None:
        """Show the moment."""
        raise NotImplementedError

    def _go(self, seq: int) -> None:
        if self.recording is not None:
            self.clock.step_to(seq, len(self.recording.facts))
            self.show()

    def action_pause(self) -> None:
        """Rest at this moment, or play on from it."""
        self.clock.toggle()

    def action_follow(self) -> None:
        """Return to now, and follow it."""
        self.clock.follow()

    def action_speed(self, step: int) -> None:
        """Play faster or slower."""
        self.clock.change_speed(step)

    def action_event(self, step: int) -> None:
        """Go to the next scored event, or to the one before."""
        if self.recording is not None:
            self._go(self.recording.next_scored(self.clock.seq, step))

    def action_session(self, step: int) -> None:
        """Go to where the next session starts, or the one before."""
        if self.recording is None:
            return
        starts = np.flatnonzero(self.recording.facts.kind == Kind.SESSION_STARTED) + 1
        self._to_neighbour(starts, step)

    def action_drift(self, step: int) -> None:
        """Go to the first fact after the next drift, shock or command, or the one before."""
        if self.recording is None or self.shown is None:
            return
        times = sorted(moment.time for moment in (*self.shown.drifts, *self.shown.thrown))
        self._to_neighbour(np.searchsorted(self.recording.facts.time, times, side="right"), step)

    def _to_neighbour(self, places: np.ndarray, step: int) -> None:
        beyond = places[places > self.clock.seq] if step > 0 else places[places < self.clock.seq]
        if len(beyond):
            self._go(int(beyond.min() if step > 0 else beyond.max()))

    def action_scrub(self, hundredths: int) -> None:
        """Move by hundredths of the run."""
        if self.shown is None or self.recording is None:
            return
        day = float(self.shown.day(self.shown.time_of(self.clock.seq)))
        self._go(self.shown.seq_at(max(day + hundredths * days_of(self.shown) / 100, 0.0)))

    def on_timeline_picked(self, event: Timeline.Picked) -> None:
        """Go to the day that was clicked."""
        if self.shown is not None:
            self._go(self.shown.seq_at(event.day))

    def on_chart_picked(self, event: Chart.Picked) -> None:
        """Go to the day that was clicked in a chart over days."""
        if self.shown is not None and event.control.id == "accuracy":
            self._go(self.shown.seq_at(event.x))
