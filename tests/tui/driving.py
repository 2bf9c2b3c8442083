"""Driving the terminal without a terminal: keys in, the text of the screen out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from textual.app import App
from textual.pilot import Pilot

Act = Callable[[Pilot[Any]], Awaitable[None]]

SIZES = ((80, 24), (120, 40))


def drive(app: App[Any], act: Act, size: tuple[int, int] = (120, 40)) -> None:
    """Run an app on a screen of this size and do `act` to it."""

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await act(pilot)

    asyncio.run(run())


async def until(pilot: Pilot[Any], holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something holds; fail where it does not within some seconds."""
    for _ in range(int(seconds / 0.05)):
        if holds():
            await pilot.pause()
            return
        await pilot.pause(0.05)
    raise AssertionError(f"waited {seconds:g} s in vain; the screen:\n{text(pilot.app)}")


def notices(app: App[Any]) -> str:
    """Return what the app has told lately."""
    return "\n".join(notice.message for notice in app._notifications)


def text(app: App[Any]) -> str:
    """Return what the screen shows, line by line, without colours."""
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in line).rstrip() for line in lines)
