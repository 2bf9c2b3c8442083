"""A look says what one lane knows as of one fact: of a shopper or a product, and where all vectors lie.

standing   the lane's learner as of a fact, folded from the nearest snapshot in the run file before it, or from nothing
learned    chance that the next product is of each category, by the lane's scores (their softmax over what is listed)
true       the same, by the shopper's true utilities, of which the lab alone may read
census     how many relations shoppers and products hold, and how strong those are, counted in equal steps
map        the two main directions of the vectors; the first map of a lane fixes them, so that what moves has learned
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftlab import reasons, runs
from driftlab.asks import Ask
from driftlab.hand import commands_told
from driftlab.lanes import SLATE, LearningLane, OracleLane, best
from journal.errors import Refusal, nearest
from journal.facts import CHUNK, Facts, Kind
from journal.runfile import RunFile
from model import looking

PIECE = 4 * CHUNK
"""Facts that are folded between two reports of progress."""

STEPS = 16
"""Steps in which degrees and strengths are counted."""

NEAR = 3
"""Shoppers that are named beside a product that one of them met."""

FINEST = 32_000
"""The map's coordinates are whole numbers up to this."""

WIDE = 3.0
"""Standard deviations from the middle of the map to its edge."""

Tell = Callable[[str, float], None]
"""Is told what is being done and the share of it that is done; it may raise to give the look up."""


class Standing:
    """One lane of an open run file at one fact; goes on or back to another when it is asked to."""

    def __init__(self, run: RunFile, lane: str) -> None:
        """Set the lane up as it was before its first event; raises Refusal where it cannot be looked into."""
        self.run, self.lane = run, lane
        self._basis: NDArray[np.float32] | None = None
        self._begin()

    def _begin(self) -> None:
        self._stage = runs.reopen(self.run, only=self.lane)
        first, *others = self._stage.lanes.all
        if not isinstance(first, LearningLane) or first.name != self.lane:
            known = [lane for lane in self.run.lanes() if lane != "oracle"]
            raise Refusal(f"There is nothing to look into in a lane '{self.lane}'. {nearest(self.lane, known)}")
        self._folded = first
        self.learner: Any = first.learner
        self.oracle: Any = next((lane.oracle for lane in others if isinstance(lane, OracleLane)), None)
        of_oracle = ("interest", "market") if self.oracle is not None else ()
        self._truth = {name: rows for name in of_oracle if (rows := self.run.truth(name))}
        self._bots = self.run.truth("bot").get("shopper", np.zeros(0, np.int32))
        self.seq = self._known_to_oracle = 0
        self._commands = len(commands_told(self.run.facts()))

    def go(self, seq: int, tell: Tell) -> None:
        """Stand at fact `seq`, as far as the run has come."""
        seq = min(seq, self.run.cursor.seq)
        snapshot = self.run.snapshot(self.lane, seq // CHUNK)
        if seq < self.seq or self._commands < len(commands_told(self.run.facts())):  # a fault may be among them
            self._begin()
        if snapshot is not None and snapshot[0] * CHUNK > self.seq:
            self._folded.restore(snapshot[1], snapshot[0] * CHUNK)
            if self._folded.looks_back:
                self._folded.wind(self.run.facts(self.seq + 1, snapshot[0] * CHUNK))
            self.seq = snapshot[0] * CHUNK
        start = self.seq
        while self.seq < seq:
            tell("folding facts", (self.seq - start) / (seq - start))
            piece = self.run.facts(self.seq + 1, min(self.seq + PIECE, seq))
            self._folded.feed(piece)
            self.seq = int(piece.seq[-1])

    def true(self, shopper: int, time: int, tell: Tell) -> NDArray[np.float32] | None:
        """Return the true utilities float32[P] of a shopper where the lane stands; None where none are known."""
        if self.oracle is None or shopper in self._bots:
            return None
        start = self._known_to_oracle
        while self._known_to_oracle < self.seq:
            tell("folding the truth", (self._known_to_oracle - start) / (self.seq - start))
            piece = self.run.facts(self._known_to_oracle + 1, min(self._known_to_oracle + PIECE, self.seq))
            truth, self._truth = self._truth, {}
            self.oracle.observe(piece, truth, asked=False)
            self._known_to_oracle = int(piece.seq[-1])
        utilities: NDArray[np.float32] = self.oracle.utilities(np.array([shopper], np.int32), time)[0]
        return utilities

    def census(self) -> dict[str, Any]:
        """Return how many relations nodes hold, and how strong these are."""
        found = looking.census(self.learner)
        return {"degree": steps(found.degree), "strength": steps(found.strength)}

    def map(self) -> dict[str, Any]:
        """Return the places of all nodes that have met somebody, on the plane that the first map of the lane fixed."""
        found = looking.places(self.learner)
        if not len(found.id):
            return {"xy": [], "kind": [], "id": [], "group": [], "nodes": {}}
        if self._basis is None:
            self._basis = main_directions(found.vector)
        flat = found.vector @ self._basis
        middle, spread = flat.mean(axis=0), np.maximum(flat.std(axis=0).max(), 1e-9)
        flat = np.clip((flat - middle) / (WIDE * spread), -1.0, 1.0)  # what is far out lies on the edge
        category = self.run.array("category")
        product = found.section == looking.SECTIONS.index("product")
        group = np.where(product, category[np.where(product, np.minimum(found.id, len(category) - 1), 0)], -1)
        return {
            "xy": np.round(FINEST * flat).astype(int).reshape(-1).tolist(),
            "kind": [looking.SECTIONS[section] for section in found.section.tolist()],
            "id": found.id.tolist(),
            "group": group.tolist(),
            "nodes": {name: int((found.section == n).sum()) for n, name in enumerate(looking.SECTIONS[:4])},
        }


def steps(numbers: NDArray[Any], most: int = STEPS) -> dict[str, Any]:
    """Count numbers in at most so many equal steps from the least to the greatest.

    >>> steps(np.array([1, 1, 2, 4]))
    {'low': 1.0, 'high': 4.0, 'counts': [2, 1, 0, 1]}
    """
    if not len(numbers):
        return {"low": 0.0, "high": 0.0, "counts": []}
    low, high = float(numbers.min()), float(numbers.max())
    whole = np.issubdtype(numbers.dtype, np.integer)
    counts, _ = np.histogram(numbers, bins=min(most, int(high - low) + 1) if whole else most)
    return {"low": low, "high": high, "counts": counts.tolist()}


def main_directions(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the two main directions float32[d, 2] of vectors float32[n, d], each with its largest entry positive.

    >>> main_directions(np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0]], np.float32)).round().tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    centred = vectors - vectors.mean(axis=0)
    _, found = np.linalg.eigh(centred.T.astype(np.float64) @ centred)
    found = found[:, ::-1][:, :2]
    signs = np.sign(found[np.abs(found).argmax(axis=0), np.arange(found.shape[1])])
    return (found * signs).astype(np.float32)


def look(standing: Standing, asked: Ask, tell: Tell) -> dict[str, Any]:
    """Return a look as plain values, no NaN among them; raises Refusal where there is nothing of that name."""
    standing.go(asked.seq, tell)
    facts = standing.run.facts(1, standing.seq)
    time = int(facts.time[-1]) if len(facts) else 0
    kin = {name: standing.run.array(name) for name in ("category", "brand", "price")}
    kind, id_ = _subject(asked, standing, kin)
    subject = {"kind": kind, "id": id_} | (_of_product(id_, kin) if kind == "product" else {})
    found = [_relation(near, facts, kin, id_) for near in looking.relations(standing.learner, kind, id_, time)]
    made: dict[str, Any] = {
        "lane": asked.lane,
        "seq": standing.seq,
        "time": time,
        "subject": subject,
        "relations": found,
    }
    if kind == "shopper":
        made |= _of_shopper(standing, id_, time, facts, kin, tell)
    else:
        made["followers"] = [follower._asdict() for follower in looking.followers(standing.learner, id_)]
    if asked.map:
        made |= {"map": standing.map(), "census": standing.census()}
    return made


def _subject(asked: Ask, standing: Standing, kin: dict[str, NDArray[Any]]) -> tuple[str, int]:
    if (asked.shopper is None) == (asked.product is None):
        raise Refusal("A look is at a shopper or at a product: give one of the two.")
    kind, id_ = ("shopper", asked.shopper) if asked.shopper is not None else ("product", asked.product)
    size = int(standing.run.header["shoppers"]) if kind == "shopper" else len(kin["category"])
    if id_ is None or not 0 <= id_ < size:
        raise Refusal(f"There is no {kind} {id_} in {standing.run.path}: they are numbered 0 to {size - 1}.")
    return kind, id_


def _of_product(product: int, kin: dict[str, NDArray[Any]]) -> dict[str, Any]:
    price = float(kin["price"][product])
    known = {name: int(kin[name][product]) for name in ("category", "brand")}
    return {**known, "price": price if np.isfinite(price) else None}


def _relation(near: looking.Relation, facts: Facts, kin: dict[str, NDArray[Any]], of: int) -> dict[str, Any]:
    """Return a relation; of a product also its kin, and who else met it lately."""
    made = {**near._asdict(), "kind": Kind(near.kind).name.lower()}
    if near.section == "product" and near.id < len(kin["category"]):
        others = facts.shopper[(facts.product == near.id) & (facts.shopper != of) & (facts.shopper >= 0)]
        made |= _of_product(near.id, kin)
        made["shoppers"] = list(dict.fromkeys(others[::-1].tolist()))[:NEAR]
    return made


def _of_shopper(
    standing: Standing, shopper: int, time: int, facts: Facts, kin: dict[str, NDArray[Any]], tell: Tell
) -> dict[str, Any]:
    scores = standing.learner.scores(np.array([shopper], np.int32), time)
    parts = looking.parts(standing.learner, shopper, time)
    lines = []
    for product in best(scores, SLATE)[0].tolist():
        if product >= 0:
            own = {name: float(part[product]) for name, part in parts.items()}
            why = reasons.why(facts, shopper, product, kin["category"], own)
            score = float(scores[0, product])
            lines.append(
                {"product": product, **_of_product(product, kin), "score": score, "parts": own, "reasons": why}
            )
    true = standing.true(shopper, time, tell)
    return {
        "slate": lines,
        "learned": by_category(scores[0], kin["category"]),
        "true": None if true is None else by_category(np.where(np.isfinite(scores[0]), true, -np.inf), kin["category"]),
    }


def by_category(scores: NDArray[np.float32], category: NDArray[np.int32]) -> list[float]:
    """Return the chance of each category under the softmax of scores float32[P]; -inf is not on sale.

    >>> by_category(np.array([0.0, 0.0, -np.inf], np.float32), np.array([1, 0, 0], np.int32))
    [0.5, 0.5]
    """
    known = int(category.max(initial=-1)) + 1
    if not np.isfinite(scores).any():
        return [0.0] * known
    chance = np.exp(scores.astype(np.float64) - scores.max())
    sums = np.bincount(np.maximum(category, 0), np.where(category >= 0, chance, 0.0), minlength=known)
    shares: list[float] = (sums / chance.sum()).tolist()
    return shares
