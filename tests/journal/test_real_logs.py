"""Published logs, read whole: counts as measured on these very files."""

from pathlib import Path

import numpy as np
import pytest

from journal import Kind, RunFile, pick, read_log

DATA = Path(__file__).parents[3] / "shared" / "data"
WINDOW = {"start": 1_511_539_200, "end": 1_512_316_800}  # 2017-11-25 to 2017-12-03, in Beijing

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the folder of real logs, ../shared/data, is not here")


def test_taobao_has_44_rows_outside_its_window(tmp_path):
    log = read_log(DATA / "taobao_userbehavior_100k.csv", **WINDOW)
    kinds = log.facts.kind[log.facts.kind != Kind.PRODUCT_LISTED]
    assert log.rows == 100_001
    assert log.counts["outside the window"] == len(log.rejects) == 44
    assert len(kinds) == 99_957
    assert len(log.names["shopper"]) == 983
    assert len(log.names["product"]) == len(log.category) == 64_467
    assert (log.category >= 0).all()
    assert int(log.facts.session.max()) + 1 == 16_724
    bought = log.facts.kind == Kind.PURCHASED
    assert np.count_nonzero(log.facts.cause[bought]) / np.count_nonzero(bought) == pytest.approx(0.58, abs=0.01)
    with RunFile.create(tmp_path / "taobao.run", {}) as run:
        for start in range(0, len(log.facts), 1024):
            run.commit(pick(log.facts, slice(start, start + 1024)))
        run.put_rejects(log.rejects)
        run.check_chain()
        assert len(run.rejects()) == 44


def test_movietweetings_are_ratings():
    log = read_log(DATA / "movietweetings_100k.csv")
    assert (log.rows, log.rejects, log.counts) == (100_000, [], {})
    assert len(log.names["shopper"]) == 16_554
    assert set(log.facts.kind.tolist()) == {Kind.PRODUCT_LISTED, Kind.REVIEWED}
    assert "Drama" in log.names["category"]
    assert np.nanmax(log.facts.value) == 10


@pytest.mark.slow
def test_online_retail_has_returns_and_rows_without_a_customer():
    pytest.importorskip("duckdb", reason="Parquet needs duckdb, the extra `tables`")
    log = read_log(DATA / "online_retail_i_full.parquet", items=DATA / "online_retail_items.csv")
    taken = log.facts.kind[log.facts.kind != Kind.PRODUCT_LISTED]
    assert len(taken) + len(log.rejects) == log.rows == 540_854
    assert log.counts["missing value"] == 683
    assert np.count_nonzero(taken == Kind.RETURNED) > 8_000
    assert np.isfinite(log.price).all()
