"""What the lab does, in the words of the command line: run, replay, resume, verify; each with a run file in the end.

The header of a run file says all that is needed to go on with it: the whole scenario, its seed, where a log was read.
"""

from __future__ import annotations

import json
import platform
import time
import traceback
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from driftlab import build
from driftlab.build import Handmade
from driftlab.files import remove
from driftlab.hand import Hand, headings, way, with_commands
from driftlab.lanes import LearningLane
from driftlab.logs import LogSource, read
from driftlab.prequential import Lanes, prequential
from driftlab.probing import Shopfront
from driftlab.progress import Tell
from driftlab.recorded import AT_ONCE, DAY
from driftlab.sinks import Committing, Comparing, Reached, audiences, served
from driftlab.sources import Listed, Score, Serve, Source
from journal.errors import Refusal
from journal.facts import CHUNK, Facts
from journal.runfile import RunFile
from model import Catalogue
from scenarios import Scenario, loads
from scenarios.checking import check_faults

PUBLISHED = ("category", "brand", "price", "content")
"""What a shop says of its products, where it does; all of it is kept in the run file."""

NONE: Mapping[str, str] = dict.fromkeys(("drifts", "shocks", "audiences"), "[]")
"""What the header says of these where a log is replayed."""

VERSIONS = ("driftlab", "jax", "jaxlib", "numpy", "simpy")


class Stage(NamedTuple):
    """All that the loop needs, before anything has happened."""

    scenario: Scenario
    source: Source
    shop: Catalogue
    shoppers: int
    lanes: Lanes
    finder: build.Finder
    arrays: Mapping[str, NDArray[Any]]
    pipes: build.Piping | None  # None where facts reach the lanes as they happen


def stage(
    scenario: Scenario,
    log: LogSource | None,
    finder: build.Finder,
    handmade: Handmade | None = None,
    only: str | None = None,
) -> Stage:
    """Set up source and lanes: of those that learn, only the one of a name where one is given."""
    with blaming(finder.sources):  # policies are traced, to find which can share a loop
        recipes = build.recipes(scenario, finder, handmade)
    build.check_server(scenario.loop, [recipe.name for recipe in recipes])
    made = [recipe for recipe in recipes if only in (None, recipe.name)]
    if log is None:
        simulated = build.Simulated(scenario, finder)
        arrays, shoppers, world = simulated.world.catalogue, simulated.world.everybody, simulated.world
        source: Source = simulated
        shop = build.catalogue(arrays, None)
    else:
        source, shoppers, world = Listed(log.log.facts), len(log.log.names["shopper"]), None
        told = {name: getattr(log.log, name) for name in PUBLISHED}
        arrays = {name: array for name, array in told.items() if array is not None}
        shop = build.catalogue(arrays, log.log.facts)
    with blaming(finder.sources):  # a policy is traced as soon as its lane is built
        pipes = build.piping(scenario, finder, source.opening)
        way = build.way(scenario, pipes, beside=only is None)
        lanes = build.lanes(made, shop, shoppers, scenario.seed, source.opening, world, way)
    return Stage(scenario, source, shop, shoppers, lanes, finder, arrays, pipes)


def begin(set_up: Stage, path: Path, log: LogSource | None, by_hand: bool) -> RunFile:
    """Make the run file and write into it all that does not change; nothing is left behind where that fails."""
    scenario, source = set_up.scenario, set_up.source
    texts = {one.name: one.text for one in set_up.finder.sources.values()}
    check_faults(scenario, (source.end - source.opening) / DAY, texts, of_log=log is not None)
    header = {
        "source": "world" if log is None else "log",
        "name": scenario.id,
        "title": scenario.title,
        "seed": str(scenario.seed),
        "scenario": scenario.toml(),
        "loop": scenario.loop.mode if log is None else "open",
        "server": scenario.loop.server,
        "shoppers": str(set_up.shoppers),
        "products": str(len(set_up.shop.category)),
        "lanes": json.dumps([lane.name for lane in set_up.lanes.all if not lane.name.startswith(AT_ONCE)]),
        **(headings(scenario, set_up.finder.kept) if log is None else NONE),
        **({} if log is None or set_up.pipes is None else way(scenario)),
        "made by hand": json.dumps(by_hand),
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        **{f"version of {name}": _version(name) for name in VERSIONS},
        **({} if log is None else log.header()),
    }
    run = RunFile.create(path, header)
    try:
        for name in PUBLISHED:
            if name in set_up.arrays:
                run.put_array(name, np.asarray(set_up.arrays[name]))
        for name, text in texts.items():
            run.put_source(name, text)
        if log is not None:
            for kind, names in log.log.names.items():
                run.put_names(kind, names)
            run.put_rejects(log.log.rejects)
    except BaseException:
        run.close()
        remove(path)
        raise
    return run


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def go_on(set_up: Stage, run: RunFile, tell: Tell) -> None:
    """Take the loop to the end of the stream, from wherever the file is; write the end into it."""
    began = time.perf_counter()
    spent = float(run.header.get("seconds so far", "0"))
    facts = run.facts() if set_up.lanes.serving else None
    recorded = Answered({}, {}) if facts is None else Answered(served(facts), audiences(facts))
    hand = None
    if isinstance(set_up.source, build.Simulated):
        kept = {source.name: source.text for source in run.sources()}
        hand = Hand(set_up.scenario, set_up.source, kept, run)
    try:
        with blaming(set_up.finder.sources):
            _loop(set_up, Committing(run, None if hand is None else hand.header), tell, recorded, hand)
        if hand is not None:
            hand.close()
    except BaseException:
        with suppress(Refusal):  # what went wrong is told already
            run.set_header("seconds so far", repr(spent + time.perf_counter() - began))
        raise
    run.finish("finished", spent + time.perf_counter() - began)


@contextmanager
def blaming(own: Collection[str]) -> Iterator[None]:
    """Turn an error raised in a user's own file into a Refusal that names its line; others are defects of ours."""
    try:
        yield
    except Refusal:
        raise
    except Exception as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in own]
        if not frames:
            raise
        where, first = frames[-1], str(error).strip().partition("\n")[0]
        raise Refusal(
            f"{where.filename}, line {where.lineno}, in {where.name}: {type(error).__name__}: {first}. "
            "This is your own part; mend it and run again."
        ) from error


class Answered(NamedTuple):
    """What the serving lane has answered, which it may have learned too much since to answer again.

    That is so where a run goes on after it was stopped, and where its world is made anew by a hand.
    """

    slates: dict[tuple[int, int], str]  # by time and shopper
    audiences: dict[int, NDArray[np.int32]]  # by campaign


def _loop(
    set_up: Stage, sink: Committing | Comparing, tell: Tell, recorded: Answered, hand: Hand | None = None
) -> None:
    shopfront, lane = Shopfront(len(set_up.shop.category)), set_up.lanes.serving
    serve = server(lane, set_up.scenario.loop.slate, recorded.slates)
    score = scorer(lane, set_up.shoppers, recorded.audiences)
    pipe = set_up.pipes and set_up.pipes()
    if hand is not None and pipe is not None:
        learning = [one for one in set_up.lanes.all if isinstance(one, LearningLane)]
        hand.ways = [pipe, *(one.passage for one in learning if one.passage is not None)]
    prequential(hand or set_up.source, set_up.lanes, shopfront, set_up.scenario.seed, sink, tell, serve, pipe, score)


def server(lane: LearningLane | None, k: int, recorded: dict[tuple[int, int], str]) -> Serve | None:
    """Return what serves slates in the closed loop: `recorded` where it has the slate, else the lane, whose answer is
    recorded; None if open."""
    if lane is None:
        return None

    def serve(facts: Facts, shopper: int, now: int) -> NDArray[np.int32]:
        if (now, shopper) in recorded:
            lane.tell(facts)
            return np.array(json.loads(recorded[now, shopper]), np.int32)
        slate = lane.serve(facts, shopper, now, k)
        recorded[now, shopper] = str(slate.tolist())
        return slate

    return serve


def scorer(lane: LearningLane | None, shoppers: int, recorded: Mapping[int, NDArray[np.int32]]) -> Score | None:
    """Return what says for whom products stand high: `recorded` where the campaign has begun, else the serving lane,
    whose answer is kept."""
    if lane is None:
        return None
    answered: dict[int, NDArray[np.float32]] = {}

    def score(facts: Facts, products: NDArray[np.int32], campaign: int, now: int) -> NDArray[np.float32]:
        if campaign not in (*answered, *recorded):
            answered[campaign] = lane.standing(facts, shoppers, products, now)
        lane.tell(facts)
        if campaign in answered:
            return answered[campaign]
        chosen = np.full(shoppers, -np.inf, np.float32)
        chosen[recorded[campaign]] = 0.0
        return chosen

    return score


def reopen(run: RunFile, only: str | None = None) -> Stage:
    """Set up again what a run file was made with, or only one of the lanes; raises Refusal where that cannot be."""
    header = run.header
    if json.loads(header["made by hand"]):
        raise Refusal(
            f"{run.path} has a policy that was made in Python, and only its name is in the file. Give policies as text "
            "('every(n=4)', 'my_file.py:my_function') where a run is to be resumed or verified."
        )
    kept = {source.name: source.text for source in run.sources()}
    scenario = with_commands(loads(header["scenario"], f"the scenario in {run.path}", kept=kept), run.facts())
    log = None
    if header["source"] == "log":
        log = read(LogSource.asked(header))
    return stage(scenario, log, build.Finder(kept), only=only)


def resume(run: RunFile, tell: Tell) -> None:
    """Go on with a run where it stopped; `run` is open to be written.

    The source tells its facts again from the start (they are compared); lanes begin again at their last snapshot.
    """
    set_up = reopen(run)
    for lane in set_up.lanes.all:
        newest = run.snapshot(lane.name)
        if newest is not None and isinstance(lane, LearningLane):
            lane.restore(newest[1], newest[0] * CHUNK)
    go_on(set_up, run, tell)


def verify(run: RunFile, tell: Tell) -> None:
    """Do the whole run again and compare everything with the file; raises Refusal at the first difference."""
    with suppress(Reached):
        _loop(reopen(run), Comparing(run), tell, Answered({}, {}))
