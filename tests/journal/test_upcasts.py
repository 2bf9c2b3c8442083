"""Old facts are read through upcasts; their stored bytes and digests stay."""

from dataclasses import replace

import numpy as np
import pytest

from journal import Kind, Refusal, RunFile, facts
from journal.upcasts import UPCASTS, upcast
from tests.journal.made import same_bits, shop


def halved(old):
    """Stand for a change of meaning: version 2 of a view counts its value in halves, and says so in a payload."""
    payload = {int(seq): '"halves"' for seq in old.seq}
    return replace(old, value=old.value * 2, version=old.version + 1, payload=payload)


def renamed(old):
    return replace(old, version=old.version + 1, payload={seq: text.upper() for seq, text in old.payload.items()})


TABLE = {(int(Kind.VIEWED), 1): halved, (int(Kind.VIEWED), 2): renamed}


def mixed():
    return facts(
        {2: "kept"},
        seq=[1, 2, 3, 4],
        time=[1, 2, 3, 4],
        kind=[Kind.VIEWED, Kind.CARTED, Kind.VIEWED, Kind.VIEWED],
        value=[1.5, 7, 2.5, 9],
        version=[1, 1, 2, 3],
    )


def test_every_old_version_is_read_as_the_newest_in_place():
    new = upcast(mixed(), TABLE)
    assert new.version.tolist() == [3, 1, 3, 3]
    assert new.value.tolist() == [3, 7, 2.5, 9]
    assert dict(new.payload) == {1: '"HALVES"', 2: "kept"}
    assert new.seq.tolist() == [1, 2, 3, 4]


def test_what_is_read_is_not_changed():
    old = mixed()
    upcast(old, TABLE)
    assert same_bits(old, mixed())


def test_facts_of_today_pass_as_they_are():
    whole = shop(50)
    assert upcast(whole) is whole
    assert all(kind in set(Kind) for kind, _ in UPCASTS)


@pytest.mark.parametrize(
    ("kind", "version", "told"), [(11, 2, "version 2"), (99, 1, "no such kind"), (11, 0, "version 0")]
)
def test_a_version_or_kind_from_the_future_is_refused(tmp_path, kind, version, told):
    strange = facts(seq=[1], time=[0], kind=[kind], version=[version])
    with RunFile.create(tmp_path / "a.run", {}) as run:
        run.commit(strange)
        with pytest.raises(Refusal, match=told):
            run.facts()
        with pytest.raises(Refusal, match="written by a newer driftlab"):
            next(run.chunks())


def test_digests_are_of_the_bytes_as_written(tmp_path, monkeypatch):
    with RunFile.create(tmp_path / "a.run", {}) as run:
        run.commit(shop(50))
        digest = run.facts_digest()
        monkeypatch.setattr("journal.runfile.upcast", lambda old: upcast(old, {(int(Kind.VIEWED), 1): halved}))
        assert set(run.facts().version.tolist()) == {1, 2}
        assert run.facts_digest() == digest
        run.check_chain()
        assert np.isnan(shop(50).value[0])
