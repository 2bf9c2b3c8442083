"""The prequential loop: every fact is asked for, then told, in order, in every lane.

The main thread makes the stream (and, in the closed loop, lets the first lane serve it); two threads take the lanes
through it, a few chunks behind. A chunk goes to the sink once all lanes have answered, with all that came of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol

from numpy.typing import NDArray

from driftlab.lanes import Answer, Chunk, Lane, LearningLane
from driftlab.probing import Shopfront, readings
from driftlab.progress import Tell
from driftlab.recorded import AT_ONCE, LEARNINGS_OF
from driftlab.sources import Piece, Score, Serve, Source
from driftlab.strand import Strand
from simulator.delivery import Pipe, columns

THREADS = 2
"""Lanes that advance at the same time."""

IN_FLIGHT = 4
"""Chunks that may be on their way through the lanes at once."""


Outcomes = Mapping[str, Mapping[str, NDArray[Any]]]
"""Columns by lane, and of its probes by the name under which they are kept."""


class Sink(Protocol):
    """What takes finished chunks: a run file to be written, or one to be compared with."""

    def take(self, chunk: Chunk, outcomes: Outcomes, snapshots: Mapping[str, bytes]) -> None:
        """Take a chunk with the outcomes and probes of every lane."""
        ...


class Lanes(NamedTuple):
    """The lanes of a run."""

    all: Sequence[Lane]  # with those that run at once beside others, under names that begin with `AT_ONCE`
    oracle: str | None  # name of the lane that knows the truth
    serving: LearningLane | None  # the lane that serves slates in the closed loop


def prequential(
    source: Source,
    lanes: Lanes,
    shopfront: Shopfront,
    seed: int,
    sink: Sink,
    tell: Tell,
    serve: Serve | None = None,
    pipe: Pipe | None = None,
    score: Score | None = None,
) -> None:
    """Take every lane through the whole stream and hand each finished chunk to the sink.

    Args:
        source: where the facts come from.
        lanes: who recommends.
        shopfront: of a catalogue that nothing has happened to yet.
        seed: names the streams from which probes are drawn.
        sink: takes the chunks, in order.
        tell: is told how far the loop is.
        serve: gives slates in the closed loop; None in the open one.
        score: is asked by campaigns, in the closed loop.
        pipe: says for the run file what is delivered; None where facts reach the lanes as they happen.
    """
    flying: deque[tuple[Chunk, dict[str, Future[Answer]]]] = deque()
    pool = ThreadPoolExecutor(THREADS, "lane")
    strands = {lane.name: Strand(pool) for lane in lanes.all}

    def land() -> None:
        chunk, futures = flying.popleft()
        answers = {name: future.result() for name, future in futures.items()}
        found = {name: answer.outcomes for name, answer in answers.items() if answer.outcomes}
        found |= {LEARNINGS_OF + name: one.learnings for name, one in answers.items() if one.learnings is not None}
        kept = {name: answer.snapshot for name, answer in answers.items() if answer.snapshot is not None}
        sink.take(chunk, {**found, **readings(chunk, answers, lanes.oracle)}, kept)
        share = (int(chunk.facts.time[-1]) - source.opening) / max(source.end - source.opening, 1)
        tell(min(share, 1.0), int(chunk.facts.seq[-1]))

    try:
        for chunk in _chunks(source.pieces(serve, score), shopfront, seed, lanes.oracle is not None, pipe):
            flying.append((chunk, {lane.name: _send(lane, chunk, strands, lanes.serving) for lane in lanes.all}))
            if len(flying) >= IN_FLIGHT:
                land()
        while flying:
            land()
    finally:
        for strand in strands.values():
            strand.cancel()
        pool.shutdown(wait=True)


def _send(lane: Lane, chunk: Chunk, strands: Mapping[str, Strand], serving: LearningLane | None) -> Future[Answer]:
    """Send a chunk down a lane; the lane that serves takes it here and now, since the next slate may need it."""
    if lane.name.startswith(AT_ONCE):  # it is asked for ranks alone
        chunk = chunk._replace(probe=None)
    if lane is not serving:
        return strands[lane.name].submit(lane.fold, chunk)
    done: Future[Answer] = Future()
    done.set_result(lane.fold(chunk))
    return done


def _chunks(
    pieces: Iterator[Piece], shopfront: Shopfront, seed: int, scores: bool, pipe: Pipe | None
) -> Iterator[Chunk]:
    """Number the pieces, say after which of them to probe, and what is delivered up to the end of each."""
    for number, piece in enumerate(pieces, 1):
        shopfront.observe(piece.facts, piece.truth)
        probe = shopfront.probe(seed, number, piece.facts, scores)
        delivered = None if pipe is None else columns(pipe.send(piece.facts))
        yield Chunk(number, piece.facts, piece.truth, probe, delivered)
