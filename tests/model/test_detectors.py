"""Detectors alarm where River's do, on the same streams, and hold still where nothing changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray
from river.drift import ADWIN, PageHinkley
from river.drift.binary import DDM

from journal.chance import stream
from journal.errors import Refusal
from model.adwin import adwin
from model.detectors import DETECTORS, Detector, ddm, page_hinkley


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
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name(name: str, bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"{name}: {next(iter(bad))} is"):
        DETECTORS[name](**bad)
