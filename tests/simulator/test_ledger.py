"""The ledger orders what is announced, and forgets nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from journal.facts import CHUNK, Kind, join
from simulator.ledger import Ledger

TIMES = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 5)), max_size=60)


@given(TIMES, st.integers(0, 60))
def test_facts_are_written_by_time_then_shopper_then_announcement(events: list[tuple[int, int]], until: int) -> None:
    ledger = Ledger(100, read=False)
    for product, (time, shopper) in enumerate(events):
        ledger.announce(time, shopper, Kind.VIEWED, product)
    ledger.write(until)
    written = ledger.chunk()
    expected = sorted((time, shopper, product) for product, (time, shopper) in enumerate(events) if time < until)
    assert list(zip(written.time, written.shopper, written.product, strict=True)) == expected
    assert written.seq.tolist() == list(range(1, len(expected) + 1))


def test_causes_are_the_latest_step_of_the_same_pair() -> None:
    ledger = Ledger(10, read=False)
    for time, kind in enumerate(
        (Kind.PURCHASED, Kind.VIEWED, Kind.FAVOURITED, Kind.CARTED, Kind.PURCHASED, Kind.REVIEWED)
    ):
        ledger.announce(time, 1, kind, 3)
        ledger.announce(time, 2, Kind.VIEWED, 3)
    ledger.write(100)
    made = ledger.chunk()
    assert made.cause[made.shopper == 1].tolist() == [0, 0, 3, 3, 7, 9]
    assert not made.cause[made.shopper == 2].any()


def test_a_click_is_caused_by_the_shoppers_latest_slate() -> None:
    ledger = Ledger(10, read=False)
    ledger.announce(0, 1, Kind.SLATE_SERVED, value=2, note="[3, 4]")
    ledger.announce(0, 2, Kind.SLATE_SERVED, value=1, note="[5]")
    ledger.announce(1, 1, Kind.VIEWED, 4, note=True)
    ledger.announce(2, 1, Kind.VIEWED, 4)
    ledger.write(100)
    made = ledger.chunk()
    assert made.cause.tolist() == [0, 0, 1, 0]
    assert made.payload == {1: "[3, 4]", 2: "[5]"}


@given(st.lists(st.integers(0, 700), max_size=12), st.integers(0, 2**12))
def test_unread_hands_out_every_fact_once_however_chunks_are_cut(steps: list[int], mask: int) -> None:
    ledger, time, heard, chunks = Ledger(10, read=True), 0, [], []
    for step, count in enumerate(steps):
        for _ in range(count):
            ledger.announce(time, 0, Kind.SLATE_SERVED, note=str(time))
            time += 1
        ledger.write(time)
        while ledger.chunk_ready():
            chunks.append(ledger.chunk())
        if mask >> step & 1:
            heard.append(ledger.unread())
    heard.append(ledger.unread())
    chunks.append(ledger.chunk())
    for made in (join(heard), join(chunks)):
        assert made.seq.tolist() == list(range(1, time + 1))
        assert made.payload == {seq: str(seq - 1) for seq in range(1, time + 1)}
    assert all(len(chunk) == CHUNK for chunk in chunks[:-1])
