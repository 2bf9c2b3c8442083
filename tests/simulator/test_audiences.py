"""Audiences are who their names say, by facts before now alone."""

from __future__ import annotations

import numpy as np
import pytest

from journal.errors import Refusal
from journal.facts import Facts, Kind, facts
from simulator.audiences import (
    AUDIENCES,
    Audience,
    Known,
    bought,
    everybody,
    inactive,
    newcomers,
    persuadable,
    scored,
    top_spenders,
    viewed,
)
from simulator.rhythm import DAY

BOT = 9
PAST: Facts = facts(
    seq=np.arange(1, 10),
    time=(np.array([0.0, 0, 1, 2, 2, 4, 6, 6, 9]) * DAY).astype(np.int64),
    kind=[
        *(Kind.SHOPPER_JOINED, Kind.SHOPPER_JOINED, Kind.VIEWED, Kind.PURCHASED, Kind.PURCHASED, Kind.SHOPPER_JOINED),
        *(Kind.CARTED, Kind.PURCHASED, Kind.VIEWED),
    ],
    shopper=[0, 1, 0, 0, 1, 2, 1, BOT, 2],
    product=[-1, -1, 3, 3, 4, -1, 3, 3, 4],
    value=[np.nan, np.nan, np.nan, 5.0, 20.0, np.nan, np.nan, 99.0, np.nan],
)
SCORES = np.array([0.1, 0.5, 0.2, -np.inf], np.float32)
KNOWN = Known(
    now=10 * DAY,
    facts=PAST,
    catalogue={"category": np.array([0, 0, 0, 1, 2])},
    shoppers=4,
    answers=np.array([0, 1, 2, 0], np.int8),
    meant=np.array([4], np.int32),
    score=lambda products: SCORES,
)


@pytest.mark.parametrize(
    ("audience", "who"),
    [
        (everybody(), [0, 1, 2, 3]),
        (viewed(within_days=5.0), [1, 2]),
        (viewed(within_days=9.0), [0, 1, 2]),
        (viewed(category=1, within_days=9.0), [0, 1]),
        (bought(within_days=8.0), [0, 1]),
        (bought(category=2, within_days=8.0), [1]),
        (bought(within_days=7.9), []),
        (inactive(for_days=5.0), [0, 3]),
        (newcomers(within_days=6.0), [2]),
        (top_spenders(share=0.25), [1]),
        (top_spenders(share=1.0), [0, 1]),
        (top_spenders(share=1.0, within_days=1.0), []),
        (persuadable(), [0, 3]),
        (scored(share=0.5), [1, 2]),
        (scored(share=1.0), [0, 1, 2]),
    ],
)
def test_an_audience_is_who_it_says(audience: Audience, who: list[int]) -> None:
    chosen = audience.choose(KNOWN)
    assert chosen.dtype == np.bool_
    assert np.flatnonzero(chosen).tolist() == who


def test_before_anything_happened_there_is_somebody_to_choose_or_nobody() -> None:
    empty = KNOWN._replace(facts=facts(seq=[], time=[], kind=[]))
    by_facts = {name: build for name, build in AUDIENCES.items() if name != "scored"}
    counts = {name: int(build().choose(empty).sum()) for name, build in by_facts.items()}
    assert {name for name, count in counts.items() if count} == {"everybody", "inactive", "persuadable"}


def test_the_live_model_has_to_be_there_to_be_asked() -> None:
    with pytest.raises(Refusal, match="asks the live model, and none serves here"):
        scored().choose(KNOWN._replace(score=None))


def test_a_parameter_out_of_range_is_refused() -> None:
    with pytest.raises(Refusal, match="audience top_spenders has share = 2.0, which is outside 0 to 1"):
        top_spenders(share=2.0)
