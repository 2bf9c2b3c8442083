"""The clock says which moment is shown: the newest as it comes, or an older one, at rest or played at a speed.

The engine is ahead and does not wait: slow motion and stepping are for the eye, and cost the run nothing.
"""

from __future__ import annotations

SPEEDS = (1, 4, 16, 64, 256, 1_024, 4_096, 16_384)
"""Facts a second at which the past can be played."""


class Clock:
    """The moment, and how it moves.

    >>> clock = Clock()
    >>> clock.tick(0.25, last=5000), clock.live
    (5000, True)
    >>> clock.step_to(100, last=5000), clock.tick(1.0, last=6000)
    (100, 100)
    """

    def __init__(self) -> None:
        self.live = True  # the newest fact is shown
        self.playing = True
        self.speed = 4  # place in SPEEDS
        self._at = 0.0

    @property
    def seq(self) -> int:
        """The fact that is shown."""
        return int(self._at)

    def tick(self, seconds: float, last: int) -> int:
        """Let time pass; return the fact that is shown now."""
        if self.live and self.playing:
            self._at = float(last)
        elif self.playing:
            self._at = min(self._at + seconds * SPEEDS[self.speed], float(last))
        return self.seq

    def toggle(self) -> None:
        """Rest, or go on from here: a moment of the past is played at the speed chosen."""
        self.playing = not self.playing
        self.live = self.live and self.playing

    def step_to(self, seq: int, last: int) -> int:
        """Show a moment, at rest."""
        self.live = self.playing = False
        self._at = float(min(max(seq, min(1, last)), last))
        return self.seq

    def follow(self) -> None:
        """Return to now."""
        self.live = self.playing = True

    def change_speed(self, step: int) -> None:
        """Play faster or slower; beyond the fastest is flat out: now, as it comes."""
        if self.live:
            if step < 0:
                self.live, self.playing, self.speed = False, True, len(SPEEDS) - 1
            return
        if self.speed + step >= len(SPEEDS):
            self.follow()
        else:
            self.speed, self.playing = max(self.speed + step, 0), True

    def __str__(self) -> str:
        if self.live:
            return "▶ live"
        return f"▶ {SPEEDS[self.speed]:,} facts/s" if self.playing else "‖ at rest"
