"""Shoppers who sleep cost no process and little memory, and draw what they would have drawn with a stream each."""

from __future__ import annotations

import dataclasses
import tracemalloc

import numpy as np
import pytest

from journal.chance import stream
from simulator.spec import ShopperSpec, WorldSpec
from simulator.streams import Streams
from simulator.world import World, _Life


def test_streams_that_sleep_draw_like_streams_that_do_not() -> None:
    plan = stream(1, "plan").integers(0, 3, (300, 2)).tolist()
    streams, alone = Streams(5, 3, "slate"), [stream(5, "shopper", shopper, "slate") for shopper in range(3)]
    for shopper, kind in plan:
        own = streams.wake(shopper)
        drawn = [generator.random(kind) for generator in (own, alone[shopper])]
        drawn += [generator.standard_normal() for generator in (own, alone[shopper])]
        drawn += [generator.integers(7, dtype=np.int32) for generator in (own, alone[shopper])]  # half a word
        streams.rest(shopper)
        assert drawn[0].tolist() == drawn[1].tolist()
        assert drawn[2:] == [drawn[2]] * 2 + [drawn[4]] * 2


def test_a_copy_goes_its_own_way() -> None:
    streams = Streams(5, 2)
    copy = streams.copy()
    first = streams.wake(1).random()
    streams.rest(1)
    assert copy.wake(1).random() == first
    copy.rest(1)
    assert streams.wake(1).random() == copy.wake(1).random() != first


ASLEEP = WorldSpec(days=0.01, shoppers=ShopperSpec(shoppers=3_000))


def test_sleeping_shoppers_cost_no_process() -> None:
    life = _Life(World(ASLEEP, 1), None, None)
    while life.env.peek() < 1:
        life.env.step()
    assert len(life.env._queue) == 2  # the next launch, the next shopper


@pytest.mark.slow
def test_memory_is_linear_and_below_a_kilobyte_a_sleeping_shopper() -> None:
    def held(shoppers: int) -> int:
        tracemalloc.start()
        spec = dataclasses.replace(ASLEEP, shoppers=dataclasses.replace(ASLEEP.shoppers, shoppers=shoppers))
        run = World(spec, 1).run()
        for _ in run:
            made = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        return made

    few, some, many = held(2_000), held(4_000), held(8_000)
    assert (many - some) / 4_000 < 1_000
    assert (many - some) / (some - few) == pytest.approx(2, rel=0.2)
