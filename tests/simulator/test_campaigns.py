"""Coupons change the lives of those who hold one as their kind says, and nobody else's; a budget and an end are kept."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from journal.facts import COLUMNS, Facts, Kind, join, pick
from simulator.audiences import Audience, everybody, persuadable
from simulator.campaigns import Campaign
from simulator.oracle import Oracle
from simulator.rhythm import DAY
from simulator.spec import CatalogueSpec, SessionSpec, ShopperSpec, TermsSpec, UpliftSpec, WorldSpec
from simulator.uplift import ANSWERS, LOST_CAUSE, PERSUADABLE, SLEEPING_DOG, SURE_THING, draw_answers
from simulator.world import Piece, World

SPEC = WorldSpec(
    days=5.0,
    catalogue=CatalogueSpec(products=200, categories=10, brands=20, launched=0.0),
    shoppers=ShopperSpec(shoppers=1_200),
    sessions=SessionSpec(per_day=1.5),
    uplift=UpliftSpec(lift=1.6),
)
TERMS = TermsSpec(at_day=1.0, days=3.5, discount=0.15, budget=1e9, hold_out=0.3)
START, END = DAY, int(4.5 * DAY)
KINDS = (Kind.CAMPAIGN_STARTED, Kind.CAMPAIGN_ENDED, Kind.COUPON_ISSUED, Kind.COUPON_REDEEMED)


class Life:
    """A world that was run: its facts, and tables of its truth."""

    def __init__(self, terms: TermsSpec | None = TERMS, audience: Audience | None = None, seed: int = 3) -> None:
        campaigns = [] if terms is None else [Campaign(terms, audience or everybody())]
        self.world = World(SPEC, seed, campaigns=campaigns)
        self.pieces: list[Piece] = list(self.world.run())
        self.facts: Facts = join([piece.facts for piece in self.pieces])
        self.answer = self.world.truth["answer"]

    def truth(self, table: str) -> dict[str, NDArray[Any]]:
        """A whole table."""
        parts = [piece.truth[table] for piece in self.pieces if table in piece.truth]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def of(self, *kinds: Kind) -> Facts:
        """The facts of some kinds."""
        return pick(self.facts, np.isin(self.facts.kind, kinds))

    def bought(self) -> NDArray[np.float64]:
        """Purchases of each shopper while the campaign lasts."""
        bought = self.of(Kind.PURCHASED)
        during = (bought.time >= START) & (bought.time < END)
        return np.bincount(bought.shopper[during], minlength=1_200).astype(float)

    def days(self, shoppers: NDArray[np.bool_]) -> list[tuple]:
        """What some shoppers did, without what depends on who else is there."""
        own = pick(self.facts, (self.facts.shopper >= 0) & ~np.isin(self.facts.kind, KINDS))
        own = pick(own, shoppers[own.shopper])
        columns = (own.shopper, own.time, own.kind, own.product, np.nan_to_num(own.value))
        return sorted(zip(*(column.tolist() for column in columns), strict=True))


@pytest.fixture(scope="module")
def with_coupons() -> Life:
    """Everybody but a control group has a coupon."""
    return Life()


@pytest.fixture(scope="module")
def without() -> Life:
    """The same world without a campaign."""
    return Life(None)


@pytest.fixture(scope="module")
def issued(with_coupons: Life) -> NDArray[np.bool_]:
    """Who got a coupon."""
    made = np.zeros(1_200, bool)
    made[with_coupons.of(Kind.COUPON_ISSUED).shopper] = True
    return made


def test_before_the_start_and_for_whoever_answers_to_nothing_all_is_as_without(
    with_coupons: Life, without: Life, issued: NDArray[np.bool_]
) -> None:
    early = without.facts.time < START
    for name in COLUMNS:
        one, other = (getattr(life.facts, name)[: early.sum()] for life in (with_coupons, without))
        assert one.tobytes() == other.tobytes()
    answer = with_coupons.answer
    for unmoved in (~issued, answer == SURE_THING, answer == LOST_CAUSE):
        assert unmoved.sum() > 100
        assert with_coupons.days(unmoved) == without.days(unmoved)


def test_a_world_without_campaigns_has_no_facts_and_no_truth_of_them(without: Life) -> None:
    assert not len(without.of(*KINDS))
    assert not any({"coupon", "uplift"} & set(piece.truth) for piece in without.pieces)


def test_what_coupons_changed_is_what_the_truth_says(
    with_coupons: Life, without: Life, issued: NDArray[np.bool_]
) -> None:
    """Against a twin world without them, shopper by shopper the same chance: persuadables buy more, sleeping dogs less."""
    changed = with_coupons.bought() - without.bought()
    rows = with_coupons.truth("uplift")
    said = np.bincount(rows["shopper"], rows["purchases"], 1_200)
    for kind, sign in ((PERSUADABLE, 1), (SLEEPING_DOG, -1)):
        who = issued & (with_coupons.answer == kind)
        error = changed[who].std() * np.sqrt(who.sum())
        assert abs(changed[who].sum() - said[who].sum()) < 3 * error
        assert sign * changed[who].sum() > 3 * error
        assert sign * said[who].sum() > 0
    assert (said[~issued] == 0).all()
    assert START <= rows["time"].min() <= rows["time"].max() < END
    assert np.allclose(said[with_coupons.answer == SURE_THING], 0)


def test_every_coupon_has_its_cause_and_is_used_once_in_time_by_its_holder(with_coupons: Life) -> None:
    (start,), (end,) = with_coupons.of(KINDS[0]).seq.tolist(), with_coupons.of(KINDS[1]).seq.tolist()
    facts, coupons, used = with_coupons.facts, with_coupons.of(Kind.COUPON_ISSUED), with_coupons.of(KINDS[3])
    assert (facts.time[start - 1], facts.time[end - 1]) == (START, END)
    assert set(coupons.cause.tolist()) == {facts.cause[end - 1]} == {start}
    assert set(coupons.time.tolist()) == {START}
    assert len(used) > 100
    assert len(set(used.cause.tolist())) == len(used)
    assert (facts.kind[used.cause - 1] == Kind.COUPON_ISSUED).all()
    assert (facts.shopper[used.cause - 1] == used.shopper).all()
    assert (used.time < END).all()
    assert np.isin(with_coupons.answer[used.shopper], (PERSUADABLE, SURE_THING)).all()
    bought = pick(facts, used.seq - 2)  # the fact before
    assert (bought.kind == Kind.PURCHASED).all()
    assert (bought.shopper == used.shopper).all()
    assert (bought.product == used.product).all()
    assert np.allclose(used.value, 0.15 * bought.value)
    # There is budget for all, so whoever uses coupons uses one; a visit begun before it came is too early.
    buyers = np.flatnonzero(with_coupons.bought())
    buyers = buyers[np.isin(buyers, coupons.shopper) & np.isin(with_coupons.answer[buyers], (PERSUADABLE, SURE_THING))]
    assert 0.95 < len(used) / len(buyers) <= 1


def test_control_groups_are_a_share_by_chance_and_told_of_in_the_start(with_coupons: Life) -> None:
    started = with_coupons.of(Kind.CAMPAIGN_STARTED)
    told = json.loads(started.payload[int(started.seq[0])])
    held_out, coupons = set(told["held_out"]), set(with_coupons.of(Kind.COUPON_ISSUED).shopper.tolist())
    assert not held_out & coupons
    joined = with_coupons.of(Kind.SHOPPER_JOINED)
    assert held_out | coupons == set(joined.shopper[joined.time < START].tolist())
    assert abs(len(held_out) / len(held_out | coupons) - 0.3) < 0.05
    truth = with_coupons.truth("coupon")
    assert set(truth["shopper"][~truth["issued"]].tolist()) == held_out


@pytest.mark.parametrize("budget", [0.0, 40.0])
def test_the_budget_is_never_exceeded(budget: float) -> None:
    life = Life(dataclasses.replace(TERMS, budget=budget))
    used, ended = life.of(Kind.COUPON_REDEEMED), life.of(Kind.CAMPAIGN_ENDED)
    given = float(used.value.sum())
    assert given <= budget
    assert given > 0.8 * budget or budget == 0
    assert json.loads(ended.payload[int(ended.seq[0])])["given"] == pytest.approx(given)


def test_a_coupon_for_a_category_is_good_for_nothing_else() -> None:
    life = Life(dataclasses.replace(TERMS, category=3))
    used = life.of(Kind.COUPON_REDEEMED)
    assert len(used) > 5
    assert (life.world.catalogue["category"][used.product] == 3).all()


def test_the_same_seed_gives_the_same_campaign(with_coupons: Life) -> None:
    again = Life()
    for name in COLUMNS:
        assert getattr(again.facts, name).tobytes() == getattr(with_coupons.facts, name).tobytes()
    assert again.facts.payload == with_coupons.facts.payload


def test_who_is_what_follows_the_shares_and_the_traits() -> None:
    world = World(SPEC, 3)
    by_shares = dataclasses.replace(SPEC, uplift=dataclasses.replace(SPEC.uplift, traits=0.0))
    plain = draw_answers(by_shares, 3, world.truth)["answer"]
    assert np.allclose(np.bincount(plain, minlength=4) / 1_200, [0.25, 0.3, 0.3, 0.15], atol=0.04)
    answer, pull = world.truth["answer"], world.truth["pull"]
    sensitivity = [world.truth["sensitivity"][answer == kind].mean() for kind in range(4)]
    activity = [np.log(world.truth["activity"][answer == kind]).mean() for kind in range(4)]
    assert ANSWERS[int(np.argmax(sensitivity))] == "persuadable"
    assert ANSWERS[int(np.argmin(sensitivity))] == "sleeping dog"
    assert ANSWERS[int(np.argmax(activity))] == "sure thing"
    assert ANSWERS[int(np.argmin(activity))] == "lost cause"
    assert abs(pull[answer == PERSUADABLE].mean() - 1.6) < 0.1
    assert abs(pull[answer == SLEEPING_DOG].mean() + 0.8) < 0.1
    assert (pull[(answer == SURE_THING) | (answer == LOST_CAUSE)] == 0).all()


def test_the_oracle_knows_who_looks_at_prices_with_a_coupon_taken_off() -> None:
    """It foresees what they choose better than an oracle that never heard of coupons, and of nobody else more."""
    life = Life(dataclasses.replace(TERMS, discount=0.8))
    oracle, deaf = (Oracle(life.world.catalogue, life.world.truth, life.world.spec) for _ in range(2))
    deaf._answers = [SURE_THING] * 1_200
    gained = []
    for piece in life.pieces[:18]:
        ours, theirs = oracle.observe(piece.facts, piece.truth), deaf.observe(piece.facts, piece.truth)
        seq = ours.seq - piece.facts.seq[0]
        chosen = life.answer[piece.facts.shopper[seq]] == PERSUADABLE
        differ = ours.chance != theirs.chance
        assert not differ[~chosen].any()
        gained.append(np.log(ours.chance[differ] / theirs.chance[differ]))
    gain = np.concatenate(gained)
    assert len(gain) > 500
    assert gain.mean() > 3 * gain.std() / np.sqrt(len(gain))


def test_the_persuadable_are_the_audience_of_that_name() -> None:
    life = Life(TERMS, persuadable())
    assert (life.answer[life.of(Kind.COUPON_ISSUED).shopper] == PERSUADABLE).all()
