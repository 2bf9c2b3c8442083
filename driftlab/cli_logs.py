"""`driftlab describe`, `driftlab calibrate`, and the words that ask for a log: its columns, its items, its window."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Group, Parameter

from driftlab.cli_words import Json, Seed, pairs, print_json

UtcOffset = Annotated[float, Parameter(help="hours by which a log's shop is ahead of UTC, for its hours and weekdays")]

_COLUMN = Group("A log's columns")
_TYPES = Parameter(negative="", group=_COLUMN, help="word=known: basket=cart")


@Parameter(name="*")
@dataclass(frozen=True)
class LogWords:
    """The options that say how a log is read."""

    user: Annotated[str, Parameter(group=_COLUMN)] = "user_id"
    item: Annotated[str, Parameter(group=_COLUMN)] = "item_id"
    type_: Annotated[str, Parameter(name="--type", group=_COLUMN, help="or '=purchase' for all rows")] = "event_type"
    time: Annotated[str, Parameter(group=_COLUMN)] = "timestamp"
    value: Annotated[str | None, Parameter(group=_COLUMN)] = "value"
    types: Annotated[list[str] | None, _TYPES] = None
    items: Annotated[Path | None, Parameter(help="products' categories, brands, prices")] = None
    from_: Annotated[str | None, Parameter(name="--from", help="first time taken: epoch seconds or 2017-11-25")] = None
    to: Annotated[str | None, Parameter(help="end of the times taken, itself left out")] = None

    def of(self, log: Path) -> Any:
        """Return the log that is asked for, as a `driftlab.logs.Asked`."""
        from driftlab.logs import Asked, epoch
        from journal.cleaning import Columns

        columns = Columns(self.user, self.item, self.type_, self.time, self.value)
        beside = None if self.items is None else str(self.items)
        return Asked(str(log), columns, beside, epoch(self.from_), epoch(self.to), pairs(self.types))


def describe(
    path: Path,
    beside: Path | None = None,
    /,
    *,
    words: LogWords = LogWords(),
    utc_offset_hours: UtcOffset = 0.0,
    json_: Json = False,
) -> None:
    """Say what is in a run file or a log, or set two beside each other with the distance of each figure.

    Figures: counts, popularity, what is new, shoppers, sessions, gaps, funnel, repeats, interests, rhythm.

    Parameters
    ----------
    path
        A run file, or a log with the columns user_id, item_id, event_type, timestamp, or those you name.
    beside
        Another run file or log to compare it with; the longer of the two is cut to the days of the shorter.
    """
    from driftlab import api
    from driftlab.described import LOGS
    from driftlab.description import Distance, lines, side_by_side

    def asked(path: Path) -> Any:
        return words.of(path) if str(path).lower().endswith(LOGS) else path

    found = api.describe(asked(path), beside and asked(beside), utc_offset_hours=utc_offset_hours)
    if json_:
        print_json(found)
    elif beside is None:
        print("\n".join(lines(found)))
    else:
        apart = [Distance(*(row[name] for name in Distance._fields)) for row in found["distances"]]
        print("\n".join(side_by_side((path.stem, beside.stem), (found["one"], found["other"]), apart)))


def calibrate(
    log: Path,
    /,
    *,
    trials: Annotated[int, Parameter(help="worlds to try; each takes some seconds")] = 60,
    words: LogWords = LogWords(),
    utc_offset_hours: UtcOffset = 0.0,
    seed: Seed = 1,
    out: Annotated[Path | None, Parameter(help="the scenario; by default LOG_world.toml in this folder")] = None,
    json_: Json = False,
) -> None:
    """Fit a world to a log, say how well it fits, and write it as a scenario.

    What a log says at once is read: funnel, rhythm, lengths, gaps, how often shoppers come and what they come back to.
    The rest is searched for in small worlds. A stop (ctrl+c) ends the search, and the best so far is written.

    Parameters
    ----------
    log
        Columns user_id, item_id, event_type, timestamp, or those you name.
    """
    from driftlab import api

    of_all = 1 if seed is None else seed
    made = api.calibrate(words.of(log), out, trials=trials, seed=of_all, utc_offset_hours=utc_offset_hours, quiet=False)
    if json_:
        print_json(made.summary())
    else:
        print(f"{made}\n\n{made.path}  run it: `driftlab run {made.path}`")
