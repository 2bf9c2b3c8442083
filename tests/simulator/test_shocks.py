"""Shocks do what they say to whom they say, nothing to anybody else, and the oracle knows of all of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from journal.chance import stream
from journal.errors import Refusal
from journal.facts import INTERACTIONS, SCORED, Facts, Kind, join, pick
from simulator.drifts import gradual
from simulator.market import FOREVER
from simulator.oracle import Oracle
from simulator.rhythm import DAY, HOUR
from simulator.shocks import SHOCKS, Change, Plan, Scene, Shock
from simulator.shocks.products import brand_scandal, category_death, flash_sale, price_war, stock_out, viral
from simulator.spec import LoopSpec
from simulator.world import Piece, World
from tests.simulator.conftest import SMALL
from tests.simulator.test_oracle import Witness, standard
from tests.simulator.test_world import digest, lives

AT = 2.5
"""When shocks set in; the small world has five days."""

EARLY: dict[str, dict[str, Any]] = {
    "price_war": {"for_days": 2.0},
    "category_death": {"over_days": 1.0},
    "stock_out": {"for_days": 1.0, "share": 0.3},
    "brand_scandal": {"recovery_days": 1.0},
    "launch_wave": {"within_days": 1.0},
}
"""Parameters with which all of a shock is seen in five days."""


def early(name: str, **given: Any) -> Shock:
    """A built-in shock in the middle of the small world."""
    return SHOCKS[name](**{**EARLY.get(name, {}), "at_day": AT, **given})


def shocked(*shocks: Shock, **given: Any) -> World:
    """The small world with shocks."""
    return World(dataclasses.replace(SMALL, **given), 7, [gradual(magnitude=0.5)], shocks=shocks)


def lived(world: World) -> tuple[list[Piece], Facts]:
    """Its life."""
    pieces = list(world.run())
    return pieces, join([piece.facts for piece in pieces])


def table(pieces: list[Piece], name: str) -> dict[str, np.ndarray]:
    """The rows of a table of the truth."""
    parts = [piece.truth[name] for piece in pieces if name in piece.truth]
    return {column: np.concatenate([part[column] for part in parts]) for column in parts[0]} if parts else {}


ALL = [early(name) for name in ("viral", "flash_sale", "price_war", "stock_out", "brand_scandal", "category_death")]


def slates(world: World) -> Callable[..., np.ndarray]:
    """Serve ten products at random of those that anybody can see are on sale."""
    draw, listed = stream(2, "test"), np.zeros(600, bool)

    def serve(facts: Facts, shopper: int, now: int) -> np.ndarray:
        for kind, product in zip(facts.kind.tolist(), facts.product.tolist(), strict=True):
            if kind in (Kind.PRODUCT_LISTED, Kind.RESTOCKED, Kind.PRODUCT_RETIRED, Kind.STOCK_OUT):
                listed[product] = kind in (Kind.PRODUCT_LISTED, Kind.RESTOCKED)
        return draw.choice(np.flatnonzero(listed), 10, replace=False).astype(np.int32)

    return serve


@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
def test_the_oracle_is_exact_through_all_shocks(closed: bool) -> None:
    """Mass above the choice, plus a random part of its own, is uniform if and only if the probabilities are right."""
    world = shocked(*ALL, loop=LoopSpec(reluctance=5.0, held_out=0.2))
    witness = Witness(world)
    for piece in world.run(slates(world) if closed else None):
        witness.observe(piece.facts, piece.truth)
    place = np.array(witness.above) + stream(1, "test").random(len(witness.own)) * np.array(witness.own)
    assert len(place) > 2_500
    assert standard(np.histogram(place, 20, (0, 1))[0], np.full(20, len(place) / 20)) < 4


def test_the_oracle_s_utilities_are_the_world_s() -> None:
    """At every moment the oracle sees the market that the schedule made, whichever chunk told it."""
    world = shocked(*ALL)
    oracle, known = Oracle(world.catalogue, world.truth, world.spec), Oracle(world.catalogue, world.truth, world.spec)
    known._shop.market.add(world.schedule.market)
    for piece in world.run():
        told = {name: rows for name, rows in piece.truth.items() if name != "market"}
        assert (oracle.observe(piece.facts, piece.truth).rank == known.observe(piece.facts, told).rank).all()
        now, who = int(piece.facts.time[-1]), np.arange(0, 150, 30, dtype=np.int32)
        one, other = oracle.utilities(who, now), known.utilities(who, now)
        assert (one == other).all()
        state = known._shop.market.at(now)
        gone = (world.catalogue["launch_time"] > now) | (state.stock != 0)
        assert (np.isneginf(one) == gone).all()


BY_BOTS = ("click_farm", "scraper", "shilling")

OPEN = sorted(name for name in SHOCKS if name not in BY_BOTS)
"""Shocks that anybody can see."""


@pytest.mark.parametrize("name", OPEN)
def test_a_shock_sets_in_when_it_says_and_tells_the_truth_of_it(name: str) -> None:
    pieces, facts = lived(shocked(early(name)))
    told, market = table(pieces, "shock"), table(pieces, "market")
    assert told["time"].tolist() == [int(AT * DAY)]
    assert facts.time[facts.kind == Kind.SHOCK].tolist() == told["time"].tolist()
    assert told["until"][0] >= told["time"][0]
    assert told["affected"][0] > 0
    assert 0 < told["magnitude"][0] <= 1
    assert told["path"][0] >= told["magnitude"][0] - 1e-6
    assert not market or market["time"].min() >= told["time"][0]
    assert not market or len(np.unique(market["product"])) <= told["affected"][0]


@pytest.mark.parametrize("name", OPEN)
def test_until_it_sets_in_a_shock_on_products_changes_nothing_and_moves_no_other_stream(name: str) -> None:
    calm, facts = (lived(world)[1] for world in (shocked(), shocked(early(name))))
    if name not in ("launch_wave", "influx"):  # these hold back what is to come
        before = [pick(one, one.time < AT * DAY) for one in (calm, facts)]
        assert lives(before[0], 150) == lives(before[1], 150)
    if name not in ("influx", "churn"):
        starts = [pick(one, np.isin(one.kind, (Kind.SESSION_STARTED, Kind.SESSION_ENDED))) for one in (calm, facts)]
        assert (starts[0].time == starts[1].time).all()
        assert (starts[0].shopper == starts[1].shopper).all()


def test_a_shock_of_no_magnitude_changes_no_interaction() -> None:
    nothing = viral(magnitude=0, at_day=AT), brand_scandal(magnitude=0, at_day=AT), flash_sale(0.1, 0.0, 0.0, at_day=AT)
    calm, facts = (lived(world)[1] for world in (shocked(), shocked(*nothing)))
    assert lives(calm, 150) == lives(facts, 150)
    assert (facts.kind == Kind.SHOCK).sum() == 3


def test_the_same_seed_gives_the_same_bytes_and_one_shopper_more_changes_no_other_life() -> None:
    every = [early(name) for name in OPEN]
    assert digest(shocked(*every)) == digest(shocked(*every))
    more = dataclasses.replace(SMALL.shoppers, shoppers=151)
    few, many = lived(shocked(*every))[1], lived(shocked(*every, shoppers=more))[1]
    assert lives(few, 150) == lives(many, 150)


def share(facts: Facts, products: np.ndarray, since: float, until: float) -> float:
    """The share of scored events between two days that fall on some products."""
    seen = pick(facts, np.isin(facts.kind, SCORED) & (facts.time >= since * DAY) & (facts.time < until * DAY))
    return float(np.isin(seen.product, products).mean())


def test_a_viral_product_rises_and_decays() -> None:
    pieces, facts = lived(shocked(viral(at_day=AT, decay_days=0.3)))
    product = np.unique(table(pieces, "market")["product"])
    assert len(product) == 1
    before, burst, late = (share(facts, product, *span) for span in ((0, AT), (AT, AT + 0.4), (4.0, 5.0)))
    assert burst > 20 * before
    assert burst > 3 * late > 3 * before


def test_a_brand_in_scandal_is_chosen_less_and_recovers_only_if_it_is_said_to() -> None:
    calm, count = lived(shocked())[1], np.bincount(shocked().catalogue["brand"])
    largest = int(np.argmax(count))
    for recovery, back in ((0.0, False), (0.3, True)):
        world = shocked(brand_scandal(brand=largest, at_day=1.0, recovery_days=recovery, magnitude=6.0))
        facts, brand = lived(world)[1], np.flatnonzero(world.catalogue["brand"] == largest)
        assert share(facts, brand, 1.0, 1.5) < 0.4 * share(calm, brand, 1.0, 1.5)
        assert (share(facts, brand, 3.5, 5.0) > 0.7 * share(calm, brand, 3.5, 5.0)) == back


def test_what_is_out_of_stock_is_neither_met_nor_ranked_and_comes_back() -> None:
    world = shocked(stock_out(share=0.3, at_day=AT, for_days=1.0), category_death(category=2, at_day=AT, over_days=1.0))
    pieces, facts = lived(world)
    oracle, listed, met_again = Oracle(world.catalogue, world.truth, world.spec), np.zeros(600, bool), 0
    out = set[int]()
    for piece in pieces:
        made = iter(oracle.observe(piece.facts, piece.truth).candidates.tolist())
        for kind, product in zip(piece.facts.kind.tolist(), piece.facts.product.tolist(), strict=True):
            if kind in (Kind.PRODUCT_LISTED, Kind.RESTOCKED):
                listed[product] = True
            elif kind in (Kind.STOCK_OUT, Kind.PRODUCT_RETIRED):
                assert listed[product] or kind == Kind.PRODUCT_RETIRED
                listed[product] = False
                out.add(product)
            elif kind in SCORED:
                assert listed[product]
                assert next(made) == listed.sum()
                met_again += product in out
    assert len(out) > 100
    assert met_again > 100
    gone = facts.product[facts.kind == Kind.PRODUCT_RETIRED]
    assert set(gone.tolist()) == set(np.flatnonzero(world.catalogue["category"] == 2).tolist())
    at = facts.seq[facts.kind == Kind.PRODUCT_RETIRED].max()
    assert not np.isin(facts.product[(facts.seq > at) & np.isin(facts.kind, SCORED)], gone).any()


def test_a_slate_of_what_is_out_of_stock_is_refused() -> None:
    world = shocked(stock_out(share=0.5, at_day=AT))
    there = np.flatnonzero(world.catalogue["launch_time"] == 0).astype(np.int32)
    with pytest.raises(Refusal, match="which is not on sale"):
        list(world.run(lambda facts, shopper, now: there))


def test_prices_are_told_and_paid() -> None:
    pieces, facts = lived(shocked(flash_sale(share=0.5, discount=0.5, at_day=AT, hours=40.0), price_war(at_day=AT)))
    base = World(SMALL, 7).catalogue["price"].astype(float)
    price, paid = base.copy(), 0
    for kind, product, value in zip(facts.kind.tolist(), facts.product.tolist(), facts.value.tolist(), strict=True):
        if kind == Kind.PRICE_CHANGED:
            price[product] = value
        elif kind == Kind.PURCHASED:
            assert value == price[product]
            paid += value != base[product]
    assert paid > 10
    both = table(pieces, "market")
    assert (both["price"] >= 0.01).all()
    on_sale = facts.time[(facts.kind == Kind.PRICE_CHANGED) & (facts.value < base[facts.product] * 0.51)]
    assert on_sale.min() == AT * DAY


def test_a_wave_is_launched_together_and_nobody_met_it_before() -> None:
    world = shocked(SHOCKS["launch_wave"](share=0.4, at_day=AT))
    facts, held = lived(world)[1], world.catalogue["launch_time"] == AT * DAY
    assert 180 < held.sum() < 250
    listed = facts.kind == Kind.PRODUCT_LISTED
    assert (facts.time[listed][held[facts.product[listed]]] == AT * DAY).all()
    met = np.isin(facts.kind, INTERACTIONS) & held[facts.product]
    assert facts.time[met].min() > AT * DAY
    assert share(facts, np.flatnonzero(held), AT, 5.0) > 0.2


def test_who_leaves_does_nothing_more_and_who_comes_in_a_burst_was_not_there() -> None:
    world = shocked(SHOCKS["churn"](share=0.4, at_day=AT, within_days=1.0))
    facts = lived(world)[1]
    left = dict(
        zip(facts.shopper[facts.kind == Kind.SHOPPER_LEFT], facts.time[facts.kind == Kind.SHOPPER_LEFT], strict=True)
    )
    assert (world.schedule.leave_time < FOREVER).sum() >= len(left) > 30
    for shopper, time in left.items():
        assert facts.time[facts.shopper == shopper].max() == time
        assert time >= world.schedule.leave_time[shopper]
    world = shocked(SHOCKS["influx"](share=0.4, at_day=AT, within_days=0.1))
    facts = lived(world)[1]
    joined = facts.time[facts.kind == Kind.SHOPPER_JOINED]
    assert ((joined >= AT * DAY) & (joined <= (AT + 0.1) * DAY)).sum() > 40


def test_shocks_add_up_and_each_ends_for_itself() -> None:
    def steady(nats: float, price: float, begin: float, end: float) -> Shock:
        which = np.array([5])
        on = Change(begin, which, appeal=nats, price=price)
        return Shock(lambda rng, scene: Plan((on, Change(end, which))), begin)

    world = shocked(steady(1.0, 0.5, 1.0, 3.0), steady(2.0, 0.5, 2.0, 4.0))
    base, market = float(World(SMALL, 7).catalogue["price"][5]), world.schedule.market
    assert market["time"].tolist() == [DAY, 2 * DAY, 3 * DAY, 4 * DAY]
    assert market["appeal"].tolist() == [1.0, 3.0, 2.0, 0.0]
    assert np.allclose(market["price"], [base / 2, base / 4, base / 2, base], atol=0.005)


def test_a_change_before_a_launch_waits_for_it() -> None:
    late = int(np.flatnonzero(World(SMALL, 7).catalogue["launch_time"])[0])
    when = int(World(SMALL, 7).catalogue["launch_time"][late])

    def plan(rng: np.random.Generator, scene: Scene) -> Plan:
        return Plan((Change(0.1, np.array([late]), appeal=1.0),))

    assert shocked(Shock(plan, 0.1)).schedule.market["time"].tolist() == [when + 2]
    assert when % HOUR == 0


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: viral(magnitude=-1), "magnitude = -1 is outside 0 to 20"),
        (lambda: flash_sale(discount=1.0), "discount = 1.0 is outside 0 to 0.99"),
        (lambda: shocked(viral(product=600)), "There is no product 600: they are 0 to 599"),
        (lambda: shocked(stock_out(share=1.0, at_day=AT)), "leave nothing on sale on day 2.50"),
    ],
)
def test_what_cannot_be_is_refused(make: Callable[[], Any], match: str) -> None:
    with pytest.raises(Refusal, match=match):
        make()
