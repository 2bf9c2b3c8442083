"""A neighbourhood's places: springs pull what is linked together, from where it was, so that it stays where one saw it.

strength   of a link 0..1; of a node the sum of its links'
places     in a square, x and y from -1 to 1, the focus in the middle
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

Kind = Literal["shopper", "product", "brand", "category", "campaign"]
Places = dict[str, tuple[float, float]]

_GOLDEN = math.pi * (3 - math.sqrt(5))  # radians between one newcomer and the next, so that none lie in a line
_LEASH = 0.02  # pull of the focus on every node, or those without a link would fly away
_ROUNDS, _LATER_ROUNDS = 80, 20


class Node(NamedTuple):
    """A shopper, product, brand, category or campaign."""

    key: str
    kind: Kind
    label: str


class Link(NamedTuple):
    """A relation of nodes `a` and `b`: what kind (viewed, of_brand, ...), and how strong, 0..1."""

    a: str
    b: str
    kind: str
    strength: float


def strongest(nodes: Sequence[Node], links: Sequence[Link], focus: str, most: int) -> tuple[list[Node], list[Link]]:
    """Return the focus and the strongest other nodes, `most` in all, strongest first, and the links among them.

    >>> shop = [Node("a", "shopper", "Ann"), Node("b", "product", "boots"), Node("c", "product", "cap")]
    >>> seen = [Link("a", "b", "viewed", 0.2), Link("a", "c", "carted", 0.9)]
    >>> strongest(shop, seen, "a", most=2)[0]
    [Node(key='a', kind='shopper', label='Ann'), Node(key='c', kind='product', label='cap')]
    """
    strength = dict.fromkeys((node.key for node in nodes), 0.0)
    known = [link for link in links if link.a in strength and link.b in strength]
    for link in known:
        strength[link.a] += link.strength
        strength[link.b] += link.strength
    kept = sorted(nodes, key=lambda node: (node.key != focus, -strength[node.key]))[:most]
    keys = {node.key for node in kept}
    return kept, [link for link in known if link.a in keys and link.b in keys]


def placed(
    nodes: Sequence[Node], links: Sequence[Link], focus: str, before: Mapping[str, tuple[float, float]]
) -> Places:
    """Return each node's place, near the one it had before if it had one (Fruchterman and Reingold 1991)."""
    import networkx  # costs up to half a second, which only those pay who look at a neighbourhood

    graph = networkx.Graph()
    start: Places = {}
    for number, node in enumerate(nodes):
        graph.add_node(node.key)
        angle, radius = number * _GOLDEN, math.sqrt(number / len(nodes))
        start[node.key] = before.get(node.key, (radius * math.cos(angle), radius * math.sin(angle)))
    centre = start.get(focus, (0.0, 0.0))
    start = {key: (x - centre[0], y - centre[1]) for key, (x, y) in start.items()}
    if focus in start:
        graph.add_edges_from(((focus, key) for key in start if key != focus), strength=_LEASH)
    for link in links:
        graph.add_edge(link.a, link.b, strength=0.3 + link.strength)
    found = networkx.spring_layout(
        graph,
        pos=start,
        fixed=[focus] if focus in start and len(start) > 1 else None,
        iterations=_LATER_ROUNDS if any(key in before for key in start) else _ROUNDS,
        weight="strength",
        seed=1,
    )
    wide = max((abs(float(x)) for x, _ in found.values()), default=0.0) or 1.0
    high = max((abs(float(y)) for _, y in found.values()), default=0.0) or 1.0
    return {key: (float(x) / wide, float(y) / high) for key, (x, y) in found.items()}
