"""A published log, its first events: the shopper's own recent products, and the same computed in plain Python."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from journal import read_log
from journal.facts import SCORED
from model import BASELINES, POLICIES, Catalogue, Events, Learner

DATA = Path(__file__).parents[3] / "shared" / "data"
MANY, PLACES = 5000, 64


@pytest.mark.skipif(not DATA.is_dir(), reason="the folder of real logs, ../shared/data, is not here")
def test_own_recent_hits_as_often_as_a_dictionary() -> None:
    log = read_log(DATA / "taobao_userbehavior_100k.csv", start=1_511_539_200, end=1_512_316_800)
    first = np.flatnonzero(np.isin(log.facts.kind, SCORED))[:MANY]
    stream = Events(*(getattr(log.facts, column)[first] for column in Events._fields))
    products = len(log.category)
    lane = Learner(
        BASELINES["own_recent"](places=PLACES),
        POLICIES["every_event"](),
        Catalogue(log.category, log.brand, log.price, np.ones(products, bool)),
        len(log.names["shopper"]),
        1,
    )
    ranks = lane.advance(stream).rank
    memory: dict[int, list[int]] = {}
    expected = []
    for shopper, product in zip(stream.shopper.tolist(), stream.product.tolist(), strict=True):
        own = memory.setdefault(shopper, [])
        place = own.index(product) if product in own else None
        expected.append(1 + place if place is not None else 1 + len(own) + (products - len(own) - 1) / 2)
        memory[shopper] = [product, *(one for one in own if one != product)][:PLACES]
    assert ranks.tolist() == expected
    assert 0.05 < np.mean(ranks <= 10) < 0.3
