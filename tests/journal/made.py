"""Facts of a small shop, always the same, and what goes with them."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import Any

import numpy as np

from journal import COLUMNS, Facts, Kind, facts


def shop(n: int) -> Facts:
    """Return n facts of a shop, always the same."""
    place = np.arange(n)
    kinds = np.array([Kind.VIEWED, Kind.VIEWED, Kind.CARTED, Kind.SLATE_SERVED, Kind.PURCHASED])
    return facts(
        {int(seq): f"[{seq}, 2, 3]" for seq in place[3::5] + 1},
        seq=place + 1,
        time=place * 250_000 + place % 7,
        kind=kinds[place % 5],
        shopper=place * 7 % 31,
        product=place * 13 % 101,
        session=place // 6,
        value=np.where(place % 5 == 4, place / 8, np.nan),
        cause=np.where(place % 5 == 2, place, 0),
    )


def outcomes_of(piece: Facts) -> dict[str, Any]:
    """Return columns that stand for what a lane made of `piece`."""
    return {"seq": piece.seq, "rank": np.sqrt(piece.seq).astype(np.float32)}


def same_bits(one: Facts, other: Facts) -> bool:
    """Whether two facts are equal in every bit and in their payloads."""
    columns = all(getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in COLUMNS)
    return columns and dict(one.payload) == dict(other.payload)


def in_small_space(script: str) -> str:
    """Run `script` where no file may grow beyond 200 kB, and return what it told on its error stream."""
    most = 200_000
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))\n"
    return subprocess.run(
        [sys.executable, "-c", limit + textwrap.dedent(script)], capture_output=True, text=True, check=False
    ).stderr
