"""In the closed loop any lane may serve, and the oracle; who knows more of shoppers is clicked more."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import driftlab
from driftlab import Refusal
from driftlab.build import Finder, Simulated
from driftlab.recorded import Recorded, read
from journal.facts import Facts, Kind, join
from journal.runfile import RunFile
from scenarios import load

CLOSED = {"loop.mode": "closed", "days": 3.0, "shoppers.shoppers": 60}
FEW = {"encoders": ["sage"], "baselines": ["random", "popular"], "quiet": True}


def served_by(server: str, path: Path, seed: int = 1) -> Recorded:
    settings = {**CLOSED, "loop.server": server}
    run = driftlab.run("small", ["every_event"], out=path, seed=seed, settings=settings, **FEW)
    with RunFile.open(run.path) as file:
        return read(file)


def clicks(facts: Facts) -> float:
    """Views that came of a slate, for each slate."""
    slates = facts.seq[facts.kind == Kind.SLATE_SERVED]
    return float(np.isin(facts.cause, slates).sum() / len(slates))


def test_the_traffic_is_that_of_the_lane_that_served(tmp_path: Path) -> None:
    for server in ("popular", "oracle"):
        found = served_by(server, tmp_path / f"{server}.run")
        assert [lane for lane, seen in found.records.items() if seen.traffic is not None] == [server]


@pytest.mark.slow
def test_who_knows_more_is_clicked_more(tmp_path: Path) -> None:
    rates = {
        server: np.mean([clicks(served_by(server, tmp_path / f"{n}-{seed}.run", seed).facts) for seed in (1, 2)])
        for n, server in enumerate(("random", "sage every_event", "oracle"))
    }
    assert rates["random"] < rates["sage every_event"] < rates["oracle"]
    assert rates["oracle"] > 2 * rates["random"]


def test_the_oracle_shows_what_the_shopper_likes_best_and_foresees_its_own_slates() -> None:
    scenario = load("small", {**CLOSED, "loop.server": "oracle"})
    source = Simulated(scenario, Finder())
    pieces = list(source.pieces(None))
    facts = join([piece.facts for piece in pieces])
    slates = [json.loads(text) for text in facts.payload.values() if text.startswith("[")]
    assert slates
    assert all(len(set(slate)) == len(slate) == scenario.loop.slate for slate in slates)
    again = join([piece.facts for piece in source.pieces(None)])
    assert (again.seq.tobytes(), again.product.tobytes()) == (facts.seq.tobytes(), facts.product.tobytes())


def test_a_server_that_is_no_lane_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"loop.server = 'populr' is no lane of this run. Did you mean 'popular'\?"):
        served_by("populr", tmp_path / "none.run")
    assert not (tmp_path / "none.run").exists()


def test_a_run_that_the_oracle_serves_verifies(tmp_path: Path) -> None:
    path = tmp_path / "oracle.run"
    seen = served_by("oracle", path).records["oracle"]
    assert seen.traffic is not None
    assert seen.traffic.slates > 0
    driftlab.verify(path)  # raises where anything comes out different
