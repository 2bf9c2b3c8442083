"""A scenario that will not do ends every command with one paragraph on stderr, a non-zero exit and nothing left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.code import ROOT


@pytest.mark.parametrize("words", [("scenarios", "check"), ("run",)])
def test_a_command_refuses_a_bad_scenario(words: tuple[str, ...], tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text('base = "steady"\ndayz = 3\n[[drift]]\nuse = "abrubt"\n')
    made = subprocess.run(
        [sys.executable, "-m", "driftlab", *words, "bad.toml"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (made.returncode, made.stdout) == (2, "")
    first, *rest = made.stderr.splitlines()
    assert first.endswith("bad.toml has 2 mistakes.")
    assert [line.split(":")[0] for line in rest] == ["  bad.toml, line 2", "  bad.toml, line 4"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.toml"]
