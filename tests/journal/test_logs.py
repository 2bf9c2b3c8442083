"""Every row of a log becomes a fact or a reject with its line and reason; a file that is no log is told in one paragraph."""

import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal import Columns, Kind, Refusal, Reject, read_log
from journal.cleaning import REASONS, WORDS, micros

HEADER = "user_id,item_id,event_type,timestamp"
DAY = 86_400


@pytest.fixture
def log(tmp_path):
    """Return a function that writes lines as a log and gives its path."""

    def write(*lines, header=HEADER, name="log.csv"):
        path = tmp_path / name
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        return path

    return write


def refused(path, **how):
    """Return the refusal, checked to be one paragraph that names the file."""
    with pytest.raises(Refusal) as error:
        read_log(path, **how)
    told = str(error.value)
    assert str(path) in told
    assert "\n" not in told
    assert len(told) < 700
    return told


def interactions(read):
    return read.facts.kind != Kind.PRODUCT_LISTED


def test_every_word_of_every_kind_is_understood_in_any_case(log):
    words = [word if i % 2 else word.upper() for i, word in enumerate(WORDS)]
    read = read_log(log(*(f"u,i{n},{word},{n}" for n, word in enumerate(words))))
    assert read.facts.kind[interactions(read)].tolist() == [int(kind) for kind in WORDS.values()]
    assert read.rejects == []


def test_products_are_listed_first_and_ids_follow_the_order_of_appearance_in_time(log):
    read = read_log(log("b,x,view,20", "a,y,view,10", "b,y,buy,30"))
    assert read.facts.kind.tolist() == [Kind.PRODUCT_LISTED] * 2 + [Kind.VIEWED, Kind.VIEWED, Kind.PURCHASED]
    assert read.facts.time.tolist() == [10_000_000, 10_000_000, 10_000_000, 20_000_000, 30_000_000]
    assert read.facts.seq.tolist() == [1, 2, 3, 4, 5]
    assert read.facts.product.tolist() == [0, 1, 0, 1, 0]
    assert read.facts.shopper.tolist() == [-1, -1, 0, 1, 1]
    assert (read.names["shopper"], read.names["product"]) == (["a", "b"], ["y", "x"])
    assert read.counts == {"out of order (kept)": 1}


def test_each_reason_is_given_with_line_and_row(log):
    path = log(
        "a,x,view,100",
        "a,x,view,100",  # line 3: again
        ",x,view,100",
        "a,null,view,100",
        "a,x,,100",
        "a,x,view,",
        "a,x,view,soon",
        "a,x,view,-5",
        "a,x,view,99999999999999999999999999",
        "a,x,stare,100",
        "a,x,view,101,extra",
        "a,x",
        "",
        '"a","x","cart","102"',
        "a,x,view,10",
        "-1,x,view,100",
    )
    read = read_log(path, start=50, end=1000)
    assert [(reject.line, reject.reason) for reject in read.rejects] == [
        (3, "exact duplicate"),
        (4, "missing value"),
        (5, "missing value"),
        (6, "missing value"),
        (7, "missing value"),
        (8, "impossible time"),
        (9, "impossible time"),
        (10, "impossible time"),
        (11, "unknown type"),
        (12, "wrong number of fields"),
        (13, "wrong number of fields"),
        (16, "outside the window"),
        (17, "missing value"),
    ]
    assert read.rejects[9] == Reject(12, "wrong number of fields", "a,x,view,101,extra")
    assert (read.rows, int(interactions(read).sum())) == (15, 2)
    assert sum(read.counts.values()) == len(read.rejects)


def test_values_are_kept_and_unreadable_ones_rejected(log):
    path = log("a,x,buy,1,2.5", "a,x,buy,2,-1", "a,x,buy,3,", "a,x,buy,4,much", header=HEADER + ",value")
    read = read_log(path)
    assert np.array_equal(read.facts.value[1:], [2.5, -1, np.nan], equal_nan=True)
    assert [reject.reason for reject in read.rejects] == ["unreadable value"]
    assert np.isnan(read_log(path, Columns(value=None)).facts.value).all()


def test_a_log_without_a_column_of_types_is_of_the_one_that_is_told(log):
    path = log("a,x,5", header="who,what,when")
    read = read_log(path, Columns("who", "what", "=purchase", "when"))
    assert read.facts.kind.tolist() == [Kind.PRODUCT_LISTED, Kind.PURCHASED]


def test_types_of_the_logs_own_are_mapped(log):
    path = log("a,x,Betrachtet,5", "a,x,buy,6")
    assert read_log(path).counts == {"unknown type": 1}
    read = read_log(path, types={"betrachtet": "view"})
    assert read.facts.kind.tolist()[1:] == [Kind.VIEWED, Kind.PURCHASED]
    with pytest.raises(Refusal, match="'veiw', which is no event type. Did you mean 'view'"):
        read_log(path, types={"betrachtet": "veiw"})


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1511544070", 1511544070_000000),
        ("1511544070.000005", 1511544070_000005),
        ("1511544070123", 1511544070_123000),
        ("1511544070123456", 1511544070_123456),
        ("1511544070123456000", 1511544070_123456),
        ("2017-11-24 17:21:10", 1511544070_000000),
        ("2017-11-24T17:21:10Z", 1511544070_000000),
        ("2017-11-25T01:21:10.25+08:00", 1511544070_250000),
        ("1.5e9", 1500000000_000000),
        ("0", 0),
    ],
)
def test_times_are_read_by_their_form_and_size(text, time):
    assert round(micros(text)) == time


def test_sessions_end_after_a_gap_of_more_than_thirty_minutes(log):
    read = read_log(log("a,x,view,0", "b,x,view,1", "a,y,view,1800", "a,z,view,3601", "b,x,view,1801"))
    assert read.facts.session[interactions(read)].tolist() == [0, 1, 0, 1, 2]


def test_causes_are_the_pairs_latest_that_can_lead_to_it(log):
    read = read_log(
        log(
            "a,x,view,1",
            "b,x,buy,2",  # another shopper's view is no cause
            "a,x,cart,3",
            "a,y,cart,4",
            "a,x,view,5",
            "a,x,buy,6",
            "a,x,fav,7",
            "a,x,return,8",
            "b,x,review,9",
        )
    )
    seq = read.facts.seq[interactions(read)]
    causes = read.facts.cause[interactions(read)]
    first = int(seq[0])
    assert [int(cause) - first + 1 if cause else 0 for cause in causes] == [0, 0, 1, 0, 0, 5, 5, 6, 2]


def test_the_items_file_beside_the_log_gives_categories_brands_and_prices(log):
    path = log("a,x,view,1", "a,q,view,2")
    log("y,toys|games,7", "x,food,", "x,late,3", header="item_id,genres,price", name="log_items.csv")
    read = read_log(path)
    assert read.names["product"] == ["x", "q", "y"]
    assert read.names["category"] == ["food", "toys"]
    assert read.category.tolist() == [0, -1, 1]
    assert read.brand.tolist() == [-1, -1, -1]
    assert np.array_equal(read.price, np.array([np.nan, np.nan, 7], np.float32), equal_nan=True)
    assert np.array_equal(read.facts.value[:3], [np.nan, np.nan, 7], equal_nan=True)
    assert read.counts == {"second row of a product in the items file, the first (kept)": 1}
    with pytest.raises(Refusal, match="nowhere.csv is no file"):
        read_log(path, items=path.with_name("nowhere.csv"))


def test_numbers_of_the_items_file_that_say_what_a_product_is_are_its_content(log):
    path = log("a,x,view,1", "a,q,view,2")
    rows = ("y,1.5,-1,7", "x,,2e-3,junk")
    log(*rows, header="item_id,content_10,content_2,content_word", name="log_items.csv")
    read = read_log(path)
    nothing = [np.nan, np.nan]
    expected = np.array([[2e-3, np.nan], nothing, [-1, 1.5]], np.float32)  # in order of number: 2 before 10
    assert np.array_equal(read.content, expected, equal_nan=True)
    assert read.counts == {}
    log("x,none,lots", "y,1,inf", header="item_id,content_0,content_1", name="log_items.csv")
    read = read_log(path)
    assert np.array_equal(read.content[[0, 2]], np.array([nothing, [1, np.nan]], np.float32), equal_nan=True)
    assert read.counts == {"unreadable number of content in the items file (kept)": 2}
    log("x,food", header="item_id,category", name="log_items.csv")
    assert read_log(path).content is None


def test_a_missing_column_is_told_with_the_nearest_name(log):
    told = refused(log("a,x,view,1", header="user_id,item,event_type,timestamp"))
    assert "has no column 'item_id'. Did you mean 'item'? Known: event_type, item, timestamp, user_id." in told
    assert "--item" in told
    path = log("a,x,view,1")
    assert "no column 'val'" in refused(path, columns=Columns(value="val"))
    assert "no column 'usr'. Did you mean 'user_id'?" in refused(path, columns=Columns(user="usr"))


@pytest.mark.parametrize(
    ("delimiter", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars"), ("::", "double colons")]
)
def test_a_wrong_delimiter_is_named(log, delimiter, name):
    told = refused(log("a,x,view,1".replace(",", delimiter), header=HEADER.replace(",", delimiter)))
    assert f"separated by {name}" in told


def test_empty_files_and_files_without_rows_are_refused(log, tmp_path):
    (tmp_path / "empty.csv").write_bytes(b"")
    assert "is empty" in refused(tmp_path / "empty.csv")
    assert "but no row" in refused(log())
    assert "but no row" in refused(log("", ""))
    assert "is no file" in refused(tmp_path / "absent.csv")
    assert "is no file" in refused(tmp_path)


def test_a_file_whose_every_row_is_bad_is_refused_with_the_reasons(log):
    told = refused(log("a,x,stare,1", "a,x,stare,2", "a,x,view,never"))
    assert "2 for 'unknown type', 1 for 'impossible time'" in told
    assert "line 2, 'a,x,stare,1'" in told
    assert "no row that can be taken" in refused(log("a", "b"))


def test_text_that_cannot_be_decoded_or_parsed_is_refused_with_its_line(log, tmp_path):
    path = tmp_path / "latin.csv"
    path.write_bytes(f"{HEADER}\na,K\xe4nnchen,view,1\n".encode("latin1"))
    assert "is no UTF-8 text (byte 0xe4" in refused(path)
    assert "line 3: the row that begins here cannot be read as CSV" in refused(
        log("a,x,view,1", 'a,"x,view,2', "a,x,view,3")
    )
    assert "names the column 'item_id' twice" in refused(
        log("a,x,x,view,1", header="user_id,item_id,item_id,event_type,t")
    )


def test_a_byte_order_mark_spaces_and_line_ends_of_windows_do_no_harm(tmp_path):
    path = tmp_path / "windows.csv"
    path.write_bytes(f"\ufeff{HEADER}\r\n a , x ,View,1\r\n\r\na,x,buy,2\r\n".encode())
    read = read_log(path)
    assert (read.names["shopper"], read.names["product"], read.rows) == (["a"], ["x"], 2)


def test_a_line_is_where_its_row_begins(log):
    read = read_log(log('a,"two\nlines",view,1', "a,x,stare,1"))
    assert [reject.line for reject in read.rejects] == [4]


def test_progress_is_told_now_and_then(log, monkeypatch):
    monkeypatch.setattr("journal.tables.STEP", 100)
    told = []
    read_log(log(*(f"a,x,view,{n}" for n in range(250))), progress=told.append)
    assert told == [100, 200]


def test_parquet_is_read_like_csv(log, tmp_path):
    duckdb = pytest.importorskip("duckdb")
    path = log(
        "a,x,view,100,", "b,x,buy,2017-11-24 17:21:10,2.5", ",x,view,3,", "b,y,stare,3,", header=HEADER + ",value"
    )
    table = tmp_path / "log.parquet"
    duckdb.read_csv(str(path), all_varchar=True).write_parquet(str(table))
    one, other = read_log(path), read_log(table)
    assert one.facts.time.tolist() == other.facts.time.tolist()
    assert one.counts == other.counts
    assert [reject.line for reject in other.rejects] == [3, 4]
    table.write_bytes(table.read_bytes()[:-20])
    assert "cannot be read as Parquet" in refused(table)


def test_parquet_without_duckdb_names_the_extra(log, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    assert "Install driftlab[tables]" in refused(log("x", name="log.parquet"))


FIELD = st.sampled_from(
    ["a", "b", "", "null", "view", "buy", "stare", "1", "2", "-3", "1e400", "nan", "1700000000", "soon"]
)


@given(st.lists(st.lists(FIELD, min_size=1, max_size=6), min_size=1, max_size=30), st.integers(0, 3))
def test_no_row_disappears(tmp_path_factory, rows, start):
    path = tmp_path_factory.mktemp("rows") / "log.csv"
    lines = [",".join(row) for row in [["u", "i", "view", "1700000000", "5"], *rows]]
    path.write_text("\n".join([HEADER + ",value", *lines]) + "\n")
    read = read_log(path, start=start)
    assert int(interactions(read).sum()) + len(read.rejects) == read.rows == sum(1 for line in lines if line)
    assert all(reject.text == lines[reject.line - 2] and reject.reason in REASONS for reject in read.rejects)
    assert Counter(reject.reason for reject in read.rejects) == {
        reason: count for reason, count in read.counts.items() if not reason.endswith("(kept)")
    }
    assert bool((np.diff(read.facts.time) >= 0).all())
