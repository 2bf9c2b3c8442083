"""Who follows whom is kept as it was told, reaches what a shopper is asked with, learns, and costs no table a copy."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from journal.chance import stream
from journal.facts import Kind
from model import ENCODERS, Catalogue, Events, Learner, network, ties
from model.compiling import in_one_piece
from model.graph import TIE, Columns
from model.laws import LAWS, judge
from model.laws.encoders import D, around
from model.laws.trial import tied
from model.neighbourhood import bound, read
from model.parts import Event
from tests.model.made import EVERY_EVENT, SEED, SHOPPERS, SMALL, catalogue, events, feed, some
from tests.model.test_copies import LARGE, bodies, copies
from tests.model.test_encoders import UNITS

FOLLOWS = network(ENCODERS["sage"](follows=True), **SMALL, ties=4)
COLUMNS = Columns(SMALL["dim"], SMALL["neighbours"], SMALL["followers"], ties=4)
FOLLOWED = (int(Kind.FOLLOWED),)


def lane(recommender: Any = FOLLOWS, shoppers: int = SHOPPERS) -> Learner:
    return Learner(recommender, EVERY_EVENT, catalogue(), shoppers, SEED)


def told(*lines: tuple[Kind, int, int], first: int = 1) -> Events:
    """What happens, a minute apart: the kind, who, and what or whom."""
    kind, shopper, product = np.array(lines, np.int32).T
    seq = np.arange(first, first + len(lines))
    return Events(seq, seq * 60_000_000, kind.astype(np.int16), shopper, product)


def kept(made: Learner) -> dict[int, list[tuple[int, float]]]:
    """Whom each shopper follows and since when (s), newest first, as the rows have it."""
    found = {}
    for shopper in range(made.layout.shoppers):
        row = np.asarray(made.carry.state["table"][made.layout.shopper(shopper), COLUMNS.tied]).reshape(TIE, -1)
        there = row[0] >= 0
        others = (row[0, there] - made.layout.shopper(0)).astype(int).tolist()
        found[shopper] = list(zip(others, row[2, there].tolist(), strict=True))
    return {shopper: pairs for shopper, pairs in found.items() if pairs}


def test_ties_are_the_fold_of_the_follows_told() -> None:
    """Against lists: a follow goes to the front, one that is there moves there, of five the oldest goes; and a shopper
    beyond the table gets a row."""
    draw, n = stream(4, "follows"), 2 * ties.AT_ONCE + 50
    shopper, other = draw.integers(0, 30, n), draw.integers(30, 40, n)
    other[-1] = 300
    source = told(*((Kind.FOLLOWED, one, two) for one, two in zip(shopper, other, strict=True)))
    whole, parts = lane(), lane()
    assert len(whole.advance(source).seq) == 0
    feed(parts, source, 700)
    lists: dict[int, list[tuple[int, float]]] = {}
    for one, two, time in zip(shopper.tolist(), other.tolist(), source.time.tolist(), strict=True):
        before = [pair for pair in lists.get(one, []) if pair[0] != two]
        lists[one] = [(two, (time - source.time[0]) / 1e6), *before][:4]
    assert kept(whole) == lists
    assert whole.layout.shoppers == 512
    assert whole.digest() == parts.digest()


def test_the_length_of_a_call_changes_no_bit_nor_does_a_snapshot_between_follows() -> None:
    source = tied(events(120, "ties"), FOLLOWED)
    one, many = lane(), lane()
    ours = feed(one, source, 7)
    many.advance(some(source, slice(0, 50)))
    again = lane()
    again.restore(many.snapshot())
    feed(again, some(source, slice(50, None)), 64)
    assert again.digest() == one.digest()
    without = lane(network(ENCODERS["sage"](), **SMALL))
    assert not np.array_equal(feed(without, events(120, "ties"), 64).rank, ours.rank)


def test_who_reads_no_ties_is_to_the_bit_as_it_was() -> None:
    """Its rows have no room for ties, whatever is asked for."""
    plain, wide = lane(network(ENCODERS["sage"](), **SMALL)), lane(network(ENCODERS["sage"](), **SMALL, ties=50))
    for one in (plain, wide):
        feed(one, events(100))
        assert one.carry.state["table"].shape[1] == COLUMNS.tied.start
    assert plain.digest() == wide.digest()
    assert plain.recommender.cost == wide.recommender.cost


def test_campaigns_are_nodes_kin_of_a_category_and_coupons_ties_to_them() -> None:
    """A coupon that is used is the same tie, in front; a campaign beyond the table gets a row, and keeps its kin; both
    kinds of ties share the places of a row."""
    both = network(ENCODERS["sage"](follows=True, coupons=True), **SMALL, ties=4)
    made = lane(both)
    started, issued, used = Kind.CAMPAIGN_STARTED, Kind.COUPON_ISSUED, Kind.COUPON_REDEEMED
    made.advance(told((started, 2, 3), (started, 0, -1), (issued, 5, 2), (issued, 5, 0), (Kind.FOLLOWED, 5, 6)))
    made.advance(told((used, 5, 2), (started, 11, 4), (issued, 5, 11), first=6))
    layout, table = made.layout, np.asarray(made.carry.state["table"])
    assert (layout.campaigns, layout.rows) == (16, len(table))
    assert table[layout.shopper(0), COLUMNS.dim + 1] == layout.null
    kin = [table[layout.campaign(number), COLUMNS.dim + 1] for number in (2, 0, 11, 5)]
    assert kin == [layout.category(3), layout.null, layout.category(4), layout.null]
    rows, kind = table[layout.shopper(5), COLUMNS.tied].reshape(TIE, -1)[:2]
    assert rows.tolist() == [layout.campaign(11), layout.campaign(2), layout.shopper(6), layout.campaign(0)]
    assert [both.ties[int(place)] for place in kind] == [issued, used, Kind.FOLLOWED, issued]
    again = lane(both)
    again.restore(made.snapshot())
    assert again.digest() == made.digest()
    with_follows = lane()
    with_follows.advance(told((Kind.FOLLOWED, 5, 6)))
    assert with_follows.layout.campaigns == 0


def test_a_coupon_says_its_category_to_who_has_it() -> None:
    made = lane(network(ENCODERS["sage"](coupons=True), **SMALL, ties=4))
    made.advance(told((Kind.CAMPAIGN_STARTED, 1, 3), (Kind.COUPON_ISSUED, 0, 1)))
    layout = made.layout
    for row, hears in ((layout.category(3), True), (layout.campaign(1), True), (layout.category(2), False)):
        before = {shopper: asked(made, shopper) for shopper in (0, 7)}
        nudged(made, row)
        assert np.array_equal(asked(made, 0), before[0]) != hears
        assert np.array_equal(asked(made, 7), before[7])


def asked(made: Learner, shopper: int) -> np.ndarray:
    """The scores of all products on sale."""
    return made.scores(np.array([shopper, 7], np.int32), int(made.origin or 0) + 600_000_000)[0]


def nudged(made: Learner, row: int) -> None:
    """Move the vector of one row, far."""
    state = made.carry.state
    made.carry = made.carry._replace(state={**state, "table": state["table"].at[row, : COLUMNS.dim].add(1.0)})


def test_a_follower_hears_of_the_followed_and_of_what_those_met_and_nobody_else_does() -> None:
    made = lane()
    made.advance(told((Kind.FOLLOWED, 0, 1), (Kind.VIEWED, 0, 2), (Kind.VIEWED, 3, 2), (Kind.VIEWED, 1, 90)))
    for row, hears in ((90, True), (made.layout.shopper(1), True), (91, False), (made.layout.shopper(4), False)):
        before = {shopper: asked(made, shopper) for shopper in (0, 3)}
        nudged(made, row)
        assert np.array_equal(asked(made, 0), before[0]) != hears
        assert np.array_equal(asked(made, 3), before[3])


def test_what_a_follower_meets_teaches_the_followed_what_those_met_and_the_tie() -> None:
    made = lane()
    # So many products of their own come first that what shopper 1 met is no neighbour of what shopper 0 meets.
    made.advance(told((Kind.FOLLOWED, 0, 1), (Kind.FOLLOWED, 0, 4), (Kind.VIEWED, 1, 90), (Kind.VIEWED, 0, 2)))
    before = np.asarray(made.carry.state["table"]).copy()
    made.advance(told((Kind.VIEWED, 0, 3), first=5))
    after = np.asarray(made.carry.state["table"])
    d = COLUMNS.dim
    moved = np.flatnonzero((before[:, :d] != after[:, :d]).any(axis=1))
    assert {made.layout.shopper(1), made.layout.shopper(4), 90} <= set(moved.tolist())
    strength = after[made.layout.shopper(0), COLUMNS.tied].reshape(TIE, -1)[3]
    assert (strength[:2] != 0).all()
    assert (strength[2:] == 0).all()
    others = np.delete(np.arange(len(after)), made.layout.shopper(0))
    assert np.array_equal(before[others, COLUMNS.tied], after[others, COLUMNS.tied])


def test_a_replay_hears_of_no_follow_that_came_later() -> None:
    made = lane()
    made.advance(told((Kind.FOLLOWED, 0, 1), (Kind.VIEWED, 1, 2), (Kind.FOLLOWED, 0, 3), (Kind.VIEWED, 1, 5)))
    table, centres = made.carry.state["table"], jnp.array([made.layout.shopper(0)])
    # Seconds since the first follow: the product met at 60, the second follow at 120, the other product at 180.
    for before, follows, met in ((np.inf, {3, 1}, {5, 2}), (150.0, {3, 1}, {2}), (90.0, {1}, {2}), (30.0, {1}, set())):
        one = read(table, centres, COLUMNS, made.layout, jnp.float32(before))
        found = bound(one, table, COLUMNS, made.layout, jnp.float32(before)).tied
        rows = np.asarray(found.ties.ids)
        assert {int(row) - made.layout.shopper(0) for row in rows[rows >= 0]} == follows
        rows = np.asarray(found.met.relations.ids)
        assert set(rows[rows >= 0].tolist()) == met


def test_the_loop_is_one_piece_and_neither_it_nor_a_follow_copies_a_table() -> None:
    ids = np.arange(LARGE, dtype=np.int32)
    shop = Catalogue(ids % 8, ids % 8, np.ones(LARGE, np.float32), np.ones(LARGE, bool))
    made = Learner(FOLLOWS, EVERY_EVENT, shop, LARGE, SEED)
    block = Event(*(np.zeros(8, np.float32 if field == "time" else np.int32) for field in Event._fields))
    arguments = made.carry, block, np.int32(8)
    text = made._advance.like(*arguments).lower(*arguments).compile().as_text()
    assert in_one_piece(text)
    assert len(bodies(text)) > 50
    assert copies(text, LARGE) == []
    few, n = next(ties.calls(FOLLOWED, told((Kind.FOLLOWED, 0, 1)), np.zeros(1, np.float32)))
    text = made._bind.like(made.carry.state, few, n).lower(made.carry.state, few, n).compile().as_text()
    assert [line for line in text.splitlines() if f"[{made.layout.rows}," in line and " copy(" in line] == []


@pytest.mark.slow
@pytest.mark.parametrize("kinds", [("follows",), ("follows", "coupons")])
def test_sage_with_ties_keeps_the_laws(kinds: tuple[str, ...]) -> None:
    verdicts = judge(LAWS["encoder"], ENCODERS["sage"](**dict.fromkeys(kinds, True)))
    assert [verdict for verdict in verdicts if verdict.outcome != "passed"] == []


@pytest.mark.parametrize("name", ["sage", "gat", "lightgcn", "memory"])
def test_any_encoder_adds_the_same_to_the_shopper_and_nothing_to_a_product(name: str) -> None:
    """g_1 sum_f a_f (x_f + r) + g_2 sum_fj c_fj x_fj, a tie at a time; each parameter is another number."""
    read = around(kept=UNITS + D + 1, ties=1)
    plain, made = (ENCODERS[name](follows=follows).make(D, nnx.Rngs(1)) for follows in (False, True))
    draw = stream(5, "tying")
    for part in (made.ties, made.ties.met):
        for key in ("kind", "decay", "relation", "gate", "order"):
            if hasattr(part, key):
                old = getattr(part, key)
                old.set_value(old[...] + jnp.asarray(draw.normal(size=old[...].shape, scale=0.3), jnp.float32))
    w, decay, r, g = (np.asarray(getattr(made.ties, key)[...], float) for key in ("kind", "decay", "relation", "gate"))
    wm, dm, om = (np.asarray(getattr(made.ties.met, key)[...], float) for key in ("kind", "decay", "order"))
    found, met = read.ties, read.ties.met
    others, theirs = [], []
    for f in np.flatnonzero(found.there):
        heard = np.exp(found.strength[f] + w[0] - decay[0] * np.log1p(found.age[f] / 3600))
        others.append((heard, np.asarray(found.near[f]) + r[0]))
        for j in np.flatnonzero(met.there[0, f]):
            kind, at = int(met.kind[0, f, j]), (0, f, j)
            faded = dm[kind] * np.log1p(met.age[at] / 3600) + om * np.log1p(met.rank[at])
            theirs.append((heard * np.exp(met.strength[at] + wm[kind] - faded), np.asarray(met.near[at])))
    mean = [sum(a * x for a, x in terms) / sum(a for a, _ in terms) for terms in (others, theirs)]
    z = np.asarray(plain(read)).copy()
    z[0] += g[0] * mean[0] + g[1] * mean[1]
    assert np.allclose(made(read), z, atol=1e-4)


def test_what_ties_cost_is_counted_and_ties_that_are_not_read_are_missed() -> None:
    rows, arithmetic = network(ENCODERS["sage"]()).cost
    more = network(ENCODERS["sage"](follows=True)).cost
    assert more == (rows + 10 * (1 + ties.LATELY), arithmetic + 8 * 10 * (1 + ties.LATELY) * 64)
    with pytest.raises(TypeError, match="reads the ties of a shopper"):
        ENCODERS["sage"](follows=True).make(D, nnx.Rngs(1))(around())
