"""What the lab adds (e): a whole open-loop run into a file, against its parts, each alone, in the same process.

The run has one lane that learns, the default network, and the oracle that every simulation has. Its parts are

    simulator   the world, made and run to its end
    model       a learner taken through the same facts, a chunk at a time
    oracle      the same facts and their truth through `simulator.oracle`

The run may take longer than its parts together by probing, measuring and writing, and shorter by doing two things at
once. Compiling the loop is left out: a first run, not timed, has done it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.measuring import Row, peers, show, yes_no
from driftlab import build, run
from driftlab.lanes import Chunk, Lane
from scenarios import Scenario, load

WANTED: dict[str, Any] = {"network.policies": ["every_event"], "network.encoders": ["sage"], "network.baselines": []}


class Parts:
    """One scenario, as a whole and in parts."""

    def __init__(self, scenario: Scenario, settings: dict[str, Any]) -> None:
        self.scenario, self.settings = scenario, settings
        self.finder = build.Finder()
        self.pieces = list(self._source().pieces(None))

    def _source(self) -> build.Simulated:
        return build.Simulated(self.scenario, self.finder)

    def simulator(self) -> int:
        """Run the world alone and return its facts."""
        return sum(len(piece.facts) for piece in self._source().pieces(None))

    def lane(self, place: int) -> list[Any]:
        """Take one lane alone through all facts: 0 is the network, 1 the oracle."""
        source = self._source()
        shop = build.catalogue(source.world.catalogue, None)
        made = build.recipes(self.scenario, self.finder)
        shoppers = self.scenario.shoppers.shoppers
        lanes = build.lanes(made, shop, shoppers, self.scenario.seed, source.opening, source.world)
        lane: Lane = lanes.all[place]
        return [lane.fold(Chunk(n, piece.facts, piece.truth, None)) for n, piece in enumerate(self.pieces, 1)]

    def whole(self) -> str:
        """Run it all into a file."""
        with a_folder() as folder:
            return run(self.scenario.id, settings=self.settings, out=folder / "whole.run").cursor.digest


@contextmanager
def a_folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def measure(quick: bool = False) -> list[Row]:
    """Return the rows of (e)."""
    settings = {**WANTED, **({"days": 1.0} if quick else {"days": 4.0})}
    parts = Parts(load("steady", settings), settings)
    works = {
        "simulator": parts.simulator,
        "model": lambda: parts.lane(0),
        "oracle": lambda: parts.lane(1),
        "whole": parts.whole,
    }
    seconds = peers(works, 1 if quick else 3)
    facts = sum(len(piece.facts) for piece in parts.pieces)
    rows = [
        Row("e", f"{name}, {facts:,} facts", f"{timing.best:.2f} s ({timing.spread})")
        for name, timing in seconds.items()
    ]
    two = seconds["simulator"].best + seconds["model"].best
    three, whole = two + seconds["oracle"].best, seconds["whole"].best
    figure = f"{whole / two:.2f} times (with the oracle among the parts {whole / three:.2f})"
    return [*rows, Row("e", "whole run over simulator and model", figure, yes_no(whole <= 1.3 * two, "at most 1.3"))]


if __name__ == "__main__":
    show(measure("quick" in sys.argv[1:]))
