"""What watching costs a run, and how soon a key answers meanwhile: `uv run python -m benchmarks.watching`.

rate   facts a second of a run in a process of its own, from the wall seconds that its file tells; the same run is made
       alone and watched (Live view, four frames a second), in turn, and the fastest of each counts
key    from pressing a key until the view that it asks for is drawn, with the engine flat out
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import numpy as np
from textual.pilot import Pilot

from benchmarks.measuring import Row, show, yes_no
from journal.runfile import RunFile
from tui.app import Driftlab
from tui.engine import Engine
from tui.views.live import Live

WORDS = ["run", "sudden_shift", "--policy", "every_event", "--encoder", "sage", "--baseline", "own_recent"]
TURNS = 2


def rate(path: Path) -> float:
    """Return facts a second of a finished run."""
    with RunFile.open(path) as file:
        return file.cursor.seq / float(file.header["wall_seconds"])


def alone(path: Path) -> float:
    """Make the run with nobody looking."""
    engine = Engine([*WORDS, "--out", str(path)], path)
    while engine.alive:
        time.sleep(0.1)
    return rate(path)


async def _watched(path: Path, answers: list[float]) -> None:
    engine = Engine([*WORDS, "--out", str(path)], path)
    while engine.alive and not path.exists():
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)
    async with Driftlab(str(path)).run_test(size=(120, 40)) as pilot:
        while engine.alive:
            await _pressed(pilot, answers)
            await asyncio.sleep(0.5)


async def _pressed(pilot: Pilot[None], answers: list[float]) -> None:
    """Press a key and wait until what it asks for is drawn; not by the pilot, which waits for an idle processor."""
    live = pilot.app.screen.query_one(Live)
    before, drawn, began = live.measure, asyncio.Event(), time.perf_counter()
    pilot.app.simulate_key("m")
    while live.measure == before:
        await asyncio.sleep(0.001)
    live.call_after_refresh(drawn.set)
    await drawn.wait()
    answers.append(time.perf_counter() - began)


def measure() -> list[Row]:
    """Return the rows of the table."""
    answers: list[float] = []
    bare, seen = [], []
    with tempfile.TemporaryDirectory() as folder:
        alone(Path(folder, "first.run"))  # compiles
        for turn in range(TURNS):
            bare.append(alone(Path(folder, f"bare-{turn}.run")))
            path = Path(folder, f"seen-{turn}.run")
            asyncio.run(_watched(path, answers))
            seen.append(rate(path))
    share, slow = max(seen) / max(bare), float(np.quantile(answers, 0.95))
    figure = f"{max(seen):,.0f} facts/s watched, {max(bare):,.0f} alone: {100 * share:.0f} %"
    key = f"{1e3 * slow:.0f} ms at the 95th percentile of {len(answers)}"
    return [
        Row("5", "a watched engine", figure, yes_no(share >= 0.9, "at least 90 %")),
        Row("5", "a key answers", key, yes_no(slow <= 0.1, "at most 100 ms")),
    ]


if __name__ == "__main__":
    show(measure())
