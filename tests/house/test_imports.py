"""Imports run down the house only, and a clean interpreter loads nothing heavy where it is not needed."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.house.code import ROOT

HEAVY = ("jax", "flax", "optax", "simpy", "textual", "pandas", "duckdb", "matplotlib", "networkx", "scipy")


def loaded(code: str) -> set[str]:
    """Return the top-level modules that a clean interpreter has loaded after some code."""
    report = "import json, sys\nprint('\\n' + json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    made = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert made.returncode == 0, made.stderr
    return set(json.loads(made.stdout.splitlines()[-1]))


def computes(code: str) -> bool:
    """Return whether jax has computed anything in a clean interpreter after some code."""
    report = "from jax._src import xla_bridge\nprint(xla_bridge.backends_are_initialized())"
    made = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert made.returncode == 0, made.stderr
    return made.stdout.splitlines()[-1] == "True"


def command(*words: str) -> str:
    """Return code that runs driftlab's command line in the same interpreter."""
    return (
        f"import runpy, sys\nsys.argv = {['driftlab', *words]!r}\n"
        "try:\n    runpy.run_module('driftlab', run_name='__main__')\n"
        "except SystemExit as end:\n    assert not end.code, end.code"
    )


def test_import_contracts_are_kept() -> None:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True, no_logo=True))"
    made = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert made.returncode == 0, made.stdout + made.stderr


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        pytest.param("import journal", {*HEAVY, "pydantic", "cyclopts"}, id="journal"),
        pytest.param("import simulator", {*HEAVY, "model", "pydantic"} - {"simpy"}, id="simulator"),
        pytest.param("import scenarios", {*HEAVY, "model"} - {"simpy"}, id="scenarios"),
        pytest.param("import tui", {*HEAVY, "model", "simulator"} - {"textual"}, id="tui"),
        pytest.param(
            "import tui.app, driftlab.showing as s; s.previews(); s.policies()",
            {"jax", "flax", "optax", "model"},
            id="terminal",
        ),
        pytest.param(command("--help"), {*HEAVY, "model"} - {"simpy"}, id="driftlab --help"),
        pytest.param(command("scenarios", "list"), {*HEAVY, "model"} - {"simpy"}, id="driftlab scenarios list"),
    ],
)
def test_a_clean_interpreter_loads_nothing_heavy(code: str, unwanted: set[str]) -> None:
    assert sorted(loaded(code) & unwanted) == []


def test_what_a_clean_interpreter_loads_is_seen() -> None:
    assert "jax" in loaded("import model.parts")


def test_nothing_is_computed_while_modules_are_imported() -> None:
    """What jax is told (`model.compiling`) is read when it first computes, so nothing may compute before."""
    assert not computes("import driftlab.api, driftlab.build, model")
    assert computes("import model; import jax.numpy; jax.numpy.zeros(1)")
