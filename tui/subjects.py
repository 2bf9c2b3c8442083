"""Looking into the model: which shopper or product, in which lane; what is asked, and what is shown meanwhile.

A look is asked for when a view that shows one is seen and the moment, the subject or the lane has changed; while the
moment follows the engine, when a chunk has passed since the look that is shown.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from textual.binding import Binding, BindingType

from driftlab.asks import Ask
from journal.facts import CHUNK, INTERACTIONS
from tui.asking import Heard, Inspector
from tui.clock import Clock
from tui.frame import Frame
from tui.modals import Asking
from tui.views.graph import Graph
from tui.views.looking import Looking, progress
from tui.views.view import View

BINDINGS: list[BindingType] = [
    Binding(
        "slash",
        "search",
        "Search",
        key_display="/",
        tooltip="Look at a shopper or product, or at the product most met of a brand or category",
        id="look.search",
    ),
    Binding("a", "active", show=False, tooltip="Look at the shopper of the newest fact", id="look.active"),
    Binding("l", "lane", show=False, tooltip="Look into the next lane", id="look.lane"),
    Binding("y", "copy", show=False, tooltip="Copy what is looked at, and the moment", id="look.copy"),
]


class Subjects:
    """The keys of a screen that look into the model."""

    path: Path
    clock: Clock
    shown: Frame | None
    subject: tuple[str, int] | None = None
    lane = 0  # place of the lane that is looked into
    inspector: Inspector | None = None
    _asked: Ask | None = None
    _look: tuple[Ask, Any] | None = None

    @property
    def view(self) -> View | None:
        """The view that is seen."""
        raise NotImplementedError

    def look(self) -> None:
        """Show the look that there is, and ask for the one that is wanted."""
        view, frame = self.view, self.shown
        if not isinstance(view, Looking) or frame is None:
            return
        subject = self._subject_of(view, frame)
        if subject is None:
            view.show_status("Nobody has met a product yet.")
            return
        kind, id_ = subject
        wanted = Ask(frame.lanes[self.lane], frame.seq, **{kind: id_}, map=view.wants_map)
        if self._look is not None and self._fits(self._look[0], wanted):
            if view.look is not self._look[1]:
                view.hear(self._look[1], frame)
            if self._look[0].seq == wanted.seq or (self.clock.live and wanted.seq - self._look[0].seq < CHUNK):
                self._say(view, wanted)
                return
        if (
            self._asked is None
            or not self._fits(self._asked, wanted)
            or (self._asked.seq != wanted.seq and not self.clock.live)
        ):
            self._asked = wanted
            self._inspector().ask(wanted)
            self._say(view, wanted, "looking into the model")

    def _fits(self, had: Ask, wanted: Ask) -> bool:
        """Whether a look is of the same lane and subject, and has a map if one is wanted."""
        return had._replace(seq=0, map=wanted.map) == wanted._replace(seq=0) and had.map >= wanted.map

    def _subject_of(self, view: Looking, frame: Frame) -> tuple[str, int] | None:
        if self.subject is None:
            self.subject = newest(frame)
        if self.subject is not None and self.subject[0] == "product" and not view.wants_map:
            return newest(frame, self.subject[1])
        return self.subject

    def _inspector(self) -> Inspector:
        if self.inspector is None:
            screen: Any = self
            self.inspector = Inspector(self.path, lambda heard: screen.app.call_from_thread(self._heard, heard))
        return self.inspector

    def _heard(self, heard: Heard) -> None:
        view, frame = self.view, self.shown
        if heard.look is not None and heard.ask is not None:
            self._look, self._asked = (heard.ask, heard.look), None
            self.look()
        elif heard.refused is not None:
            self._asked = None
            if isinstance(view, Looking):
                view.show_status(heard.refused)
        elif heard.doing is not None and heard.ask is not None and isinstance(view, Looking) and frame is not None:
            self._say(view, heard.ask, progress(*heard.doing))

    def _say(self, view: Looking, ask: Ask, doing: str = "") -> None:
        frame = self.shown
        kind, id_ = ("shopper", ask.shopper) if ask.shopper is not None else ("product", ask.product)
        names = getattr(frame.names, kind) if frame is not None else []
        name = f" ({names[id_]})" if id_ is not None and id_ < len(names) else ""
        at = f" as of fact {self._look[0].seq:,}" if self._look is not None else ""
        view.show_status(f"{kind} {id_}{name} in {ask.lane}{at}  {doing or '/ search  a newest shopper  l next lane'}")

    def action_search(self) -> None:
        """Ask for a shopper or product by number or, in a log, by name."""
        screen: Any = self
        if self.shown is not None:
            known = listed(self.shown)
            question = "Look at which shopper, product, brand or category?"
            screen.app.push_screen(Asking(question, "shopper 17", known), self._found)

    def _found(self, answer: str | None) -> None:
        screen: Any = self
        if answer is None or self.shown is None:
            return
        subject = read(answer, self.shown)
        if subject is None:
            screen.notify(
                f"There is no '{answer}'. Write 'shopper 17', 'product 4', 'brand 2', or a name.", severity="warning"
            )
        else:
            self._turn_to(subject)

    def _turn_to(self, subject: tuple[str, int]) -> None:
        screen: Any = self
        self.subject = subject
        if not isinstance(self.view, Looking):
            screen.action_view("graph" if subject[0] == "product" else "shopper")
        self.look()

    def action_active(self) -> None:
        """Look at the shopper of the newest fact at the moment."""
        found = newest(self.shown) if self.shown is not None else None
        if found is not None:
            self._turn_to(found)

    def action_lane(self) -> None:
        """Look into the next lane."""
        if self.shown is not None:
            learning = [n for n, lane in enumerate(self.shown.lanes) if lane != "oracle"]
            self.lane = learning[(learning.index(self.lane) + 1) % len(learning)]
            self.look()

    def action_copy(self) -> None:
        """Copy what is looked at and the moment, as words."""
        screen: Any = self
        if self.shown is not None:
            kind, id_ = self.subject or ("", "")
            words = f"{self.path.name} fact {self.shown.seq} {kind} {id_}".strip()
            screen.app.copy_to_clipboard(words)
            screen.notify(f"copied: {words}")

    def on_graph_picked(self, event: Graph.Picked) -> None:
        """Look at the node that was picked."""
        self._found(event.key)


def newest(frame: Frame, product: int | None = None) -> tuple[str, int] | None:
    """Return the shopper of the newest interaction at the moment, of those with a product if one is given."""
    facts = frame.facts
    met = np.isin(facts.kind[: frame.seq], INTERACTIONS)
    if product is not None:
        met &= facts.product[: frame.seq] == product
    places = np.flatnonzero(met)
    return ("shopper", int(facts.shopper[places[-1]])) if len(places) else None


def listed(frame: Frame, most: int = 2_000) -> list[tuple[str, str]]:
    """Return shoppers, products, brands and categories with what is known of them, the most active first."""
    facts, found = frame.facts, []
    met = np.isin(facts.kind[: frame.seq], INTERACTIONS)
    shopper, product = facts.shopper[: frame.seq][met], facts.product[: frame.seq][met]
    kin = {kind: getattr(frame.names, kind)[product] for kind in ("brand", "category")}
    for kind, column in {"shopper": shopper, "product": product, **kin}.items():
        names: list[str] = getattr(frame.names, kind) if kind not in kin else []
        ids, counts = np.unique(column[column >= 0], return_counts=True)
        for place in np.argsort(-counts, kind="stable")[:most]:
            number = int(ids[place])
            name = f"{names[number]}, " if number < len(names) else ""
            found.append((f"{kind} {number}", f"{name}{counts[place]:,} interactions"))
    return found


def read(answer: str, frame: Frame) -> tuple[str, int] | None:
    """Return the shopper or product that a person means: 'shopper 17', 'p4', or the name that a log gives; of a brand
    or category, 'brand 2' or 'c3', the product that is most met."""
    words = answer.lower()
    for kind in ("shopper", "product", "brand", "category"):
        words = words.replace(kind, kind[0])
    words = words.replace(" ", "")
    sizes = {"s": ("shopper", int(frame.header["shoppers"])), "p": ("product", int(frame.header["products"]))}
    if words[:1] in sizes and words[1:].isdecimal():
        kind, size = sizes[words[0]]
        return (kind, int(words[1:])) if int(words[1:]) < size else None
    if words[:1] in ("b", "c") and words[1:].isdecimal():
        return most_met(frame, "brand" if words[0] == "b" else "category", int(words[1:]))
    for kind in ("shopper", "product"):
        names: list[str] = getattr(frame.names, kind)
        if answer in names:
            return kind, names.index(answer)
    return None


def most_met(frame: Frame, kind: str, id_: int) -> tuple[str, int] | None:
    """Return the product of a brand or category that was met most often before the moment, the first of equals."""
    own = np.flatnonzero(getattr(frame.names, kind) == id_)
    if not len(own):
        return None
    met = frame.facts.product[: frame.seq][np.isin(frame.facts.kind[: frame.seq], INTERACTIONS)]
    counts = np.bincount(met, minlength=len(frame.names.brand))
    return "product", int(own[counts[own].argmax()])
