"""A look is a read of the very lane that the run has, as of any of its facts."""

from __future__ import annotations

import numpy as np
import pytest

import driftlab
from driftlab import lanes
from driftlab.asks import Ask
from driftlab.looking import Standing, look
from driftlab.recorded import PROBES_OF
from journal.errors import Refusal
from journal.facts import CHUNK, INTERACTIONS, Kind
from journal.runfile import RunFile
from model import looking

LANE = "sage every_event"
SEQ = CHUNK + 300


def silent(doing: str, done: float) -> None:
    """Tell nobody."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> driftlab.Run:
    """`small` as other tests know it, but with a snapshot after each chunk."""
    few = {"encoders": ["sage"], "baselines": ["popular"], "settings": {"days": 3, "drift.0.at_day": 1.5}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lanes, "SNAPSHOT_EVERY", 1)
        return driftlab.run("small", ["every_event"], out=tmp_path_factory.mktemp("looks") / "small.run", **few)


@pytest.fixture(scope="module")
def standing(run: driftlab.Run) -> Standing:
    """The lane as of a fact, folded from a snapshot."""
    with RunFile.open(run.path) as file:
        made = Standing(file, LANE)
        made.go(SEQ, silent)
        return made


def shopper(run: driftlab.Run, seq: int = SEQ) -> int:
    """Return the shopper of the last interaction up to a fact."""
    facts = run.facts()
    return int(facts.shopper[:seq][np.isin(facts.kind[:seq], INTERACTIONS)][-1])


def test_from_a_snapshot_from_the_start_and_back_again_is_the_same(
    run: driftlab.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RunFile.open(run.path) as file:
        assert file.snapshot(LANE, SEQ // CHUNK) is not None
        here = Standing(file, LANE)
        here.go(SEQ, silent)
        digest = here.learner.digest()
        here.go(SEQ + 100, silent)
        assert here.learner.digest() != digest
        here.go(SEQ, silent)
        assert (here.seq, here.learner.digest()) == (SEQ, digest)
        monkeypatch.setattr(RunFile, "snapshot", lambda *given: None)
        folded: list[float] = []
        again = Standing(file, LANE)
        again.go(SEQ, lambda doing, done: folded.append(done))
        assert again.learner.digest() == digest
        assert folded[0] == 0.0


def test_a_look_changes_nothing_and_is_the_same_twice(run: driftlab.Run) -> None:
    with RunFile.open(run.path) as file:
        here = Standing(file, LANE)
        asked = Ask(LANE, SEQ, shopper=shopper(run), map=True)
        first = look(here, asked, silent)
        digest = here.learner.digest()
        assert look(here, asked, silent) == first
        assert here.learner.digest() == digest


def test_the_slate_is_the_lanes_and_its_parts_add_up_to_the_bit(run: driftlab.Run) -> None:
    with RunFile.open(run.path) as file:
        here = Standing(file, LANE)
        who = shopper(run)
        seen = look(here, Ask(LANE, SEQ, shopper=who), silent)
        time = int(file.facts().time[SEQ - 1])
        slate = here.learner.slates(np.array([who], np.int32), time, 10)[0]
        scores = here.learner.scores(np.array([who], np.int32), time)[0]
    assert [line["product"] for line in seen["slate"]] == slate.tolist()
    for line in seen["slate"]:
        assert set(line["parts"]) == {"interests", "popularity", "habits"}
        assert line["score"] == scores[line["product"]] == sum(line["parts"].values())
        assert line["reasons"]
    assert sum(seen["learned"]) == pytest.approx(1.0)
    assert sum(seen["true"]) == pytest.approx(1.0)
    assert len(seen["learned"]) == len(seen["true"])


def test_relations_are_what_the_facts_say(run: driftlab.Run) -> None:
    who, facts = shopper(run), run.facts()
    own = np.flatnonzero((facts.shopper[:SEQ] == who) & np.isin(facts.kind[:SEQ], INTERACTIONS))
    with RunFile.open(run.path) as file:
        here = Standing(file, LANE)
        seen = look(here, Ask(LANE, SEQ, shopper=who), silent)
        product = int(facts.product[own[-1]])
        there = look(here, Ask(LANE, SEQ, product=product), silent)
    newest = seen["relations"][0]
    assert (newest["section"], newest["id"]) == ("product", product)
    assert newest["kind"] == Kind(int(facts.kind[own[-1]])).name.lower()
    assert newest["time"] == pytest.approx(int(facts.time[own[-1]]), abs=1e5)
    assert sum(near["share"] for near in seen["relations"]) == pytest.approx(1.0)
    assert there["relations"][0]["section"] == "shopper"
    assert there["relations"][0]["id"] == who
    assert there["subject"]["category"] == newest["category"]


def test_the_map_has_everybody_who_met_somebody_and_keeps_its_directions(run: driftlab.Run) -> None:
    facts = run.facts()
    with RunFile.open(run.path) as file:
        here = Standing(file, LANE)
        seen = look(here, Ask(LANE, SEQ, shopper=shopper(run), map=True), silent)["map"]
        basis = here._basis
        later = look(here, Ask(LANE, SEQ + 200, shopper=shopper(run), map=True), silent)["map"]
        assert here._basis is basis
    met = np.isin(facts.kind[:SEQ], INTERACTIONS)
    kinds = np.array(seen["kind"])
    ids = np.array(seen["id"])
    for kind in ("shopper", "product"):
        assert set(ids[kinds == kind].tolist()) == set(getattr(facts, kind)[:SEQ][met].tolist())
    assert len(seen["xy"]) == 2 * len(ids)
    assert np.abs(seen["xy"]).max() <= 32_000
    assert later["xy"] != seen["xy"]


def test_a_baseline_has_scores_and_no_graph(run: driftlab.Run) -> None:
    with RunFile.open(run.path) as file:
        seen = look(Standing(file, "popular"), Ask("popular", SEQ, shopper=shopper(run), map=True), silent)
    assert (seen["relations"], seen["map"]["id"]) == ([], [])
    assert all(list(line["parts"]) == ["score"] for line in seen["slate"])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Ask("oracle", 9, shopper=1), "nothing to look into in a lane 'oracle'"),
        (Ask("sage evry_event", 9, shopper=1), "Did you mean 'sage every_event'"),
        (Ask(LANE, 9, shopper=10_000), "no shopper 10000"),
        (Ask(LANE, 9, product=-1), "no product -1"),
        (Ask(LANE, 9, shopper=1, product=1), "one of the two"),
        (Ask(LANE, 9), "one of the two"),
    ],
)
def test_what_is_not_there_is_refused(run: driftlab.Run, asked: Ask, said: str) -> None:
    with RunFile.open(run.path) as file, pytest.raises(Refusal, match=said):
        look(Standing(file, asked.lane), asked, silent)


def test_before_the_first_fact_nobody_is_known(run: driftlab.Run) -> None:
    with RunFile.open(run.path) as file:
        seen = look(Standing(file, LANE), Ask(LANE, 0, shopper=0, map=True), silent)
    assert (seen["seq"], seen["relations"]) == (0, [])


def test_a_look_at_the_end_of_a_chunk_shows_what_the_run_probed_there(run: driftlab.Run) -> None:
    """The run itself wrote down slates of a few shoppers at that fact: the same lane gives the same."""
    with RunFile.open(run.path) as file:
        probes = file.outcomes(PROBES_OF + LANE)
        here = Standing(file, LANE)
        seq = int(probes["seq"][0])
        for row in np.flatnonzero(probes["seq"] == seq)[:5]:
            seen = look(here, Ask(LANE, seq, shopper=int(probes["shopper"][row])), silent)
            assert [line["product"] for line in seen["slate"]] == probes["slate"][row].tolist()


def test_the_census_counts_every_relation_that_is_held(run: driftlab.Run) -> None:
    with RunFile.open(run.path) as file:
        here = Standing(file, LANE)
        found = look(here, Ask(LANE, SEQ, shopper=shopper(run), map=True), silent)["census"]
    sizes = {"shopper": int(run.summary()["shoppers"]), "product": int(run.summary()["products"])}
    own = [
        len(looking.relations(here.learner, section, id_, 0)) for section, size in sizes.items() for id_ in range(size)
    ]
    held = [many for many in own if many]
    assert sum(found["degree"]["counts"]) == len(held)
    assert (found["degree"]["low"], found["degree"]["high"]) == (min(held), max(held))
    assert sum(found["strength"]["counts"]) == sum(held)
    assert found["strength"]["low"] < found["strength"]["high"]
