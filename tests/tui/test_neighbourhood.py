"""A neighbourhood keeps nodes where they were, lets no name hide another, and says what it leaves out."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from tests.tui.stage import SIZES, THEMES, play, seen
from tui.layout import placed, strongest
from tui.neighbourhood import SIGNS, Link, Neighbourhood, Node

NODES = [
    Node("s", "shopper", "Mira"),
    Node("p1", "product", "boots"),
    Node("p2", "product", "lamp"),
    Node("b", "brand", "Acme"),
    Node("c", "category", "shoes"),
    Node("k", "campaign", "spring"),
    Node("alone", "product", "unlinked"),
]
LINKS = [
    Link("s", "p1", "purchased", 0.9),
    Link("s", "p2", "viewed", 0.1),
    Link("p1", "b", "of_brand", 0.6),
    Link("p1", "c", "of_category", 0.3),
    Link("k", "p2", "some_new_kind", 0.5),
    Link("s", "gone", "viewed", 1.0),
]


def star(n: int) -> tuple[list[Node], list[Link]]:
    nodes = [Node("s", "shopper", "Mira"), *(Node(f"p{i}", "product", f"thing {i}") for i in range(n))]
    return nodes, [Link("s", f"p{i}", "viewed", i / n) for i in range(n)]


def neighbourhood() -> Neighbourhood:
    made = Neighbourhood()
    made.show(NODES, LINKS, "s")
    return made


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
def test_it_draws_at_every_size_in_every_theme(size: tuple[int, int], theme: str) -> None:
    rows = seen(neighbourhood(), size, theme)
    assert [len(row) for row in rows] == [size[0]] * size[1]
    assert all(SIGNS[node.kind] in "\n".join(rows[:-1]) for node in NODES)


def test_names_kinds_and_the_focus_are_written() -> None:
    text = "\n".join(seen(neighbourhood(), (120, 40)))
    assert all(node.label in text for node in NODES)
    assert "(●)" in text
    assert all(word in text for word in ("purchased", "some new kind", "shopper", "strong to faint"))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_no_name_hides_another_and_the_weakest_are_left_out(size: tuple[int, int]) -> None:
    widget = Neighbourhood()
    nodes, links = star(90)
    widget.show(nodes, links, "s")
    text = "\n".join(seen(widget, size))
    assert "31 weaker ones not shown" in text
    assert "thing 0 " not in text
    # What is written of a name is written in full.
    names = {node.label for node in nodes}
    written = [part.strip() for part in text.split("thing")[1:]]
    assert all(any(f"thing {part}".startswith(name) for name in names) for part in written)


@pytest.mark.parametrize("nodes", [[], NODES[:1], NODES[:2]])
def test_few_nodes_are_drawn_too(nodes: list[Node]) -> None:
    widget = Neighbourhood(empty="nothing yet")
    widget.show(nodes, LINKS, "s")
    text = "\n".join(seen(widget))
    assert ("nothing yet" in text) == (not nodes)
    assert all(node.label in text for node in nodes)


def test_a_focus_that_is_not_there_is_no_harm() -> None:
    widget = Neighbourhood()
    widget.show(NODES, LINKS, "nobody")
    assert "Mira" in "\n".join(seen(widget))


def test_a_click_on_a_sign_or_its_name_picks_the_node() -> None:
    widget = neighbourhood()

    async def click(pilot: Pilot) -> None:
        rows = pilot.app.rows
        for word in ("boots", "◆ Acme"):
            row = next(number for number, text in enumerate(rows) if word in text)
            await pilot.click(Neighbourhood, offset=(rows[row].index(word), row))
        await pilot.click(Neighbourhood, offset=(0, 0))

    app = play(widget, click, (120, 40))
    assert [message.key for message in app.heard if isinstance(message, Neighbourhood.Picked)] == ["p1", "b"]


def test_nodes_keep_their_places_when_one_is_added() -> None:
    nodes, links = star(12)
    before = placed(nodes[:-1], links[:-1], "s", {})
    after = placed(nodes, links, "s", before)
    moved = [abs(after[key][axis] - before[key][axis]) for key in before for axis in (0, 1)]
    assert sum(moved) / len(moved) < 0.25
    assert after["s"] == pytest.approx((0.0, 0.0))


def test_places_are_the_same_in_every_run_and_within_the_square() -> None:
    first, second = (placed(NODES, LINKS[:-1], "s", {}) for _ in range(2))
    assert first == second
    assert all(-1 <= number <= 1 for place in first.values() for number in place)


def test_places_are_found_anew_only_for_other_nodes_or_links(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def counted(*given: object) -> object:
        calls.append(given)
        return placed(*given)

    monkeypatch.setattr("tui.neighbourhood.placed", counted)
    widget = Neighbourhood()

    async def show(pilot: Pilot) -> None:
        for strength in (0.2, 0.9):
            widget.show(NODES[:3], [Link("s", "p1", "viewed", strength), Link("s", "p2", "viewed", 0.5)], "s")
            await pilot.pause()
        widget.show(NODES[:3], [Link("s", "p1", "viewed", 0.5)], "s")
        await pilot.pause()

    play(widget, show)
    assert len(calls) == 2


def test_the_strongest_are_kept_and_links_to_the_others_dropped() -> None:
    nodes, links = strongest(NODES, LINKS, "p2", 3)
    assert [node.key for node in nodes] == ["p2", "p1", "s"]
    assert [(link.a, link.b) for link in links] == [("s", "p1"), ("s", "p2")]


def test_keys_choose_a_node_and_look_at_it() -> None:
    widget, chosen, rows = neighbourhood(), [], []

    async def press(pilot: Pilot) -> None:
        for key in ("down", "up", "up", "down"):
            chosen.append(widget.chosen)
            await pilot.press(key)
        rows.extend(pilot.app.rows)
        await pilot.press("enter")

    app = play(widget, press, (120, 40))
    assert chosen == ["p1", "p2", "p1", "alone"]  # the strongest first, and round
    assert "[■] boots" in "\n".join(rows)
    assert [message.key for message in app.heard if isinstance(message, Neighbourhood.Picked)] == ["p1"]


def test_every_node_is_reached_by_arrows_in_the_direction_in_which_it_lies() -> None:
    widget = neighbourhood()
    ways = {"shift+right": (1, 0), "shift+left": (-1, 0), "shift+down": (0, 1), "shift+up": (0, -1)}

    async def press(pilot: Pilot) -> None:
        reached, queue = {widget.chosen}, [widget.chosen]
        while queue:
            start = queue.pop()
            for key, (right, down) in ways.items():
                widget._choose(start)
                await pilot.press(key)
                (x, y), (to_x, to_y) = (
                    next((spot.first, spot.row) for spot in widget._spots if spot.key == key_)
                    for key_ in (start, widget.chosen)
                )
                assert start == widget.chosen or (to_x - x) * right + (to_y - y) * down > 0
                queue += [widget.chosen] if widget.chosen not in reached else []
                reached.add(widget.chosen)
        assert reached == {node.key for node in NODES} - {"s"}

    play(widget, press, (120, 40))


@pytest.mark.parametrize("nodes", [[], NODES[:1]])
def test_where_there_is_nothing_to_choose_keys_do_no_harm(nodes: list[Node]) -> None:
    widget = Neighbourhood()
    widget.show(nodes, [], "s")

    async def press(pilot: Pilot) -> None:
        await pilot.press("down", "up", "shift+left", "enter")

    assert play(widget, press).heard == []
