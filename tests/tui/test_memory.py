"""A terminal that is open all day stays as small as it is after some minutes: a frame leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from textual.pilot import Pilot

from journal.facts import CHUNK
from tests.tui.driving import drive, until
from tests.tui.made import made
from tui.app import Driftlab
from tui.frame import Frame
from tui.screen import FRAMES, RunScreen

N = 3 * CHUNK
WARM, MANY = 500, 500
HOURS = 12
DAY_OF_FRAMES = HOURS * 3_600 * FRAMES


async def replay(screen: RunScreen, frames: int, kept: list[Frame]) -> None:
    """Show so many moments, one after the other, as fast as they are drawn; keep them where some are kept already."""
    for number in range(frames):
        screen.clock.step_to(1 + 37 * number % N, N)
        screen.beat()
        drawn = asyncio.Event()
        screen.call_after_refresh(drawn.set)
        await drawn.wait()
        if kept and screen.shown is not None:
            kept.append(screen.shown)


def held() -> tuple[int, int]:
    """Return the small blocks that Python holds, and the bytes of the process."""
    gc.collect()
    return sys.getallocatedblocks(), psutil.Process().memory_info().rss


@pytest.mark.slow
def test_twelve_hours_of_frames_leave_memory_flat(tmp_path: Path) -> None:
    path = made(tmp_path / "made.run", N)

    async def act(pilot: Pilot[Any]) -> None:
        screen = pilot.app.screen
        assert isinstance(screen, RunScreen)
        await until(pilot, lambda: screen.shown is not None)
        leak: list[Frame] = []
        await replay(screen, WARM, leak)
        before, bytes_before = held()
        await replay(screen, MANY, leak)
        after, bytes_after = held()
        a_day = (after - before) * DAY_OF_FRAMES / MANY
        assert a_day < 200_000, f"{after - before:,} blocks more after {MANY:,} frames"  # some 20 MB
        assert bytes_after - bytes_before < 16_000_000

        # What is measured can be seen: a frame that is kept costs some blocks.
        leak.append(screen.recording.frame(1) if screen.recording is not None else pytest.fail("no recording"))
        await replay(screen, MANY // 10, leak)
        assert len(leak) > MANY // 10
        assert (held()[0] - after) * DAY_OF_FRAMES / (MANY // 10) > 200_000

    drive(Driftlab(str(path)), act)
