"""What keeps the loop fast whatever the size of the shop: no table is copied in it, and few lengths are compiled."""

from __future__ import annotations

import re
from math import prod

import jax
import numpy as np
import pytest

from model import BASELINES, Catalogue, Events, Learner
from model.parts import Event
from tests.model.made import PARTS, RECOMMENDERS, SEED, catalogue, each, events, feed, learner, scored

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


@pytest.mark.parametrize("name", each(list(RECOMMENDERS), ("own_recent", "isgd", "network/sage", "content/sage")))
@pytest.mark.parametrize("policy", ["every_event", pytest.param("micro_batch", marks=pytest.mark.slow)])
def test_no_table_is_copied_for_an_event(name: str, policy: str) -> None:
    ids = np.arange(LARGE, dtype=np.int32)
    shop = Catalogue(
        ids % 8, ids % 8, np.ones(LARGE, np.float32), np.ones(LARGE, bool), np.eye(LARGE, 5, dtype=np.float32)
    )
    lane = Learner(RECOMMENDERS[name], PARTS[policy], shop, LARGE, SEED)
    block = Event(*(np.zeros(8, np.float32 if field == "time" else np.int32) for field in Event._fields))
    text = lane._advance.like(lane.carry, block, np.int32(8)).lower(lane.carry, block, np.int32(8)).compile().as_text()
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
    # A part of its own: learners of a part that others use would find its loop compiled.
    lane, stream = Learner(BASELINES["popular"](), PARTS["micro_batch"], catalogue(), 100, SEED), events(900, "lengths")
    feed(lane, stream, [1, 2, 100, 3, 17, 40, 9, 128, 63, 65, 5, 200, 33, 129])
    count = lane._advance.chosen._cache_size()
    assert count == 1, "a few events now and then are not worth a length of their own"
    feed(lane, stream, [3])
    feed(lane, stream, [31, 77, 4, 150, 12, 90, 1, 250, 99, 2])
    assert lane._advance.chosen._cache_size() == 2


@pytest.mark.parametrize("name", list(RECOMMENDERS))
def test_what_a_call_returns_is_typed_as_what_it_was_given(name: str) -> None:
    """A weak type that becomes a strong one in the first call makes the second of the same length compile anew."""
    lane = learner(name)
    block = Event(*(np.zeros(16, np.float32 if field == "time" else np.int32) for field in Event._fields))
    after = jax.tree.leaves(
        lane._advance.like(lane.carry, block, np.int32(16)).eval_shape(lane.carry, block, np.int32(16))[0]
    )
    before, _ = jax.tree_util.tree_flatten_with_path(lane.carry)
    changed = [
        jax.tree_util.keystr(path) for (path, a), b in zip(before, after, strict=True) if a.weak_type != b.weak_type
    ]
    assert changed == []


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
