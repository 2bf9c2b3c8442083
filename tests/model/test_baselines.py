"""Baselines against plain Python: dictionaries and lists for those that count, numpy for the factors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from model import Events
from tests.model.made import PRODUCTS, catalogue, events, feed, learner, rank_of, run, scored

Score = Callable[[int, float], dict[int, float]]
Learn = Callable[[int, int, float], None]


def replay(stream: Events, score: Score, learn: Learn) -> Iterator[tuple[np.ndarray, int]]:
    """The whole line of scores before each scored event, -inf where off sale, and the product that came."""
    on_sale = catalogue().listed.copy()
    for kind, shopper, product, time in zip(stream.kind, stream.shopper, stream.product, stream.time, strict=True):
        if kind in (1, 2, 4, 5):
            on_sale[product] = kind in (1, 5)
        elif 11 <= kind <= 15:
            now, line = float(time - stream.time[0]) / 1e6, np.zeros(PRODUCTS)
            for one, value in score(int(shopper), now).items():
                line[one] = value
            yield np.where(on_sale, line, -np.inf), int(product), line[product]
            learn(int(shopper), int(product), now)


def to_front(memory: list[list[int]], thing: int, places: int) -> None:
    """Count a thing and move it to the front of a list of [thing, count]."""
    times = next((count for one, count in memory if one == thing), 0)
    memory[:] = [[thing, times + 1], *([one, count] for one, count in memory if one != thing)][:places]


def popular() -> tuple[Score, Learn]:
    counts: dict[int, float] = defaultdict(float)

    def learn(shopper: int, product: int, now: float) -> None:
        counts[product] += 1

    return lambda shopper, now: counts, learn


def own_recent(places: int = 64) -> tuple[Score, Learn]:
    memory: dict[int, list[list[int]]] = defaultdict(list)

    def score(shopper: int, now: float) -> dict[int, float]:
        return {one: places - place for place, (one, _) in enumerate(memory[shopper])}

    return score, lambda shopper, product, now: to_front(memory[shopper], product, places)


def markov(places: int = 64) -> tuple[Score, Learn]:
    own: dict[int, list[list[int]]] = defaultdict(list)
    next_: dict[int, list[list[int]]] = defaultdict(list)

    def score(shopper: int, now: float) -> dict[int, float]:
        mine = {one: (places - place) / (2 * places) for place, (one, _) in enumerate(own[shopper])}
        if not own[shopper]:
            return mine
        after = next_[own[shopper][0][0]]
        return mine | {one: count + (places - place) / (2 * places) for place, (one, count) in enumerate(after)}

    def learn(shopper: int, product: int, now: float) -> None:
        if own[shopper]:
            to_front(next_[own[shopper][0][0]], product, places)
        to_front(own[shopper], product, places)

    return score, learn


def item_cooccurrence(places: int = 32, window: int = 5) -> tuple[Score, Learn]:
    own: dict[int, list[list[int]]] = defaultdict(list)
    near: dict[int, list[list[int]]] = defaultdict(list)

    def score(shopper: int, now: float) -> dict[int, float]:
        total: dict[int, float] = defaultdict(float)
        for last, _ in own[shopper][:window]:
            size = 1 + sum(count for _, count in near[last])
            for one, count in near[last]:
                total[one] += count / size**0.5
        return total

    def learn(shopper: int, product: int, now: float) -> None:
        for last, _ in own[shopper][:window]:
            if last != product:
                to_front(near[last], product, places)
                to_front(near[product], last, places)
        to_front(own[shopper], product, places)

    return score, learn


@pytest.mark.parametrize("part", [popular, own_recent, markov], ids=lambda part: part.__name__)
def test_ranks_equal_those_of_a_dictionary(part: Callable) -> None:
    lines = list(replay(events(256), *part()))
    assert run(part.__name__)[0].rank.tolist() == [rank_of(*line) for line in lines]


def decayed_popular() -> tuple[Score, Learn]:
    met: dict[int, list[float]] = defaultdict(list)

    def score(shopper: int, now: float) -> dict[int, float]:
        return {one: sum(0.5 ** ((now - then) / 43200) for then in times) for one, times in met.items()}

    return score, lambda shopper, product, now: met[product].append(now)


@pytest.mark.parametrize("part", [item_cooccurrence, decayed_popular], ids=lambda part: part.__name__)
def test_ranks_equal_those_of_a_dictionary_but_for_rounding(part: Callable) -> None:
    """Sums of fractions: two scores that differ by less than the rounding of a float32 may tie or swap."""
    ranks, moved = run(part.__name__)[0].rank, 0
    for rank, (line, product, target) in zip(ranks, replay(events(256), *part()), strict=True):
        others = np.delete(line, product)
        near = (np.abs(others - target) <= 1e-4 * target).sum()
        assert abs(rank - rank_of(line, product, target)) <= near / 2
        moved += rank != rank_of(line, product, target)
    assert moved < len(ranks) / 10


def test_isgd_equals_its_algorithm() -> None:
    """Vinagre, Jorge, Gama 2014, algorithm 1, both factors moved from where they stood before the event."""
    stream, lane = events(256), learner("isgd")
    table = np.array(lane.carry.state["table"], float)
    start = table.copy()
    for shopper, product in zip(stream.shopper[scored(stream)], stream.product[scored(stream)], strict=True):
        at = lane.layout.shopper(int(shopper))
        a, b = table[at].copy(), table[product].copy()
        error = 1 - a @ b
        table[at] += 0.05 * (error * b - 0.01 * a)
        table[product] += 0.05 * (error * a - 0.01 * b)
    feed(lane, stream)
    assert np.abs(np.asarray(lane.carry.state["table"]) - table).max() < 1e-5
    assert np.abs(start - table).max() > 0.1


def test_factors_start_small_and_gaussian() -> None:
    for name in ("isgd", "bpr_mf"):
        table = np.asarray(learner(name).carry.state["table"])
        assert abs(table.mean()) < 0.01
        assert abs(table.std() - 0.1) < 0.01


def test_bpr_moves_three_rows_towards_the_product_that_came() -> None:
    stream, lane = events(1, moves=0.0), learner("bpr_mf")
    before = np.array(lane.carry.state["table"], float)
    feed(lane, stream)
    after = np.array(lane.carry.state["table"], float)
    moved = np.flatnonzero((before != after).any(axis=1))
    at, product = lane.layout.shopper(int(stream.shopper[0])), int(stream.product[0])
    negative = next(int(row) for row in moved if row not in (at, product))
    assert sorted(moved.tolist()) == sorted([at, product, negative])
    assert catalogue().listed[negative]
    a, b, c = before[[at, product, negative]]
    slope = 1 / (1 + np.exp(a @ (b - c)))
    expected = np.stack([slope * (b - c), slope * a, -slope * a]) - 0.01 * np.stack([a, b, c])
    assert np.allclose(after[[at, product, negative]] - before[[at, product, negative]], 0.05 * expected, atol=1e-6)


def test_chance_ranks_are_uniform() -> None:
    outcomes = run("random")[0]
    share = (outcomes.rank - 0.5) / (outcomes.candidates + 1)
    assert abs(share.mean() - 0.5) < 4 / (12 * len(share)) ** 0.5
