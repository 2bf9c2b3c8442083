"""A recommender whose every answer and every change is written down beforehand, and a plain walk through the same script.

The script is drawn from the seed: at event seq it answers with vector[seq], ids[seq], bonus[seq], and when it learns that
event it serves `rows[seq]` for the products `written[seq]`. Numbers lie on the grid and are few, so that there are ties.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from journal.chance import stream
from journal.facts import SCORED, Kind
from model import Catalogue, Events, Recommender
from model.parts import Learned, Scored

LONGEST, WIDTH, BONUSES, WRITES = 300, 4, 5, 3
STEP = 2.0**-7


class Script(NamedTuple):
    """What a seed says; first axis: seq."""

    served: NDArray[np.float32]  # [P, WIDTH]
    vector: NDArray[np.float32]  # [LONGEST, WIDTH]
    ids: NDArray[np.int32]  # [LONGEST, BONUSES], distinct or -1
    bonus: NDArray[np.float32]
    written: NDArray[np.int32]  # [LONGEST, WRITES], -1 where none; a product may stand twice, with one row
    rows: NDArray[np.float32]  # [LONGEST, WRITES, WIDTH]


def script(seed: int, products: int) -> Script:
    """Draw a script for so many products."""
    draw = stream(seed, "script", products)
    few = int(draw.integers(2, products + 1))  # the products that are written: few are written again and again

    def numbers(*shape: int) -> NDArray[np.float32]:
        return (draw.integers(-2, 3, shape) * STEP * draw.choice([1, 3])).astype(np.float32)

    vector = numbers(LONGEST, WIDTH)
    vector[:, -1] = 1
    order = np.argsort(draw.random((LONGEST, products)), axis=1)[:, :BONUSES].astype(np.int32)
    ids = np.where(draw.random(order.shape) < 0.3, -1, order)
    written = draw.integers(-1, few, (LONGEST, WRITES)).astype(np.int32)
    rows = numbers(LONGEST, WRITES, WIDTH)
    for place in range(1, WRITES):
        for before in range(place):
            same = written[:, place] == written[:, before]
            rows[same, place] = rows[same, before]
    return Script(numbers(products, WIDTH), vector, ids, numbers(LONGEST, BONUSES), written, rows)


def known() -> Recommender:
    """The recommender that says what the script of its seed says."""

    def init(layout, catalogue, seed):
        lines = script(seed, layout.products)
        return {
            "table": jnp.zeros((layout.rows, 1)),
            **{f: jnp.asarray(v) for f, v in lines._asdict().items()},
        }, jnp.asarray(lines.served)

    def query(state, shop, query, layout):
        return Scored(state["vector"][query.seq], state["ids"][query.seq], state["bonus"][query.seq])

    def learn(state, shop, seen, action, on, layout):
        return Learned(state, state["written"][seen.seq], state["rows"][seen.seq])

    return Recommender("known", WIDTH, init, query, learn, (WRITES, 0.0))


def walk(lines: Script, catalogue: Catalogue, stream: Events, batch: int) -> tuple[list[float], list[int]]:
    """Ranks and candidates of every scored event, one after the other over the whole line of scores."""
    served, on_sale, waiting, ranks, candidates = lines.served.astype(float), catalogue.listed.copy(), [], [], []
    for seq, kind, product in zip(stream.seq, stream.kind, stream.product, strict=True):
        if kind in (Kind.PRODUCT_LISTED, Kind.RESTOCKED):
            on_sale[product] = True
        elif kind in (Kind.PRODUCT_RETIRED, Kind.STOCK_OUT):
            on_sale[product] = False
        if kind not in SCORED:
            continue
        line = served @ lines.vector[seq]
        for one, bonus in zip(lines.ids[seq], lines.bonus[seq], strict=True):
            if one >= 0:
                line[one] += bonus
        others = on_sale.copy()
        others[product] = False
        greater, ties = (line[others] > line[product]).sum(), (line[others] == line[product]).sum()
        ranks.append(1 + greater + ties / 2)
        candidates.append(on_sale.sum())
        waiting.append(seq)
        if len(waiting) >= batch:
            for one in waiting:
                keep = lines.written[one] >= 0
                served[lines.written[one][keep]] = lines.rows[one][keep]
            waiting = []
    return ranks, candidates
