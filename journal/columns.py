"""Bytes are the contract: a table of columns becomes one block of bytes and comes back bit for bit, on any machine.

block    one line of JSON, then the columns' bytes behind each other
head     [name, dtype, shape, width, lowest] of each column, in order; dtypes are little endian
width    bytes an element takes: 0, 1, 2, 4 or 8; it is kept as its distance from the lowest one, in the fewest bytes:
         a column of equal elements takes none. A float is kept by its bits: every NaN and -0.0 comes back as it was.
The same columns always give the same block, so a digest of blocks is a digest of what they hold.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from journal.facts import COLUMNS, Facts

Arrays = Mapping[str, NDArray[Any]]

UNSIGNED: dict[int, np.dtype[np.unsignedinteger[Any]]] = {
    1: np.dtype("<u1"),
    2: np.dtype("<u2"),
    4: np.dtype("<u4"),
    8: np.dtype("<u8"),
}
PAYLOAD = ("payload.seq", "payload.length", "payload.text")


def pack(columns: Arrays) -> bytes:
    """Return the block of `columns`: arrays of booleans, integers or floats, of any shape, up to 8 bytes an element.

    Raises TypeError on any other dtype.

    >>> block = pack({"time": np.arange(3), "value": np.array([np.nan, -0.0, 1.5])})
    >>> unpack(block)["value"]
    array([ nan, -0. ,  1.5])
    """
    heads: list[list[object]] = []
    bodies: list[bytes] = []
    for name, given in columns.items():
        column = np.asarray(given)
        if column.dtype.kind not in "biuf" or column.dtype.itemsize not in UNSIGNED:
            raise TypeError(f"column {name!r} has dtype {column.dtype}; a block holds booleans, integers and floats")
        column = np.ascontiguousarray(column, column.dtype.newbyteorder("<"))
        width, lowest, body = _narrow(column)
        heads.append([name, column.dtype.str, column.shape, width, lowest])
        bodies.append(body)
    return json.dumps(heads, separators=(",", ":")).encode() + b"\n" + b"".join(bodies)


def _narrow(column: NDArray[Any]) -> tuple[int, int, bytes]:
    """Return width, lowest element and the bytes of the distances from it."""
    size = column.dtype.itemsize
    bits = column.reshape(-1).view(UNSIGNED[size])
    if bits.size == 0:
        return 0, 0, b""
    numbers = column.reshape(-1) if column.dtype.kind == "i" else bits
    lowest = int(numbers.min())
    span = int(numbers.max()) - lowest
    width = 0 if span == 0 else next(w for w in UNSIGNED if span < 1 << 8 * w)
    if width == size:
        return width, 0, bits.tobytes()
    if width == 0:
        return 0, lowest, b""
    distances = bits - UNSIGNED[size].type(lowest & ((1 << 8 * size) - 1))
    return width, lowest, distances.astype(UNSIGNED[width]).tobytes()


def unpack(block: bytes) -> dict[str, NDArray[Any]]:
    """Return the columns of a block, in order; raises ValueError, KeyError or TypeError where it is none."""
    return stack([block])


def stack(blocks: Sequence[bytes]) -> dict[str, NDArray[Any]]:
    """Return the columns of many blocks, each behind the one of its name in the block before.

    >>> stack([pack({"a": np.array([1, 2])}), pack({"a": np.array([3])})])
    {'a': array([1, 2, 3])}
    """
    parts: dict[str, list[_Part]] = {}
    for block in blocks:
        offset = block.index(b"\n") + 1
        for name, code, shape, width, lowest in json.loads(block[:offset]):
            part = _Part(block, offset, code, shape, width, lowest, math.prod(shape))
            parts.setdefault(name, []).append(part)
            offset += part.elements * width
    return {name: _filled(of_name) for name, of_name in parts.items()}


class _Part(NamedTuple):
    """One column of one block."""

    block: bytes
    offset: int
    code: str
    shape: list[int]
    width: int
    lowest: int
    elements: int


def _filled(parts: Sequence[_Part]) -> NDArray[Any]:
    """Return the elements of `parts` as one array: one allocation, one pass."""
    code, shape = parts[0].code, parts[0].shape
    dtype = np.dtype(code)
    unsigned = UNSIGNED[dtype.itemsize]
    mask = (1 << 8 * dtype.itemsize) - 1
    bits = np.empty(sum(part.elements for part in parts), unsigned)
    start, rows = 0, 0
    for part in parts:
        if part.code != code or part.shape[1:] != shape[1:]:
            raise ValueError(f"a column changes from {code} {shape} to {part.code} {part.shape}")
        room = bits[start : start + part.elements]
        if part.width == 0:
            room.fill(part.lowest & mask)
        else:
            room[:] = np.frombuffer(part.block, UNSIGNED[part.width], part.elements, part.offset)
            if part.lowest:
                room += unsigned.type(part.lowest & mask)
        start += part.elements
        rows += part.shape[0]
    filled: NDArray[Any] = bits.view(dtype).reshape([rows, *shape[1:]])
    return filled


def fact_columns(facts: Facts) -> dict[str, NDArray[Any]]:
    """Return facts as columns: those of `COLUMNS`, and, where there are payloads, their seq, length and UTF-8 bytes."""
    columns: dict[str, NDArray[Any]] = {name: getattr(facts, name) for name in COLUMNS}
    if facts.payload:
        order = sorted(facts.payload)
        texts = [facts.payload[seq].encode("utf-8", "surrogatepass") for seq in order]
        lengths = np.array([len(text) for text in texts], "<i4")
        columns |= zip(PAYLOAD, (np.array(order, "<i8"), lengths, np.frombuffer(b"".join(texts), "<u1")), strict=True)
    return columns


def facts_of(columns: Arrays) -> Facts:
    """Return the facts that `fact_columns` gave as columns."""
    payload: dict[int, str] = {}
    if PAYLOAD[0] in columns:
        seqs, lengths, text = (columns[name] for name in PAYLOAD)
        whole, ends = text.tobytes(), np.cumsum(lengths).tolist()
        starts = [0, *ends[:-1]]
        for seq, start, end in zip(seqs.tolist(), starts, ends, strict=True):
            payload[seq] = whole[start:end].decode("utf-8", "surrogatepass")
    return Facts(**{name: columns[name] for name in COLUMNS}, payload=payload)
