"""The application: a picker, or a run at once; what is common to all screens is here, and nothing else.

target   a scenario's id, the path of a scenario's TOML file, the path of a run file, or nothing: then the picker
gone     what an engine does when its terminal is gone without a word: it goes on, or stops so that it can be resumed
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual import on
from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.screen import Screen

from driftlab.engine import Gone
from driftlab.files import free_name
from driftlab.showing import preview
from tui.engine import Engine
from tui.picker import Picker
from tui.screen import RunScreen


class Driftlab(App[None]):
    """The terminal of driftlab."""

    TITLE = "driftlab"
    CSS_PATH = "driftlab.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - Textual declares it so
    BINDINGS: ClassVar = [
        Binding("question_mark,f1", "help", "Help", key_display="?", tooltip="Keys of this screen", id="help"),
        Binding("ctrl+q", "quit", show=False, priority=True, id="quit"),
    ]

    def __init__(self, target: str | None = None, words: Sequence[str] = (), gone: Gone = "go_on") -> None:
        """Show `target`; `words` are options of `driftlab run` for a scenario."""
        super().__init__()
        self.target, self._words, self.gone = target, tuple(words), gone

    def on_mount(self) -> None:
        if self.target is None:
            self.push_screen(Picker())
        else:
            self.push_screen(opened(self.target, self._words, self.gone))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Return Textual's own commands, and what the keys of the screen do."""
        yield from super().get_system_commands(screen)
        for active in screen.active_bindings.values():
            binding = active.binding
            if active.node is screen and binding.tooltip:
                title = f"{binding.description or binding.tooltip} ({self.get_key_display(binding)})"
                yield SystemCommand(title, binding.tooltip, partial(self.run_action, f"screen.{binding.action}"))

    @on(Picker.Picked)
    def picked(self, event: Picker.Picked) -> None:
        """Show the run that was picked, or begin it."""
        self.push_screen(opened(event.target, self._words, self.gone))

    def action_help(self) -> None:
        """Show the keys, or hide them."""
        self.action_hide_help_panel() if self.screen.query("HelpPanel") else self.action_show_help_panel()


def opened(target: str, words: Sequence[str] = (), gone: Gone = "go_on") -> RunScreen:
    """Return the screen of a run file, or of a scenario's run that begins now; raises Refusal where it is neither."""
    engine, path = begun(target, words, gone)
    return RunScreen(path, engine)


def begun(target: str, words: Sequence[str], gone: Gone) -> tuple[Engine | None, Path]:
    """Begin the run of a scenario and return its engine and file; a run file alone is there, and is returned."""
    if target.endswith(".run") or (Path(target).is_file() and not target.endswith(".toml")):
        return None, Path(target)
    found = preview(target)
    given = dict(zip(words[::2], words[1::2], strict=True))
    path = Path(given["--out"]) if "--out" in given else free_name(f"{found.id}-{given.get('--seed', found.seed)}")
    others = [word for pair in zip(words[::2], words[1::2], strict=True) if pair[0] != "--out" for word in pair]
    return Engine(["run", target, *others, "--out", str(path)], path, gone), path


if __name__ == "__main__":  # the terminal of a tab, see `tui.serving`
    Driftlab(sys.argv[2] or None, sys.argv[3:], "stop" if sys.argv[1] == "stop" else "go_on").run()
