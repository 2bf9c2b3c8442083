"""What a refresh of each drawing costs at 120 x 30 cells, on this machine: `uv run python -m benchmarks.terminal`.

draw      what is ours: from numbers to coloured cells
refresh   with Textual's share: cells to styles, and those to what the terminal is sent
Ratios are to a refresh in which nothing has changed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

import numpy as np
from textual.app import App, ComposeResult

from benchmarks.measuring import Row, peers, show, timed
from journal.chance import stream
from tui.bars import PairedBars
from tui.canvas import Canvas
from tui.chart import Chart, Mark, Series
from tui.drawing import Drawing
from tui.layout import placed, strongest
from tui.neighbourhood import Link, Neighbourhood, Node
from tui.scatter import Scatter

WIDTH, HEIGHT, POINTS, REPEATS = 120, 30, 2_000, 50
GLYPHS = "●▲◆○"


class Stage(App):
    """An app with one widget."""

    def __init__(self, widget: Drawing) -> None:
        super().__init__()
        self.widget = widget

    def compose(self) -> ComposeResult:
        yield self.widget


def chart() -> Chart:
    rng = stream(1, "terminal", "chart")
    x = np.arange(float(POINTS))
    lines = [
        Series(f"policy {n}", x, 0.3 + 0.02 * rng.standard_normal(POINTS) - 0.05 * n, n, GLYPHS[n]) for n in range(4)
    ]
    made = Chart()
    made.show(lines, [Mark(900.0, 900.0, "sudden"), Mark(1_200.0, 1_500.0, "gradual")], 1_000.0, "Recall", "event")
    return made


def crowd() -> tuple[list[Node], list[Link]]:
    rng = stream(1, "terminal", "neighbourhood")
    nodes = [Node("s", "shopper", "Mira"), *(Node(f"p{n}", "product", f"product {n}") for n in range(59))]
    links = [Link("s", f"p{n}", "viewed", float(rng.random())) for n in range(59)]
    return nodes, links + [Link(f"p{n}", f"p{int(rng.integers(59))}", "of_brand", 0.4) for n in range(59)]


def neighbourhood() -> Neighbourhood:
    made = Neighbourhood()
    made.show(*crowd(), "s")
    return made


def scatter() -> Scatter:
    rng = stream(1, "terminal", "scatter")
    made = Scatter()
    group = rng.integers(0, 8, 5_000)
    made.show(rng.standard_normal((5_000, 2)) + 4 * group[:, None], group, [""] * 5_000, dict(enumerate("abcdefgh")))
    return made


def bars() -> PairedBars:
    rng = stream(1, "terminal", "bars")
    made = PairedBars()
    made.show([f"category {n}" for n in range(100)], rng.random(100), rng.random(100))
    return made


DRAWINGS: Mapping[str, Callable[[], Drawing]] = {
    "chart, 4 x 2,000 points": chart,
    "neighbourhood, 60 nodes, 118 links": neighbourhood,
    "scatter, 5,000 points": scatter,
    "paired bars, 100 labels": bars,
}


async def measured(name: str, widget: Drawing) -> Row:
    app = Stage(widget)
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        await pilot.pause()
        compositor = app.screen._compositor

        def still() -> object:
            return compositor.render_update(full=True).render_segments(app.console)

        def refresh() -> object:
            widget.redraw()
            return still()

        works = {"draw": lambda: widget.draw(Canvas(WIDTH, HEIGHT)), "refresh": refresh, "still": still}
        best = peers(works, REPEATS)
        started = time.process_time()
        for _ in range(REPEATS):
            refresh()
        cpu = (time.process_time() - started) / REPEATS
    figure = f"draw {1e3 * best['draw'].best:.1f} ms, refresh {1e3 * best['refresh'].best:.1f} ms"
    ratio = best["refresh"].best / best["still"].best
    return Row(
        "terminal", name, f"{figure} (cpu {1e3 * cpu:.1f} ms in the mean)", f"{ratio:.1f} x one without a change"
    )


def main() -> None:
    nodes, links = crowd()
    kept, among = strongest(nodes, links, "s", 60)
    first = timed(lambda: placed(kept, among, "s", {}))
    places = placed(kept, among, "s", {})
    again = timed(lambda: placed(kept, among, "s", places))
    figure = f"first {1e3 * first:.0f} ms, with the import of networkx; later {1e3 * again:.0f} ms"
    rows = [Row("terminal", "places of 60 nodes", figure)]
    rows += [asyncio.run(measured(name, make())) for name, make in DRAWINGS.items()]
    show(rows)


if __name__ == "__main__":
    main()
