"""An export holds every fact as a row, and a CSV or Parquet export read back gives the same facts."""

import json
import sqlite3
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journal import COLUMNS, Kind, Refusal, RunFile, export, pick, read_log
from tests.journal.drawn import any_facts
from tests.journal.made import in_small_space, same_bits, shop


@pytest.fixture
def run(tmp_path):
    with RunFile.create(tmp_path / "a.run", {}) as run:
        for start in range(0, 250, 100):
            run.commit(pick(shop(250), slice(start, start + 100)))
        run.put_array("category", np.arange(101, dtype=np.int32) % 5 - 1)
        run.put_array("price", np.where(np.arange(101) % 3, np.arange(101) / 8, np.nan).astype(np.float32))
        run.put_array(
            "content", np.where(np.arange(606) % 7, np.arange(606) / 9, np.nan).astype("<f4").reshape(101, 3, 2)
        )
        yield run


@st.composite
def tellable_facts(draw):
    """Draw facts that text can tell: one NaN, and payloads of JSON, as the columns promise."""
    drawn = draw(any_facts(most=20))
    payload = draw(st.dictionaries(st.integers(1, 20), st.text().map(json.dumps)))
    value = np.where(np.isnan(drawn.value), np.nan, drawn.value)
    return replace(drawn, value=value, payload={seq: text for seq, text in payload.items() if seq <= len(drawn)})


@settings(max_examples=30)
@given(tellable_facts().filter(len))
def test_a_csv_export_read_back_gives_the_same_facts(tmp_path_factory, whole):
    whole = replace(whole, shopper=whole.shopper % 50, product=whole.product % 50)
    folder = tmp_path_factory.mktemp("export")
    with RunFile.create(folder / "a.run", {}) as run:
        run.commit(whole)
        (path,) = export(run, "csv", folder / "a.csv")
    assert same_bits(read_log(path).facts, whole)


@pytest.mark.parametrize("to", ["csv", "parquet"])
def test_facts_and_catalogue_come_back(run, tmp_path, to):
    if to == "parquet":
        pytest.importorskip("duckdb")
    path, items = export(run, to, tmp_path / f"out.{to}")
    assert items.name == "out_items.csv"
    back = read_log(path)
    assert same_bits(back.facts, shop(250))
    assert back.price.tobytes() == run.array("price").tobytes()
    assert back.content.tobytes() == run.array("content").tobytes()
    names = [back.names["category"][code] if code >= 0 else "" for code in back.category]
    assert names == ["" if i % 5 == 0 else str(i % 5 - 1) for i in range(101)]
    assert (back.rows, back.rejects, back.counts) == (250, [], {})


def test_a_real_log_comes_back_with_its_names(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text('user_id,item_id,event_type,timestamp\nann,tea,view,60\nbob,"a, b",buy,90\n')
    first = read_log(log)
    with RunFile.create(tmp_path / "a.run", {}) as run:
        run.commit(first.facts)
        for kind, names in first.names.items():
            run.put_names(kind, names)
        (path,) = export(run, "csv", tmp_path / "out.csv")
    second = read_log(path)
    assert same_bits(second.facts, first.facts)
    assert second.names == first.names


def test_sqlite_export_is_a_row_a_fact(run, tmp_path):
    (path,) = export(run, "sqlite", tmp_path / "out.sqlite")
    plain = sqlite3.connect(path)
    assert plain.execute("SELECT count(*), sum(seq) FROM fact").fetchone() == (250, 31375)
    row = plain.execute("SELECT * FROM fact WHERE seq = 4").fetchone()
    assert row == (4, 750_003, "slate_served", 21, 39, 0, None, 0, 1, "[4, 2, 3]")
    columns = [name for _, name, *_ in plain.execute("PRAGMA table_info(fact)")]
    assert columns == [*COLUMNS, "payload"]
    plain.close()


def test_every_kind_has_a_word(tmp_path):
    whole = shop(len(Kind))
    with RunFile.create(tmp_path / "a.run", {}) as run:
        run.commit(replace(whole, kind=np.array(list(Kind), np.int16)))
        (path,) = export(run, "csv", tmp_path / "a.csv")
    assert read_log(path).facts.kind.tolist() == list(Kind)


def test_files_are_never_overwritten_and_drafts_never_left(run, tmp_path):
    export(run, "csv", tmp_path / "out.csv")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if "out" in path.name}
    with pytest.raises(Refusal, match="out.csv exists already"):
        export(run, "csv", tmp_path / "out.csv")
    (tmp_path / "other_items.csv").write_text("mine")
    with pytest.raises(Refusal, match="other_items.csv exists already"):
        export(run, "csv", tmp_path / "other.csv")
    with pytest.raises(Refusal, match="cannot be written"):
        export(run, "csv", tmp_path / "no" / "out.csv")
    with pytest.raises(Refusal, match="'cvs' is no format for an export. Did you mean 'csv'"):
        export(run, "cvs", tmp_path / "new.csv")
    export(run, "sqlite", tmp_path / "out.sqlite")
    kept = {path.name for path in tmp_path.iterdir() if not path.name.startswith("a.run")}
    assert kept == {"out.csv", "out_items.csv", "out.sqlite", "other_items.csv"}
    assert before == {name: (tmp_path / name).read_bytes() for name in before}


@pytest.mark.parametrize("to", ["csv", "sqlite", "parquet"])
def test_a_full_disk_leaves_no_half_written_export(tmp_path, to):
    if to == "parquet":
        pytest.importorskip("duckdb")
    with RunFile.create(tmp_path / "a.run", {}) as run:
        run.commit(shop(20_000))
    told = in_small_space(f"""
        from journal import *
        with RunFile.open({str(tmp_path / "a.run")!r}) as run:
            export(run, {to!r}, {str(tmp_path / "out")!r})
    """)
    assert "journal.errors.Refusal" in told
    assert "nothing was left behind" in told
    assert {path.name for path in tmp_path.iterdir()} == {"a.run"}


def test_a_changed_export_is_refused(run, tmp_path):
    path = export(run, "csv", tmp_path / "out.csv")[0]
    lines = path.read_text().splitlines(keepends=True)
    for changed, told in (
        ([*lines[:5], *lines[6:]], "it lacks rows"),
        ([*lines[:5], lines[5].replace("purchased", "stolen"), *lines[6:]], "its column 'kind'"),
        ([*lines[:5], "5,x" + lines[5][3:], *lines[6:]], "its column 'time'"),
    ):
        path.write_text("".join(changed))
        with pytest.raises(Refusal, match=told):
            read_log(path)
    with pytest.raises(Refusal, match="is read whole"):
        read_log(path, start=5)
