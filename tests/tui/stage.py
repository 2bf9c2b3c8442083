"""A stage shows one widget in an app of its own, so that a test can press keys and read what the screen says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot

from tui.drawing import Drawing

Script = Callable[[Pilot], Awaitable[None]]
THEMES = ("textual-dark", "textual-light")
SIZES = ((30, 6), (80, 24), (240, 70))


class Stage(App):
    """An app with one widget; it keeps the messages that the widget posts."""

    def __init__(self, widget: Drawing, theme: str) -> None:
        super().__init__()
        self.widget, self.wanted, self.heard = widget, theme, list[Message]()

    def compose(self) -> ComposeResult:
        yield self.widget

    def on_mount(self) -> None:
        self.theme = self.wanted
        self.widget.focus()

    def on_chart_picked(self, message: Message) -> None:
        self.heard.append(message)

    on_neighbourhood_picked = on_scatter_picked = on_chart_picked

    @property
    def rows(self) -> list[str]:
        """What the screen says, a text a row."""
        return [strip.text for strip in self.screen._compositor.render_strips()]


def play(widget: Drawing, script: Script, size: tuple[int, int] = (80, 24), theme: str = THEMES[0]) -> Stage:
    """Play a script on a stage of so many cells; return the stage."""
    app = Stage(widget, theme)

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await script(pilot)
            await pilot.pause()

    asyncio.run(run())
    return app


def seen(widget: Drawing, size: tuple[int, int] = (80, 24), theme: str = THEMES[0]) -> list[str]:
    """Return what the screen says of a widget."""
    found: list[str] = []

    async def look(pilot: Pilot) -> None:
        found.extend(pilot.app.rows)

    play(widget, look, size, theme)
    return found
