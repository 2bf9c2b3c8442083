"""A run file of every release opens, and replays to the same digests."""

import shutil
from pathlib import Path

import pytest

from journal import Metric, Reject, RunFile
from tests.journal.golden.make import make
from tests.journal.made import same_bits, shop

GOLDEN = Path(__file__).parent / "golden"
DIGESTS = {
    "release_0_1.run": (
        "c292cafae54735cba5fdb237f671b24faaf0e22263b7870cc3949bc3f1a509d3",
        "a641febfd29487b69b8236339c057b54e4b3e985f0d32e22386171deb7f1ebe7",
        "28a375d0edaf69288e8706990fab5624286725f2e02444825de5e88a8495762c",
    )
}
"""By golden file: the digests of the chain, of the facts and of the outcomes."""


def digests(path):
    with RunFile.open(path) as run:
        run.check_chain()
        return run.cursor.digest, run.facts_digest(), run.outcomes_digest("network")


def test_every_golden_file_has_its_digests():
    assert {path.name for path in GOLDEN.glob("*.run")} == set(DIGESTS)
    assert all(path.stat().st_size < 100_000 for path in GOLDEN.glob("*.run"))


@pytest.mark.parametrize("name", DIGESTS)
def test_a_golden_file_opens_and_replays_to_the_same_digests(name, tmp_path):
    path = Path(shutil.copy(GOLDEN / name, tmp_path))
    assert digests(path) == DIGESTS[name]
    with RunFile.open(path) as run:
        assert same_bits(run.facts(), shop(300))
        assert run.truth("interest")["theta"].shape == (12, 3)
        assert run.deliveries()["time"].tolist() == (shop(300).time + 5).tolist()
        assert run.metrics()[0] == Metric("network", "ndcg@10", 128, int(shop(300).time[127]), 0.0)
        assert run.snapshot("network") == (3, bytes(range(16)))
        assert run.array("price").tobytes().hex() == "0000c03f0000c07f00000080"
        assert run.names("product") == ["tea", "Kännchen"]
        assert run.rejects() == [Reject(3, "missing value", "a,,view")]
        assert run.sources()[0].text.startswith("def mine")
        assert run.header == {"scenario": 'id = "golden"', "seed": "7", "status": "complete", "wall_seconds": "1.5"}


def test_this_release_still_writes_the_same_digests(tmp_path):
    make(tmp_path / "new.run")
    assert digests(tmp_path / "new.run") == DIGESTS["release_0_1.run"]
