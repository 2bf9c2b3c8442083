"""A kind is never edited: what changes its meaning gives it a new version, and old facts are read through an upcast.

upcast   takes the facts of one kind in one version and returns the same facts in the next version
Stored bytes and their digests stay as they were written; only what is read is new.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from journal.errors import Refusal
from journal.facts import COLUMNS, Facts, Kind, pick

Upcasts = Mapping[tuple[int, int], Callable[[Facts], Facts]]

NO_KIND = 0  # a number that no kind has, and no version

UPCASTS: Upcasts = {}
"""By kind and version: the upcast to the next version. This release knows one version of every kind."""


def upcast(facts: Facts, table: Upcasts = UPCASTS) -> Facts:
    """Return `facts` with every kind in its newest version, in the same order.

    Raises Refusal where a kind or version is not known here: the facts were written by a newer driftlab.

    >>> from journal.facts import facts
    >>> upcast(facts(seq=[1], time=[0], kind=[Kind.VIEWED], version=[7]))
    Traceback (most recent call last):
    journal.errors.Refusal: Fact 1 is of kind 11 in version 7, which this driftlab does not know (it knows version 1): \
it was written by a newer driftlab. Read it with that version or a later one.
    """
    newest = np.full(max(Kind) + 1, NO_KIND, np.int16)
    newest[list(Kind)] = 1
    for kind, version in sorted(table):
        newest[kind] = version + 1
        of_old = np.flatnonzero((facts.kind == kind) & (facts.version == version))
        if of_old.size:
            facts = _put(facts, of_old, table[kind, version](pick(facts, of_old)))
    known = newest[np.where((facts.kind >= 0) & (facts.kind <= max(Kind)), facts.kind, NO_KIND)]
    strange = np.flatnonzero((known == NO_KIND) | (known != facts.version))
    if strange.size:
        row = strange[0]
        knows = "no such kind" if known[row] == NO_KIND else f"version {known[row]}"
        raise Refusal(
            f"Fact {facts.seq[row]} is of kind {facts.kind[row]} in version {facts.version[row]}, which this driftlab "
            f"does not know (it knows {knows}): it was written by a newer driftlab. Read it with that version or a "
            "later one."
        )
    return facts


def _put(facts: Facts, rows: NDArray[np.int64], new: Facts) -> Facts:
    """Return `facts` with `rows` replaced by `new`."""
    columns = {name: getattr(facts, name).copy() for name in COLUMNS}
    for name, column in columns.items():
        column[rows] = getattr(new, name)
    replaced = set(facts.seq[rows].tolist())
    payload = {seq: text for seq, text in facts.payload.items() if seq not in replaced} | dict(new.payload)
    return replace(facts, **columns, payload=payload)
