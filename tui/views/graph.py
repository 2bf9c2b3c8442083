"""Graph: what does the lane remember around one shopper or product, and where do all vectors lie?

share      of a relation in what the subject takes from its neighbours at the moment; the weight of its line
map        the two main directions of all vectors, the same from look to look: what moves there has been learned
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Static

from tui.axes import plain_number
from tui.frame import Frame
from tui.neighbourhood import Link, Neighbourhood, Node
from tui.scatter import Scatter
from tui.timeline import BARS
from tui.views.looking import Looking

TRAIL = 64
"""Places of the subject on the map that are kept."""


class Graph(Looking):
    """The neighbourhood of the subject, and the map of all vectors."""

    title = "Graph"
    about = "what the lane remembers around a shopper or product, and the map of all its vectors"
    wants_map = True

    class Picked(Message):
        """A node was picked; its key is a letter for the kind, and the id."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def compose(self) -> ComposeResult:
        self._trail: dict[str, list[tuple[float, float]]] = {}
        yield Static(classes="status", markup=False)
        with Horizontal():
            yield Neighbourhood(id="neighbourhood", empty="nobody and nothing has been met yet")
            with Vertical(id="maps"):
                yield Scatter(id="map", written=words_of)
                yield Static(id="counts", markup=False)

    def focus_first(self) -> None:
        self.query_one(Neighbourhood).focus()

    def show_look(self, look: Mapping[str, Any], frame: Frame) -> None:
        nodes, links, focus = neighbourhood(look)
        self.query_one(Neighbourhood).show(nodes, links, focus)
        places = look.get("map")
        if places:
            self._show_map(places, focus)
        self.query_one("#counts", Static).update(counts(look, frame))

    def _show_map(self, places: Mapping[str, Any], focus: str) -> None:
        xy = np.array(places["xy"], np.float64).reshape(-1, 2)
        keys = [f"{kind[0]}{id_}" for kind, id_ in zip(places["kind"], places["id"], strict=True)]
        at = keys.index(focus) if focus in keys else None
        trail = self._trail.setdefault(focus, [])
        if at is not None:
            trail.append((float(xy[at, 0]), float(xy[at, 1])))
            del trail[:-TRAIL]
        categories = sorted({group for group in places["group"] if group >= 0})
        labels = {group: f"category {group}" for group in categories}
        self.query_one(Scatter).show(
            xy, np.array(places["group"]), keys, labels, np.array(trail) if trail else None, at
        )

    @on(Neighbourhood.Picked)
    @on(Scatter.Picked)
    def picked(self, event: Neighbourhood.Picked | Scatter.Picked) -> None:
        """Look at what was picked."""
        self.post_message(self.Picked(event.key))

    def rows(self) -> Sequence[dict[str, Any]]:
        """Return the links that are drawn."""
        return [link._asdict() for link in neighbourhood(self.look)[1]] if self.look else ()


def neighbourhood(look: Mapping[str, Any]) -> tuple[list[Node], list[Link], str]:
    """Return the nodes and links around the subject of a look, and its key."""
    subject = look["subject"]
    focus = key_of(subject["kind"], subject["id"])
    nodes = {focus: Node(focus, subject["kind"], f"{subject['kind']} {subject['id']}")}
    links: list[Link] = []
    for near in look["relations"]:
        key = key_of(near["section"], near["id"])
        nodes.setdefault(key, Node(key, near["section"], f"{near['section']} {near['id']}"))
        links.append(Link(focus, key, near["kind"], near["share"]))
        _kin(key, near, nodes, links)
    _kin(focus, subject, nodes, links)
    strongest = max((link.strength for link in links), default=1.0) or 1.0
    # Shares fall by about half from one relation to the next; by their roots the fourth can still be told from none.
    drawn = [link._replace(strength=(link.strength / strongest) ** 0.5) for link in links]
    return list(nodes.values()), drawn, focus


def _kin(key: str, of: Mapping[str, Any], nodes: dict[str, Node], links: list[Link]) -> None:
    """Add brand and category of a product, and the other shoppers who met it lately."""
    for kind in ("brand", "category"):
        number = of.get(kind, -1)
        if number is not None and number >= 0:
            kin = key_of(kind, number)
            nodes.setdefault(kin, Node(kin, kind, f"{kind} {number}"))
            links.append(Link(key, kin, f"of_{kind}", 0.25 * of.get("share", 1.0)))
    for shopper in of.get("shoppers", ()):
        other = key_of("shopper", shopper)
        nodes.setdefault(other, Node(other, "shopper", f"shopper {shopper}"))
        links.append(Link(other, key, "viewed", 0.25 * of.get("share", 1.0)))


def key_of(kind: str, number: int) -> str:
    """Return the key of a node: 's17' is shopper 17."""
    return f"{LETTERS[kind]}{number}"


KINDS = {"s": "shopper", "p": "product", "b": "brand", "c": "category", "m": "campaign"}
LETTERS = {kind: letter for letter, kind in KINDS.items()}


def words_of(key: str) -> str:
    """Write a key in words.

    >>> words_of("p17")
    'product 17'
    """
    return f"{KINDS[key[0]]} {key[1:]}"


def counts(look: Mapping[str, Any], frame: Frame) -> str:
    """Say how large the graph is at the moment, how many relations nodes hold, and how strong these are."""
    nodes = look.get("map", {}).get("nodes", {})
    shares = np.array([near["share"] for near in look["relations"]] or [0.0])
    many = {"category": "categories"}
    sizes = ", ".join(f"{count:,} {many.get(kind, f'{kind}s')}" for kind, count in nodes.items())
    around = f"{len(look['relations'])} relations here, shares {shares.min():.2f} to {shares.max():.2f}"
    census = look.get("census", {})
    words = {"degree": "relations a node", "strength": "their strength"}
    spread = [distribution(words[name], **steps) for name, steps in census.items() if steps["counts"]]
    return "\n".join([sizes or f"{frame.last:,} facts", around, *spread])


def distribution(of: str, low: float, high: float, counts: Sequence[int]) -> str:
    """Write how numbers are distributed, from the least to the greatest.

    >>> distribution("relations a node", 1.0, 4.0, [8, 4, 0, 1])
    'relations a node 1 █▄ ▁ 4'
    """
    most = max(counts)
    return f"{of} {plain_number(low)} {''.join(BARS[-(-8 * count // most)] for count in counts)} {plain_number(high)}"
