"""Bots do what the schedule says behind the backs of all: nobody else moves, and only the truth knows them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from journal.errors import Refusal
from journal.facts import INTERACTIONS, SCORED, Facts, Kind, pick
from simulator.oracle import Oracle
from simulator.shocks.bots import click_farm, scraper, shilling
from simulator.shocks.products import stock_out
from simulator.world import World
from tests.simulator.test_shocks import AT, BY_BOTS, early, lived, shocked, table
from tests.simulator.test_world import digest, lives

PEOPLE = 150


def acts(world: World) -> tuple[Facts, Facts]:
    """What bots did, and all facts."""
    facts = lived(world)[1]
    return pick(facts, facts.shopper >= PEOPLE), facts


@pytest.mark.parametrize("name", BY_BOTS)
def test_bots_move_nobody_and_nothing_tells_of_them_but_the_truth(name: str) -> None:
    calm, (pieces, facts) = lived(shocked())[1], lived(shocked(early(name)))
    assert lives(calm, PEOPLE) == lives(facts, PEOPLE)
    assert not (facts.kind == Kind.SHOCK).any()
    told, bots = table(pieces, "shock"), table(pieces, "bot")
    assert told["on"].tolist() == [2]
    assert told["affected"].tolist() == [len(bots["shopper"])]
    came = facts.shopper[facts.kind == Kind.SHOPPER_JOINED]
    assert set(came[came >= PEOPLE].tolist()) == set(bots["shopper"].tolist())
    assert "bot" in pieces[0].truth
    assert digest(shocked(early(name))) == digest(shocked(early(name)))


def test_the_oracle_ranks_shoppers_as_if_there_were_no_bots_and_bots_not_at_all() -> None:
    found = []
    for world in (shocked(), shocked(*(early(name) for name in BY_BOTS))):
        pieces, facts = lived(world)
        oracle = Oracle(world.catalogue, world.truth, world.spec)
        made = [oracle.observe(piece.facts, piece.truth) for piece in pieces]
        seqs, ranks = (np.concatenate([getattr(one, name) for one in made]) for name in ("seq", "rank"))
        scored = np.isin(facts.kind, SCORED) & (facts.shopper < PEOPLE)
        assert (seqs == facts.seq[scored]).all()
        found.append(ranks)
    assert (found[0] == found[1]).all()


def test_sessions_of_a_bot_do_not_overlap_and_hold_all_it_does() -> None:
    did, _ = acts(shocked(*(early(name) for name in BY_BOTS)))
    inside = dict[int, int]()
    for kind, shopper, session in zip(did.kind.tolist(), did.shopper.tolist(), did.session.tolist(), strict=True):
        if kind == Kind.SESSION_STARTED:
            assert shopper not in inside
            inside[shopper] = session
        elif kind == Kind.SESSION_ENDED:
            assert inside.pop(shopper) == session
        elif kind in INTERACTIONS:
            assert inside[shopper] == session


def test_a_click_farm_views_its_targets_alone_as_often_as_it_says() -> None:
    did, _ = acts(shocked(click_farm(targets=5, bots=8, visits=10, at_day=AT, for_days=1.0)))
    seen = did.product[did.kind == Kind.VIEWED]
    assert len(seen) == 8 * 10 * 2
    assert len(np.unique(seen)) == 5
    assert did.time.max() < (AT + 1.0) * 86_400e6


def test_a_scraper_views_all_that_can_be_had_in_order() -> None:
    world = shocked(scraper(at_day=AT, for_days=1.0), stock_out(share=0.2, at_day=AT, for_days=0.0))
    did, facts = acts(world)
    seen = did.product[did.kind == Kind.VIEWED]
    assert (np.diff(seen) > 0).all()
    out = facts.product[facts.kind == Kind.STOCK_OUT]
    assert not np.isin(seen, out).any()
    there = world.catalogue["launch_time"] <= AT * 86_400e6
    assert set(seen.tolist()) == set(np.flatnonzero(there).tolist()) - set(out.tolist())


def test_shilling_pairs_a_target_with_what_is_in_demand_and_buys_it() -> None:
    did, facts = acts(shocked(shilling(targets=1, bots=20, beside=6, at_day=AT, for_days=1.0)))
    bought = did.product[did.kind == Kind.PURCHASED]
    assert len(bought) == 20
    target = int(bought[0])
    assert (bought == target).all()
    for session in np.unique(did.session[did.session >= 0]):
        seen = did.product[(did.session == session) & np.isin(did.kind, INTERACTIONS)]
        assert (seen[1::2] == target).all()
    people = pick(facts, (facts.shopper >= 0) & (facts.shopper < PEOPLE) & np.isin(facts.kind, SCORED))
    beside = np.unique(did.product[(did.kind == Kind.VIEWED) & (did.product != target)])
    count = np.bincount(people.product, minlength=600)
    assert count[beside].mean() > 2 * count.mean()


@pytest.mark.parametrize("given", [{"bots": 0}, {"at_day": -1.0}, {"for_days": 0.0}])
def test_what_cannot_be_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(Refusal, match="is outside"):
        click_farm(**given)
