"""The form of what is thrown in: a list of drifts, shocks, faults and campaigns, and the parameters of the marked one.

here     it is thrown into the run itself, which is under way; else a fork begins from the moment shown
answer   what was asked for: family, part on one line, day (None: the next moment there is), and whether here
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Checkbox, Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from driftlab.throwable import Form, forms, spelled
from journal.errors import Refusal


class Thrown(NamedTuple):
    """A filled-in form."""

    family: str
    part: str
    day: float | None
    here: bool


class Injecting(ModalScreen[Thrown | None]):
    """Asks what is to set in."""

    BINDINGS: ClassVar = [
        Binding("escape", "dismiss(None)", "Back", tooltip="Change nothing", id="form.back"),
        Binding("ctrl+s", "take", "Throw in", tooltip="Throw it in as it stands", id="form.take"),
    ]

    def __init__(self, moment: str, can_here: bool, here: bool) -> None:
        """Take how the moment shown is written, whether the run is under way, and whether to throw into it at first."""
        super().__init__()
        self._moment, self._can_here, self._here = moment, can_here, here
        self._forms = forms()
        self._form: Form | None = None  # whose parameters are shown

    def compose(self) -> ComposeResult:
        with Vertical(id="form", classes="modal"):
            yield Label("Inject: what sets in?")
            with Horizontal(id="form_parts"):
                yield OptionList(*self._options(), id="form_choices")
                yield VerticalScroll(id="form_fields", can_focus=False)
            if self._can_here:
                yield Checkbox("into this run, which is under way", self._here, id="form_here")
            yield Static(id="form_does")
            yield Static(id="form_wrong", markup=False)

    def _options(self) -> list[Option]:
        found, family = [], ""
        for place, form in enumerate(self._forms):
            if form.family != family:
                family = form.family
                found.append(Option(f"[b]{family}[/]", disabled=True))
            found.append(Option(f"  {form.name}", id=str(place)))
        return found

    def on_mount(self) -> None:
        choices = self.query_one("#form_choices", OptionList)
        choices.highlighted = 1
        choices.focus()
        self._say()

    @property
    def here(self) -> bool:
        """Whether it is thrown into the run itself."""
        return self._can_here and self.query_one("#form_here", Checkbox).value

    @on(OptionList.OptionHighlighted)
    async def marked(self, event: OptionList.OptionHighlighted) -> None:
        """Show the parameters of the part that is marked."""
        form = self._marked()
        if form is None or event.option_id != str(self._forms.index(form)):  # another one is marked meanwhile
            return
        self._form = None
        fields = self.query_one("#form_fields", VerticalScroll)
        await fields.remove_children()
        await fields.mount(Static(form.about, classes="hint", markup=False))
        for field in form.fields:
            default = "" if field.default == "" else f"{field.default}"
            await fields.mount(
                Horizontal(
                    Label(field.name, classes="field"),
                    Input(default, name=field.name, compact=True),
                    Label(f"{field.allowed}", classes="hint", markup=False),
                    classes="row",
                )
            )
        await fields.mount(
            Horizontal(
                Label("at day", classes="field"),
                Input("", name="at day", placeholder=self._when(), compact=True, id="form_day"),
                Label("of the run; empty as shown", classes="hint"),
                classes="row",
            )
        )
        self.query_one("#form_wrong", Static).update("")
        self._form = form

    def _marked(self) -> Form | None:
        """Return the part that is marked in the list."""
        option = self.query_one("#form_choices", OptionList).highlighted_option
        return None if option is None or option.id is None else self._forms[int(option.id)]

    @on(OptionList.OptionSelected)
    def chosen(self) -> None:
        """Go to the first parameter of the part."""
        for line in list(self.query_one("#form_fields").query(Input))[:1]:
            line.focus()

    @on(Checkbox.Changed)
    def where(self) -> None:
        """Say what will be done."""
        for day in self.query("#form_day").results(Input):
            day.placeholder = self._when()
        self._say()

    def _when(self) -> str:
        return "as soon as it can be" if self.here else self._moment

    def _say(self) -> None:
        does = (
            "[b]enter[/] in a field, or ctrl+s: throw it into this run. It becomes a fact of the run, and replays."
            if self.here
            else f"[b]enter[/] in a field, or ctrl+s: fork. A run of its own, the same until {self._moment}."
        )
        self.query_one("#form_does", Static).update(does)

    @on(Input.Submitted)
    def action_take(self) -> None:
        """Take the form as it is filled in; say what is wrong with it."""
        form = self._marked()
        if form is None:
            return
        lines = self.query_one("#form_fields").query(Input) if form is self._form else ()  # else as by default
        typed = {str(line.name): line.value for line in lines}
        try:
            part, day = spelled(form, typed), _day(typed.get("at day", ""))
        except Refusal as refusal:
            self.query_one("#form_wrong", Static).update(str(refusal))
            return
        self.dismiss(Thrown(form.family, part, day, self.here))


def _day(text: str) -> float | None:
    """Return the day that was typed; None where nothing was."""
    if not text.strip():
        return None
    try:
        return float(text)
    except ValueError:
        raise Refusal(f"at day = {text} is not a number of days.") from None
