"""Injecting is leaving something in a run's inbox, and waiting until whoever makes the run says what became of it."""

from __future__ import annotations

import time
from pathlib import Path

from driftlab.inbox import Fate, clear, fates, put
from journal.errors import Refusal
from journal.runfile import RunFile

LOOK_EVERY = 0.1
"""Seconds between two looks into the file."""

TRIES = 3
"""Times that the lock of a run file has to be free, one after the other, for nobody to be making the run."""


def given(**parts: str | None) -> dict[str, str]:
    """Return those parts that are given, by family."""
    return {family: part for family, part in parts.items() if part is not None}


def inject(
    path: str | Path,
    *,
    drift: str | None = None,
    shock: str | None = None,
    fault: str | None = None,
    campaign: str | None = None,
    at: float | None = None,
    patience: float = 600.0,
) -> Fate:
    """Throw a drift, shock, fault or campaign into a run that another process is making; return what became of it.

    Where nobody makes the run, it waits in the inbox, and `resume` takes it up.

    Args:
        path: a run file that is not finished.
        drift, shock, fault, campaign: one of them, as on the command line: 'viral(magnitude=7.0)',
            'coupon(discount=0.3, days=5.0)'.
        at: the day on which it sets in; as soon as it can be by default.
        patience: seconds to wait for an answer from who makes the run.

    Raises Refusal where it cannot be: the way out is said.
    """
    path, parts = Path(path), given(drift=drift, shock=shock, fault=fault, campaign=campaign)
    if len(parts) != 1:
        raise Refusal("Give one of --drift, --shock, --fault and --campaign; another call takes another one.")
    ((family, part),) = parts.items()
    with RunFile.open(path) as run:
        check(run, family, part, at)
        line = put(path, family, part, at)
        end = time.monotonic() + patience
        while (fate := fates(run.header).get(line)) is None and is_written(path) and time.monotonic() < end:
            time.sleep(LOOK_EVERY)
        if fate is None and run.finished:
            clear(path)
            fate = fates(run.header).get(line, Fate("refused", f"{path} was finished before. Fork the run with it."))
        if fate is not None and fate.state == "refused":
            raise Refusal(fate.said)
        if fate is not None:
            return fate
    return Fate("waiting", f"{family} {part} waits in {path}.inbox; `driftlab resume {path}` takes it up")


def check(run: RunFile, family: str, part: str, at: float | None) -> None:
    """Raise Refusal where it is plain before asking that something cannot be thrown into a run."""
    header = run.header
    if header["source"] != "world":
        raise Refusal(
            f"{run.path} is the replay of a log: what happened in it happened, and nothing can be thrown in. "
            "Replay the log anew with a [[fault]] in place, or fork it with another policy."
        )
    if run.finished:
        raise Refusal(
            f"{run.path} is finished: nothing can be thrown in any more. Fork it at a moment of its past: "
            f"driftlab fork {run.path} --at {1.0 if at is None else at:g} --{family} '{part}'."
        )
    from driftlab import hand
    from scenarios import loads

    kept = {source.name: source.text for source in run.sources()}
    scenario = loads(header["scenario"], f"the scenario in {run.path}", kept=kept)
    hand.check(scenario, hand.command_of(family, part, 0.0 if at is None else at), kept)


def is_written(path: Path) -> bool:
    """Whether somebody is making the run: its lock is then free for no longer than from one chunk to the next."""
    for _ in range(TRIES):
        try:
            with RunFile.open(path, write=True):
                pass
        except Refusal:
            return True
        time.sleep(LOOK_EVERY)
    return False
