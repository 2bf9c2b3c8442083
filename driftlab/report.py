"""A report puts every lane beside every other: networks first, then other encoders and policies, baselines, the oracle.

column  a measure over a slice of the scored events, and how it is written
"""

from __future__ import annotations

import json
import textwrap
import tomllib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from driftlab import campaigning
from driftlab.measures import MEASURES, SLICED, SLICES
from driftlab.record import Record
from driftlab.recorded import DAY, Recorded, thrown
from driftlab.story import story
from driftlab.wording import decimals, duration, hours, number

WIDTH = 100
"""Characters of a terminal that the table fits into."""


class Column(NamedTuple):
    """A column of the table."""

    group: str  # written above the headings of neighbours that share it
    heading: str
    measure: str
    part: str  # one of `SLICES`
    write: Callable[[float], str]


_ACCURACY = (
    Column("all scored events", "NDCG@10", "ndcg@10", "all", decimals),
    Column("all scored events", "HR@10", "hr@10", "all", decimals),
    Column("all scored events", "MRR", "mrr", "all", decimals),
    Column("without repeats", "NDCG@10", "ndcg@10", "without_repeats", decimals),
    Column("without repeats", "MRR", "mrr", "without_repeats", decimals),
)
_TRUTH = (Column("", "recovery", "recovery", "all", hours), Column("", "regret", "regret", "all", decimals))
_COST = (
    Column("", "learned", "learned", "all", number),
    Column("", "GFLOP", "gflop", "all", number),
    Column("", "stale p50", "staleness_p50", "all", duration),
)

_AT_ONCE = Column("", "at once", "at_once", "all", decimals)
_SHED = Column("", "shed", "shed", "all", number)
_PIPELINE = (
    *(_ACCURACY[0], _AT_ONCE, _ACCURACY[3]),
    Column("", "learned", "learned", "all", number),
    Column("", "stale p50", "staleness_p50", "all", duration),
    Column("", "stale p99", "staleness_p99", "all", duration),
    Column("", "lag p99", "lag_p99", "all", duration),
    Column("", "queue", "queue_p99", "all", number),
    _SHED,
)
"""Where facts come through a pipeline."""

NOTES = {
    "NDCG@10": "ranks are over the whole catalogue; without repeats: the shopper had not met the product before",
    "recovery": "recovery: simulated time after a drift until NDCG@10 of 1,000 events is at 90 % of before, to stay",
    "regret": "regret: true utility given away for each place of a slate against the best slate",
    "at once": "at once: the same lane beside itself, with no wait; the difference is what waiting cost",
    "stale p50": "stale p50: median age of the newest event the model had learned when it was asked",
    "lag p99": "lag p99: time from an event to its being learned, which 99 of 100 that are learned do not exceed",
    "queue": "queue: events delivered and not learned yet, which 99 of 100 questions to the model do not find exceeded",
}


def columns(recorded: Recorded) -> list[Column]:
    """Return the columns worth showing for this run: those of the truth only where it is known."""
    if recorded.pipeline:
        lanes = recorded.records.values()
        out = [] if any(seen.at_once is not None for seen in lanes) else [_AT_ONCE]
        out += [] if any(seen.passed is not None and seen.passed.shed for seen in lanes) else [_SHED]
        return [column for column in _PIPELINE if column not in out]
    return [*_ACCURACY, *(_TRUTH if recorded.simulated else ()), *_COST]


def measured(seen: Record, measure: str, part: str) -> float:
    """Return the value of a measure over a slice of a lane's scored events."""
    return MEASURES[measure].value(seen if part == "all" else seen.where(SLICES[part](seen)))


def metrics(recorded: Recorded) -> list[dict[str, Any]]:
    """Return every measure of every lane as tidy rows: lane, measure, events (a slice), count, value, unit, better."""
    rows = []
    for lane, seen in recorded.records.items():
        for part, which in SLICES.items():
            mask = which(seen)
            chosen = seen if part == "all" else seen.where(mask)
            for name in MEASURES if part == "all" else SLICED:
                measure = MEASURES[name]
                row = {"lane": lane, "measure": name, "events": part, "count": int(mask.sum())}
                rows.append({**row, "value": measure.value(chosen), "unit": measure.unit, "better": measure.better})
    return rows


def table(recorded: Recorded) -> list[dict[str, Any]]:
    """Return the rows of the final table as plain values, one dict a lane; keys are `measure` or `measure of slice`."""
    shown = columns(recorded)
    rows: list[dict[str, Any]] = []
    for lane, seen in recorded.records.items():
        values = {
            column.measure if column.part == "all" else f"{column.measure} {column.part}": measured(
                seen, column.measure, column.part
            )
            for column in shown
        }
        rows.append({"lane": lane, **values})
    return rows


def text(recorded: Recorded) -> str:
    """Return the report for a terminal: what ran, what drifted when, the table, and what its columns mean."""
    begin = int(recorded.facts.time[0]) if len(recorded.facts) else 0
    marketed = ["", *campaigning.table(recorded.campaigns, begin)] if recorded.campaigns else []
    told = [*story(recorded), ""] if recorded.pipeline else []
    return "\n".join([*_opening(recorded), "", *_table(recorded), "", *told, *_closing(recorded), *marketed])


def campaigns(recorded: Recorded) -> list[dict[str, Any]]:
    """Return every marketing measure of every campaign that has begun as plain values, one dict a campaign."""
    return campaigning.rows(recorded.campaigns)


def _opening(recorded: Recorded) -> list[str]:
    header, facts = recorded.header, recorded.facts
    scored = max((len(seen) for seen in recorded.records.values()), default=0)
    counts = f"{len(facts):,} facts, {scored:,} of them scored"
    begin = int(facts.time[0]) if len(facts) else 0
    days = (int(facts.time[-1]) - begin) / DAY if len(facts) else 0.0
    sizes = f"{int(header['shoppers']):,} shoppers, {int(header['products']):,} products"
    counts += f"; {recorded.sham:,} are of bots: learned from, not scored" if recorded.sham else ""
    lines = [f"{header['title']} ({header['name']}, seed {header['seed']})", f"{days:.1f} days, {sizes}, {counts}"]
    if "rows" in header:
        (_, rows), (_, taken), (_, rejected), *reasons = json.loads(header["rows"]).items()
        why = f" ({', '.join(f'{reason} {count:,}' for reason, count in reasons)})" if reasons else ""
        lines.append(f"{rows:,} rows of the log: {taken:,} taken, {rejected:,} rejected{why}")
    if "status" not in header:
        lines.append("This run is not finished; go on with `driftlab resume`.")
    if "delivery" in header:
        lines.append(f"delivery: {header['delivery']}")
        about = tomllib.loads(header["scenario"])["about"] if recorded.simulated else ""
        lines[1:1] = textwrap.wrap(" ".join(about.split()), WIDTH)
    for moment, how in [*((one, "") for one in recorded.drifts), *((one, "thrown in: ") for one in thrown(facts))]:
        day = (moment.time - begin) / DAY
        until = f" to {(moment.until - begin) / DAY:.1f}" if moment.until > moment.time else ""
        lines.append(f"day {day:.1f}{until}: {how}{moment.about}")
    return lines


def _table(recorded: Recorded) -> list[str]:
    shown = columns(recorded)
    cells = [
        [lane, *(column.write(measured(seen, column.measure, column.part)) for column in shown)]
        for lane, seen in recorded.records.items()
    ]
    heads = ["lane", *(column.heading for column in shown)]
    widths = [max(map(len, texts)) for texts in zip(heads, *cells, strict=True)]
    widths[0] = min(widths[0], WIDTH - sum(widths[1:]) - 2 * len(shown))
    lines = [_groups(shown, widths), _line(heads, widths)]
    return [*lines, "-" * len(lines[-1]), *(_line(row, widths) for row in cells)]


def _line(texts: Sequence[str], widths: Sequence[int]) -> str:
    """Write one row: the lane to the left, a long name on a line of its own, and numbers to the right."""
    name, room = texts[0], widths[0]
    above, name = (f"{name}\n", "") if len(name) > room else ("", name)
    return above + "  ".join([f"{name:<{room}}", *(f"{t:>{w}}" for t, w in zip(texts[1:], widths[1:], strict=True))])


def _groups(shown: Sequence[Column], widths: Sequence[int]) -> str:
    """Write the names of column groups above their columns."""
    line, at = " " * widths[0], 0
    while at < len(shown):
        end = at
        while end < len(shown) and shown[end].group == shown[at].group:
            end += 1
        room = sum(widths[1 + at : 1 + end]) + 2 * (end - at - 1)
        line += "  " + shown[at].group.center(room)
        at = end
    return line.rstrip()


def _closing(recorded: Recorded) -> list[str]:
    headings = {column.heading for column in columns(recorded)}
    lines = [note for heading, note in NOTES.items() if heading in headings]
    if recorded.pipeline:
        lines.append(_delivered(recorded))
    if recorded.simulated:
        lines.append(_distance(recorded))
    for lane, seen in recorded.records.items():
        if seen.traffic is not None:
            came = [f"{MEASURES[name].title} {MEASURES[name].value(seen):.3f}" for name in _LOOP]
            lines.append(f"{lane} served {seen.traffic.slates:,} slates: {', '.join(came)} (money a slate)")
    return lines


def _delivered(recorded: Recorded) -> str:
    """Say what became of the events on their way; it is the same in all lanes."""
    seen = next(seen for seen in recorded.records.values() if seen.passed is not None)
    lacking, doubled = (int(MEASURES[name].value(seen)) for name in ("undelivered", "doubled"))
    return f"of {len(seen):,} events {lacking:,} were not delivered before the end; {doubled:,} came once more"


def _distance(recorded: Recorded) -> str:
    """Say how far the first lane is from the last, the oracle: what was there to be known."""
    (first, ours), *_, (last, best) = recorded.records.items()
    one, other = (MEASURES["ndcg@10"].value(seen) for seen in (ours, best))
    share = f"{100 * one / other:.0f} %" if other > 0 else "nothing"
    return f"{first} reaches {share} of the NDCG@10 of the {last}, which knows every shopper's mind"


_LOOP = ("click_through", "conversion", "revenue")
