"""A run file made by hand: three lanes, a shift on day 2, a few shoppers; the same bytes on every machine."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from driftlab.measures.accuracy import gain
from driftlab.sinks import FADING
from journal.chance import stream
from journal.facts import CHUNK, SCORED, Facts, Kind, facts, pick
from journal.runfile import Metric, RunFile

LANES = ("sage every_event", "sage every(n=4)", "own_recent", "oracle")
DAYS, SHOPPERS, PRODUCTS, CATEGORIES = 4, 12, 40, 5
DAY = 86_400_000_000
SCENARIO = """id = "made"
title = "A run made by hand"
days = 4.0
"""
HEADER = {
    "source": "world",
    "name": "made",
    "title": "A run made by hand",
    "seed": "1",
    "scenario": SCENARIO,
    "loop": "open",
    "shoppers": str(SHOPPERS),
    "products": str(PRODUCTS),
    "lanes": json.dumps(LANES),
    "drifts": json.dumps(["abrupt(at_day=2.0)"]),
    "made by hand": "false",
}


def happened(n: int) -> Facts:
    """Return n facts over four days: a session start before each eight interactions."""
    draw = stream(3, "made run")
    kind = draw.choice([Kind.VIEWED, Kind.FAVOURITED, Kind.CARTED, Kind.PURCHASED], n, p=[0.7, 0.1, 0.1, 0.1])
    shopper = np.repeat(draw.integers(0, SHOPPERS, n // 9 + 1), 9)[:n]
    product = draw.integers(0, PRODUCTS, n)
    starts = np.arange(n) % 9 == 0
    return facts(
        seq=range(1, n + 1),
        time=np.arange(n) * (DAYS * DAY // n),
        kind=np.where(starts, Kind.SESSION_STARTED, kind),
        shopper=shopper,
        product=np.where(starts, -1, product),
        session=np.arange(n) // 9,
    )


def outcomes(seen: Facts, lane: int) -> dict[str, np.ndarray]:
    """Return what a lane reports of these facts: better lanes rank better, all are worse for half a day after day 2."""
    seq = seen.seq[np.isin(seen.kind, SCORED)]
    draw = stream(5, "ranks", lane, int(seq[0]))
    since = seen.time[np.isin(seen.kind, SCORED)] / DAY - 2.0
    worse = np.where((since >= 0) & (since < 0.5 * (lane + 1)), 4.0, 1.0)
    rank = np.minimum(1 + np.floor(draw.exponential(4.0 + 3.0 * lane, len(seq)) * worse), PRODUCTS)
    learned = np.ones(len(seq), np.int32) if lane != 1 else (seq % 4 == 0).astype(np.int32)
    n = len(seq)
    return {
        "seq": seq,
        "rank": rank.astype(np.float32),
        "candidates": np.full(n, PRODUCTS, np.int32),
        "learned": learned,
        "replayed": np.zeros(n, np.int32),
        "rows": learned,
        "flops": learned.astype(np.float32),
        "waiting": np.zeros(n, np.int32),
        "age": np.full(n, 9.0 * (lane + 1), np.float32),
        "alarm": np.zeros(n, np.bool_),
    }


def begun(path: Path, header: dict[str, str] = HEADER) -> RunFile:
    """Return a new run file with its static arrays, open to be written."""
    run = RunFile.create(path, header)
    run.put_array("category", np.arange(PRODUCTS, dtype=np.int32) % CATEGORIES)
    run.put_array("brand", np.arange(PRODUCTS, dtype=np.int32) % 3)
    run.put_array("price", np.full(PRODUCTS, 9.5, np.float32))
    return run


def commit(
    run: RunFile,
    chunk: Facts,
    levels: dict[str, float],
    deliveries: dict[str, np.ndarray] | None = None,
    more: dict[str, dict[str, np.ndarray]] | None = None,
    waiting: int = 0,
) -> None:
    """Write a chunk, with what every lane made of it, as the lab does; `more` tells of what else there is of lanes."""
    found = {lane: outcomes(chunk, place) for place, lane in enumerate(LANES)}
    for columns in found.values():
        columns["waiting"] += waiting
    last, time, rows = int(chunk.seq[-1]), int(chunk.time[-1]), []
    for lane, columns in found.items():
        value = float(gain(columns["rank"], 10).mean())
        levels[lane] = 0.5 * levels.get(lane, value) + 0.5 * value
        hits = float((columns["rank"] <= 10).mean())
        values = {"ndcg@10": value, "hr@10": hits, "mrr": float((1 / columns["rank"]).mean()), FADING: levels[lane]}
        values |= {"learned": float(columns["learned"].sum()), "gflop": 0.0, "staleness_p50": float(columns["age"][0])}
        rows += [Metric(lane, measure, last, time, value) for measure, value in values.items()]
    truth = {}
    if chunk.time[0] <= 2 * DAY <= chunk.time[-1]:
        moved = {"time": [2 * DAY], "part": [0], "onset": [True], "affected": [SHOPPERS], "magnitude": [1.0]}
        types = (np.int64, np.int32, np.bool_, np.int32, np.float32)
        truth["drift"] = {name: np.array(v, t) for (name, v), t in zip(moved.items(), types, strict=True)}
    run.commit(chunk, truth=truth, deliveries=deliveries, outcomes={**found, **(more or {})}, metrics=rows)


def made(path: Path, n: int = 6 * CHUNK, finish: bool = True) -> Path:
    """Make a whole run file at `path` and return it."""
    whole, levels = happened(n), {}
    with begun(path) as run:
        for start in range(0, n, CHUNK):
            commit(run, pick(whole, slice(start, start + CHUNK)), levels)
        if finish:
            run.finish("finished", 1.0)
    return path


def _near(product: int, share: float) -> dict[str, object]:
    kin = {"category": product % CATEGORIES, "brand": product % 3, "price": 9.5, "shoppers": [product % 7, 11]}
    return {"section": "product", "id": product, "kind": "viewed", "strength": 0.1, "share": share, "times": 1} | kin


def _line(product: int) -> dict[str, object]:
    parts = {"interests": 2.5 - product / 32, "popularity": 0.5, "habits": 0.25}
    kin = {"category": product % CATEGORIES, "brand": product % 3, "price": 9.5}
    return {"product": product, "score": sum(parts.values()), "parts": parts, "reasons": ["viewed 2 h ago"]} | kin


LOOK = {
    "lane": LANES[0],
    "seq": 4 * CHUNK,
    "time": 2 * DAY,
    "subject": {"kind": "shopper", "id": 3},
    "relations": [_near(product, 0.5 / (place + 1)) for place, product in enumerate((5, 17, 23))],
    "slate": [_line(product) for product in range(5, 15)],
    "learned": [0.4, 0.3, 0.2, 0.1, 0.0],
    "true": [0.5, 0.1, 0.2, 0.1, 0.1],
    "census": {
        "degree": {"low": 1.0, "high": 10.0, "counts": [4, 2, 7, 1, 0, 3, 9, 2, 1, 12]},
        "strength": {"low": -0.25, "high": 1.5, "counts": [1, 2, 4, 8, 16, 24, 31, 26, 15, 9, 6, 4, 2, 1, 1, 1]},
    },
    "map": {
        "xy": [value for n in range(PRODUCTS) for value in (n * 700 - 14_000, (n % CATEGORIES) * 6_000 - 12_000)]
        + [1_000, 2_000],
        "kind": ["product"] * PRODUCTS + ["shopper"],
        "id": [*range(PRODUCTS), 3],
        "group": [n % CATEGORIES for n in range(PRODUCTS)] + [-1],
        "nodes": {"product": PRODUCTS, "category": 0, "brand": 0, "shopper": 1},
    },
}
"""A look as the inspector gives them."""
