"""One small picture of every scenario: how accurate some lanes were, day by day, and what happened when.

python docs/gallery.py FOLDER [SCENARIO ...]

Run files are made in FOLDER where they are not there yet (seed 1; a minute or two each, `taobao` far longer), and are
read where they are. Pictures go to docs/gallery; the same run gives the same bytes. Needs the extra `figures`.

level   mean NDCG@10 of the last 1,000 scored events (of a twentieth of all, where they are few)
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from numpy.typing import NDArray

import driftlab
from driftlab.measures import SLICES
from driftlab.measures.accuracy import gain
from driftlab.record import Record
from driftlab.recorded import DAY, Recorded, read
from journal.facts import Kind
from journal.runfile import RunFile

FOLDER = Path(__file__).parent / "gallery"

DAILY = "every_seconds(s=86400)"

POINTS = 160
"""Of a line."""

COLOURS = ("#0b6e99", "#d9730d", "#6940a5", "#448361", "#9b6a3c")
ORACLE = "#9a9a9a"


ROWS, LETTER, ABOVE = 3, 0.0135, 1.15
"""Rows of names above the lines; the room of a letter, as a share of the days; room above the lines, as a factor."""


class Picture(NamedTuple):
    """What is run and drawn of a scenario: the first lane is a network that learns every event."""

    policies: Sequence[str] = ("every_event", DAILY)
    baselines: Sequence[str] = ("popular", "decayed_popular")
    encoders: Sequence[str] = ("sage",)
    part: str = "all"  # of the scored events: one of `SLICES`


PICTURES = {
    "steady": Picture(),
    "small": Picture(("every_event", "never"), ("popular", "own_recent")),
    "slow_drift": Picture(("every_event", DAILY, "never"), ("popular",), part="without_repeats"),
    "sudden_shift": Picture(("every_event", DAILY, "never"), ("popular",), part="without_repeats"),
    "seasonal": Picture(part="without_repeats"),
    "season_year": Picture(("every_event", "every_seconds(s=604800)"), ("popular",)),
    "social_trend": Picture(),
    "closed_loop": Picture(("every_event", DAILY), ("popular",)),
    "cold_start": Picture(part="without_repeats"),
    "cold_content": Picture(("every_event",), ("popular",), ("sage", "sage(content=true)"), "without_repeats"),
    "launch_wave": Picture(),
    "flash_sale": Picture(),
    "viral": Picture(),
    "brand_scandal": Picture(),
    "bot_attack": Picture(),
    "black_friday": Picture(("every_event", "micro_batch(n=32)"), ("own_recent",)),
    "outage": Picture(("every_event", "every_seconds(s=3600)"), ("own_recent",)),
    "late_events": Picture(("every_event", "micro_batch(n=100)"), ("own_recent",)),
    "coupon_week": Picture(("every_event", DAILY), ("popular",)),
    "fashion": Picture(),
    "grocery": Picture(("every_event", "every_seconds(s=604800)"), ("popular", "own_recent")),
    "taobao": Picture(("every_event",), ("markov", "popular")),
}


def made(id_: str, folder: Path) -> Recorded:
    """Return a scenario's run, made if it is not there."""
    path, picture = folder / f"{id_}.run", PICTURES[id_]
    if not path.exists():
        lanes: dict[str, Any] = {"encoders": list(picture.encoders), "baselines": list(picture.baselines)}
        driftlab.run(id_, list(picture.policies), out=path, quiet=False, **lanes)
    with RunFile.open(path) as file:
        if not file.finished:
            raise SystemExit(f"{path} is not finished: `driftlab resume {path}`, or remove it.")
        return read(file)


def names(picture: Picture, recorded: Recorded) -> list[str]:
    """Return the lanes to be drawn: the oracle last, and not where it would press the others to the ground."""
    wanted = [f"{picture.encoders[0]} {policy}" for policy in picture.policies]
    wanted += [f"{encoder} {picture.policies[0]}" for encoder in picture.encoders[1:]]
    wanted += [*picture.baselines, *(["oracle"] if picture.part == "all" else [])]
    return [lane for lane in wanted if lane in recorded.records]


def level(time: NDArray[Any], gains: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return times and levels of a line of `POINTS` points, evenly over the events."""
    width = min(1_000, max(len(gains) // 20, 1))
    total = np.r_[0.0, np.cumsum(gains)]
    at = np.unique(np.linspace(width, len(gains), POINTS).astype(int))
    return time[at - 1], (total[at] - total[at - width]) / width


def draw(id_: str, recorded: Recorded) -> Path:
    """Draw a scenario's picture."""
    picture, begin = PICTURES[id_], int(recorded.facts.time[0])
    figure, axes = plt.subplots(figsize=(7.4, 2.7))
    figure.subplots_adjust(left=0.095, right=0.68, bottom=0.16, top=0.9)
    last = max((int(recorded.facts.time[-1]) - begin) / DAY, 0.1)
    marks(axes, recorded, begin, last)
    for number, lane in enumerate(names(picture, recorded)):
        seen = recorded.records[lane]
        kept = SLICES[picture.part](seen)
        colour = ORACLE if lane == "oracle" else COLOURS[number % len(COLOURS)]
        day = (seen.time[kept] - begin) / DAY
        axes.plot(*level(day, gain(seen.rank[kept], 10)), color=colour, lw=1.6 if number == 0 else 1.2, label=lane)
        if number == 0:
            at_once(axes, seen, kept, day, colour)
    axes.set_xlim(0, last)
    axes.set_ylim(0, axes.get_ylim()[1] * ABOVE)
    axes.set_title(recorded.header["title"], loc="left", fontsize=10)
    axes.set_xlabel("day", fontsize=8)
    axes.set_ylabel("NDCG@10" + ("" if picture.part == "all" else f" {picture.part.replace('_', ' ')}"), fontsize=8)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=7.5, frameon=False, handlelength=1.4)
    path = FOLDER / f"{id_}.svg"
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)
    return path


def at_once(axes: Axes, seen: Record, kept: NDArray[np.bool_], day: NDArray[Any], colour: str) -> None:
    """Draw what the lane would have had with no wait, where it was run beside itself."""
    if seen.at_once is not None:
        line = level(day, gain(seen.at_once[kept], 10))
        axes.plot(*line, color=colour, lw=1.2, ls=(0, (4, 2)), label="the first, at once")


class Mark(NamedTuple):
    """Something that happened, in days."""

    since: float
    until: float
    name: str


def happened(recorded: Recorded, begin: int) -> list[Mark]:
    """Return drifts and shocks, campaigns, surges and outages, in order."""
    facts, scenario = recorded.facts, tomllib.loads(recorded.header["scenario"])
    found = [
        Mark((moment.time - begin) / DAY, (moment.until - begin) / DAY, moment.about.partition("(")[0])
        for moment in recorded.drifts
    ]
    for row in np.flatnonzero(facts.kind == Kind.CAMPAIGN_STARTED).tolist():
        terms = json.loads(facts.payload[int(facts.seq[row])])
        found.append(Mark(terms["at_day"], terms["at_day"] + terms["days"], "campaign"))
    rhythm = scenario["rhythm"]
    if rhythm["surge"] != 1.0:
        days = rhythm["surge_day"], *rhythm["surge_again"]
        found += [Mark(day, day + rhythm["surge_hours"] / 24, "surge") for day in days]
    outages = [fault for fault in scenario.get("fault", []) if fault["use"] == "outage"]
    found += [Mark(one["at_day"], one["at_day"] + one["hours"] / 24, "outage") for one in outages]
    return sorted(found)


def marks(axes: Axes, recorded: Recorded, begin: int, last: float) -> None:
    """Shade what lasts and draw a line where it is short, with its name above, in the first row that has room.

    What goes on all the time is in the title; of what comes again within a few letters the first has the name.
    """
    taken = [-np.inf] * ROWS
    for mark in happened(recorded, begin):
        if mark.until - mark.since > 0.9 * last:
            continue
        if mark.until - mark.since > last / 200:
            axes.axvspan(mark.since, mark.until, color="#e9e9e9", lw=0, zorder=0)
        else:
            axes.axvline(mark.since, color="#b5b5b5", lw=0.8, ls=":", zorder=0)
        row = next((row for row, end in enumerate(taken) if end < mark.since), None)
        wide = LETTER * last * len(mark.name)
        if row is None or mark.since + wide > 1.06 * last:
            continue
        taken[row] = mark.since + wide
        place = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
        axes.annotate(mark.name, (mark.since, 1.0), (1, 2 - 8 * (row + 1)), fontsize=7, color="#555555", **place)


if __name__ == "__main__":
    plt.rcParams.update({"svg.hashsalt": "driftlab", "svg.fonttype": "none", "font.family": "sans-serif"})
    FOLDER.mkdir(exist_ok=True)
    folder, *wanted = sys.argv[1:]
    Path(folder).mkdir(parents=True, exist_ok=True)
    for id_ in wanted or PICTURES:
        print(draw(id_, made(id_, Path(folder))))
