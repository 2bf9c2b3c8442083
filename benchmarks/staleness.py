"""The accuracy that is lost to waiting alone: a rule without learning noise under ever larger micro-batches.

`own_recent` remembers a shopper's products, the most recent first. It has no rates, no chance and nothing to tune, and
under `micro_batch(n)` it learns the same events in the same order for every n: what an n loses, it loses to waiting.
In `driftlab run` baselines learn every event, so a `model.Learner` is driven here over the told events of a real log.

NDCG@10, HR@10, MRR     of all scored events, ranked over the whole catalogue
kept                    the same as a share of n = 1
at once                 scored events in which a shopper meets the product just met again. Where there are none, the
                        rule wastes its first place, and a wait that hides the newest product frees it: NDCG@10 and
                        MRR then rise at first, while HR@10, which sees ten places, loses from the start
waiting                 events known but not learned when one is scored, mean
staleness               age of the newest event learned when one is scored, median
calls saved             times that something was learned, less than at n = 1

Run from the root: python -m benchmarks.staleness LOG.csv [--from 2017-11-25] [--to 2017-12-04]. The page and the
picture (which needs the extra `figures`) go to benchmarks/results/staleness.md and staleness.svg.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Sequence
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from driftlab import build
from driftlab.lanes import told
from driftlab.logs import Asked, LogSource, epoch, read
from driftlab.measures.accuracy import gain, hit, reciprocal
from journal.facts import SCORED
from model import BASELINES, Catalogue, Events, Learner, Outcomes
from model.policies import micro_batch

BATCHES = (1, 10, 100, 200, 1000)
CHUNKS = (1, 2, 7, 64, 512)
PREFIX = 3_000
"""Events taken again in chunks of every size."""

MONOTONE = {"ndcg": "NDCG@10", "hits": "HR@10", "mrr": "MRR"}

RESULTS = Path(__file__).parent / "results"


class Came(NamedTuple):
    """What came of one n."""

    n: int
    ndcg: float
    hits: float
    mrr: float
    waiting: float  # events
    staleness: float  # seconds
    calls: int  # times that something was learned


class Bench:
    """A log, and the rule that is taken through it."""

    def __init__(self, source: LogSource) -> None:
        log = source.log
        arrays = {name: getattr(log, name) for name in ("category", "brand", "price")}
        self.shop: Catalogue = build.catalogue(arrays, log.facts)
        self.events = told(log.facts, int(log.facts.time[0]))
        self.shoppers = len(log.names["shopper"])
        self.rule = BASELINES["own_recent"]()
        self.policies = {n: micro_batch(n) for n in BATCHES}

    def learner(self, n: int) -> Learner:
        return Learner(self.rule, self.policies[n], self.shop, self.shoppers, 1)

    def measure(self, n: int) -> Came:
        """Take the rule through the whole log."""
        out = self.learner(n).advance(self.events)
        accuracy = (float(found.mean()) for found in (gain(out.rank, 10), hit(out.rank, 10), reciprocal(out.rank)))
        calls = int((out.learned > 0).sum())
        return Came(n, *accuracy, float(out.waiting.mean()), float(np.median(out.age)), calls)

    def same_bits(self, n: int) -> list[int]:
        """Return the chunk sizes that change a bit of the outcomes or of the digest; none is wanted."""
        part = Events(*(column[:PREFIX] for column in self.events))
        first, *others = (self._in_chunks(n, part, size) for size in CHUNKS)
        return [size for size, one in zip(CHUNKS[1:], others, strict=True) if one != first]

    def _in_chunks(self, n: int, part: Events, size: int) -> tuple[list[bytes], str]:
        """Return the bits of all outcomes, and the digest.

        What is learned after a chunk's last event counts to that event, however the stream is cut.
        """
        learner = self.learner(n)
        outcomes = [
            learner.advance(Events(*(column[at : at + size] for column in part)))
            for at in range(0, len(part.seq), size)
        ]
        columns = (np.concatenate([getattr(one, name) for one in outcomes]).tobytes() for name in Outcomes._fields)
        return list(columns), learner.digest()


def falls(curve: Sequence[Came], name: str) -> str:
    """Say whether a measure falls with every larger n, or where not."""
    measure = attrgetter(name)
    rises = [f"from n = {a.n} to {b.n}" for a, b in itertools.pairwise(curve) if measure(b) >= measure(a)]
    return "falls with every larger n" if not rises else f"does NOT fall {', '.join(rises)}"


def at_once(events: Events) -> float:
    """Return the share of scored events in which a shopper meets the same product as in the event before."""
    scored = np.isin(events.kind, SCORED)
    order = np.argsort(events.shopper[scored], kind="stable")
    shopper, product = events.shopper[scored][order], events.product[scored][order]
    return float(((np.diff(shopper) == 0) & (np.diff(product) == 0)).sum() / len(order))


def kept(came: Came, one: Came) -> tuple[str, str]:
    """Write the shares of n = 1 that are kept."""
    return f"{came.ndcg / one.ndcg:.1%}", f"{came.hits / one.hits:.1%}"


def duration(seconds: float) -> str:
    """Write whole seconds, with minutes beside them where that helps."""
    return f"{seconds:,.0f} s" if seconds < 120 else f"{seconds:,.0f} s ({seconds / 60:.0f} min)"


def table(curve: Sequence[Came]) -> list[str]:
    """Write the table, one line an n."""
    one = curve[0]
    heads = (
        *("n", "NDCG@10", "HR@10", "MRR", "NDCG@10 kept", "HR@10 kept"),
        *("waiting, mean", "staleness, median", "calls saved"),
    )
    lines = ["| " + " | ".join(heads) + " |", "|" + "---:|" * len(heads)]
    for came in curve:
        accuracy = (f"{value:.4f}" for value in (came.ndcg, came.hits, came.mrr))
        saved = f"{one.calls - came.calls:,} ({1 - came.calls / one.calls:.1%})"
        cells = f"{came.n}", *accuracy, *kept(came, one), f"{came.waiting:,.1f}"
        lines.append("| " + " | ".join((*cells, duration(came.staleness), saved)) + " |")
    return lines


def page(source: LogSource, bench: Bench, curve: Sequence[Came], bits: Sequence[str]) -> str:
    """Write the page."""
    scored = int(np.isin(bench.events.kind, SCORED).sum())
    about = (__doc__ or "").partition("Run from the root")[0].strip()
    window = "".join(
        f" --{word} {at}" for word, at in (("from", source.words.start), ("to", source.words.end)) if at is not None
    )
    made = f"python -m benchmarks.staleness {Path(source.words.path).name}{window}"
    what = f"{scored:,} scored events, {bench.shoppers:,} shoppers, {len(bench.shop.category):,} products"
    return "\n".join(
        [
            *("# What waiting costs", "", f"Made by `{made}`:"),
            *(f"{what}.", "", "```text", about, "```", "", *table(curve), "", "![staleness](staleness.svg)", ""),
            *(f"- {label} {falls(curve, name)}" for name, label in MONOTONE.items()),
            *(f"- at once: {at_once(bench.events):.2%} of the scored events", ""),
            *(f"The first {PREFIX:,} events in chunks of {', '.join(map(str, CHUNKS))}:", ""),
            *(f"- {line}" for line in bits),
            "",
        ]
    )


def draw(curve: Sequence[Came], path: Path) -> None:
    """Draw what is kept by n, a line for NDCG@10 and one for HR@10."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "driftlab", "svg.fonttype": "path", "font.size": 10})
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 3.8), layout="constrained")
    n = [one.n for one in curve]
    for name, color, beside in (("ndcg", "#1f5fa8", (8, 8)), ("hits", "#b5521b", (-52, -15))):
        share = [100 * attrgetter(name)(one) / attrgetter(name)(curve[0]) for one in curve]
        axes.plot(n, share, "o-", color=color, linewidth=1.8, markersize=5)
        axes.annotate(MONOTONE[name], (n[1], share[1]), xytext=beside, textcoords="offset points", color=color)
    axes.set_xscale("log")
    axes.set_xticks(n, [f"{one.n:,}\n{one.staleness:,.0f} s" for one in curve], minor=False)
    axes.minorticks_off()
    axes.set_xlim(0.8, 1_600)
    axes.set_ylim(0, 120)
    axes.set_xlabel("events in a micro-batch (n), and median staleness (seconds)")
    axes.set_ylabel("kept of the accuracy of n = 1 (%)")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def asked() -> Asked:
    """Read the command line."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.staleness", description="what waiting costs")
    words.add_argument("log", help="CSV or Parquet with the columns user_id, item_id, event_type, timestamp")
    words.add_argument("--from", dest="start", help="first time taken: epoch seconds or 2017-11-25")
    words.add_argument("--to", help="end of the times taken, itself left out")
    given = words.parse_args()
    return Asked(given.log, start=epoch(given.start), end=epoch(given.to))


def main() -> None:
    """Measure, print and write."""
    source = read(asked())
    bench, curve = Bench(source), []
    for n in BATCHES:
        print(f"measuring n = {n} ...", file=sys.stderr, flush=True)
        curve.append(bench.measure(n))
    bits = []
    for n in BATCHES:
        changed = bench.same_bits(n)
        what = f"change a bit: {', '.join(map(str, changed))}, NOT wanted" if changed else "change no bit"
        bits.append(f"n = {n}: outcomes and digest, chunk sizes {what}")
    made = page(source, bench, curve, bits)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "staleness.md").write_text(made, encoding="utf-8")
    print(made)
    try:
        draw(curve, RESULTS / "staleness.svg")
    except ImportError:
        print("no picture: matplotlib is not installed; `uv sync --extra figures`, then run again", file=sys.stderr)


if __name__ == "__main__":
    main()
