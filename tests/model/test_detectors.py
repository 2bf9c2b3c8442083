"""Detectors alarm where River's do, on the same streams, and hold still where nothing changes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray
from river.drift import ADWIN, KSWIN, PageHinkley
from river.drift.binary import DDM
from scipy.stats import ks_2samp

from journal.chance import stream
from journal.errors import Refusal
from model.adwin import adwin
from model.detectors import DETECTORS, Detector, ddm, detector_of, page_hinkley
from model.kswin import chance_of, distance, kswin


def alarms(detector: Detector, values: NDArray[np.float64]) -> list[int]:
    """Return the places of the alarms; the whole stream is one compiled scan."""
    _, found = jax.jit(lambda rows: jax.lax.scan(detector.update, detector.init(), rows))(jnp.float32(values))
    return np.flatnonzero(found).tolist()


def referee(detector: Any, values: NDArray[np.float64]) -> list[int]:
    """Return the places of the alarms of one of River's detectors."""
    found = []
    for place, value in enumerate(values.tolist()):
        detector.update(value)
        if detector.drift_detected:
            found.append(place)
    return found


def changing(seed: int, rates: tuple[float, ...], each: int = 1500) -> NDArray[np.float64]:
    """Bits whose rate changes every `each`."""
    return (stream(seed, "bits").random(each * len(rates)) < np.repeat(rates, each)).astype(np.float64)


PAIRS: dict[str, tuple[Detector, Callable[[], Any]]] = {
    "page_hinkley up": (page_hinkley(threshold=20.0), lambda: PageHinkley(threshold=20.0, mode="up")),
    "page_hinkley down": (
        page_hinkley(threshold=20.0, side="down"),
        lambda: PageHinkley(threshold=20.0, mode="down"),
    ),
    "page_hinkley both": (
        page_hinkley(threshold=35.0, delta=0.01, fading=0.999, side="both"),
        lambda: PageHinkley(threshold=35.0, delta=0.01, alpha=0.999, mode="both"),
    ),
    "ddm": (ddm(), DDM),
    "adwin": (adwin(), ADWIN),
    "adwin, often": (
        adwin(delta=0.05, clock=8, buckets=3, least=10, grace=30),
        lambda: ADWIN(delta=0.05, clock=8, max_buckets=3, min_window_length=10, grace_period=30),
    ),
    "ddm, patient": (ddm(drift=4.0, least=100), lambda: DDM(drift_threshold=4.0, warm_start=100)),
}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", PAIRS)
def test_alarms_fall_where_rivers_do(name: str, seed: int) -> None:
    ours, theirs = PAIRS[name]
    values = changing(seed, (0.3, 0.7, 0.5, 0.2, 0.6))
    expected = referee(theirs(), values)
    assert expected
    assert alarms(ours, values) == expected


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["adwin", "adwin, often"])
def test_windows_of_any_numbers_are_cut_where_rivers_are(name: str, seed: int) -> None:
    ours, theirs = PAIRS[name]
    draw = stream(seed, "numbers")
    means = np.repeat(draw.standard_normal(5), draw.integers(300, 2000, 5))
    values = means + draw.standard_normal(len(means))
    expected = referee(theirs(), values)
    assert expected
    assert alarms(ours, values) == expected


@pytest.mark.parametrize("name", DETECTORS)
def test_a_rise_is_found_soon_and_once(name: str) -> None:
    found = [place for place in alarms(DETECTORS[name](), changing(3, (0.2, 0.8))) if place >= 1500]
    assert found
    assert found[0] < 1750


def test_a_constant_stream_gives_no_alarm() -> None:
    for value in (0.0, 1.0):
        for build in DETECTORS.values():
            assert alarms(build(), np.full(3000, value)) == []


@pytest.mark.parametrize("seed", range(2))
def test_kswin_alarms_where_rivers_does_if_nothing_is_left_to_chance(seed: int) -> None:
    """A window of twice the newest numbers: the sample of the older ones is all of them."""
    draw = stream(seed, "numbers")
    values = np.repeat(draw.standard_normal(6), 300) + draw.standard_normal(1800)
    values = np.float32(values).astype(np.float64)
    expected = referee(KSWIN(alpha=0.002, window_size=60, stat_size=30, seed=1), values)
    assert expected
    assert alarms(kswin(alpha=0.002, window=60), values) == expected


@pytest.mark.parametrize("seed", range(2))
def test_kswin_with_other_draws_finds_the_changes_that_rivers_finds(seed: int) -> None:
    draw = stream(seed, "leaps")
    values = np.repeat([0.0, 3.0, 0.0, 3.0], 500) + draw.standard_normal(2000)
    ours, theirs = (
        np.array(found) for found in (alarms(kswin(alpha=1e-5), values), referee(KSWIN(alpha=1e-5, seed=seed), values))
    )
    for change in (500, 1000, 1500):
        first, other = (found[found >= change][0] for found in (ours, theirs))
        assert first - change < 30
        assert abs(first - other) <= 10


@pytest.mark.parametrize("seed", range(3))
def test_kswin_seldom_alarms_where_nothing_changes(seed: int) -> None:
    assert len(alarms(kswin(alpha=1e-5), stream(seed, "still").standard_normal(3000))) <= 1


@pytest.mark.parametrize("r", [1, 2, 5, 30, 100])
def test_the_ks_statistic_and_its_chance_are_those_of_scipy(r: int) -> None:
    draw = stream(r, "samples")
    for round_, shift in enumerate(np.linspace(0, 2, 12)):
        one, other = draw.standard_normal(r), draw.standard_normal(r) + shift
        if round_ % 2:
            one, other = np.round(one), np.round(other)  # ties
        one, other = np.float32(one), np.float32(other)
        h, expected = int(distance(jnp.asarray(one), jnp.asarray(other))), ks_2samp(one, other)
        assert h / r == expected.statistic
        assert chance_of(h, r) == pytest.approx(expected.pvalue, rel=1e-10, abs=1e-300)


def test_a_detector_is_spelled_with_its_parameters() -> None:
    values = changing(1, (0.3, 0.7, 0.5))
    assert alarms(detector_of("me", "ddm(drift=4, least=100)"), values) == alarms(ddm(drift=4.0, least=100), values)
    assert alarms(detector_of("me", "page_hinkley(side='down')"), values) == alarms(page_hinkley(side="down"), values)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dmm", "me: there is no detector 'dmm'. Did you mean 'ddm'?"),
        ("ddm(drfit=3.0)", "me: 'drfit' is not a parameter of ddm. Did you mean 'drift'?"),
        ("ddm(least='many')", "me: ddm: 'least' = 'many'; it must be a whole number."),
        ("ddm(drift=true)", "'drift' = True; it must be a number."),
        ("adwin(delta=2)", "me: adwin: delta is 2"),
        ("ddm+adwin", "is a chain of 2 parts"),
        ("ddm(", "does not read as parts"),
        ("ddm(drift=)", "do not read as"),
    ],
)
def test_a_detector_that_will_not_do_is_refused(text: str, said: str) -> None:
    with pytest.raises(Refusal, match=re.escape(said)):
        detector_of("me", text)


def test_an_unknown_side_is_refused() -> None:
    with pytest.raises(Refusal, match="side is 'left'"):
        page_hinkley(side="left")


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("page_hinkley", {"threshold": -1.0}),
        ("page_hinkley", {"fading": float("nan")}),
        ("ddm", {"drift": -1.0}),
        ("ddm", {"least": 0}),
        ("adwin", {"clock": 0}),
        ("adwin", {"delta": 1.0}),
        ("kswin", {"alpha": 0.0}),
        ("kswin", {"window": 59}),
        ("kswin", {"newest": 0}),
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name(name: str, bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"{name}: {next(iter(bad))} is"):
        DETECTORS[name](**bad)
