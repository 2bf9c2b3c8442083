"""Pictures of every view of a run, or of some, 120 x 40 cells: python docs/screens.py RUN [DAY [VIEW ...]]

The form of what is thrown in is one of them, `inject`; of a run that is not finished it shows both of its ways.
Writes docs/screens/<view>.svg, and <view>.png beside it where a Chromium is installed to draw it (other converters
misplace braille).
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from textual.widgets import OptionList

from tui.app import Driftlab
from tui.screen import VIEWS, RunScreen
from tui.views.looking import Looking

FOLDER = Path(__file__).parent / "screens"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
SIZE = (120, 40)
PIXELS = (1482, 1026)
PATIENCE = 120.0


async def pictures(run: str, day: float | None, wanted: Sequence[str]) -> list[Path]:
    """Write a picture of each view of a run file, or of those wanted, as of a day, by default its end."""
    app, made = Driftlab(run), []
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause(2.0)
        screen = app.screen
        assert isinstance(screen, RunScreen)
        if day is not None and screen.shown is not None:
            screen.clock.step_to(screen.shown.seq_at(day), screen.shown.last)
            screen.show()
        for number, view in enumerate(VIEWS, 1):
            if wanted and view.__name__.lower() not in wanted:
                continue
            await pilot.press(str(number))
            for _ in range(int(PATIENCE)):
                seen = screen.view
                counted = seen is not None and seen.figures is not None and seen.figures.seq == screen.clock.seq
                if counted and (not isinstance(seen, Looking) or seen.look is not None):
                    break
                await pilot.pause(1.0)
            await pilot.pause(0.5)
            made.append(taken(app, view.__name__.lower()))
        if not wanted or "inject" in wanted:
            await pilot.press("i")
            await pilot.pause(1.0)
            choices = app.screen.query_one(OptionList)
            choices.highlighted = next(at for at, one in enumerate(choices.options) if "viral" in str(one.prompt))
            await pilot.pause(1.0)
            made.append(taken(app, "inject"))
    return made


def taken(app: Driftlab, name: str) -> Path:
    """Write a picture of what is seen."""
    path = FOLDER / f"{name}.svg"
    path.write_text(app.export_screenshot(), encoding="utf-8")
    return path


def drawn(path: Path) -> Path | None:
    """Turn a picture into a PNG beside it; None where there is no Chromium."""
    chromium = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if chromium is None:
        return None
    png = path.with_suffix(".png")
    size = "--window-size={},{}".format(*PIXELS)
    flags = ["--headless", "--no-sandbox", "--hide-scrollbars", size, f"--screenshot={png}"]
    subprocess.run([chromium, *flags, path.resolve().as_uri()], check=True, capture_output=True)
    return png


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    day = float(sys.argv[2]) if len(sys.argv) > 2 else None
    for svg in asyncio.run(pictures(sys.argv[1], day, sys.argv[3:])):
        print(svg, drawn(svg) or "no PNG: no Chromium is installed")
