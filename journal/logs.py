"""A real event log becomes facts: every product listed at the first time, then the interactions in order of time.

session   a shopper's interactions with no gap of more than 30 minutes; numbered in order of their first interaction
cause     of a cart or favourite: the pair's latest earlier view; of a purchase: its latest earlier view or cart; of a
          review or return: its latest earlier purchase
ids       dense, shoppers and products in order of first appearance; products only the items file knows come last
An export of driftlab (`journal.export`) is such a log too, and gives its facts back as they were.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from journal.cleaning import MISSING, Clean, Columns, clean
from journal.errors import Refusal
from journal.export import FIELDS, exported_facts
from journal.facts import MICROSECONDS, Facts, Kind, facts
from journal.shelf import Reject
from journal.tables import Progress, Table, read_table

SESSION_GAP = 30 * 60 * MICROSECONDS
LEADS: Mapping[Kind, tuple[Kind, ...]] = {
    Kind.CARTED: (Kind.VIEWED,),
    Kind.FAVOURITED: (Kind.VIEWED,),
    Kind.PURCHASED: (Kind.VIEWED, Kind.CARTED),
    Kind.REVIEWED: (Kind.PURCHASED,),
    Kind.RETURNED: (Kind.PURCHASED,),
}
"""Kinds that can lead to a kind."""

USUAL = Columns()
"""Columns as most published logs call them."""

CATEGORY_COLUMNS = ("category_id", "category", "genres")
PRICE_COLUMNS = ("price", "median_price")
CONTENT_COLUMN = re.compile(r"content_(\d+)")
"""Numbers that say what a product is: of its text, its picture, its sound; in order of the number in their names."""


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """A log as facts, with the catalogue of its P products and an account of every row."""

    facts: Facts
    category: NDArray[np.int32]  # [P], number of its name in `names`, -1 where unknown
    brand: NDArray[np.int32]  # [P], likewise
    price: NDArray[np.float32]  # [P], NaN where unknown
    content: NDArray[np.float32] | None  # [P, c], NaN where unknown; None where the items file has no such columns
    names: dict[str, list[str]]  # by "shopper", "product", "category", "brand": what the log calls them, by id
    rejects: list[Reject]
    counts: dict[str, int]  # rejects by reason, and rows kept after mending, whose name ends in "(kept)"
    rows: int  # of the file: the interactions and the rejects


def read_log(
    path: str | Path,
    columns: Columns = USUAL,
    *,
    start: int | None = None,
    end: int | None = None,
    items: str | Path | None = None,
    types: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Log:
    """Read an event log: CSV, or Parquet with the extra `tables`.

    columns: which column is which
    start, end: epoch seconds; rows before `start`, and at or after `end`, are rejected
    items: a CSV or Parquet file of products; by default PATH's stem + "_items.csv" beside it, where there is one
    types: words for kinds that `journal.cleaning.WORDS` lacks, each with the word of it that it means
    progress: called with the number of lines read, now and then

    Raises Refusal where a file is missing, empty, cannot be read or has no row to take, or a column is missing.

    >>> import pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "log.csv")
    >>> _ = path.write_text("user_id,item_id,event_type,timestamp\\nann,tea,view,60\\nann,tea,buy,90\\n,tea,view,99\\n")
    >>> log = read_log(path)
    >>> log.facts.kind.tolist(), log.facts.cause.tolist(), log.names["shopper"], log.rejects
    ([1, 11, 14], [0, 0, 2], ['ann'], [Reject(line=4, reason='missing value', text=',tea,view,99')])
    >>> folder.cleanup()
    """
    path = Path(path)
    table = read_table(path, progress)
    cleaned: Clean | None = None
    if tuple(table.columns)[: len(FIELDS)] == FIELDS:
        if (start, end) != (None, None):
            raise Refusal(f"{path} is an export of driftlab, which is read whole. Leave the window (--from, --to) out.")
        found, shoppers, products = exported_facts(table)
    else:
        cleaned = clean(table, columns, start, end, types)
        shoppers, products = cleaned.shoppers, cleaned.products
    beside = path.with_name(path.stem + "_items.csv")
    of_items = read_table(Path(items)) if items else read_table(beside) if beside.is_file() else None
    rejects = cleaned.rejects if cleaned else []
    counts = dict(Counter(reject.reason for reject in rejects))
    if cleaned and cleaned.moved:
        counts["out of order (kept)"] = cleaned.moved
    category, brand, price, content, names = _catalogue(of_items, columns.item, products, counts)
    if cleaned:
        found = _facts(cleaned, price)
    names = {"shopper": shoppers, "product": products, **names}
    return Log(found, category, brand, price, content, names, rejects, counts, len(table.lines) + len(table.misshapen))


def _facts(log: Clean, price: NDArray[np.float32]) -> Facts:
    """Return the facts of a log: the P products listed, then the n interactions."""
    listed, n = len(price), len(log.time)
    cause = _causes(log)
    return facts(
        seq=np.arange(1, listed + n + 1),
        time=np.concatenate([np.full(listed, log.time[0]), log.time]),
        kind=np.concatenate([np.full(listed, Kind.PRODUCT_LISTED), log.kind]),
        shopper=np.concatenate([np.full(listed, -1), log.shopper]),
        product=np.concatenate([np.arange(listed), log.product]),
        session=np.concatenate([np.full(listed, -1), _sessions(log.shopper, log.time)]),
        value=np.concatenate([price, log.value]),
        cause=np.concatenate([np.zeros(listed, int), np.where(cause >= 0, cause + listed + 1, 0)]),
    )


def _sessions(shopper: NDArray[np.int32], time: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return each interaction's session."""
    order = np.lexsort((time, shopper))
    first = np.ones(len(order), bool)
    first[1:] = (np.diff(shopper[order]) != 0) | (np.diff(time[order]) > SESSION_GAP)
    begins = np.zeros(len(order), bool)
    begins[order[first]] = True
    number = np.cumsum(begins) - 1
    session = np.empty(len(order), np.int64)
    session[order] = number[order[first]][np.cumsum(first) - 1]
    return session


def _causes(log: Clean) -> NDArray[np.int64]:
    """Return for each interaction the row of the one that led to it, -1 where there is none."""
    pair = log.shopper.astype(np.int64) * (int(log.product.max()) + 1) + log.product
    order = np.argsort(pair, kind="stable")  # a pair's interactions behind each other, in order of time
    kinds, place = log.kind[order], np.arange(len(order))
    begin = np.maximum.accumulate(np.where(np.diff(pair[order], prepend=-1) != 0, place, 0))
    cause = np.full(len(order), -1, np.int64)
    for kind, leads in LEADS.items():
        latest = np.maximum.accumulate(np.where(np.isin(kinds, leads), place, -1))
        earlier = np.concatenate([[-1], latest[:-1]])
        led = (kinds == kind) & (earlier >= begin)
        cause[order[led]] = order[earlier[led]]
    return cause


Catalogued = tuple[
    NDArray[np.int32], NDArray[np.int32], NDArray[np.float32], NDArray[np.float32] | None, dict[str, list[str]]
]


def _catalogue(table: Table | None, key: str, products: list[str], counts: dict[str, int]) -> Catalogued:
    """Return category, brand, price and content by product, and names; `products` grows by what only `table` has."""
    if table is None:
        unknown = np.full(len(products), -1, np.int32)
        return unknown, unknown.copy(), np.full(len(products), np.nan, np.float32), None, {"category": [], "brand": []}
    ids = {name: i for i, name in enumerate(products)}
    row_of: dict[int, int] = {}
    key = key if key in table.columns else "item_id"
    for row, text in enumerate(table.column(key, "It names the product of each row of an items file.")):
        row_of.setdefault(ids.setdefault(text.strip(), len(ids)), row)
    products.extend(list(ids)[len(products) :])
    if repeated := len(table.lines) - len(row_of):
        counts["second row of a product in the items file, the first (kept)"] = repeated
    rows = [row_of.get(i, -1) for i in range(len(ids))]
    category, categories = _coded(_column(table, CATEGORY_COLUMNS, rows))
    brand, brands = _coded(_column(table, ("brand",), rows))
    price = np.array([_number(text) for text in _column(table, PRICE_COLUMNS, rows)], np.float32)
    return category, brand, price, _content(table, rows, counts), {"category": categories, "brand": brands}


def _content(table: Table, rows: list[int], counts: dict[str, int]) -> NDArray[np.float32] | None:
    """Return the numbers, at `rows`, of the columns content_0, content_1, ...; None where there are none."""
    found = [name for name in table.columns if CONTENT_COLUMN.fullmatch(name)]
    if not found:
        return None
    found.sort(key=lambda name: int(name.partition("_")[2]))
    texts = [[table.columns[name][row].strip() if row >= 0 else "" for name in found] for row in rows]
    content = np.array([[_number(text) for text in line] for line in texts], np.float32)
    content[~np.isfinite(content)] = np.nan
    unknown = np.array([[text.lower() in MISSING - {"-1"} for text in line] for line in texts])
    if unreadable := int((np.isnan(content) & ~unknown).sum()):
        counts["unreadable number of content in the items file (kept)"] = unreadable
    return content


def _column(table: Table, names: Sequence[str], rows: list[int]) -> list[str]:
    """Return the texts, at `rows`, of the first column of `names` that there is; of genres a|b the first."""
    texts = next((table.columns[name] for name in names if name in table.columns), None)
    if texts is None:
        return [""] * len(rows)
    return [texts[row].split("|")[0].strip() if row >= 0 else "" for row in rows]


def _coded(texts: list[str]) -> tuple[NDArray[np.int32], list[str]]:
    """Return a number for each text, -1 for an empty one, and the texts by number."""
    numbers: dict[str, int] = {}
    codes = [numbers.setdefault(text, len(numbers)) if text else -1 for text in texts]
    return np.array(codes, np.int32), list(numbers)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan
