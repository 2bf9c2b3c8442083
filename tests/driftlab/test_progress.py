"""Progress is told on stderr, not before two seconds have passed, and never on stdout."""

from __future__ import annotations

import time

import pytest

from driftlab import progress


def test_short_work_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.progress("counting") as tell:
        tell(0.5, 10)
    assert capsys.readouterr() == ("", "")


def test_long_work_says_what_it_does_and_how_fast(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.01)
    monkeypatch.setattr(progress, "LINE_EVERY", 0.0)
    with progress.progress("counting") as tell:
        time.sleep(0.1)
        tell(0.25, 1_000)
    out, err = capsys.readouterr()
    assert out == ""
    first, second = err.splitlines()
    assert first == "counting, compiling"
    assert second.startswith("counting: 25 %, ")
    assert "events/s, about" in second


def test_a_terminal_gets_a_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr(progress, "PATIENCE", 0.01)
    with progress.progress("counting") as tell:
        time.sleep(0.1)
        tell(0.25, 1_000)
        time.sleep(0.3)
    out, err = capsys.readouterr()
    assert out == ""
    assert "counting" in err
