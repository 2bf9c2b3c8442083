"""What keeps the loop fast whatever the size of the shop: no table is copied in it, and few lengths are compiled."""

from __future__ import annotations

import re
from math import prod

import numpy as np
import pytest

from model import Catalogue, Events, Learner
from model.parts import Event
from tests.model.made import PARTS, RECOMMENDERS, SEED, each, events, feed, learner, scored

LARGE = 4096


def bodies(text: str) -> list[str]:
    """The lines of every computation that the outermost loops of a compiled module reach, itself included."""
    computations: dict[str, list[str]] = {}
    name = ""
    for line in text.splitlines():
        head = re.match(r"(?:ENTRY )?%?([\w.\-]+) \(.*\) -> .* \{$", line)
        if head:
            name = head[1]
            computations[name] = []
        elif name:
            computations[name].append(line)
    found = {
        body for lines in computations.values() for line in lines for body in re.findall(r"body=%?([\w.\-]+)", line)
    }
    todo, reached = sorted(found), set()
    while todo:
        one = todo.pop()
        if one not in reached:
            reached.add(one)
            text = "\n".join(computations[one])
            called = re.findall(r"(?:body|condition|to_apply|calls)=%?([\w.\-]+)", text)
            called += [
                c.strip().lstrip("%")
                for group in re.findall(r"branch_computations=\{([^}]*)\}", text)
                for c in group.split(",")
            ]
            todo += called
    return [line for one in sorted(reached) for line in computations[one]]


def copies(text: str, least: int) -> list[str]:
    """Copies of at least so many elements inside the loops of a compiled module."""
    found = []
    for line in bodies(text):
        made = re.search(r"= (?:\w+)\[([\d,]*)\]\S* copy(?:-start)?\(", line)
        if made and prod(int(size) for size in made[1].split(",") if size) >= least:
            found.append(line.strip())
    return found


@pytest.mark.parametrize("name", each(list(RECOMMENDERS), ("own_recent", "isgd", "network/sage")))
@pytest.mark.parametrize("policy", ["every_event", pytest.param("micro_batch", marks=pytest.mark.slow)])
def test_no_table_is_copied_for_an_event(name: str, policy: str) -> None:
    ids = np.arange(LARGE, dtype=np.int32)
    shop = Catalogue(ids % 8, ids % 8, np.ones(LARGE, np.float32), np.ones(LARGE, bool))
    lane = Learner(RECOMMENDERS[name], PARTS[policy], shop, LARGE, SEED)
    block = Event(*(np.zeros(8, np.float32 if field == "time" else np.int32) for field in Event._fields))
    text = lane._advance.lower(lane.carry, block, np.int32(8)).compile().as_text()
    assert len(bodies(text)) > 50
    assert copies(text, LARGE) == []


def test_a_copy_is_found() -> None:
    text = """
%inner (p: f32[9000,4]) -> f32[9000,4] {
  %p = f32[9000,4]{1,0} parameter(0)
  ROOT %copy.1 = f32[9000,4]{1,0} copy(%p)
}
%body.1 (p: f32[9000,4]) -> f32[9000,4] {
  %p = f32[9000,4]{1,0} parameter(0)
  %copy.2 = f32[8]{0} copy(%p)
  ROOT %f = f32[9000,4]{1,0} fusion(%p), kind=kLoop, calls=%inner
}
ENTRY %main (p: f32[9000,4]) -> f32[9000,4] {
  %p = f32[9000,4]{1,0} parameter(0)
  %copy.3 = f32[9000,4]{1,0} copy(%p)
  ROOT %w = f32[9000,4]{1,0} while(%copy.3), condition=%body.1, body=%body.1
}
"""
    assert copies(text, LARGE) == ["ROOT %copy.1 = f32[9000,4]{1,0} copy(%p)"]


def test_a_stream_in_calls_of_any_length_compiles_few_times() -> None:
    lane = learner("popular", PARTS["micro_batch"])
    before = lane._advance._cache_size()
    stream = events(900, "lengths")
    feed(lane, stream, [1, 2, 100, 3, 17, 40, 9, 128, 63, 65, 5, 200, 33, 129])
    count = lane._advance._cache_size() - before
    assert 1 < count <= 12
    feed(lane, stream, [31, 77, 4, 150, 12, 90, 1, 250, 99])
    assert lane._advance._cache_size() - before == count


WEAK = pytest.mark.xfail(strict=True, reason="the decay of sage starts weakly typed, so every length compiles twice")
NAMES = [
    pytest.param("network/sage", marks=[WEAK, pytest.mark.slow]),
    *each([n for n in RECOMMENDERS if n != "network/sage"], ("own_recent",)),
]


@pytest.mark.parametrize("name", NAMES)
def test_the_second_call_of_a_length_compiles_nothing(name: str) -> None:
    lane = learner(name)
    feed(lane, events(8), 8)
    count = lane._advance._cache_size()
    feed(lane, events(64), 8)
    assert lane._advance._cache_size() == count


def test_growing_compiles_once_a_doubling() -> None:
    lane, layouts = learner("popular", products=1, shoppers=1), set()
    stream = Events(
        *(
            column[scored(events(300, "doubling", products=300, moves=0))]
            for column in events(300, "doubling", products=300, moves=0)
        )
    )
    for part in np.array_split(np.arange(len(stream.seq)), 30):
        feed(lane, Events(*(column[part] for column in stream)), 8)
        layouts.add(lane.layout)
    assert len(layouts) <= 5
