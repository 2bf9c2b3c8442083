"""The picker: which scenario to run, or which run to look at, each with a preview."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from driftlab.showing import Preview, previews
from journal.errors import Refusal
from journal.runfile import RunFile

RUNS = 50
"""Recent runs that are listed."""


class Picker(Screen[None]):
    """A list of scenarios and recent runs; what is marked is previewed."""

    BINDINGS: ClassVar = [Binding("q", "app.quit", "Quit", tooltip="Leave driftlab", id="quit")]

    class Picked(Message):
        """A scenario's id or the path of a run file was chosen."""

        def __init__(self, target: str) -> None:
            super().__init__()
            self.target = target

    def compose(self) -> ComposeResult:
        yield Static("driftlab: pick a scenario to run, or a run to look at", id="head")
        with Horizontal():
            yield OptionList(id="choices")
            with VerticalScroll(id="preview", can_focus=False):
                yield Static(id="about")
        yield Footer()

    def on_mount(self) -> None:
        self.fill()

    def on_screen_resume(self) -> None:
        self.fill()

    def fill(self) -> None:
        """List scenarios, then the runs of the current folder, the newest first."""
        self._scenarios = {found.id: found for found in previews()}
        choices = self.query_one("#choices", OptionList)
        marked = choices.highlighted
        choices.clear_options()
        choices.add_option(Option("[b]scenarios[/]", disabled=True))
        choices.add_options(Option(f"  {id_}", id=id_) for id_ in self._scenarios)
        choices.add_option(Option("[b]runs in this folder[/]", disabled=True))
        runs = sorted(Path.cwd().glob("*.run"), key=lambda path: (-path.stat().st_mtime, path.name))
        choices.add_options(Option(f"  {path.name}", id=path.name) for path in runs[:RUNS])
        if not runs:
            choices.add_option(Option("  [dim]none yet[/]", disabled=True))
        choices.highlighted = marked if marked is not None else 1
        choices.focus()

    @on(OptionList.OptionHighlighted)
    def preview(self, event: OptionList.OptionHighlighted) -> None:
        """Show what the marked line is about."""
        name = event.option_id or ""
        found = self._scenarios.get(name)
        text = of_scenario(found) if found else of_run(Path(name))
        self.query_one("#about", Static).update(text)

    @on(OptionList.OptionSelected)
    def chosen(self, event: OptionList.OptionSelected) -> None:
        """Run or show what was chosen."""
        if event.option_id:
            self.post_message(self.Picked(event.option_id))


def of_scenario(found: Preview) -> str:
    """Write what a scenario is about."""
    drifts = "\n".join(f"  {drift}" for drift in found.drifts) or "  nothing drifts"
    policies = "\n".join(f"  {policy}" for policy in found.policies)
    lines = [
        f"[b]{escaped(found.title)}[/]",
        f"{found.sizes}, seed {found.seed}",
        "",
        escaped(found.about),
        "",
        "[b]drift[/]",
        escaped(drifts),
    ]
    return "\n".join([*lines, "", "[b]policies[/]", escaped(policies), "", "[dim]enter runs it here[/]"])


def of_run(path: Path) -> str:
    """Write what is in a run file, or why it cannot be read."""
    try:
        with RunFile.open(path) as file:
            header, cursor = file.header, file.cursor
    except Refusal as refusal:
        return escaped(str(refusal))
    state = "finished" if "status" in header else "not finished; it may be running, or waits to be resumed"
    lines = [f"[b]{escaped(header['title'])}[/]", f"{header['name']}, seed {header['seed']}, {state}"]
    lines.append(f"{int(header['shoppers']):,} shoppers, {int(header['products']):,} products, {cursor.seq:,} facts")
    if "parent" in header:
        lines.append(f"forked from {escaped(header['parent'])}")
    lanes = header["lanes"].strip("[]").replace('"', "").split(", ")
    return "\n".join(
        [*lines, "", "[b]lanes[/]", *(f"  {escaped(lane)}" for lane in lanes), "", "[dim]enter shows it[/]"]
    )


def escaped(text: str) -> str:
    """Return text that markup leaves alone."""
    return text.replace("[", "\\[")
