"""The public face in Python: the functions are the commands of the command line, with the same words.

A function that runs something returns a `Run`, which reads its file whenever it is asked.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftlab import description, recorded, report
from driftlab.progress import Tell, progress, silent
from journal.errors import Refusal
from journal.facts import Facts
from journal.runfile import Cursor, RunFile

if TYPE_CHECKING:
    import pandas as pd

    from driftlab.build import Handmade
    from driftlab.logs import Asked, LogSource
    from model import Policy
    from scenarios import Scenario

LOGS = (".csv", ".tsv", ".txt", ".gz", ".parquet")


class Run:
    """A run that is kept in a file, finished or not."""

    def __init__(self, path: str | Path) -> None:
        """Take the path of a run file; raises Refusal where it is none."""
        self.path = Path(path)
        with RunFile.open(self.path):
            pass

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    def __str__(self) -> str:
        return report.text(self._read())

    @property
    def header(self) -> dict[str, str]:
        """What is known of the whole run: scenario, seed, versions, machine; text by key."""
        with RunFile.open(self.path) as file:
            return file.header

    def summary(self) -> dict[str, Any]:
        """Return what the run is and how far it has come, as plain values; `driftlab run --json` begins with it."""
        header, cursor = self.header, self.cursor
        with RunFile.open(self.path) as file:
            drifts = recorded.moments(file.truth("drift"), json.loads(header["drifts"]))
        return {
            "run": str(self.path),
            **{name: header[name] for name in ("name", "title", "source", "loop")},
            **{name: int(header[name]) for name in ("seed", "shoppers", "products")},
            "finished": header.get("status") == "finished",
            "seconds": float(header["wall_seconds"]) if "wall_seconds" in header else None,
            "chunks": cursor.chunks,
            "facts": cursor.seq,
            "digest": cursor.digest,
            "rows": json.loads(header.get("rows", "null")),
            "drifts": [drift._asdict() for drift in drifts],
        }

    @property
    def cursor(self) -> Cursor:
        """How far it has come: chunks, seq of the last fact, digest of the chain up to there."""
        with RunFile.open(self.path) as file:
            return file.cursor

    def facts(self) -> Facts:
        """Return all facts."""
        with RunFile.open(self.path) as file:
            return file.facts()

    def rows(self) -> list[dict[str, Any]]:
        """Return every measure of every lane: lane, measure, events (a slice), count, value, unit, better."""
        return report.metrics(self._read())

    def table(self) -> list[dict[str, Any]]:
        """Return the rows of the final table, one dict a lane."""
        return report.table(self._read())

    def metrics(self) -> pd.DataFrame:
        """Return `rows` as a data frame; raises Refusal where pandas is not installed."""
        return _frame(self.rows())

    def windows(self) -> pd.DataFrame:
        """Return measures over time as a data frame, one value a chunk: lane, measure, seq, time (us), value."""
        with RunFile.open(self.path) as file:
            return _frame([metric._asdict() for metric in file.metrics()])

    def _read(self) -> recorded.Recorded:
        with RunFile.open(self.path) as file:
            return recorded.read(file)


def _frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    try:
        pandas = importlib.import_module("pandas")
    except ImportError:
        raise Refusal(
            "A data frame needs pandas, which is not installed. Install it with `pip install 'driftlab[frames]'`, "
            "or take the same values as plain rows: `rows()` and `table()`."
        ) from None
    return pandas.DataFrame(rows)


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


def describe(path: str | Path | Asked, *, utc_offset_hours: float = 0.0) -> dict[str, Any]:
    """Return what is in a run file or in a log: counts, popularity, sessions, gaps, funnel, repeats, rhythm.

    Args:
        path: a run file, the path of a log, or a `driftlab.logs.Asked`.
        utc_offset_hours: added to times for the rhythm of hours and weekdays.
    """
    from driftlab import logs

    if isinstance(path, str | Path) and not str(path).lower().endswith(LOGS):
        with RunFile.open(path) as file:
            return description.describe_facts(file.facts(), file.array("category"), utc_offset_hours)
    read = logs.read(path if isinstance(path, logs.Asked) else logs.Asked(str(path)))
    return {"log": read.rows(), **description.describe_facts(read.log.facts, read.log.category, utc_offset_hours)}


def _made(
    scenario: Scenario, log: LogSource | None, handmade: Handmade | None, out: str | Path | None, stem: str, quiet: bool
) -> Run:
    """Make the run file, and the run."""
    from driftlab import build, runs

    path = Path(out) if out is not None else runs.free_name(stem)
    set_up = runs.stage(scenario, log, build.Finder(), handmade)
    with runs.begin(set_up, path, log, handmade is not None) as file, _stopping(path), _telling(quiet, stem) as tell:
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
