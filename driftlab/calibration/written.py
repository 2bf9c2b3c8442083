"""A calibrated world is written as a scenario: a comment that says how well it fits, and what differs from `steady`."""

from __future__ import annotations

from math import isnan
from typing import Any

from driftlab.calibration.search import Found
from driftlab.calibration.trials import SECTIONS, drifts_of
from driftlab.description import BAND, side_by_side
from scenarios import writing


def scenario_text(found: Found, name: str, id_: str) -> str:
    """Return the TOML of a found world, the scenario `id_`; `name` is what the log is called."""
    values = found.best.values
    sections: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        section, _, rest = key.partition(".")
        if rest and section in SECTIONS:
            sections.setdefault(section, {})[rest] = value
    title = f"A world like {name}"[:59]
    table = {"base": "steady", "id": id_, "title": title, "about": _about(found, name), "days": values["days"]}
    text = writing.toml({**table, **sections, "drift": drifts_of(values)})
    return "\n".join([*(f"# {line}".rstrip() for line in report(found, name)), "", text])


def report(found: Found, name: str) -> list[str]:
    """Return how well it fits, line by line."""
    aim = found.target
    beside = "the whole log" if found.whole else f"{aim.part_shoppers:,} of its {aim.shoppers:,} shoppers"
    trials = f"{found.trials} trials" + (" (stopped)" if found.stopped else "")
    table = side_by_side(("this world", "the log"), (found.best.figures, found.beside.figures), found.best.apart)
    return [f"{name}, calibrated in {trials}; compared with {beside}", *table, *aim.notes]


def _about(found: Found, name: str) -> str:
    told = [each for each in found.best.apart if not isnan(each.distance)]
    within = sum(each.within for each in told)
    return (
        f"The shop of {name}, as far as its log tells:\n"
        f"{within} of {len(told)} figures are within {100 * BAND:.0f} %.\n"
        "Expect what that shop would show to who learns from it, but where the comment above says no.\n"
    )
