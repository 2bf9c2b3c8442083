"""Source: what exactly is running? The scenario as TOML, and the code of the lane's policy, a user's own included."""

from __future__ import annotations

from rich.syntax import Syntax
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from driftlab.showing import code_of
from tui.frame import Frame
from tui.views.view import View

SCENARIO = "scenario"


class Source(View):
    """A list of what has a source, and the source."""

    title = "Source"
    about = "the running scenario, and the code of each lane's policy"

    def compose(self) -> ComposeResult:
        self.known: tuple[str, ...] = ()
        self.theme: str | None = None
        with Horizontal():
            yield OptionList(id="sources")
            with VerticalScroll(id="code"):
                yield Static(id="text")

    def show(self, frame: Frame) -> None:
        super().show(frame)
        wanted = (SCENARIO, *frame.own, *frame.lanes)
        if wanted != self.known:
            self.known = wanted
            choices = self.query_one("#sources", OptionList)
            choices.clear_options()
            choices.add_options(Option(name, id=name) for name in wanted)
            choices.highlighted = 0

    def focus_first(self) -> None:
        self.query_one("#sources").focus()

    @on(OptionList.OptionHighlighted, "#sources")
    def choose(self, event: OptionList.OptionHighlighted) -> None:
        """Show the source of what is marked."""
        frame = self.frame
        name = event.option_id or SCENARIO
        if frame is None:
            return
        if name == SCENARIO:
            text, language = frame.header["scenario"], "toml"
        else:
            text, language = frame.own.get(name) or code_of_lane(name), "python"
        theme = "ansi_dark" if self.app.current_theme.dark else "ansi_light"
        self.query_one("#text", Static).update(Syntax(text, language, theme=theme, word_wrap=True))


def code_of_lane(lane: str) -> str:
    """Return the code of the parts that a lane's name spells: 'sage every(n=4)+decay' is an encoder and a policy."""
    first, _, policy = lane.partition(" ")
    found = [code for code in (code_of(policy), code_of(first)) if code]
    return "\n\n\n".join(found) or f"# {lane} has no code of its own to be shown."
