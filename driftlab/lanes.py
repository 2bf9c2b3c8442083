"""A lane is one way of recommending on the stream; it is asked before it is told, and told nothing but public facts.

`told` is the only maker of `Events`, and takes facts alone: neither truth nor what comes later can reach a learner.
Where facts reach the lanes through a pipeline, `driftlab.passage` makes its entries of what `told` returns.
A lane drops what it has been told before: how the stream is cut, and where a resumed run goes on, change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from driftlab.ties import Coupons, issued, told_ties
from journal.facts import CHUNK, INTERACTIONS, Facts, Kind, pick
from model.contract import Entries, Events, Learnings, Outcomes

SLATE = 10
"""Products on a probed slate."""

ASKED = 256
"""Shoppers whose scores of all products are held at once."""

SNAPSHOT_EVERY = 32
"""Chunks between two snapshots of a lane: what a resumed run has to fold again, at most."""

TOLD = (Kind.PRODUCT_LISTED, Kind.PRODUCT_RETIRED, Kind.STOCK_OUT, Kind.RESTOCKED, *INTERACTIONS)
"""Kinds of facts that every recommender is told."""


Truth = dict[str, dict[str, NDArray[Any]]]
"""Columns of the truth's tables by name, as `simulator.truth` gives them; no lane but the oracle's takes them."""


class Learner(Protocol):
    """What the lab asks of a recommender that learns; `model.Learner` is one. See there for each."""

    def advance(self, events: Events) -> Outcomes: ...
    def follow(self, entries: Entries) -> tuple[Outcomes, Learnings]: ...
    def slates(self, shoppers: NDArray[np.int32], time: int, k: int) -> NDArray[np.int32]: ...
    def scores(self, shoppers: NDArray[np.int32], time: int) -> NDArray[np.float32]: ...
    def snapshot(self) -> bytes: ...
    def restore(self, snapshot: bytes) -> None: ...


class Knowing(Protocol):
    """What the lab asks of an oracle; `simulator.Oracle` is one."""

    def observe(self, facts: Facts, truth: Truth) -> NamedTuple: ...
    def utilities(self, shoppers: NDArray[np.int32], time: int) -> NDArray[np.float32]: ...


class Passage(Protocol):
    """What the lab asks of the way through a pipeline; `driftlab.passage.Passage` is one."""

    def entries(self, facts: Facts, events: Events) -> Entries:
        """Send the next facts, of which `events` are told; return what happens and is delivered up to the last."""
        ...

    def meet(self, faults: Sequence[tuple[str, Any]]) -> None:
        """Let what happens from now on meet these faults, by name, in place of those before."""
        ...


class Probe(NamedTuple):
    """A reading to be taken at the end of a chunk."""

    seq: int
    time: int  # microseconds
    shoppers: NDArray[np.int32]  # [m]
    listed: NDArray[np.bool_]  # [P]
    scores: bool  # whether scores are wanted too: only where there is a truth to hold them against


class Chunk(NamedTuple):
    """A chunk on its way through the lanes."""

    number: int  # from 1
    facts: Facts
    truth: Truth  # for the oracle alone
    probe: Probe | None
    deliveries: Mapping[str, NDArray[Any]] | None = None  # columns, to be kept; None where there is no pipeline


class Answer(NamedTuple):
    """What one lane made of a chunk."""

    outcomes: Mapping[str, NDArray[Any]]
    slates: NDArray[np.int32] | None = None  # [m, k]
    scores: NDArray[np.float32] | None = None  # [m, P]: a learner's scores, an oracle's true utilities
    snapshot: bytes | None = None
    learnings: Mapping[str, NDArray[Any]] | None = None  # through a pipeline: what was learned when


class Lane(Protocol):
    """One way of recommending."""

    name: str

    def fold(self, chunk: Chunk) -> Answer:
        """Take the chunk in, in order, and answer."""
        ...


def told(facts: Facts, opening: int = -1, ties: tuple[int, ...] = (), coupons: Coupons | None = None) -> Events:
    """Return what a recommender is told of the facts: their public columns, nothing else.

    Products listed at time `opening` (microseconds) are left out: the catalogue has them as listed from the start. One
    that reads `ties` is told facts of these kinds too (`driftlab.ties`), and `coupons` know which campaign one is of.

    >>> from journal.facts import facts
    >>> told(facts(seq=[1, 2], time=[5, 6], kind=[Kind.SESSION_STARTED, Kind.VIEWED])).seq.tolist()
    [2]
    """
    known = (facts.kind == Kind.PRODUCT_LISTED) & (facts.time == opening)
    which = np.isin(facts.kind, (*TOLD, *ties)) & ~known
    events = Events(*(getattr(facts, name)[which] for name in Events._fields))
    return events if not ties else told_ties(events, pick(facts, which), ties, coupons or {})


class LearningLane:
    """A lane whose recommender learns, and which may serve slates between chunks."""

    def __init__(
        self, name: str, learner: Learner, opening: int, passage: Passage | None = None, ties: tuple[int, ...] = ()
    ) -> None:
        """Begin with a learner that has been told nothing; its catalogue is that of time `opening`, microseconds.

        With a `passage` it learns what is delivered, when it is delivered. It is told of `ties`, as `told` says.
        """
        self.name = name
        self.learner = learner
        self.passage = passage
        self._opening, self._ties = opening, ties
        self._coupons: Coupons = {}
        self._after = 0  # the last fact that the learner knows of
        self._sent = 0  # the last fact on its way
        self._learnings: list[tuple[int, Learnings]] = []  # by the last fact of the piece they came with
        self._early: list[Outcomes] = []  # of facts told while slates were served, not yet asked for by a chunk
        self._snapshot: tuple[int, bytes] | None = None  # the newest, and the fact it was taken after

    def restore(self, snapshot: bytes, seq: int) -> None:
        """Go on from a snapshot that was taken after fact `seq`."""
        self.learner.restore(snapshot)
        self._after = seq

    def tell(self, facts: Facts) -> None:
        """Score and learn the facts that were not told before, and take a snapshot where one is due."""
        self.recall(facts)  # all of them: those that a snapshot knows of are told again
        known = self._after if self.passage is None else self._sent
        fresh = pick(facts, facts.seq > known)
        # While slates are served, facts are told across the end of a chunk; a snapshot is of the very end.
        for of_chunk in np.split(np.arange(len(fresh)), np.flatnonzero(fresh.seq % CHUNK == 0) + 1):
            if not len(of_chunk):
                continue
            piece = pick(fresh, of_chunk)
            if int(piece.seq[-1]) <= self._after:
                self.wind(piece)
                continue
            outcomes, learnings = self.feed(piece)
            self._early += [outcomes] if outcomes is not None else []
            self._learnings += [(self._after, learnings)] if learnings is not None else []
            if self._after % (CHUNK * SNAPSHOT_EVERY) == 0:
                self._snapshot = self._after, self.learner.snapshot()

    def recall(self, facts: Facts) -> None:
        """Note coupons that are issued, where the learner reads them; a snapshot does not know of them."""
        if Kind.COUPON_REDEEMED in self._ties:
            self._coupons |= issued(facts)

    @property
    def looks_back(self) -> bool:
        """Whether it has to be told of facts that a snapshot knows of, by `wind`."""
        return self.passage is not None or Kind.COUPON_REDEEMED in self._ties

    def wind(self, facts: Facts) -> None:
        """Send facts that a snapshot knows of on their way once more; what is delivered of them is known."""
        self.recall(facts)
        if self.passage is not None:
            self.passage.entries(facts, self._told(facts))
        self._sent = int(facts.seq[-1])

    def _told(self, facts: Facts) -> Events:
        return told(facts, self._opening, self._ties, self._coupons)

    def feed(self, piece: Facts) -> tuple[Outcomes | None, Learnings | None]:
        """Score and learn the next facts; return what came of it, if anything did."""
        self.recall(piece)
        events = self._told(piece)
        self._sent = self._after = int(piece.seq[-1])
        if self.passage is None:
            return (self.learner.advance(events) if len(events.seq) else None), None
        entries = self.passage.entries(piece, events)
        return self.learner.follow(entries) if len(entries.now) else (None, None)

    def serve(self, facts: Facts, shopper: int, time: int, k: int) -> NDArray[np.int32]:
        """Return a slate for one shopper, int32[k], when everything up to now has been told."""
        self.tell(facts)
        return self.learner.slates(np.array([shopper], np.int32), time, k)[0]

    def standing(self, facts: Facts, shoppers: int, products: NDArray[np.int32], time: int) -> NDArray[np.float32]:
        """Return how high products stand for each shopper when everything up to now has been told; float32[shoppers].

        The mean of their scores, in standard deviations from that of all products on sale; -inf where none of them is.
        """
        self.tell(facts)
        made = np.full(shoppers, -np.inf, np.float32)
        for start in range(0, shoppers, ASKED):
            some = np.arange(start, min(start + ASKED, shoppers), dtype=np.int32)
            scores = self.learner.scores(some, time).astype(np.float64)
            on_sale = scores[0] > -np.inf
            meant = products[on_sale[products]]
            if len(meant):
                spread = np.maximum(scores[:, on_sale].std(axis=1), 1e-12)
                made[some] = (scores[:, meant].mean(axis=1) - scores[:, on_sale].mean(axis=1)) / spread
        return made

    def fold(self, chunk: Chunk) -> Answer:
        """Take the chunk in and answer."""
        self.tell(chunk.facts)
        last = int(chunk.facts.seq[-1]) if len(chunk.facts) else self._after
        outcomes, learnings = self._outcomes_up_to(last), self._learnings_up_to(last)
        probe = chunk.probe
        slates = _full(self.learner.slates(probe.shoppers, probe.time, SLATE)) if probe else None
        scores = self.learner.scores(probe.shoppers, probe.time) if probe and probe.scores else None
        snapshot = self._snapshot[1] if self._snapshot and self._snapshot[0] == last else None
        return Answer(outcomes, slates, scores, snapshot, learnings)

    def _outcomes_up_to(self, last: int) -> dict[str, NDArray[Any]]:
        """Take the outcomes of scored events up to seq `last` from those that have not been asked for."""
        if not self._early:
            return {}
        columns = {name: np.concatenate([getattr(o, name) for o in self._early]) for name in Outcomes._fields}
        now = columns["seq"] <= last
        later = Outcomes(**{name: column[~now] for name, column in columns.items()})
        self._early = [later] if len(later.seq) else []
        return {name: column[now] for name, column in columns.items()}

    def _learnings_up_to(self, last: int) -> dict[str, NDArray[Any]] | None:
        """Take what was learned with facts up to seq `last` from what has not been asked for."""
        if self.passage is None:
            return None
        now = [learnings for fact, learnings in self._learnings if fact <= last]
        self._learnings = [(fact, learnings) for fact, learnings in self._learnings if fact > last]
        empty = Learnings(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int32))
        return {name: np.concatenate([getattr(one, name) for one in (empty, *now)]) for name in Learnings._fields}


class OracleLane:
    """The lane that knows the truth: it learns nothing, and no lane can be better than it but by luck."""

    def __init__(self, oracle: Knowing, name: str = "oracle") -> None:
        self.name = name
        self.oracle = oracle

    def fold(self, chunk: Chunk) -> Answer:
        """Take facts and truth in and answer with the true ranks and, for a probe, the true utilities."""
        outcomes = self.oracle.observe(chunk.facts, chunk.truth)._asdict()
        if chunk.probe is None:
            return Answer(outcomes)
        true = np.where(chunk.probe.listed, self.oracle.utilities(chunk.probe.shoppers, chunk.probe.time), -np.inf)
        return Answer(outcomes, _full(best(true, SLATE)), true)


def _full(slates: NDArray[np.int32]) -> NDArray[np.int32]:
    """Widen slates to `SLATE` places where the shop has fewer products."""
    return np.pad(slates, ((0, 0), (0, SLATE - slates.shape[1])), constant_values=-1)


def best(scores: NDArray[Any], k: int) -> NDArray[np.int32]:
    """Return the k best columns of each row, ties by id, -1 where fewer are above minus infinity; int32[n, k].

    >>> best(np.array([[0.1, 0.5, 0.5, -np.inf]]), 4).tolist()
    [[1, 2, 0, -1]]
    """
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k].astype(np.int32)
    return np.where(np.isneginf(np.take_along_axis(scores, order, 1)), -1, order).astype(np.int32)
