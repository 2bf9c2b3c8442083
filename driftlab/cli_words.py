"""The words that commands share: options that mean the same everywhere, and a result as one JSON document."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from journal.errors import Refusal

Seed = Annotated[int | None, Parameter(help="of every random stream")]
Drift = Annotated[str | None, Parameter(help="one more drift: 'abrupt(share=0.5)'")]
Shock = Annotated[str | None, Parameter(help="one more shock: 'viral(magnitude=7.0)'")]
Fault = Annotated[str | None, Parameter(help="one more fault of the delivery: 'outage(hours=8.0)'")]
Campaign = Annotated[str | None, Parameter(help="one more campaign: 'coupon(discount=0.3, days=5.0)'")]
Out = Annotated[Path | None, Parameter(help="the run file; by default NAME-SEED.run in this folder")]
Json = Annotated[bool, Parameter(name="--json", negative="", help="one JSON document on stdout")]
Several = list[str] | None


def _several(name: str, about: str) -> Parameter:
    return Parameter(name=name, negative="", help=about)


Settings = Annotated[Several, _several("--set", "key=value in place of the scenario's: policy.n=8")]


@Parameter(name="*")
@dataclass(frozen=True)
class LaneWords:
    """The options that say what learns in a run, and from what chance."""

    policy: Annotated[Several, _several("--policy", "when to learn, in place of the scenario's; once or more")] = None
    encoder: Annotated[Several, _several("--encoder", "network; the first runs with every policy")] = None
    loss: Annotated[Several, _several("--loss", "what teaches the vectors; others are lanes beside")] = None
    sampler: Annotated[Several, _several("--sampler", "where negatives come from; others are lanes beside")] = None
    baseline: Annotated[Several, _several("--baseline", "what the networks are compared with")] = None
    set_: Settings = None
    seed: Seed = None
    out: Out = None

    def asked(self) -> dict[str, Any]:
        """Return them as the words of `driftlab.api`."""
        lists = {"encoders": self.encoder, "losses": self.loss, "samplers": self.sampler, "baselines": self.baseline}
        return {"policies": self.policy, **lists, "settings": pairs(self.set_), "seed": self.seed, "out": self.out}

    def given(self) -> list[str]:
        """Return them as they stand on a command line."""
        found = []
        for name, value in vars(self).items():
            for one in value if isinstance(value, list) else [] if value is None else [value]:
                found += [f"--{name.rstrip('_')}", str(one)]
        return found


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
