"""Pipeline and Campaigns show what the report tells of deliveries and coupons, as of the moment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot

from driftlab.recorded import LEARNINGS_OF
from journal.facts import CHUNK, SCORED, Facts, Kind, facts, pick
from tests.tui.driving import SIZES, drive, text, until
from tests.tui.made import DAY, HEADER, LANES, begun, commit, happened, made
from tui.app import Driftlab
from tui.figures import figures
from tui.screen import RunScreen

GOLDEN = Path(__file__).parent / "golden"
N = 3 * CHUNK
COUPONS = 8
LATE = 600_000_000
"""Microseconds from a fact to its delivery."""

TERMS = {"discount": 0.1, "category": -1, "budget": 500.0, "contact_cost": 0.1, "hold_out": 0.2, "margin": 0.4}


def with_coupons(plain: Facts) -> Facts:
    """Put a campaign at the beginning, eight coupons after it, and its redemption behind some purchases."""
    columns = {name: getattr(plain, name).copy() for name in ("seq", "time", "kind", "shopper", "product", "session")}
    value, cause = np.full(len(plain), np.nan), np.zeros(len(plain), np.int64)
    columns["kind"][0], value[0] = Kind.CAMPAIGN_STARTED, 0
    coupons = slice(1, 1 + COUPONS)
    columns["kind"][coupons], value[coupons], cause[coupons] = Kind.COUPON_ISSUED, 0, 1
    columns["shopper"][coupons] = np.arange(COUPONS)
    columns["product"][: 1 + COUPONS] = -1
    left = set(range(COUPONS))
    for row in np.flatnonzero(columns["kind"] == Kind.PURCHASED)[:-1].tolist():
        value[row], shopper = 9.5, int(columns["shopper"][row])
        if shopper in left and columns["shopper"][row + 1] == shopper:
            columns["kind"][row + 1], value[row + 1], cause[row + 1] = Kind.COUPON_REDEEMED, 0.95, 2 + shopper
            left.remove(shopper)
    payload = {1: json.dumps({**TERMS, "until": 3 * DAY, "held_out": [COUPONS, COUPONS + 1]})}
    return facts(**columns, value=value, cause=cause, payload=payload)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of which every 50th event is lost, every 40th comes twice, and each is learned as it comes."""
    ways = tmp_path_factory.mktemp("ways") / "ways.run"
    whole, levels = with_coupons(happened(N)), {}
    header = {**HEADER, "delivery": "delay = 600.0; lost(share=0.02)", "audiences": json.dumps(["everybody"])}
    with begun(ways, header) as run:
        for start in range(0, N, CHUNK):
            chunk = pick(whole, slice(start, start + CHUNK))
            scored = chunk.seq[np.isin(chunk.kind, SCORED)]
            came = scored[scored % 50 != 0]
            seq = np.sort(np.concatenate([came, came[came % 40 == 0]]))
            time = whole.time[seq - 1] + LATE
            columns = {"seq": seq, "time": time, "copy": np.r_[0, np.diff(seq) == 0].astype(np.int16)}
            learned = {"seq": came, "time": whole.time[came - 1] + LATE, "shed": np.zeros(len(came), np.int32)}
            more = {LEARNINGS_OF + lane: learned for lane in LANES[:3]}
            commit(run, chunk, levels, deliveries=columns, more=more, waiting=5)
        run.finish("finished", 1.0)
    return ways


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "{}x{}".format(*size))
@pytest.mark.parametrize(("key", "name"), [("6", "pipeline"), ("7", "campaigns")])
def test_they_look_as_they_did(path: Path, key: str, name: str, size: tuple[int, int]) -> None:
    """Changed on purpose? Delete the file under golden/, run the test twice, and look at what it wrote."""
    golden = GOLDEN / f"{name}-told-{size[0]}x{size[1]}.txt"

    async def act(pilot: Pilot[Any]) -> None:
        screen = pilot.app.screen
        assert isinstance(screen, RunScreen)
        await until(pilot, lambda: screen.shown is not None)
        screen.clock.step_to(2 * CHUNK, N)
        await pilot.press(key)
        await until(pilot, lambda: screen.view.figures is not None and screen.view.figures.seq == 2 * CHUNK)
        await pilot.pause()
        seen = text(pilot.app) + "\n"
        if not golden.exists():
            golden.write_text(seen, encoding="utf-8")
            pytest.fail(f"{golden} was not there; it is now: look at it, and run again")
        assert seen == golden.read_text(encoding="utf-8")

    drive(Driftlab(str(path)), act, size)


def test_what_is_told_is_of_the_moment(path: Path) -> None:
    early, late = figures(path, CHUNK), figures(path, N)
    assert early.arrived is not None
    assert late.arrived is not None
    scored = np.flatnonzero(np.isin(with_coupons(happened(N)).kind, SCORED)) + 1
    assert late.arrived.scored == len(scored)
    assert early.arrived.scored == (scored <= CHUNK).sum()
    time = with_coupons(happened(N)).time
    there = scored[(time[scored - 1] + LATE <= time[-1]) & (scored % 50 != 0)]
    assert late.arrived.delivered == len(there)
    assert late.arrived.again == (there % 40 == 0).sum()
    assert early.rows[0]["lag_p99"] == late.rows[0]["lag_p99"] == 600.0
    used = [int(offered.redeemed.sum()) for found in (figures(path, 150), late) for offered in found.campaigns]
    assert 0 < used[0] < used[1] == COUPONS
    assert [len(offered.shopper) for offered in late.campaigns] == [COUPONS + 2]


def test_runs_without_them_have_neither(tmp_path: Path) -> None:
    found = figures(made(tmp_path / "made.run", CHUNK), CHUNK)
    assert (found.arrived, found.campaigns) == (None, ())
