"""The command line answers with a result on stdout, or one paragraph on stderr and a status that is not 0."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import driftlab
from driftlab.cli import app, command
from scenarios.parts import FAMILIES, names

ROOT = Path(driftlab.__file__).parents[1]


def refusal(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """Return what a command that is refused says; it must be one paragraph, and nothing on stdout."""
    status = command([str(word) for word in words])
    out, err = capsys.readouterr()
    assert (status, out) == (2, "")
    assert err.startswith("driftlab: ")
    assert "Traceback" not in err
    assert "\n\n" not in err.strip()
    return err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rnu"], 'Did you mean "run"'),
        (["run"], "SCENARIO"),
        (["run", "smal"], "Did you mean 'small'"),
        (["run", "small", "--polcy", "never"], "Did you mean --policy"),
        (["run", "small", "--policy", "evry"], "Did you mean 'every'"),
        (["run", "small", "--policy", "every(m=4)"], "'m' is not a parameter"),
        (["run", "small", "--policy", "every(n="], "do"),
        (["run", "small", "--encoder", "saeg"], "Did you mean 'sage'"),
        (["run", "small", "--baseline", "populr"], "Did you mean 'popular'"),
        (["run", "small", "--set", "days"], "is not key=value"),
        (["run", "small", "--policy", "never", "--policy", "ever_event"], "--policy ever_event: No policy named"),
        (["run", "small", "--encoder", "sage(k=3)"], "--encoder sage(k=3): encoder 'sage': 'k' is not a parameter"),
        (["run", "small", "--set", "dayz=3"], "Did you mean 'days'"),
        (["run", "small", "--set", "days=-1"], "days"),
        (["run", "small", "--seed", "one"], "one"),
        (["run", "small", "--policy", "missing.py:mine"], "missing.py"),
        (["resume", "nowhere.run"], "nowhere.run"),
        (["verify", "nowhere.run"], "nowhere.run"),
        (["describe", "nowhere.csv"], "nowhere.csv"),
        (["replay", "nowhere.csv"], "nowhere.csv"),
        (["replay", "nowhere.csv", "--from", "yesterday"], "ISO 8601"),
        (["export", "nowhere.run"], "nowhere.run"),
        (["scenarios", "check", "nowhere.toml"], "nowhere.toml"),
        (["check", "evry(n=4)"], "Did you mean 'every'"),
        (["check", "every(m=4)"], "'m' is not a parameter"),
        (["check", "random"], "--family policy or --family baseline"),
        (["check", "abrupt"], "no laws for that family"),
        (["check", "missing.py:mine"], "missing.py"),
        (["check", "every+never"], "chain of 2 parts"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_told_in_a_paragraph(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert said in refusal(capsys, *words)
    assert list(tmp_path.iterdir()) == []  # nothing half-written


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("user_id,item,event_type,timestamp\n1,2,view,3\n", "item_id"),
        ("user_id;item_id;event_type;timestamp\n1;2;view;3\n", ";"),
        ("user_id,item_id,event_type,timestamp\n1,2,stare,3\n", "unknown type"),
    ],
)
def test_a_log_that_cannot_be_read_is_told(
    text: str, said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("log.csv").write_text(text)
    assert said in refusal(capsys, "replay", "log.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["log.csv"]


def test_a_file_that_is_no_run_file_or_a_damaged_one_is_told(
    small: driftlab.Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text, short = tmp_path / "text.run", tmp_path / "short.run"
    text.write_text("hello")
    short.write_bytes(small.path.read_bytes()[:50_000])
    for path in (text, short):
        assert path.name in refusal(capsys, "report", path)


def test_an_existing_file_is_not_overwritten(
    small: driftlab.Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "there.run"
    shutil.copy(small.path, path)
    assert "there.run" in refusal(capsys, "run", "small", "--out", path)
    assert path.read_bytes() == small.path.read_bytes()


def test_json_is_one_document(small: driftlab.Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["report", str(small.path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["lane"] for row in told["table"]] == ["sage every_event", "popular", "oracle"]
    assert told["digest"] == small.cursor.digest


def test_the_report_fits_a_terminal_of_100_columns(small: driftlab.Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["report", str(small.path)]) == 0
    report = capsys.readouterr().out.splitlines()
    assert max(map(len, report[:-1])) <= 100
    assert any("abrupt" in line and line.startswith("day 1.5") for line in report)


def test_describe_export_and_verify_speak_of_the_same_facts(
    small: driftlab.Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert command(["describe", str(small.path), "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)["counts"]
    assert command(["export", str(small.path), "--out", str(tmp_path / "facts.csv")]) == 0
    written = Path(capsys.readouterr().out.splitlines()[0])
    assert len(written.read_text().splitlines()) == counts["facts"] + 1
    assert command(["verify", "--quick", str(small.path)]) == 0
    assert f"{counts['facts']:,} facts" in capsys.readouterr().out


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    names = [name for name in app if not name.startswith("-")]
    assert {"run", "resume", "verify", "replay", "describe", "export", "scenarios"} <= set(names)
    for name in names:
        assert command([name, "--help"]) == 0
        assert len(capsys.readouterr().out.splitlines()) > 3


def python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["scenarios", "list"]])
def test_help_and_listings_do_not_import_jax(words: list[str], tmp_path: Path) -> None:
    code = f"from driftlab.cli import command; command({words}); import sys; sys.exit('jax' in sys.modules)"
    assert python(code, tmp_path).returncode == 0


def test_every_part_is_listed_with_what_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["parts", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {part["family"] for part in listed} == set(FAMILIES)
    for family in FAMILIES:
        assert [part["name"] for part in listed if part["family"] == family] == names(family)
    assert all(part["about"].endswith(".") for part in listed)
    assert command(["parts"]) == 0
    assert "policy    every(n=4)\n            Learn one event in n" in capsys.readouterr().out


HASTY = """
from driftlab import Policy

def hasty():
    return Policy(lambda: 0.0, lambda action, state, seen: (action if seen.hit else action, state))

def nothing():
    return 4
"""


def test_a_part_that_breaks_a_law_is_told_on_a_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(HASTY)
    assert command(["check", "mine.py:hasty"]) == 1
    head, first, *others = capsys.readouterr().out.splitlines()
    assert head == "policy mine.py:hasty"
    assert first.startswith("failed")
    assert "(mine.py, line 5" in first
    assert {line.split("  ")[0] for line in others} == {"not tried"}
    assert command(["check", "mine.py:hasty", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["family"], told["sound"], told["laws"][0]["outcome"]) == ("policy", False, "failed")
    assert "returned a int; a part is one of Policy (policy)" in refusal(capsys, "check", "mine.py:nothing")


def test_a_part_that_keeps_the_laws_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["check", "ddm(drift=2.5)", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["part"], told["family"], told["sound"]) == ("ddm(drift=2.5)", "detector", True)


def test_a_report_does_not_import_jax(small: driftlab.Run, tmp_path: Path) -> None:
    words = ["report", str(small.path)]
    code = f"from driftlab.cli import command; command({words}); import sys; sys.exit('jax' in sys.modules)"
    assert python(code, tmp_path).returncode == 0


def test_a_users_own_model_py_is_told_what_it_hides(tmp_path: Path) -> None:
    Path(tmp_path, "model.py").write_text("mine = 1\n")
    shown = python("import driftlab", tmp_path)
    assert shown.returncode != 0
    assert "model.py has the same name" in shown.stderr.splitlines()[-1]
    assert "Rename it" in shown.stderr.splitlines()[-1]


def test_a_person_who_stops_a_run_is_told_how_to_go_on(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("driftlab.sinks.Committing.take", stopped)
    assert command(["run", "small", "--encoder", "sage", "--policy", "every_event", "--baseline", "popular"]) == 130
    assert "go on with `driftlab resume small-1.run`" in capsys.readouterr().err


def test_a_name_that_a_family_without_laws_shares_is_tried_as_what_has_laws(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["check", "popular"]) == 0  # a baseline, and a sampler
    assert capsys.readouterr().out.startswith("baseline popular\n")


def test_the_terminal_is_refused_where_there_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["tui", "small"]) == 2
    assert "needs a terminal" in capsys.readouterr().err
