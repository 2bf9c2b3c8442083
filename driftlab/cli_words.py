"""The words that commands share: options that mean the same everywhere, and a result as one JSON document."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from journal.errors import Refusal

Policies = Annotated[
    list[str] | None,
    Parameter(name="--policy", negative="", help="when to learn, in place of the scenario's; may be given again"),
]
Encoders = Annotated[
    list[str] | None, Parameter(name="--encoder", negative="", help="network; the first runs with every policy")
]
Losses = Annotated[
    list[str] | None, Parameter(name="--loss", negative="", help="what teaches the vectors; others are lanes beside")
]
Samplers = Annotated[
    list[str] | None,
    Parameter(name="--sampler", negative="", help="where negatives come from; others are lanes beside"),
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


def pairs(settings: Sequence[str] | None) -> dict[str, Any]:
    """Return key=value texts as a dict."""
    pairs = {}
    for text in settings or ():
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise Refusal(f"'{text}' is not key=value. Write, for instance, shoppers.shoppers=100 or policy.n=8.")
        pairs[key.strip()] = value.strip()
    return pairs


def print_json(value: Any) -> None:
    """Print a result as JSON, with NaN as null."""
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
