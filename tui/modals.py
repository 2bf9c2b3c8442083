"""Questions that stand before the screen until they are answered; `escape` answers none."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option


class Choosing(ModalScreen[str | None]):
    """A question with a few answers."""

    BINDINGS: ClassVar = [Binding("escape", "dismiss(None)", "Back", tooltip="Change nothing", id="modal.back")]

    def __init__(self, question: str, answers: list[tuple[str, str]]) -> None:
        """Take the question, and each answer with its id."""
        super().__init__()
        self._question, self._answers = question, answers

    def compose(self) -> ComposeResult:
        with Vertical(classes="modal"):
            yield Label(self._question)
            yield OptionList(*(Option(text, id=name) for name, text in self._answers))

    @on(OptionList.OptionSelected)
    def answered(self, event: OptionList.OptionSelected) -> None:
        """Take the answer."""
        self.dismiss(event.option_id)


def leaving(name: str) -> Choosing:
    """Return the question what becomes of a run that is going on."""
    return Choosing(
        f"{name} is not finished.",
        [
            ("leave", "Leave it running; `driftlab tui` shows it again"),
            ("stop", "Stop it; what is finished is kept, and `driftlab resume` goes on"),
            ("stay", "Stay here"),
        ],
    )


class Asking(ModalScreen[str | None]):
    """A question that is answered with a line of text; what is found for it is listed below."""

    BINDINGS: ClassVar = [Binding("escape", "dismiss(None)", "Back", tooltip="Change nothing", id="modal.back")]

    def __init__(self, question: str, hint: str, known: list[tuple[str, str]], value: str = "") -> None:
        """Take the question, what stands in the empty line, and known answers, each with what it is."""
        super().__init__()
        self._question, self._hint, self._known, self._value = question, hint, known, value

    def compose(self) -> ComposeResult:
        with Vertical(classes="modal"):
            yield Label(self._question)
            yield Input(self._value, placeholder=self._hint)
            yield OptionList(*self._options(""))
            yield Static("enter takes the line; tab goes to the list", classes="hint")

    def _options(self, typed: str) -> list[Option]:
        fits = [(answer, about) for answer, about in self._known if typed.lower() in f"{answer} {about}".lower()]
        return [Option(f"{answer}  [dim]{about}[/]", id=answer) for answer, about in fits[:200]]

    @on(Input.Changed)
    def narrow(self, event: Input.Changed) -> None:
        """List what fits the line."""
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(self._options(event.value))

    @on(Input.Submitted)
    def typed(self, event: Input.Submitted) -> None:
        """Take the line; an empty one is no answer."""
        self.dismiss(event.value.strip() or None)

    @on(OptionList.OptionSelected)
    def picked(self, event: OptionList.OptionSelected) -> None:
        """Put a known answer into the line, so that its parameters can be changed before it is taken."""
        line = self.query_one(Input)
        line.value = event.option_id or ""
        line.focus()
