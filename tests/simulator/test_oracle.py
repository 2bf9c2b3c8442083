"""The oracle states the probabilities that shoppers follow, and so nobody foresees them better."""

from __future__ import annotations

import dataclasses
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from journal.chance import stream
from journal.facts import SCORED, Facts, Kind, join, pick
from simulator.choice import Minds, Visit
from simulator.oracle import Oracle, Outlook
from simulator.shop import Shop
from simulator.spec import LoopSpec, SessionSpec
from simulator.world import Piece, World


def ndcg(rank: NDArray) -> float:
    """Mean NDCG@10 with one relevant product."""
    return float(np.where(rank <= 10, 1 / np.log2(rank + 1), 0).mean())


def standard(observed: NDArray, expected: NDArray) -> float:
    """Pearson's chi-square as a number of standard deviations above its mean."""
    free = len(observed) - 1
    return float((((observed - expected) ** 2 / expected).sum() - free) / np.sqrt(2 * free))


def outlook(world: World, pieces: list[Piece]) -> Outlook:
    """What an oracle says, all pieces together."""
    oracle = Oracle(world.catalogue, world.truth, world.spec)
    made = [oracle.observe(piece.facts, piece.truth) for piece in pieces]
    return Outlook(*(np.concatenate(column) for column in zip(*made, strict=True)))  # type: ignore[arg-type]


class Witness(Oracle):
    """An oracle that also keeps how much probability lay on products it ranked above the one chosen, and on its ties."""

    def __init__(self, world: World) -> None:
        super().__init__(world.catalogue, world.truth, world.spec)
        self.above: list[float] = []
        self.own: list[float] = []

    def _rank(self, chance: NDArray[np.float64], product: int) -> tuple[float, int, float]:
        own = chance[self._shop.place[product]]
        assert abs(chance.sum() - 1) < 1e-6
        assert own > 0
        self.above.append(float(chance[chance > own].sum()))
        self.own.append(float(chance[chance == own].sum()))
        return super()._rank(chance, product)


def rules(facts: Facts, products: int) -> dict[str, float]:
    """NDCG@10 of decayed popularity, the shopper's own recent products, and successors of its last product."""
    ranks: dict[str, list[float]] = defaultdict(list)
    popular, listed, before = np.zeros(products), np.zeros(products, bool), 0
    recent: dict[int, dict[int, None]] = defaultdict(dict)
    successors: dict[int, NDArray] = defaultdict(lambda: np.zeros(products))
    for time, kind, shopper, product in zip(
        *(column.tolist() for column in (facts.time, facts.kind, facts.shopper, facts.product)), strict=True
    ):
        if kind == Kind.PRODUCT_LISTED:
            listed[product] = True
        if kind not in SCORED:
            continue
        popular *= np.exp((before - time) / 86_400e6)
        before, own = time, recent[shopper]
        scores = {"popular": popular, "recent": np.zeros(products), "successors": np.zeros(products)}
        scores["recent"][list(own)] = np.arange(1, len(own) + 1)
        last = next(reversed(own), -1)
        if last >= 0:
            scores["successors"] = successors[last]
        for name, score in scores.items():
            ties = ((score == score[product]) & listed).sum() - 1
            ranks[name].append(1 + ((score > score[product]) & listed).sum() + ties / 2)
        if last >= 0:
            successors[last][product] += 1
        popular[product] += 1
        own.pop(product, None)
        own[product] = None
    return {name: ndcg(np.array(rank)) for name, rank in ranks.items()}


def test_every_scored_fact_is_ranked_among_all_listed_products(world: World, pieces: list[Piece], facts: Facts) -> None:
    made = outlook(world, pieces)
    scored = pick(facts, np.isin(facts.kind, SCORED))
    assert (made.seq == scored.seq).all()
    listed = np.array([(facts.time[facts.kind == Kind.PRODUCT_LISTED] <= time).sum() for time in scored.time[::97]])
    assert (made.candidates[::97] == listed).all()
    assert ((made.rank >= 1) & (made.rank <= made.candidates)).all()


def test_ranks_do_not_depend_on_how_facts_are_cut(world: World, pieces: list[Piece], facts: Facts) -> None:
    names = {name for piece in pieces for name in piece.truth}
    truth = {
        name: {
            column: np.concatenate([piece.truth[name][column] for piece in pieces if name in piece.truth])
            for column in next(piece.truth[name] for piece in pieces if name in piece.truth)
        }
        for name in names
    }
    whole = outlook(world, [Piece(facts, truth)])
    for one, other in zip(whole, outlook(world, pieces), strict=True):
        assert (one == other).all()


def test_the_oracle_beats_simple_rules_by_a_clear_margin(world: World, pieces: list[Piece], facts: Facts) -> None:
    oracle, simple = ndcg(outlook(world, pieces).rank), rules(facts, 600)
    assert oracle > 3 * simple["popular"]
    assert oracle > 1.3 * max(simple["recent"], simple["successors"])


def test_choices_follow_the_stated_probabilities_over_a_whole_life(world: World, pieces: list[Piece]) -> None:
    """Mass above the choice, plus a random part of its own, is uniform if and only if the probabilities are right."""
    witness = Witness(world)
    for piece in pieces:
        witness.observe(piece.facts, piece.truth)
    place = np.array(witness.above) + stream(1, "test").random(len(witness.own)) * np.array(witness.own)
    observed = np.histogram(place, 20, (0, 1))[0]
    assert len(place) > 2_500
    assert standard(observed, np.full(20, len(place) / 20)) < 4


def test_choices_with_slates_follow_the_stated_probabilities(world: World) -> None:
    spec = dataclasses.replace(world.spec, loop=LoopSpec(reluctance=5.0))
    shown = World(spec, 8)
    there = np.flatnonzero(shown.catalogue["launch_time"] == 0)
    slates = stream(2, "test")
    lived = list(shown.run(lambda facts, shopper, now: slates.choice(there, 10, replace=False).astype(np.int32)))
    witness = Witness(shown)
    for piece in lived:
        witness.observe(piece.facts, piece.truth)
    place = np.array(witness.above) + stream(1, "test").random(len(witness.own)) * np.array(witness.own)
    assert (join([piece.facts for piece in lived]).kind == Kind.SLATE_SERVED).sum() > 300
    assert standard(np.histogram(place, 20, (0, 1))[0], np.full(20, len(place) / 20)) < 4


def test_one_choice_drawn_often_has_the_stated_frequencies(world: World) -> None:
    """Chi-square over all products, for a shopper with a memory, in the middle of a session."""
    shop = Shop(world.catalogue, world.truth, world.spec)
    mind = Minds(world.truth)[3]
    visit = Visit(shop, mind, world.interests[3].astype(np.float32), 10**12)
    for product in (5, 17, 17, 80, 5, 300):
        visit.take(product, Kind.VIEWED, 10**12)
    visit.take(44, Kind.PURCHASED, 10**12)
    visit = Visit(shop, mind, visit.theta, 10**12 + 1)
    visit.take(80, Kind.CARTED, 10**12 + 2)
    draws = 30_000
    chosen = [visit.choose(*row) for row in stream(5, "test").random((draws, 3)).tolist()]
    observed = np.bincount([shop.place[product] for product in chosen], minlength=600)
    expected = visit.probabilities() * draws
    often = expected >= 5
    observed, expected = (
        np.append(observed[often], observed[~often].sum()),
        np.append(expected[often], expected[~often].sum()),
    )
    assert len(observed) > 50
    assert standard(observed, expected) < 4


def test_interests_matter_and_a_population_shift_changes_what_is_chosen() -> None:
    from simulator.drifts import abrupt
    from tests.simulator.conftest import SMALL

    shifted = World(SMALL, 7, [abrupt(at_day=2.5)])
    lived = list(shifted.run())
    known: set[int] = set()
    blind = []
    for piece in lived:  # the same life told to an oracle that only knows each shopper's first interests
        rows = piece.truth.get("interest", {})
        first = [
            i for i, who in enumerate(rows.get("shopper", np.empty(0)).tolist()) if not (who in known or known.add(who))
        ]  # type: ignore[func-returns-value]
        blind.append(
            Piece(piece.facts, {"interest": {name: column[first] for name, column in rows.items()}} if rows else {})
        )
    facts = join([piece.facts for piece in lived])
    late = facts.time[np.isin(facts.kind, SCORED)] > 2.5 * 86_400e6
    seeing, blinded = outlook(shifted, lived).rank, outlook(shifted, blind).rank
    assert (seeing[~late] == blinded[~late]).mean() > 0.9
    assert ndcg(blinded[late]) < 0.5 * ndcg(seeing[late])


def test_asking_for_utilities_changes_no_rank(world: World) -> None:
    forgetful = World(dataclasses.replace(world.spec, sessions=SessionSpec(memory=5)), 7)
    asked, left = (Oracle(forgetful.catalogue, forgetful.truth, forgetful.spec) for _ in range(2))
    everybody = np.arange(150, dtype=np.int32)
    for piece in forgetful.run():
        for part in range(0, len(piece.facts), 300):
            told = pick(piece.facts, slice(part, part + 300)), {} if part else piece.truth
            one = asked.observe(*told)
            asked.utilities(everybody, int(told[0].time[-1]))
            assert (one.rank == left.observe(*told).rank).all()


def test_utilities_are_a_read_and_know_what_is_on_sale(world: World, pieces: list[Piece]) -> None:
    oracle = Oracle(world.catalogue, world.truth, world.spec)
    oracle.observe(pieces[0].facts, pieces[0].truth)
    now = int(pieces[0].facts.time[-1])
    shoppers = np.array([3, 1, 3], np.int32)
    first, again = oracle.utilities(shoppers, now), oracle.utilities(shoppers, now)
    assert first.shape == (3, 600)
    assert first.dtype == np.float32
    assert (first == again).all()
    assert (first[0] == first[2]).all()
    assert (np.isneginf(first) == (world.catalogue["launch_time"] > now)).all()
