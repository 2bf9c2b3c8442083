"""A kind is never edited: what changes its meaning gives it a new version, and old facts are read through an upcast.

upcast   takes the facts of one kind in one version and returns the same facts in the next version
Stored bytes and their digests stay as they were written; only what is read is new.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from journal.errors import Refusal
from journal.facts import COLUMNS, Facts, Kind, pick

Upcasts = Mapping[tuple[int, int], Callable[[Facts], Facts]]

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
    newest = dict.fromkeys((int(kind) for kind in Kind), 1)
    for kind, version in table:
        newest[kind] = max(newest.get(kind, 1), version + 1)
    if len(newest) == len(Kind) and not table and bool(((facts.version == 1) & _known(facts)).all()):
        return facts
    for kind, version in sorted(table):
        of_old = np.flatnonzero((facts.kind == kind) & (facts.version == version))
        if of_old.size:
            facts = _put(facts, of_old, table[kind, version](pick(facts, of_old)))
    for row, (kind, version) in enumerate(zip(facts.kind.tolist(), facts.version.tolist(), strict=True)):
        if newest.get(kind) != version:
            raise Refusal(
                f"Fact {int(facts.seq[row])} is of kind {kind} in version {version}, which this driftlab does not know "
                f"(it knows {f'version {newest[kind]}' if kind in newest else 'no such kind'}): it was written by a "
                "newer driftlab. Read it with that version or a later one."
            )
    return facts


def _known(facts: Facts) -> np.ndarray:
    return (facts.kind >= min(Kind)) & (facts.kind <= max(Kind))


def _put(facts: Facts, rows: np.ndarray, new: Facts) -> Facts:
    """Return `facts` with `rows` replaced by `new`."""
    columns = {name: getattr(facts, name).copy() for name in COLUMNS}
    for name, column in columns.items():
        column[rows] = getattr(new, name)
    replaced = set(facts.seq[rows].tolist())
    payload = {seq: text for seq, text in facts.payload.items() if seq not in replaced} | dict(new.payload)
    return replace(facts, **columns, payload=payload)
