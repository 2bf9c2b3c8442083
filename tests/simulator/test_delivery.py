"""What is delivered when: each fact on its own, whatever else breaks and however the facts are cut into pieces."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from journal.errors import Refusal
from journal.facts import MICROSECONDS, SCORED, Facts, Kind, pick
from simulator.delivery import Deliveries, Fault, Pipe, at
from simulator.faults import FAULTS, duplicated, late, load, lost, outage, skewed
from simulator.rhythm import DAY, HOUR
from simulator.spec import DeliverySpec

END = 10_000 * DAY
"""A time after all deliveries."""

AT_ONCE = DeliverySpec()
HEAVY = DeliverySpec(delay=600.0, law="lognormal", spread=2.0)
ALL = [(name, fault()) for name, fault in FAULTS.items()]


def sent(seen: Facts, *faults: tuple[str, Fault], spec: DeliverySpec = AT_ONCE, cuts: Sequence[int] = ()) -> Deliveries:
    """All deliveries of facts that are sent in pieces, in order; one more fact, long after, brings what is on its way."""
    pipe = Pipe(spec, faults, seed=5, opening=0)
    edges = [0, *cuts, len(seen)]
    pieces = [pipe.send(pick(seen, slice(*edge))) for edge in itertools.pairwise(edges)]
    rest = pick(seen, slice(len(seen) - 1, None))
    last = type(rest)(
        **{name: getattr(rest, name) for name in rest.__slots__ if name not in ("time", "kind")},
        time=rest.time * 0 + END,
        kind=rest.kind * 0 + int(Kind.SHOPPER_LEFT),
    )
    pieces.append(pipe.send(last))
    return Deliveries(*(np.concatenate(columns) for columns in zip(*pieces, strict=True)))


def test_without_delay_and_faults_every_scored_fact_comes_once_and_at_once(facts: Facts) -> None:
    told, scored = sent(facts), np.isin(facts.kind, SCORED)
    assert np.array_equal(told.seq, facts.seq[scored])
    assert np.array_equal(told.time, facts.time[scored])
    assert told.first.all()
    assert not told.copy.any()


def test_the_cut_into_pieces_changes_nothing(facts: Facts) -> None:
    whole = sent(facts, *ALL, spec=HEAVY)
    for cuts in ([1, 2, 1024, 1030, 2048], range(0, len(facts), 97)):
        for one, other in zip(whole, sent(facts, *ALL, spec=HEAVY, cuts=cuts), strict=True):
            assert np.array_equal(one, other)


def test_deliveries_come_in_order_and_never_before_they_happen(facts: Facts) -> None:
    told = sent(facts, *ALL, spec=HEAVY)
    assert (np.diff(told.time) >= 0).all()
    assert (told.time >= told.happened).all()


@pytest.mark.parametrize("name", list(FAULTS))
def test_no_fault_moves_the_draws_of_another(name: str, facts: Facts) -> None:
    """What one fault does to a fact is the same whether another stands before it or not."""
    other = ("thinned", Fault(lambda draw, told, opening: at(told, told.seq % 3 > 0)))
    alone, beside = sent(facts, (name, FAULTS[name]())), sent(facts, other, (name, FAULTS[name]()))
    kept = at(alone, alone.seq % 3 > 0)
    assert all(np.array_equal(one, two) for one, two in zip(kept, beside, strict=True))


def test_the_same_fault_twice_draws_twice(facts: Facts) -> None:
    once, twice = (sent(facts, *[("lost", lost(share=0.3))] * times) for times in (1, 2))
    n = np.isin(facts.kind, SCORED).sum()
    assert len(once.seq) / n == pytest.approx(0.7, abs=0.03)
    assert len(twice.seq) / n == pytest.approx(0.49, abs=0.03)


@pytest.mark.parametrize(
    ("law", "mean"), [("constant", 60.0), ("exponential", 60.0), ("lognormal", 60.0 * np.exp(0.5))]
)
def test_delays_follow_their_law(law: str, mean: float, facts: Facts) -> None:
    told = sent(facts, spec=DeliverySpec(delay=60.0, law=law))
    wait = (told.time - told.happened) / MICROSECONDS
    assert wait.mean() == pytest.approx(mean, rel=0.1)
    assert np.median(wait) == pytest.approx(
        {"constant": 60.0, "exponential": 60.0 * np.log(2), "lognormal": 60.0}[law], rel=0.1
    )


def test_what_is_delivered_again_is_a_further_copy_and_comes_later(facts: Facts) -> None:
    twice = ("duplicated", duplicated(share=0.4, minutes=5.0))
    told = sent(facts, twice, twice)
    pairs = np.stack([told.seq, told.copy])
    assert np.unique(pairs, axis=1).shape == pairs.shape
    assert told.first.sum() == np.isin(facts.kind, SCORED).sum() == (told.copy == 0).sum()
    assert len(told.seq) / told.first.sum() == pytest.approx(1.4**2, abs=0.05)
    assert (told.copy[told.first] == 0).all()


def test_of_a_fact_whose_original_is_lost_the_copy_is_the_first(facts: Facts) -> None:
    told = sent(facts, ("duplicated", duplicated(share=1.0)), ("lost", lost(share=0.5)))
    assert np.array_equal(np.unique(told.seq), np.sort(told.seq[told.first]))
    assert 0 < (told.copy[told.first] > 0).sum() < told.first.sum()


def test_late_events_come_out_of_order(facts: Facts) -> None:
    told = sent(facts, ("late", late(share=0.2, hours=2.0)))
    overtaken = told.happened < np.maximum.accumulate(told.happened)
    assert overtaken.mean() == pytest.approx(0.2, abs=0.03)
    assert np.median((told.time - told.happened)[overtaken]) == pytest.approx(2 * HOUR, rel=0.2)


def test_loads_come_at_their_hours_and_leave_nothing_for_the_next(facts: Facts) -> None:
    told = sent(facts, ("load", load(every_hours=12.0, at_hour=3.0)))
    assert ((told.time - 3 * HOUR) % (12 * HOUR) == 0).all()
    assert ((told.time - told.happened) < 12 * HOUR).all()


def test_an_outage_holds_back_and_is_caught_up_in_order(facts: Facts) -> None:
    begin, end = 2 * DAY, 2 * DAY + 10 * HOUR
    told = sent(facts, ("outage", outage(at_day=2.0, hours=10.0, catch_up=5.0)))
    assert not ((told.time >= begin) & (told.time < end)).any()
    assert (np.diff(told.seq) > 0).all()
    # Read five times as fast as it is written, ten hours and what comes meanwhile take two and a half.
    held = (told.happened >= begin) & (told.happened < end + 2.5 * HOUR)
    assert (told.time[held] > told.happened[held]).all()
    assert np.array_equal(told.time[~held], told.happened[~held])


def test_wrong_clocks_misdate_all_events_of_a_shopper_alike_and_delay_none(facts: Facts) -> None:
    told = sent(facts, ("skewed", skewed(share=0.3, minutes=20.0)))
    assert np.array_equal(told.time, told.happened)
    off = {who: np.unique((told.stamp - told.happened)[told.shopper == who]) for who in np.unique(told.shopper)}
    assert all(len(values) == 1 for values in off.values())
    assert np.mean([values[0] != 0 for values in off.values()]) == pytest.approx(0.3, abs=0.1)


@pytest.mark.parametrize("name", ["lost", "duplicated", "late", "skewed"])
def test_a_share_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(Refusal, match="share = 1.5 is outside 0 to 1"):
        FAULTS[name](share=1.5)
