"""Every row of a log is either an interaction or a reject with its line and reason: no row disappears silently.

Reasons, looked for in this order; a row has the first that holds
wrong number of fields   not as many as the header
missing value            no shopper, product, kind or time: empty, -1, null, none or nan
impossible time          no time at all, or before 1970 or after 2100
unknown type             neither a word of `WORDS` nor one the caller maps to such a word
unreadable value         not empty and no number
outside the window       before its start, or at or after its end
exact duplicate          equal in shopper, product, kind, time and value to an earlier row that was taken
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from journal.errors import Refusal, nearest
from journal.facts import MICROSECONDS, Kind
from journal.shelf import Reject
from journal.tables import Table

WORDS: Mapping[str, Kind] = {
    "view": Kind.VIEWED,
    "viewed": Kind.VIEWED,
    "pv": Kind.VIEWED,
    "click": Kind.VIEWED,
    "fav": Kind.FAVOURITED,
    "favourite": Kind.FAVOURITED,
    "favorite": Kind.FAVOURITED,
    "favourited": Kind.FAVOURITED,
    "cart": Kind.CARTED,
    "carted": Kind.CARTED,
    "addtocart": Kind.CARTED,
    "purchase": Kind.PURCHASED,
    "purchased": Kind.PURCHASED,
    "buy": Kind.PURCHASED,
    "transaction": Kind.PURCHASED,
    "order": Kind.PURCHASED,
    "review": Kind.REVIEWED,
    "reviewed": Kind.REVIEWED,
    "rating": Kind.REVIEWED,
    "return": Kind.RETURNED,
    "returned": Kind.RETURNED,
    "refund": Kind.RETURNED,
}
"""What logs call the interactions; letter case does not matter."""

REASONS = (
    "wrong number of fields",  # 0: such rows are never columns, so in a column 0 says "taken"
    "missing value",
    "impossible time",
    "unknown type",
    "unreadable value",
    "outside the window",
    "exact duplicate",
)
MISSING = frozenset({"", "-1", "null", "none", "nan"})
LAST_TIME = 4_102_444_800 * MICROSECONDS  # 2100-01-01
UNITS = ((1e17, 1e-3), (1e14, 1.0), (1e11, 1e3), (0.0, 1e6))
"""A time of at least so much is in nano-, micro-, milli- or, below, whole seconds: microseconds in one."""


class Columns(NamedTuple):
    """Names of a log's columns; a `type` of "=purchase" says that every row is a purchase.

    value: None says that there is none; the default column may be absent
    """

    user: str = "user_id"
    item: str = "item_id"
    type: str = "event_type"
    time: str = "timestamp"
    value: str | None = "value"


class Clean(NamedTuple):
    """The n interactions of a log, by time and, at one time, in the order of the file."""

    shopper: NDArray[np.int32]  # number of its name in `shoppers`
    product: NDArray[np.int32]
    kind: NDArray[np.int16]
    time: NDArray[np.int64]  # microseconds
    value: NDArray[np.float64]  # NaN where none
    shoppers: list[str]  # names, in order of first appearance
    products: list[str]
    rejects: list[Reject]  # by line
    moved: int  # rows that stood behind a later one


def clean(
    table: Table, columns: Columns, start: int | None, end: int | None, types: Mapping[str, str] | None = None
) -> Clean:
    """Return the interactions of a log and its rejects; `start` (included) and `end` (excluded) are epoch seconds.

    types: words of the log that `WORDS` lacks, each with the word of `WORDS` it means

    Raises Refusal where a column is missing, no row can be taken, or `types` maps to a word that is not known.
    """
    words = _words(types or {})
    texts = _texts(table, columns)
    users, items, kinds, times = ([text.strip() for text in texts[name]] for name in ("user", "item", "type", "time"))
    values = texts["value"]
    missing = np.any([[text.lower() in MISSING for text in column] for column in (users, items, kinds, times)], axis=0)
    time = np.rint([micros(text) for text in times])
    kind = np.array([words.get(text.lower(), 0) for text in kinds], np.int16)
    value = np.array([_number(text) for text in values], np.float64)
    unreadable = [row for row in np.flatnonzero(np.isnan(value)) if values[row].strip().lower() not in MISSING]
    outside = (time < (-np.inf if start is None else start * 1e6)) | (time >= (np.inf if end is None else end * 1e6))
    found = {  # the first of REASONS that holds is written last
        "outside the window": outside,
        "unreadable value": unreadable,
        "unknown type": kind == 0,
        "impossible time": ~((time >= 0) & (time <= LAST_TIME)),
        "missing value": missing,
    }
    why = np.zeros(len(table.lines), np.int8)
    for reason, rows in found.items():
        why[rows] = REASONS.index(reason)
    (shopper, shoppers), (product, products) = _coded(users), _coded(items)
    taken = np.flatnonzero(why == 0)
    again = _again(time[taken], shopper[taken], product[taken], kind[taken], value[taken].view(np.int64))
    why[taken[again]] = REASONS.index("exact duplicate")
    rejects = [Reject(line, REASONS[0], text) for line, text in table.misshapen]
    rejects += [Reject(table.lines[row], REASONS[why[row]], table.text(row)) for row in np.flatnonzero(why).tolist()]
    rejects.sort()
    taken = np.flatnonzero(why == 0)
    if not taken.size:
        raise Refusal(_nothing_left(table, rejects))
    moved = int((time[taken] < np.maximum.accumulate(time[taken])).sum())
    rows = taken[np.argsort(time[taken], kind="stable")]
    shopper, shoppers = _renumbered(shopper[rows], shoppers)
    product, products = _renumbered(product[rows], products)
    time = time[rows].astype(np.int64)
    return Clean(shopper, product, kind[rows], time, value[rows], shoppers, products, rejects, moved)


def micros(text: str) -> float:
    """Return a time in microseconds since 1970, to be rounded; NaN where the text is none.

    Numbers are epoch seconds or, by size (`UNITS`), milli-, micro- or nanoseconds; ISO 8601 without a zone is UTC.

    >>> micros("1511544070"), micros("1511544070123"), micros("2017-11-24T17:21:10.5+00:00"), micros("soon")
    (1511544070000000.0, 1511544070123000.0, 1511544070500000.0, nan)
    """
    try:
        number = float(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return np.nan
        since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
        return float((since.days * 86_400 + since.seconds) * MICROSECONDS + since.microseconds)
    return number * next((unit for least, unit in UNITS if number >= least), 1e6)


def _texts(table: Table, columns: Columns) -> dict[str, list[str]]:
    """Return the mapped columns by field of `Columns`."""
    n = len(table.lines)
    flags = "Say which column holds it with --user, --item, --type, --time or --value"
    texts = {}
    for field, name in columns._asdict().items():
        if name is None or (field == "value" and name == Columns().value and name not in table.columns):
            texts[field] = [""] * n
        elif field == "type" and name.startswith("="):
            texts[field] = [name[1:]] * n
        else:
            more = "; --type =view for a log of views alone." if field == "type" else "."
            texts[field] = table.column(name, flags + more)
    return texts


def _words(types: Mapping[str, str]) -> dict[str, Kind]:
    words = dict(WORDS)
    for old, new in types.items():
        if new.lower() not in WORDS:
            raise Refusal(
                f"The event type '{old}' is to be read as '{new}', which is no event type. {nearest(new, WORDS)}"
            )
        words[old.strip().lower()] = WORDS[new.lower()]
    return words


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


def _coded(texts: list[str]) -> tuple[NDArray[np.int32], list[str]]:
    """Return a number for each text, and the texts by number."""
    numbers: dict[str, int] = {}
    codes = [numbers.setdefault(text, len(numbers)) for text in texts]
    return np.array(codes, np.int32), list(numbers)


def _renumbered(codes: NDArray[np.int32], names: list[str]) -> tuple[NDArray[np.int32], list[str]]:
    """Return codes numbered by first appearance, and the names that appear, by their new number."""
    old, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    order = np.argsort(first)
    new = np.empty(len(old), np.int32)
    new[order] = np.arange(len(old))
    return new[inverse], [names[code] for code in old[order]]


def _again(*keys: NDArray[Any]) -> NDArray[np.int64]:
    """Return the rows that equal an earlier row in all keys."""
    order = np.lexsort(keys)
    same = np.logical_and.reduce([key[order][1:] == key[order][:-1] for key in keys])
    return order[1:][same]


def _nothing_left(table: Table, rejects: list[Reject]) -> str:
    counts = Counter(reject.reason for reject in rejects)
    told = ", ".join(f"{count:,} for '{reason}'" for reason, count in counts.most_common())
    first = rejects[0]
    return (
        f"{table.path} has no row that can be taken; they are rejected: {told}. The first is line {first.line}, "
        f"'{first.text}'. Check which column is which, the types and the window."
    )
