"""A refusal is an error meant for a person: one paragraph of what was given, where, what is allowed, and the way out.

The command line prints a refusal as it stands and exits with its status; every other exception is a defect of ours.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class Refusal(Exception):
    """Input, file or state that driftlab will not work with, told in one paragraph.

    >>> raise Refusal("steady.toml, line 3: 'dayz' is not a key. Did you mean 'days'?")
    Traceback (most recent call last):
    journal.errors.Refusal: steady.toml, line 3: 'dayz' is not a key. Did you mean 'days'?
    """

    status = 2


def nearest(given: str, known: Iterable[str]) -> str:
    """Say the nearest known name and list all of them, as the end of a refusal.

    >>> nearest("evry", ["every", "never", "budget"])
    "Did you mean 'every'? Known: budget, every, never."
    """
    names = sorted(known)
    close = difflib.get_close_matches(given, names, n=1)
    hint = f"Did you mean '{close[0]}'? " if close else ""
    return f"{hint}Known: {', '.join(names)}."
