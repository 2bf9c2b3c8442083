"""Detectors alarm where River's do, on the same streams, and hold still where nothing changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray
from river.drift import PageHinkley
from river.drift.binary import DDM

from journal.chance import stream
from journal.errors import Refusal
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
