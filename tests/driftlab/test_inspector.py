"""The process that looks into a run file: a line in, a line out, the newest ask first."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

import driftlab
from driftlab.inspector import Asks, read
from journal.errors import Refusal

ASK = {"ask": 1, "lane": "popular", "seq": 900, "shopper": 3, "product": None, "map": False}


@pytest.fixture
def inspector(small: driftlab.Run) -> Iterator[subprocess.Popen[str]]:
    made = started(small.path)
    yield made
    made.kill()
    made.wait()
    for pipe in (made.stdin, made.stdout):
        assert pipe is not None
        pipe.close()


def started(path: Path) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "driftlab.inspector", str(path)]
    root = Path(driftlab.__file__).parents[1]
    pipe = subprocess.PIPE
    return subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True, cwd=root)


def say(process: subprocess.Popen[str], *lines: str) -> None:
    assert process.stdin is not None
    process.stdin.write("".join(f"{line}\n" for line in lines))
    process.stdin.flush()


def answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Return the next line that is no progress."""
    assert process.stdout is not None
    for line in process.stdout:
        said = json.loads(line)
        if "doing" not in said:
            return said
    raise AssertionError("the process said nothing more")


def test_it_answers_refuses_and_ends(inspector: subprocess.Popen[str]) -> None:
    say(inspector, json.dumps(ASK))
    seen = answer(inspector)
    assert (seen["ask"], seen["look"]["seq"], len(seen["look"]["slate"])) == (1, 900, 10)
    say(inspector, "hello")
    assert "is no JSON" in answer(inspector)["refused"]
    say(inspector, json.dumps({**ASK, "ask": 2, "shopper": 10**6}))
    assert "no shopper 1000000" in answer(inspector)["refused"]
    say(inspector, *(json.dumps({**ASK, "ask": number, "seq": 400}) for number in range(3, 40)))
    answered = 0
    while answered != 39:
        before, answered = answered, answer(inspector)["ask"]
        assert answered > before
    assert inspector.stdin is not None
    inspector.stdin.close()
    assert inspector.wait(timeout=30) == 0


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.run").write_text("hello")
    process = started(tmp_path / "no.run")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == Refusal.status
    assert "no.run" in json.loads(out)["refused"]


def test_the_newest_ask_is_taken_and_then_the_end() -> None:
    told = Event()

    def lines() -> Iterator[str]:
        yield from ("1", "2", "3")
        told.set()

    asks = Asks(lines())
    assert told.wait(10)
    assert asks.newest() == "3"
    assert asks.newest() is None
    assert not asks.waiting


@pytest.mark.parametrize(
    "line", ["", "[]", "{}", json.dumps({**ASK, "more": 1}), json.dumps({**ASK, "seq": "9"}), json.dumps({"ask": 1})]
)
def test_what_is_no_ask_is_refused(line: str) -> None:
    with pytest.raises(Refusal):
        read(line)
