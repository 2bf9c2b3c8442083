"""What a world's facts keep to, whatever happens in it."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from journal.errors import Refusal
from journal.facts import CHUNK, COLUMNS, INTERACTIONS, Facts, Kind, join, pick
from simulator.drifts import Drift, abrupt, gradual
from simulator.rhythm import DAY, HOUR
from simulator.spec import CatalogueSpec, LoopSpec, SessionSpec, ShopperSpec, WorldSpec
from simulator.world import Piece, World

TINY = WorldSpec(
    days=2.0,
    catalogue=CatalogueSpec(products=120, categories=8, brands=10),
    shoppers=ShopperSpec(shoppers=30),
    sessions=SessionSpec(per_day=3.0),
)
DRIFTS = [gradual(), abrupt(level="individual", share=0.5, at_day=0.5, within_days=1.0)]


def serve_first(facts: Facts, shopper: int, now: int) -> np.ndarray:
    """The same slate for all: the first products that were there from the start."""
    return np.flatnonzero(World(TINY, 3).catalogue["launch_time"] == 0)[:10].astype(np.int32)


def digest(world: World, slates: np.ndarray | None = None) -> str:
    """A digest of every byte that a world emits."""
    made = hashlib.sha256()
    for piece in world.run(None if slates is None else lambda facts, shopper, now: slates):
        for name in COLUMNS:
            made.update(getattr(piece.facts, name).tobytes())
        made.update(repr(sorted(piece.facts.payload.items())).encode())
        for table, columns in sorted(piece.truth.items()):
            for name, column in sorted(columns.items()):
                made.update(f"{table} {name}".encode() + column.tobytes())
    return made.hexdigest()


def lives(facts: Facts, shoppers: int) -> list[tuple]:
    """What the first shoppers did, without the ids that depend on who else is there."""
    mine = pick(facts, (facts.shopper >= 0) & (facts.shopper < shoppers))
    columns = (mine.shopper, mine.time, mine.kind, mine.product, np.nan_to_num(mine.value))
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


def test_seq_is_dense_and_time_never_decreases(facts: Facts) -> None:
    assert (facts.seq == np.arange(1, len(facts) + 1)).all()
    assert (np.diff(facts.time) >= 0).all()
    assert facts.time[-1] < 5 * DAY


def test_pieces_are_whole_chunks(pieces: list[Piece]) -> None:
    sizes = [len(piece.facts) for piece in pieces]
    assert set(sizes[:-1]) == {CHUNK}
    assert 0 < sizes[-1] <= CHUNK


def test_nothing_is_met_before_it_is_there(world: World, facts: Facts) -> None:
    met = pick(facts, np.isin(facts.kind, INTERACTIONS))
    assert (world.catalogue["launch_time"][met.product] <= met.time).all()
    assert (world.truth["join_time"][met.shopper] <= met.time).all()
    listed = facts.kind == Kind.PRODUCT_LISTED
    seq = np.full(600, 0)
    seq[facts.product[listed]] = facts.seq[listed]
    assert (seq[met.product] < met.seq).all()
    assert (facts.time[listed] % HOUR == 0).all()
    assert (facts.time[listed] > 0).sum() > 50


def test_sessions_do_not_overlap_and_hold_all_browsing(facts: Facts) -> None:
    inside = dict[int, int]()
    for kind, shopper, session in zip(facts.kind.tolist(), facts.shopper.tolist(), facts.session.tolist(), strict=True):
        if kind == Kind.SESSION_STARTED:
            assert shopper not in inside
            inside[shopper] = session
        elif kind == Kind.SESSION_ENDED:
            assert inside.pop(shopper) == session
        elif kind in (Kind.REVIEWED, Kind.RETURNED):
            assert session == -1
        elif kind in INTERACTIONS:
            assert inside[shopper] == session


def test_no_silence_within_a_session_reaches_half_an_hour(facts: Facts) -> None:
    met = pick(facts, facts.session >= 0)
    order = np.argsort(met.session, kind="stable")
    same = np.diff(met.session[order]) == 0
    assert np.diff(met.time[order])[same].max() < 30 * 60 * 1_000_000


def test_causes_lead_back_along_the_funnel(facts: Facts) -> None:
    allowed = {
        Kind.FAVOURITED: {Kind.VIEWED, Kind.CARTED},
        Kind.CARTED: {Kind.VIEWED, Kind.CARTED},
        Kind.PURCHASED: {Kind.VIEWED, Kind.CARTED},
        Kind.REVIEWED: {Kind.PURCHASED},
        Kind.RETURNED: {Kind.PURCHASED},
    }
    caused = np.flatnonzero(facts.cause)
    assert len(caused) > 100
    led = facts.cause[caused] - 1
    assert (led < caused).all()
    assert (facts.shopper[led] == facts.shopper[caused]).all()
    assert (facts.product[led] == facts.product[caused]).all()
    for kind, before in zip(facts.kind[caused].tolist(), facts.kind[led].tolist(), strict=True):
        assert before in allowed[Kind(kind)]


def test_the_funnel_is_no_strict_chain(facts: Facts) -> None:
    count = Counter(facts.kind.tolist())
    assert 0.03 < count[Kind.CARTED] / count[Kind.VIEWED] < 0.1
    assert 0.01 < count[Kind.PURCHASED] / count[Kind.VIEWED] < 0.05
    bought = pick(facts, facts.kind == Kind.PURCHASED)
    assert 0.2 < (bought.cause == 0).mean() < 0.7


def test_the_same_seed_gives_the_same_bytes_whatever_the_hash_seed() -> None:
    code = (
        "from tests.simulator.test_world import *; "
        "print(digest(World(TINY, 3, DRIFTS)), digest(World(TINY, 3), serve_first(None, 0, 0)))"
    )
    printed = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for hash_seed in ("1", "2")
    ]
    here = [digest(World(TINY, 3, DRIFTS)), digest(World(TINY, 3), serve_first(None, 0, 0))]  # type: ignore[arg-type]
    assert printed == [here, here]
    assert digest(World(TINY, 4, DRIFTS)) != here[0]


@pytest.mark.parametrize(
    "drifts", [[], DRIFTS, [gradual(level="cohort"), abrupt(at_day=1.0)]], ids=["none", "own", "shared"]
)
def test_one_shopper_more_changes_no_other_life(drifts: list[Drift]) -> None:
    more = dataclasses.replace(TINY, shoppers=dataclasses.replace(TINY.shoppers, shoppers=31))
    few, many = (join([piece.facts for piece in World(spec, 3, drifts).run()]) for spec in (TINY, more))
    assert lives(few, 30) == lives(many, 30)
    assert (many.shopper == 30).any()


def test_sessions_held_out_from_slates_go_as_in_the_open_loop() -> None:
    held_out = World(dataclasses.replace(TINY, loop=LoopSpec(held_out=1.0)), 3)
    assert digest(held_out, serve_first(None, 0, 0)) == digest(World(TINY, 3))  # type: ignore[arg-type]


def test_sessions_begin_at_the_same_times_under_every_policy() -> None:
    opened, closed = (join([p.facts for p in World(TINY, 3).run(serve)]) for serve in (None, serve_first))
    for kind in (Kind.SESSION_STARTED, Kind.SESSION_ENDED):
        assert (opened.time[opened.kind == kind] == closed.time[closed.kind == kind]).all()
    assert (opened.product[opened.kind == Kind.VIEWED] != -1).all()


def test_serve_is_told_every_fact_once_and_before_now() -> None:
    told: list[Facts] = []
    asked: list[int] = []

    def serve(facts: Facts, shopper: int, now: int) -> np.ndarray:
        told.append(facts)
        asked.append(now)
        assert not len(facts) or facts.time[-1] < now
        return serve_first(facts, shopper, now)

    made = join([piece.facts for piece in World(dataclasses.replace(TINY, days=3.0), 3).run(serve)])
    heard = join(told)
    assert (heard.seq == np.arange(1, len(heard) + 1)).all()
    assert len(heard) == (made.time < asked[-1]).sum() > CHUNK
    assert (heard.product == made.product[: len(heard)]).all()
    assert heard.payload == {seq: text for seq, text in made.payload.items() if seq <= len(heard)}


def test_clicks_are_views_caused_by_the_slate() -> None:
    easy = dataclasses.replace(TINY, loop=LoopSpec(reluctance=3.0, held_out=0.3))
    made = join([piece.facts for piece in World(easy, 3).run(serve_first)])
    slates = made.seq[made.kind == Kind.SLATE_SERVED]
    clicks = np.flatnonzero(np.isin(made.cause, slates))
    assert (made.kind[clicks] == Kind.VIEWED).all()
    assert 0.1 < len(clicks) / len(slates) < 1
    assert len(set(made.cause[clicks].tolist())) == len(clicks)
    assert (made.shopper[clicks] == made.shopper[made.cause[clicks] - 1]).all()
    sessions = (made.kind == Kind.SESSION_STARTED).sum()
    assert 0.6 < len(slates) / sessions < 0.8
    assert set(made.payload) == set(slates.tolist())


@pytest.mark.parametrize("product", [-1, 120])
def test_a_slate_of_what_is_not_on_sale_is_refused(product: int) -> None:
    with pytest.raises(Refusal, match=f"has product {product}, which is not on sale"):
        list(World(TINY, 3).run(lambda facts, shopper, now: np.array([product], np.int32)))


def test_a_drift_that_returns_nonsense_is_refused() -> None:
    def step(rng, state, interests, now, dt):  # type: ignore[no-untyped-def]
        return state, np.full_like(interests, np.nan), np.ones(len(interests), bool)

    with pytest.raises(Refusal, match="Drift 0 displaced interests"):
        list(World(TINY, 3, [Drift(lambda rng, cohorts, factors: None, step)]).run())


def test_popularity_and_activity_are_unequal(facts: Facts) -> None:
    def gini(count: np.ndarray) -> float:
        count = np.sort(count)
        n = len(count)
        return float((2 * np.arange(1, n + 1) - n - 1) @ count / (n * count.sum()))

    met = pick(facts, np.isin(facts.kind, INTERACTIONS))
    assert gini(np.bincount(met.product, minlength=600)) > 0.5
    assert 0.3 < gini(np.bincount(met.shopper, minlength=150)) < 0.7


def test_the_evening_is_busier_than_the_night(facts: Facts) -> None:
    hour = facts.time[facts.kind == Kind.SESSION_STARTED] // HOUR % 24
    assert np.isin(hour, (19, 20, 21, 22)).sum() > 4 * np.isin(hour, (2, 3, 4, 5)).sum()
