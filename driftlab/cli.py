"""The command line: each command is the function of the same name in `driftlab.api`, with the same words.

stdout holds the result (with --json one JSON document), stderr what is said meanwhile; an error is one paragraph there.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, CycloptsError, Group, Parameter

from journal.errors import Refusal

app = App(
    name="driftlab",
    help="A laboratory for online recommenders under drifting interests.",
    help_epilogue="Start with `driftlab run small`, then `driftlab run sudden_shift`.",
    result_action="return_value",
    suppress_keyboard_interrupt=False,  # it says how to go on
)
scenarios = App(name="scenarios", help="See which scenarios there are, and check your own.")
app.command(scenarios)

Policies = Annotated[
    list[str] | None,
    Parameter(name="--policy", negative="", help="when to learn, in place of the scenario's; may be given again"),
]
Encoders = Annotated[
    list[str] | None, Parameter(name="--encoder", negative="", help="network; the first runs with every policy")
]
Baselines = Annotated[
    list[str] | None, Parameter(name="--baseline", negative="", help="what the networks are compared with")
]
Settings = Annotated[
    list[str] | None,
    Parameter(name="--set", negative="", help="key=value in place of the scenario's: policy.n=8"),
]
Seed = Annotated[int | None, Parameter(help="of every random stream")]
Out = Annotated[Path | None, Parameter(help="the run file; by default NAME-SEED.run in this folder")]
Json = Annotated[bool, Parameter(name="--json", negative="", help="one JSON document on stdout")]
RunPath = Annotated[Path, Parameter(help="a run file")]
Column = Group("A log's columns")


@app.command
def run(
    scenario: str,
    /,
    *,
    policy: Policies = None,
    encoder: Encoders = None,
    baseline: Baselines = None,
    set_: Settings = None,
    seed: Seed = None,
    out: Out = None,
    json_: Json = False,
) -> None:
    """Run a scenario: shoppers drift, networks learn from every event, and every lane is measured.

    A policy, encoder or baseline is a built-in name with parameters ('every(n=4)'), a chain
    ('every(n=4)+decay(half_life=3600)'), or a function in a file of yours ('my_policy.py:my_function').

    Parameters
    ----------
    scenario
        An id of `driftlab scenarios list`, or the path of a TOML file.
    """
    from driftlab import api

    made = api.run(
        scenario, policy, encoders=encoder, baselines=baseline, settings=_pairs(set_), seed=seed, out=out, quiet=False
    )
    _show(made, json_)


@app.command
def replay(
    log: Path,
    /,
    *,
    user: Annotated[str, Parameter(group=Column)] = "user_id",
    item: Annotated[str, Parameter(group=Column)] = "item_id",
    type_: Annotated[str, Parameter(name="--type", group=Column, help="or '=purchase' for all rows")] = "event_type",
    time: Annotated[str, Parameter(group=Column)] = "timestamp",
    value: Annotated[str | None, Parameter(group=Column)] = "value",
    types: Annotated[list[str] | None, Parameter(negative="", group=Column, help="word=known: basket=cart")] = None,
    items: Annotated[Path | None, Parameter(help="products' categories, brands, prices")] = None,
    from_: Annotated[str | None, Parameter(name="--from", help="first time taken: epoch seconds or 2017-11-25")] = None,
    to: Annotated[str | None, Parameter(help="end of the times taken, itself left out")] = None,
    policy: Policies = None,
    encoder: Encoders = None,
    baseline: Baselines = None,
    set_: Settings = None,
    seed: Seed = None,
    out: Out = None,
    json_: Json = False,
) -> None:
    """Replay a real event log (CSV or Parquet) through every policy and baseline.

    Parameters
    ----------
    log
        Columns user_id, item_id, event_type, timestamp, or those you name.
    """
    from driftlab import api

    asked = _asked(log, (user, item, type_, time, value), types, items, from_, to)
    made = api.replay(
        asked, policy, encoders=encoder, baselines=baseline, settings=_pairs(set_), seed=seed, out=out, quiet=False
    )
    _show(made, json_)


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
        _print_json({"run": str(run), "sound": True, **cursor._asdict()})
    else:
        what = "holds what was written" if quick else "comes out the same again"
        print(f"{run} {what}: {cursor.chunks} chunks, {cursor.seq:,} facts, digest {cursor.digest[:16]}")


@app.command
def report(run: RunPath, /, *, json_: Json = False) -> None:
    """Show the table of a run again, finished or not."""
    from driftlab import api

    _show(api.Run(run), json_)


@app.command
def describe(path: Path, /, *, utc_offset_hours: float = 0.0, json_: Json = False) -> None:
    """Say what is in a run file or a log: counts, popularity, sessions, gaps, funnel, repeats, rhythm.

    Parameters
    ----------
    path
        A run file, or a log with the columns user_id, item_id, event_type, timestamp.
    utc_offset_hours
        Added to times for the rhythm of hours and weekdays.
    """
    from driftlab import api
    from driftlab.description import lines

    found = api.describe(path, utc_offset_hours=utc_offset_hours)
    _print_json(found) if json_ else print("\n".join(lines(found)))


@app.command
def export(run: RunPath, /, *, to: Literal["csv", "parquet", "sqlite"] = "csv", out: Out = None) -> None:
    """Write every fact as a row, for any other program."""
    from journal.export import export as write
    from journal.runfile import RunFile

    with RunFile.open(run) as file:
        for path in write(file, to, out or run.with_suffix(f".{to}")):
            print(path)


@app.command
def parts(*, json_: Json = False) -> None:
    """List every part with its parameters: policies, encoders, baselines, drifts, detectors."""
    from scenarios.parts import listing

    found = listing()
    if json_:
        _print_json([part._asdict() for part in found])
        return
    for family, name, given, about in found:
        print(f"{family:<9} {name}({', '.join(f'{key}={value!r}' for key, value in given.items())})\n{'':<12}{about}")


@scenarios.command(name="list")
def list_(*, json_: Json = False) -> None:
    """List the scenarios that come with driftlab."""
    from scenarios import listing

    found = listing()
    if json_:
        _print_json([{"id": id_, "title": title} for id_, title in found])
        return
    width = max(len(id_) for id_, _ in found)
    print("\n".join(f"{id_:<{width}}  {title}" for id_, title in found))


@scenarios.command
def show(scenario: str, /, *, set_: Settings = None) -> None:
    """Print a whole scenario as TOML, with everything it takes from its base and every default."""
    from scenarios import load

    print(load(scenario, _pairs(set_)).toml(), end="")


@scenarios.command
def check(scenario: str, /, *, set_: Settings = None) -> None:
    """Check a scenario: all its mistakes at once, each with file, line, key and the nearest name."""
    from scenarios import load

    found = load(scenario, _pairs(set_))
    print(f"{found.id} is sound: {found.title}, {found.days:g} days, {found.shoppers.shoppers:,} shoppers")


@scenarios.command
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from scenarios import schema as made

    print(json.dumps(made(), indent=2))


def command(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; what is refused is told in one paragraph."""
    try:
        app(arguments, exit_on_error=False, print_error=False)
    except (Refusal, CycloptsError) as refusal:
        print(f"driftlab: {refusal}", file=sys.stderr)
        return Refusal.status
    except KeyboardInterrupt as stop:
        print(f"driftlab: stopped. {stop}".rstrip(), file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 1
    return 0


def _pairs(settings: Sequence[str] | None) -> dict[str, Any]:
    """Return key=value texts as a dict."""
    pairs = {}
    for text in settings or ():
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise Refusal(f"'{text}' is not key=value. Write, for instance, shoppers.shoppers=100 or policy.n=8.")
        pairs[key.strip()] = value.strip()
    return pairs


def _asked(
    log: Path,
    columns: tuple[str, str, str, str, str | None],
    types: Sequence[str] | None,
    items: Path | None,
    start: str | None,
    end: str | None,
) -> Any:
    from driftlab.logs import Asked, epoch
    from journal.cleaning import Columns

    beside = None if items is None else str(items)
    return Asked(str(log), Columns(*columns), beside, epoch(start), epoch(end), _pairs(types))


def _show(made: Any, as_json: bool) -> None:
    """Print a run's report and where it is kept."""
    if as_json:
        _print_json({**made.summary(), "table": made.table(), "metrics": made.rows()})
        return
    print(made)
    said = made.summary()
    took = f" in {said['seconds']:,.0f} s" if said["seconds"] is not None else ""
    print(f"\n{said['run']}  {said['facts']:,} facts{took}, digest {said['digest'][:16]}")


def _print_json(value: Any) -> None:
    print(json.dumps(_plain(value), indent=2, allow_nan=False))


def _plain(value: Any) -> Any:
    """Return the value with NaN as null and infinity as "inf": JSON has neither."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "inf"
    return value
