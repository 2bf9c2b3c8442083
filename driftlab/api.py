"""The public face in Python: the functions are the commands of the command line, with the same words.

A function that runs something returns a `Run`, which reads its file whenever it is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftlab.files import free_name
from driftlab.injecting import given
from driftlab.kept import Run
from driftlab.progress import Tell, progress, silent
from journal.runfile import Cursor, RunFile

if TYPE_CHECKING:
    from driftlab.build import Finder, Handmade
    from driftlab.calibration import Calibrated
    from driftlab.logs import Asked, LogSource
    from model import Policy
    from scenarios import Scenario


def run(
    scenario: str | Path,
    policies: Sequence[str | Policy] | None = None,
    *,
    encoders: Sequence[str] | None = None,
    losses: Sequence[str] | None = None,
    samplers: Sequence[str] | None = None,
    baselines: Sequence[str] | None = None,
    settings: Mapping[str, Any] | None = None,
    seed: int | None = None,
    out: str | Path | None = None,
    quiet: bool = True,
) -> Run:
    """Run a scenario from its first fact to its last and return the run.

    Args:
        scenario: an id (`driftlab scenarios list`) or the path of a TOML file.
        policies, encoders, losses, samplers, baselines: in place of the scenario's, each as on the command line:
            'every(n=4)', a chain 'every(n=4)+decay(half_life=3600)', or a function in a file
            'my_policy.py:my_function'; a policy may also be an object.
        settings: values by dotted key in place of the scenario's: {"shoppers.shoppers": 100, "policy.n": 8}.
        seed: in place of the scenario's.
        out: the run file; `<scenario>-<seed>.run` in the current folder by default, with a number if that is there.
        quiet: False shows progress on stderr.

    Raises Refusal where anything of this will not do, where `out` exists, or where the disk is full.
    """
    from scenarios import load

    lists = {"encoders": encoders, "losses": losses, "samplers": samplers, "baselines": baselines}
    wanted, handmade = _wanted(policies, lists, settings, seed)
    chosen = load(scenario, wanted)
    return _made(chosen, None, handmade, out, f"{chosen.id}-{chosen.seed}", quiet)


def replay(
    log: str | Path | Asked,
    policies: Sequence[str | Policy] | None = None,
    *,
    encoders: Sequence[str] | None = None,
    losses: Sequence[str] | None = None,
    samplers: Sequence[str] | None = None,
    baselines: Sequence[str] | None = None,
    settings: Mapping[str, Any] | None = None,
    seed: int | None = None,
    out: str | Path | None = None,
    quiet: bool = True,
) -> Run:
    """Replay a real event log through every policy and baseline and return the run; see `run` for the arguments.

    `log` is the path of a CSV or Parquet file with the columns user_id, item_id, event_type, timestamp, or a
    `driftlab.logs.Asked` that names other columns, an items file or a window. Policies: every built-in one by default.
    """
    from driftlab import logs
    from scenarios import load, names

    others = [name for name in names("policy") if name not in ("every_event", "oracle")]  # a log has no known drifts
    lists = {"encoders": encoders, "losses": losses, "samplers": samplers, "baselines": baselines}
    wanted, handmade = _wanted(policies or ["every_event", *others], lists, settings, seed)
    asked = log if isinstance(log, logs.Asked) else logs.Asked(str(log))
    stem = Path(asked.path).stem
    title = {"id": re.sub(r"[^A-Za-z0-9_-]", "_", stem), "title": f"Replay of {Path(asked.path).name}"}
    chosen = load("steady", {**title, **wanted})
    return _made(chosen, logs.read(asked), handmade, out, f"{stem}-{chosen.seed}", quiet)


def fork(
    path: str | Path,
    at: float,
    *,
    policy: str | None = None,
    drift: str | None = None,
    shock: str | None = None,
    fault: str | None = None,
    campaign: str | None = None,
    out: str | Path | None = None,
    quiet: bool = True,
) -> Run:
    """Run a run again, the same until day `at` and different from then on, into a file that knows its parent.

    Args:
        path: the parent, finished or not.
        at: days since its first fact.
        policy: what takes over from the first policy at that moment; the first lane keeps it, to be compared with.
        drift: one more drift, which sets in at that moment: 'abrupt(level="population", share=0.5)'.
        shock: one more shock, likewise: 'viral(magnitude=7.0)'.
        fault: one more fault of the delivery, likewise: 'outage(hours=8.0)'.
        campaign: one more campaign, likewise: 'coupon(discount=0.3, days=5.0)'.
        out: the run file; `<parent>-fork.run` in the current folder by default, with a number if that is there.
        quiet: False shows progress on stderr.

    Raises Refusal where there is nothing to be different, or where it cannot be.
    """
    from driftlab import forking

    with RunFile.open(path) as file:
        chosen = forking.forked(file, at, policy, given(drift=drift, shock=shock, fault=fault, campaign=campaign))
        log, finder = forking.source_of(file)
        parent = forking.parent_of(file, at)
    return _made(chosen, log, None, out, f"{Path(path).stem}-fork", quiet, parent, finder)


def resume(path: str | Path, *, quiet: bool = True) -> Run:
    """Go on with a run that was stopped, to its end; a finished one is left as it is.

    The finished file has the same digests as an undisturbed run. Raises Refusal where the file cannot be gone on with.
    """
    with RunFile.open(path, write=True) as file:
        if not file.finished:
            from driftlab import runs

            with _stopping(path), _telling(quiet, f"resuming {Path(path).name}") as tell:
                runs.resume(file, tell)
    return Run(path)


def verify(path: str | Path, *, chain_only: bool = False, quiet: bool = True) -> Cursor:
    """Check the chain of digests, then do the whole run again and compare everything; return how far the file goes.

    Args:
        path: a run file.
        chain_only: only check that the file holds what was written.
        quiet: False shows progress on stderr.

    Raises Refusal at the first chunk that differs.
    """
    with RunFile.open(path) as file:
        file.check_chain()
        if not chain_only and file.cursor.chunks:
            from driftlab import runs

            with _telling(quiet, f"verifying {Path(path).name}") as tell:
                runs.verify(file, tell)
        return file.cursor


def describe(
    path: str | Path | Asked, beside: str | Path | Asked | None = None, *, utc_offset_hours: float = 0.0
) -> dict[str, Any]:
    """Return what is in a run file or in a log: counts, popularity, sessions, gaps, funnel, repeats, interests, rhythm.

    Args:
        path: a run file, the path of a log, or a `driftlab.logs.Asked`.
        beside: another of them to compare it with. Then the result holds the two descriptions, `one` and `other`, each
            of the first days that both have, and `distances`, a list of the stylised facts with their distances.
        utc_offset_hours: added to times of logs for the rhythm of hours and weekdays; a simulated shop keeps its own.
    """
    from driftlab.described import for_as_long, open_described
    from driftlab.description import distances

    one = open_described(path, utc_offset_hours)
    if beside is None:
        return one.figures()
    two = [each.figures() for each in for_as_long(one, open_described(beside, utc_offset_hours))]
    return {"one": two[0], "other": two[1], "distances": [apart.row() for apart in distances(*two)]}


def calibrate(
    log: str | Path | Asked,
    out: str | Path | None = None,
    *,
    trials: int = 60,
    seed: int = 1,
    utc_offset_hours: float = 0.0,
    quiet: bool = True,
) -> Calibrated:
    """Fit a world to a log, write it as a scenario, and return what was written and how well it fits.

    Args:
        log: the path of a log, a `driftlab.logs.Asked`, or a run file.
        out: the scenario; `<log>_world.toml` in the current folder by default.
        trials: worlds to try; a KeyboardInterrupt ends the search, and the best so far is written.
        seed: of the search and its worlds.
        utc_offset_hours: by which the log's shop is ahead of UTC.
        quiet: False shows progress on stderr.

    Raises Refusal where the log cannot be read or is too small, or `out` is there already.
    """
    from driftlab.calibration import calibrated

    with nullcontext(silent) if quiet else progress("calibrating", "reading the log") as tell:
        return calibrated(log, out, trials, seed, utc_offset_hours, tell)


def _made(
    scenario: Scenario,
    log: LogSource | None,
    handmade: Handmade | None,
    out: str | Path | None,
    stem: str,
    quiet: bool,
    parent: str | None = None,
    finder: Finder | None = None,
) -> Run:
    """Make the run file, and the run."""
    from driftlab import build, runs

    path = Path(out) if out is not None else free_name(stem)
    set_up = runs.stage(scenario, log, finder or build.Finder(), handmade)
    with runs.begin(set_up, path, log, handmade is not None) as file, _stopping(path), _telling(quiet, stem) as tell:
        if parent is not None:
            file.set_header("parent", parent)
        runs.go_on(set_up, file, tell)
    return Run(path)


class Stopped(KeyboardInterrupt):
    """A person has stopped a run; the message says how to go on with it."""


@contextmanager
def _stopping(path: str | Path) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        raise Stopped(f"All finished chunks are kept; go on with `driftlab resume {path}`.") from None


def _telling(quiet: bool, doing: str) -> AbstractContextManager[Tell]:
    return nullcontext(silent) if quiet else progress(doing)


def _wanted(
    policies: Sequence[str | Policy] | None,
    lists: Mapping[str, Sequence[str] | None],
    settings: Mapping[str, Any] | None,
    seed: int | None,
) -> tuple[dict[str, Any], Handmade | None]:
    """Return overrides for the scenario, and apart from them the policies that are objects."""
    told = [policy for policy in policies or () if isinstance(policy, str)]
    made = {_name(policy): policy for policy in policies or () if not isinstance(policy, str)}
    handmade = _made_by_hand(made, alone=not told)
    given = {
        "network.policies": told or None,
        **{f"network.{key}": list(names) for key, names in lists.items() if names is not None},
        "seed": seed,
    }
    return {**{key: value for key, value in given.items() if value is not None}, **(settings or {})}, handmade


def _made_by_hand(made: Mapping[str, Policy], alone: bool) -> Handmade | None:
    if not made:
        return None
    from driftlab.build import Handmade

    return Handmade(made, alone)


def _name(policy: Policy) -> str:
    """Name a policy that was made in Python after the function that made it."""
    return str(policy.update.__qualname__).partition(".")[0]
