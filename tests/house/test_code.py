"""Every module says what it is, is short or says why not, and decides nothing by chance that has no name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.house.chance import unsteady
from tests.house.code import ROOMS, ROOT, long_ones, modules, name


@pytest.mark.parametrize("path", [*modules(), *modules("tests", "benchmarks")], ids=name)
def test_every_module_has_a_docstring(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), f"{name(path)} does not say in a docstring what it is"


def test_long_files_and_functions_state_a_reason() -> None:
    nameless = [f"{where}: {lines} lines" for where, lines, reason in long_ones(modules()) if not reason]
    assert not nameless, "Shorten these, or state why not in a comment '# long because: ...' on their first lines."


def test_a_long_function_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.house.code.ROOT", tmp_path)
    path = tmp_path / "long.py"
    path.write_text("def f():\n    # long because: it lists\n" + "    x = 1\n" * 60 + "def g():\n" + "    x = 1\n" * 60)
    assert [(long.where, long.lines, long.reason) for long in long_ones([path])] == [
        ("long.py:1 f", 62, "it lists"),
        ("long.py:63 g", 61, ""),
    ]


@pytest.mark.parametrize("path", modules(), ids=name)
def test_nothing_that_decides_a_result_is_unsteady(path: Path) -> None:
    found = unsteady(path.read_text(encoding="utf-8"))
    assert not found, f"{name(path)} would give another result in another run"


@pytest.mark.parametrize(
    "code",
    [
        "import random",
        "from uuid import uuid4",
        "import numpy as np\nx = np.random.rand(3)",
        "from numpy.random import default_rng",
        "import time\nstart = time.time()",
        "import datetime\nnow = datetime.datetime.now()",
        "from datetime import datetime\nnow = datetime.now()",
        "import os\nos.urandom(8)",
        "for x in {1, 2}: ...",
        "found = [x for x in set(names)]",
        "order = list({n for n in names})",
        "def f(names):\n    known = set(names)\n    for name in known: ...",
        "a = {1} | other\nb = [*({1} | other)]",
        "text = ', '.join({'a', 'b'})",
        "key = hash('name')",
    ],
)
def test_what_is_unsteady_is_found(code: str) -> None:
    assert unsteady(code)


@pytest.mark.parametrize(
    "code",
    [
        "for x in sorted({1, 2}): ...",
        "known = set(names)\nif name in known: ...",
        "many = len({n for n in names})",
        "from numpy.random import Generator, Philox",
        "import time\nstart = time.perf_counter()",
        "for x in dict.fromkeys(names): ...",
    ],
)
def test_what_is_steady_passes(code: str) -> None:
    assert not unsteady(code)


def test_every_room_is_a_package() -> None:
    assert [room for room in ROOMS if not (ROOT / room / "__init__.py").is_file()] == []
