"""The command line: each command is the function of the same name in `driftlab.api`, with the same words.

stdout holds the result (with --json one JSON document), stderr what is said meanwhile; an error is one paragraph there.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, CycloptsError, Parameter

from driftlab import cli_logs, cli_parts, cli_scenarios, cli_tui
from driftlab.cli_logs import LogWords
from driftlab.cli_words import Campaign, Drift, Fault, Json, LaneWords, Out, Shock, print_json
from journal.errors import Refusal

app = App(
    name="driftlab",
    help="A laboratory for online recommenders under drifting interests.",
    help_epilogue="Start with `driftlab run small`, then `driftlab run sudden_shift`.",
    result_action="return_value",
    suppress_keyboard_interrupt=False,  # it says how to go on
)
app.command(cli_scenarios.scenarios)
app.command(cli_logs.describe)
app.command(cli_logs.calibrate)
app.command(cli_parts.parts)
app.command(cli_parts.check)
app.command(cli_tui.tui)

RunPath = Annotated[Path, Parameter(help="a run file")]


@app.command
def run(
    scenario: str,
    /,
    *,
    lanes: LaneWords = LaneWords(),
    json_: Json = False,
) -> None:
    """Run a scenario: shoppers drift, networks learn from every event, and every lane is measured.

    A policy, encoder, loss, sampler or baseline is a built-in name with parameters ('every(n=4)'), a chain
    ('every(n=4)+decay(half_life=3600)'), or a function in a file of yours ('my_policy.py:my_function').

    Parameters
    ----------
    scenario
        An id of `driftlab scenarios list`, or the path of a TOML file.
    """
    from driftlab import api

    _show(api.run(scenario, **lanes.asked(), quiet=False), json_)


@app.command
def replay(
    log: Path,
    /,
    *,
    words: LogWords = LogWords(),
    lanes: LaneWords = LaneWords(),
    json_: Json = False,
) -> None:
    """Replay a real event log (CSV or Parquet) through every policy and baseline.

    Parameters
    ----------
    log
        Columns user_id, item_id, event_type, timestamp, or those you name.
    """
    from driftlab import api

    _show(api.replay(words.of(log), **lanes.asked(), quiet=False), json_)


@app.command
def fork(
    run: RunPath,
    /,
    *,
    at: Annotated[float, Parameter(help="days since the first fact")],
    policy: Annotated[str | None, Parameter(help="takes over from the first policy at that moment")] = None,
    drift: Drift = None,
    shock: Shock = None,
    fault: Fault = None,
    campaign: Campaign = None,
    out: Out = None,
    json_: Json = False,
) -> None:
    """Run a run again, the same until a moment and different from then on, into a file that knows its parent."""
    from driftlab import api

    more = {"drift": drift, "shock": shock, "fault": fault, "campaign": campaign}
    _show(api.fork(run, at, policy=policy, **more, out=out, quiet=False), json_)


@app.command
def inject(
    run: RunPath,
    /,
    *,
    drift: Drift = None,
    shock: Shock = None,
    fault: Fault = None,
    campaign: Campaign = None,
    at: Annotated[float | None, Parameter(help="day on which it sets in; as soon as it can be by default")] = None,
    json_: Json = False,
) -> None:
    """Throw a drift, shock, fault or campaign into a run that is under way; it is kept as a fact, and replays.

    A run that stands still takes it up when it is resumed.
    """
    from driftlab.injecting import inject as throw

    fate = throw(run, drift=drift, shock=shock, fault=fault, campaign=campaign, at=at)
    if json_:
        print_json({"run": str(run), **fate._asdict()})
    else:
        print(f"{run}: {fate.said}")


@app.command
def resume(run: RunPath, /, *, json_: Json = False) -> None:
    """Go on with a run that was stopped; the finished file is the same as that of an undisturbed run."""
    from driftlab import api

    _show(api.resume(run, quiet=False), json_)


@app.command
def verify(run: RunPath, /, *, quick: bool = False, json_: Json = False) -> None:
    """Do a whole run again and compare everything with the file.

    Parameters
    ----------
    quick
        Check only that the file holds what was written.
    """
    from driftlab import api

    cursor = api.verify(run, chain_only=quick, quiet=False)
    if json_:
        print_json({"run": str(run), "sound": True, **cursor._asdict()})
    else:
        what = "holds what was written" if quick else "comes out the same again"
        print(f"{run} {what}: {cursor.chunks} chunks, {cursor.seq:,} facts, digest {cursor.digest[:16]}")


@app.command
def report(run: RunPath, /, *, json_: Json = False) -> None:
    """Show the table of a run again, finished or not."""
    from driftlab.kept import Run

    _show(Run(run), json_)


@app.command
def export(run: RunPath, /, *, to: Literal["csv", "parquet", "sqlite"] = "csv", out: Out = None) -> None:
    """Write every fact as a row, for any other program."""
    from journal.export import export as write
    from journal.runfile import RunFile

    with RunFile.open(run) as file:
        for path in write(file, to, out or run.with_suffix(f".{to}")):
            print(path)


def command(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; what is refused is told in one paragraph."""
    try:
        status = app(arguments, exit_on_error=False, print_error=False)
    except (Refusal, CycloptsError) as refusal:
        print(f"driftlab: {refusal}", file=sys.stderr)
        return Refusal.status
    except KeyboardInterrupt as stop:
        print(f"driftlab: stopped. {stop}".rstrip(), file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 1
    return status if isinstance(status, int) else 0


def _show(made: Any, as_json: bool) -> None:
    """Print a run's report and where it is kept."""
    if as_json:
        found = {"campaigns": came} if (came := made.campaigns()) else {}
        print_json({**made.summary(), "table": made.table(), "metrics": made.rows(), **found})
        return
    print(made)
    said = made.summary()
    took = f" in {said['seconds']:,.0f} s" if said["seconds"] is not None else ""
    print(f"\n{said['run']}  {said['facts']:,} facts{took}, digest {said['digest'][:16]}")
