"""The ledger puts what happens in order: facts are announced ahead of time and written when their time has passed.

A session is drawn whole when it begins, so its facts are announced early; written they are in order of time, then of
shopper, then of announcement, and only then do they get their seq and their cause:
  favourite, cart, purchase   the latest view or cart of that product by that shopper
  review, return              the purchase
  a click                     the slate it was made on
  coupon issued, campaign ended    the start of the campaign; coupon redeemed: the coupon
"""

from __future__ import annotations

import heapq
from itertools import count
from math import nan
from typing import Any

import numpy as np

from journal.facts import CHUNK, Facts, Kind, facts, join, pick

NOBODY, NOTHING = -1, -1

_FUNNEL = frozenset({int(Kind.FAVOURITED), int(Kind.CARTED), int(Kind.PURCHASED)})
_AFTER = frozenset({int(Kind.REVIEWED), int(Kind.RETURNED)})
_VIEWED, _CARTED, _PURCHASED, _SLATE = (
    int(Kind.VIEWED),
    int(Kind.CARTED),
    int(Kind.PURCHASED),
    int(Kind.SLATE_SERVED),
)
_COMMAND = int(Kind.COMMAND)
_STARTED, _ENDED = int(Kind.CAMPAIGN_STARTED), int(Kind.CAMPAIGN_ENDED)
_ISSUED, _REDEEMED = int(Kind.COUPON_ISSUED), int(Kind.COUPON_REDEEMED)
_CAMPAIGNS = frozenset({_STARTED, _ENDED, _ISSUED, _REDEEMED})
_COLUMNS = ("time", "kind", "shopper", "product", "session", "value", "cause")


class Ledger:
    """Facts to come (a heap) and facts written but not yet handed out.

    read        whether anybody calls `unread`
    remember    whether anybody calls `so_far`, which takes all facts to be kept until `forget`

    >>> ledger = Ledger(products=10, read=False)
    >>> ledger.announce(7, 1, Kind.CARTED, product=3)
    >>> ledger.announce(5, 1, Kind.VIEWED, product=3)
    >>> ledger.write(until=8)
    >>> ledger.chunk().cause.tolist()  # of the view, of the cart
    [0, 1]
    """

    def __init__(self, products: int, *, read: bool, remember: bool = False) -> None:
        self._products = products
        self._keep_unread = read
        self._past: list[Facts] | None = [] if remember else None
        self._coming: list[tuple[int, int, int, int, int, int, float, str | int]] = []
        self._order = count()
        self._rows: list[tuple[int, int, int, int, int, float, int]] = []
        self._payload: dict[int, str] = {}
        self._first = 1  # seq of _rows[0]
        self._noticed: dict[int, int] = {}  # shopper * products + product -> seq of the latest view or cart
        self._bought: dict[int, int] = {}  # the same -> seq of the latest purchase
        self._slates: dict[int, int] = {}  # shopper -> seq of the latest slate
        self._starts: dict[int, int] = {}  # campaign -> seq of its start
        self._coupons: dict[tuple[int, int], int] = {}  # shopper, campaign -> seq of the coupon
        self._unread: list[Facts] = []  # handed out as chunks, but not yet by `unread`
        self._read = 1  # seq of the first fact in neither

    def announce(
        self,
        time: int,
        shopper: int,
        kind: int,
        product: int = NOTHING,
        session: int = NOTHING,
        value: float = nan,
        note: str | int = False,
    ) -> None:
        """Say that something will happen.

        `note` is the payload of a slate, campaign or command, True for a click on the latest slate, or a redeemed
        coupon's campaign.
        """
        heapq.heappush(self._coming, (time, shopper, next(self._order), kind, product, session, value, note))

    def write(self, until: int) -> None:
        """Write all that happens before time `until` (us)."""
        coming, rows, noticed = self._coming, self._rows, self._noticed
        seq = self._first + len(rows)
        while coming and coming[0][0] < until:
            time, shopper, _, kind, product, session, value, note = heapq.heappop(coming)
            cause = 0
            if kind in _CAMPAIGNS:
                cause = self._of_campaign(seq, shopper, kind, value, note)
            elif product >= 0 and shopper >= 0:
                pair = shopper * self._products + product
                if kind == _VIEWED:
                    if note:
                        cause = self._slates[shopper]
                    noticed[pair] = seq
                elif kind in _FUNNEL:
                    cause = noticed.get(pair, 0)
                    if kind == _CARTED:
                        noticed[pair] = seq
                    elif kind == _PURCHASED:
                        self._bought[pair] = seq
                elif kind in _AFTER:
                    cause = self._bought[pair]
            elif kind == _SLATE:
                self._slates[shopper] = seq
                self._payload[seq] = str(note)
            elif kind == _COMMAND:
                self._payload[seq] = str(note)
            rows.append((time, kind, shopper, product, session, value, cause))
            seq += 1

    def _of_campaign(self, seq: int, shopper: int, kind: int, value: float, note: str | int) -> int:
        """Keep what a campaign's fact says and return its cause."""
        if kind == _REDEEMED:
            return self._coupons[shopper, int(note)]
        campaign = int(value)
        if kind == _ISSUED:
            self._coupons[shopper, campaign] = seq
            return self._starts[campaign]
        self._payload[seq] = str(note)
        if kind == _ENDED:
            return self._starts[campaign]
        self._starts[campaign] = seq
        return 0

    def chunk_ready(self) -> bool:
        """Whether a whole chunk is written."""
        return len(self._rows) >= CHUNK

    def chunk(self) -> Facts:
        """Hand out the next chunk: `CHUNK` facts, or what is left."""
        made = self._facts(0, CHUNK)
        if self._keep_unread:
            self._unread.append(pick(made, made.seq >= self._read))
            self._read = max(self._read, self._first + len(made))
        if self._past is not None:
            self._past.append(made)
        del self._rows[:CHUNK]
        self._first += len(made)
        for seq in made.payload:
            del self._payload[seq]
        return made

    def unread(self) -> Facts:
        """Return the facts written since the last call, whether handed out as chunks or not."""
        made = [*self._unread, self._facts(self._read - self._first, len(self._rows))]
        self._unread.clear()
        self._read = self._first + len(self._rows)
        return join(made)

    def so_far(self) -> Facts:
        """Return all facts written, handed out or not."""
        assert self._past is not None
        return join([*self._past, self._facts(0, len(self._rows))])

    def forget(self) -> None:
        """Keep no fact that is handed out from now on: nobody will ask."""
        self._past = None

    def _facts(self, start: int, stop: int) -> Facts:
        rows = self._rows[start:stop]
        columns: dict[str, list[Any]] = (
            dict(zip(_COLUMNS, map(list, zip(*rows, strict=True)), strict=True)) if rows else {"time": [], "kind": []}
        )
        seq = np.arange(self._first + start, self._first + start + len(rows))
        payload = {int(s): self._payload[s] for s in seq.tolist() if s in self._payload} if self._payload else {}
        return facts(payload, seq=seq, **columns)
