"""A paired interval says whether a difference is beyond chance."""

from __future__ import annotations

import pytest

from driftlab import Refusal, corrected, paired


def test_a_steady_difference_excludes_zero_however_much_seeds_differ() -> None:
    found = paired([0.1, 0.5, 0.9, 0.3], [0.08, 0.47, 0.88, 0.29])
    assert found.excludes_zero
    assert found.low <= found.difference <= found.high


def test_chance_includes_zero() -> None:
    assert not paired([0.1, 0.2, 0.3], [0.2, 0.1, 0.3]).excludes_zero


def test_p_and_interval_agree() -> None:
    beyond, chance = paired([0.1, 0.5, 0.9], [0.0, 0.4, 0.7]), paired([0.1, 0.2, 0.3], [0.2, 0.1, 0.3])
    assert beyond.p < 0.05 < chance.p <= 1.0


def test_correction_follows_holm() -> None:
    # Of four at once: 4 x .01, 3 x .02, 2 x .03 which may not fall below the one before, and .5.
    assert corrected([0.02, 0.5, 0.01, 0.03]) == pytest.approx([0.06, 0.5, 0.04, 0.06])
    assert corrected([]) == []


def test_no_difference_at_all_is_chance() -> None:
    assert paired([1.0, 1.0], [1.0, 1.0]).p == 1.0


def test_the_same_values_give_the_same_interval() -> None:
    assert paired([1.0, 2.0, 4.0], [0.5, 2.5, 3.0]) == paired([1.0, 2.0, 4.0], [0.5, 2.5, 3.0])


def test_unpaired_values_are_refused() -> None:
    with pytest.raises(Refusal, match="same seeds on both sides"):
        paired([1.0, 2.0], [1.0])
