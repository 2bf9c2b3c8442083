"""The README is true: its commands and names are there, and its policy runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import driftlab
from driftlab.cli import app
from scenarios import find, listing, names

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_every_command_that_is_shown_exists() -> None:
    shown = set(re.findall(r"driftlab (\w+)(?: |`|\n)", README)) - {"import"}
    assert {"run", "resume", "verify", "replay"} <= shown
    assert shown <= {*app}


def test_every_option_that_is_shown_exists(capsys: pytest.CaptureFixture[str]) -> None:
    from driftlab.cli import command

    helps = []
    for name in ("run", "replay", "verify", "export", "fork", "inject", "tui"):
        assert command([name, "--help"]) == 0
        helps.append(capsys.readouterr().out)
    known = set(re.findall(r"--[a-z]+", " ".join(helps)))
    assert set(re.findall(r"(?<=[\s`])--[a-z]+", README)) <= known


def test_every_name_of_the_python_api_that_is_shown_exists() -> None:
    assert set(re.findall(r"driftlab\.([a-zA-Z]+)", README)) <= set(driftlab.__all__)
    assert set(re.findall(r"\brun\.(\w+)\(", README)) <= set(dir(driftlab.Run))


def test_scenarios_and_policies_that_are_shown_exist() -> None:
    known = {id_ for id_, _ in listing()}
    assert set(re.findall(r"driftlab run (\w+)", README)) <= known
    assert {"every", "every_event", "never", "decay"} <= set(names("policy"))


def test_the_policy_that_is_shown_can_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    Path("eager.py").write_text(next(block for block in blocks if "def update" in block))
    policy, source = find("policy", "eager.py:eager_after_drop(drop=0.1)")
    assert isinstance(policy, driftlab.Policy)
    assert source is not None


def test_every_public_name_has_a_docstring() -> None:
    for name in driftlab.__all__:
        assert getattr(driftlab, name).__doc__, name
