"""A run file that is missing, foreign, newer, cut short or changed, and a disk that is full: each is one told paragraph."""

import os
import sqlite3

import pytest

from journal import Refusal, RunFile, pick
from tests.journal.made import in_small_space, outcomes_of, same_bits, shop

PIECES = [pick(shop(600), slice(start, start + 60)) for start in range(0, 600, 60)]


@pytest.fixture
def whole(tmp_path):
    """The path of a sound run file of ten chunks."""
    with RunFile.create(tmp_path / "whole.run", {"seed": "1"}) as run:
        for piece in PIECES:
            run.commit(piece, outcomes={"lane": outcomes_of(piece)}, truth={"t": {"x": piece.value}})
        run.put_array("price", PIECES[0].value)
    return tmp_path / "whole.run"


def everything(path):
    """Read and check all that a run file holds under the chain."""
    with RunFile.open(path) as run:
        run.check_chain()
        return run.cursor, run.facts(), run.outcomes("lane")["rank"].tobytes(), run.truth("t")["x"].tobytes()


def attempt(path):
    """Return everything, or the text of the refusal."""
    try:
        return everything(path)
    except Refusal as refusal:
        return str(refusal)


def refused(path, what=everything):
    """Return the refusal, checked to be one paragraph that names the file."""
    with pytest.raises(Refusal) as error:
        what(path)
    told = str(error.value)
    assert str(path) in told
    assert "\n" not in told
    assert len(told) < 500
    return told


def test_a_missing_file_is_told_with_the_nearest_name(whole, tmp_path):
    assert "Did you mean 'whole.run'?" in refused(tmp_path / "hole.run")
    assert "There is no run file in that folder" in refused(tmp_path / "nowhere" / "a.run")
    assert "is no file" in refused(tmp_path)


def test_a_run_file_is_never_overwritten(whole):
    before = whole.read_bytes()
    assert "never overwritten" in refused(whole, lambda path: RunFile.create(path, {}))
    assert whole.read_bytes() == before


def test_a_run_file_in_a_missing_folder_is_refused(tmp_path):
    assert "cannot be created" in refused(tmp_path / "no" / "a.run", lambda path: RunFile.create(path, {}))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text", [b"", b"user_id,item_id\n1,2\n" * 300, os.urandom(20000), b"SQLite format 3\0" + b"x" * 90]
)
def test_a_file_that_is_no_run_file_is_refused_and_left_alone(tmp_path, text):
    path = tmp_path / "log.csv"
    path.write_bytes(text)
    assert "no run file" in refused(path)
    assert path.read_bytes() == text
    assert [file.name for file in tmp_path.iterdir()] == ["log.csv"]


def test_another_programs_database_is_refused(tmp_path):
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE fact (a)")
    other.close()
    assert "is no run file of driftlab" in refused(tmp_path / "other.db")


def test_a_newer_format_is_refused(whole):
    with sqlite3.connect(whole) as plain:
        plain.execute("PRAGMA user_version = 2")
    plain.close()
    assert "was written by a newer driftlab (file format 2; this one reads up to 1)" in refused(whole)


def test_a_file_cut_short_anywhere_is_refused(whole, tmp_path):
    content = whole.read_bytes()
    for length in sorted(
        {0, 1, 99, 100, 4095, *range(4096, len(content), 12288), len(content) - 4096, len(content) - 1}
    ):
        cut = tmp_path / f"{length}.run"
        cut.write_bytes(content[:length])
        assert "no run file" in refused(cut) or "damaged" in refused(cut)


def test_any_flipped_byte_is_refused_or_changes_nothing(whole, tmp_path):
    content, sound = bytearray(whole.read_bytes()), everything(whole)
    refusals = 0
    for place in range(5, len(content), 997):
        flipped = bytearray(content)
        flipped[place] ^= 0x41
        path = tmp_path / "flipped.run"
        path.write_bytes(flipped)
        found = attempt(path)
        if isinstance(found, str):
            assert "\n" not in found
            refusals += 1
        else:
            assert same_bits(found[1], sound[1])
            assert (found[0], *found[2:]) == (sound[0], *sound[2:])
        for left in tmp_path.glob("flipped.run*"):
            left.unlink()
    assert refusals > 20


@pytest.mark.parametrize("table", ["fact", "truth", "outcome"])
def test_any_flipped_byte_of_a_block_breaks_the_chain_at_its_chunk(whole, table):
    plain = sqlite3.connect(whole, isolation_level=None)
    for chunk in (1, 4, 10):
        (block,) = plain.execute(f"SELECT bytes FROM {table} WHERE chunk = ?", (chunk,)).fetchone()
        for place in range(0, len(block), 53):
            flipped = bytearray(block)
            flipped[place] ^= 1
            plain.execute(f"UPDATE {table} SET bytes = ? WHERE chunk = ?", (bytes(flipped), chunk))
            assert f"chunk {chunk} (facts from seq {60 * chunk - 59})" in refused(whole)
        plain.execute(f"UPDATE {table} SET bytes = ? WHERE chunk = ?", (block, chunk))
    plain.close()
    everything(whole)


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM chunk WHERE number = 3",
        "DELETE FROM fact WHERE chunk = 3",
        "DELETE FROM outcome WHERE chunk = 3",
        "UPDATE chunk SET last_time = last_time + 1 WHERE number = 3",
        "UPDATE chunk SET facts = 59 WHERE number = 3",
        "UPDATE chunk SET facts = 0 WHERE number = 3",
        "UPDATE outcome SET name = 'other' WHERE chunk = 3",
        "INSERT INTO truth VALUES ('more', 3, x'00')",
    ],
)
def test_rows_taken_out_added_or_changed_break_the_chain(whole, change):
    with sqlite3.connect(whole) as plain:
        plain.execute(change)
    plain.close()
    assert "chunk 3 (facts from seq 121) is not what was written" in refused(whole)
    assert "The 2 chunks before it are sound" in refused(whole)


def test_a_changed_array_is_refused(whole):
    with sqlite3.connect(whole) as plain:
        plain.execute("UPDATE array SET bytes = CAST(bytes || x'00' AS BLOB)")
    plain.close()
    assert "its array 'price' is not what was written" in refused(whole)


def test_blocks_that_became_something_else_are_refused_by_whoever_reads_them(whole):
    change = "UPDATE fact SET bytes = ? WHERE chunk = 2"
    with sqlite3.connect(whole, isolation_level=None) as plain:
        (block,) = plain.execute("SELECT bytes FROM fact WHERE chunk = 2").fetchone()
        for wrong in (
            None,
            1.5,
            "text",
            b"",
            b"\n",
            b"[]\n",
            block.replace(b"seq", b"req"),
            block.replace(b"[60]", b"[61]"),
        ):
            plain.execute(change.replace("?", "coalesce(?, 7)"), (wrong,))
            with RunFile.open(whole) as run:
                told = refused(whole, lambda _, run=run: run.facts())
                assert "damaged" in told
                assert "damaged" in refused(whole, lambda _, run=run: list(run.chunks()))
    plain.close()


def test_bytes_that_became_something_else_are_refused(whole):
    with sqlite3.connect(whole, isolation_level=None) as plain:
        plain.execute("UPDATE array SET bytes = 'text'")
        assert "its array 'price' is not what was written" in refused(whole)
        plain.execute("UPDATE truth SET bytes = 7 WHERE chunk = 2")
        assert "chunk 2 (facts from seq 61)" in refused(whole)
    plain.close()


def test_a_full_disk_takes_the_chunk_back_and_the_run_goes_on_when_there_is_room(whole):
    with RunFile.open(whole, write=True) as run:
        before = run.cursor
        connection = run._connection
        connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0] + 2}")
        more = pick(shop(6000), slice(600, 6000))
        told = refused(whole, lambda _: run.commit(more, outcomes={"lane": outcomes_of(more)}))
        assert "The disk is full" in told
        assert run.cursor == before
        run.check_chain()
        connection.execute("PRAGMA max_page_count = 100000")
        run.commit(more)
        run.check_chain()
        assert same_bits(run.facts(), shop(6000))


def test_where_no_more_can_be_written_a_prefix_of_chunks_is_left(tmp_path):
    path = tmp_path / "small.run"
    told = in_small_space(f"""
        from journal import *
        from tests.journal.made import shop
        whole = shop(60000)
        with RunFile.create({str(path)!r}, {{}}) as run:
            for start in range(0, 60000, 1000):
                run.commit(pick(whole, slice(start, start + 1000)))
    """)
    assert "journal.errors.Refusal" in told
    with RunFile.open(path) as run:
        run.check_chain()
        count = run.cursor.seq
        assert 1000 <= count < 60000
        assert same_bits(run.facts(), pick(shop(60000), slice(0, count)))


def test_where_nothing_can_be_written_nothing_is_left(tmp_path):
    path = tmp_path / "none.run"
    told = in_small_space(f"""
        import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))
        from journal import *
        RunFile.create({str(path)!r}, {{}})
    """)
    assert "journal.errors.Refusal" in told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_run_file_in_a_folder_that_cannot_be_written_is_read_but_not_written(whole):
    whole.chmod(0o444)
    whole.parent.chmod(0o555)
    try:
        assert everything(whole)[0].seq == 600
        assert "read-only" in refused(whole, lambda path: RunFile.open(path, write=True))
    finally:
        whole.parent.chmod(0o755)
