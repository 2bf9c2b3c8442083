"""The rooms beside driftlab have plain names (`model`, ...); a user's own `model.py` must not stand in for one."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOMS = ("journal", "model", "scenarios", "simulator")


def stranger(home: Path | None = None) -> str | None:
    """Return what to do about a module that has the name of a room and is not it; None where all is well.

    >>> stranger() is None
    True
    """
    house = home or Path(__file__).resolve().parent.parent
    for room in ROOMS:
        spec = importlib.util.find_spec(room)
        origin = None if spec is None else spec.origin
        if origin is not None and Path(origin).resolve().parent == house / room:
            continue
        if origin is None and spec is None:
            return f"driftlab's own package '{room}' is missing beside {house / 'driftlab'}. Install driftlab again."
        found = origin or ", ".join(spec.submodule_search_locations or [])  # type: ignore[union-attr]
        return (
            f"driftlab needs its own package '{room}', and {found} has the same name and comes first on Python's path. "
            f"Rename it (or run from another folder), then try again."
        )
    return None
