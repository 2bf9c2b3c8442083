"""One finder, three spellings; whatever is wrong with a part is said in a paragraph."""

from __future__ import annotations

import hashlib
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import pytest
from pydantic import Field

from journal.errors import Refusal
from scenarios import Source, Use, find, names
from scenarios.parts import FAMILIES, Family, check


class Thing(NamedTuple):
    """A part of a family that only these tests know."""

    act: Callable[[], Any]


def plain() -> Thing:
    """A thing without parameters."""
    return Thing(lambda: "plain")


def tuned(
    size: Annotated[int, Field(ge=1)],
    *,
    rate: float = 0.1,
    shape: Literal["round", "square"] = "round",
    steps: tuple[int, ...] = (),
) -> Thing:
    """A thing with parameters of many types."""
    if rate > 1:
        raise ValueError(f"rate = {rate} is more than 1")
    return Thing(lambda: (size, rate, shape, steps))


def broken() -> Thing:
    """A thing that fails by a mistake of ours."""
    raise KeyError("inside")


@pytest.fixture(autouse=True)
def things(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give the finder a family of things, and work in an empty folder."""
    module = types.ModuleType("things")
    module.__dict__.update(THINGS={"plain": plain, "tuned": tuned, "broken": broken}, Thing=Thing)
    monkeypatch.setitem(sys.modules, "things", module)
    monkeypatch.setitem(FAMILIES, "thing", Family("things", "THINGS", "Thing"))  # type: ignore[arg-type]
    monkeypatch.chdir(tmp_path)


MY_FILE = """
from things import Thing

def mine(word="mine"):
    return Thing(lambda: word)

def wrong_kind():
    return 3

def fails():
    raise RuntimeError("no luck")
"""


def refused(use: Use | str, kept: dict[str, str] | None = None) -> str:
    """Return what the finder says against a use."""
    with pytest.raises(Refusal) as refusal:
        find("thing", use, kept)
    return str(refusal.value)


def test_a_built_in_name_is_found() -> None:
    part, source = find("thing", "plain")
    assert (part.act(), source) == ("plain", None)


def test_parameters_are_read_by_the_signature() -> None:
    part, _ = find("thing", Use(use="tuned", size=3, rate=1, steps=[1, 2]))
    size, rate, shape, steps = part.act()
    assert (size, rate, shape, steps) == (3, 1.0, "round", (1, 2))
    assert isinstance(rate, float)


def test_a_user_s_own_file_is_found_with_its_source() -> None:
    Path("my.py").write_text(MY_FILE)
    part, source = find("thing", "my.py:mine(word='hello')")
    assert part.act() == "hello"
    assert source == Source("my.py", MY_FILE, hashlib.sha256(MY_FILE.encode()).hexdigest())


def test_a_kept_text_is_taken_instead_of_the_file() -> None:
    Path("my.py").write_text("raise RuntimeError('edited since')")
    part, source = find("thing", "my.py:mine", {"my.py": MY_FILE})
    assert part.act() == "mine"
    assert source is not None
    assert source.text == MY_FILE


def test_an_installed_package_s_part_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "their_package.py").write_text(MY_FILE)
    info = tmp_path / "their_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[driftlab.thing]\ntheirs = their_package:mine\nlost = their_package:none\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert find("thing", "theirs")[0].act() == "mine"
    assert names("thing") == ["broken", "lost", "plain", "theirs", "tuned"]
    assert refused("lost").startswith("The installed thing 'lost' cannot be imported: AttributeError: ")
    monkeypatch.delitem(sys.modules, "their_package")


@pytest.mark.parametrize(
    ("use", "said"),
    [
        ("plian", "No thing named 'plian'. Did you mean 'plain'? Known: broken, plain, tuned; or give a function in a file as 'my_file.py:my_function'."),
        ("tuned(siz=3)", "thing 'tuned': 'siz' is not a parameter. Did you mean 'size'? Known: rate, shape, size, steps. The parameter 'size' is needed."),
        ("plain(x=1)", "thing 'plain': 'x' is not a parameter. There are no parameters."),
        ("tuned(size=0)", "thing 'tuned': 'size' = 0: it must be greater than or equal to 1."),
        ("tuned(size='3')", "thing 'tuned': 'size' = '3': it must be a whole number."),
        ("tuned(size=true)", "thing 'tuned': 'size' = True: it must be a whole number."),
        ("tuned(size=1, shape='flat')", "thing 'tuned': 'shape' = 'flat': it must be 'round' or 'square'."),
        ("tuned(size=1, rate=2)", "thing 'tuned(size=1, rate=2)' cannot be made: rate = 2.0 is more than 1"),
        ("my.py:mine(wort='x')", "thing 'my.py:mine': 'wort' is not a parameter. Did you mean 'word'? Known: word."),
        ("my.py:mien", "The thing file 'my.py' has no function 'mien'. Did you mean 'mine'? Known: fails, mine, wrong_kind."),
        ("my.py:Thing", "The thing file 'my.py' has no function 'Thing'. Known: fails, mine, wrong_kind."),
        ("my.py:fails", "thing 'my.py:fails' cannot be made: RuntimeError: no luck (my.py, line 11)"),
        ("bad.py:mine", "The thing file 'bad.py' does not run: ZeroDivisionError: division by zero (bad.py, line 2)"),
        ("worse.py:mine", "The thing file 'worse.py' does not run: SyntaxError: "),
        ("none.py:mine", "The thing file 'none.py' cannot be read: No such file or directory. Looked in "),
        ("plain+plain", "thing: 'plain+plain' is a chain of 2 parts; here stands one."),
        ("plain(", "thing: 'plain(' does not read as parts"),
    ],
)  # fmt: skip
def test_what_will_not_do_is_said(use: str, said: str) -> None:
    Path("my.py").write_text(MY_FILE)
    Path("bad.py").write_text("x = 1\ny = 1 / 0\n")
    Path("worse.py").write_text("def mine(:\n")
    assert refused(use).startswith(said)


def test_a_function_must_return_a_part() -> None:
    assert refused("my.py:wrong_kind", {"my.py": MY_FILE}) == (
        "thing 'my.py:wrong_kind' returned a int; it must return a Thing(act), "
        "a NamedTuple to be imported with `from things import Thing`."
    )


def test_a_mistake_of_ours_is_no_refusal() -> None:
    with pytest.raises(KeyError, match="inside"):
        find("thing", "broken")


def test_all_mistakes_are_told_by_key() -> None:
    assert [key for key, _ in check("thing", Use(use="tuned", siz=1, rate="x"))] == ["siz", "rate", "use"]
    assert [key for key, _ in check("thing", Use(use="my.py:mine"), {"my.py": MY_FILE})] == []


def test_a_family_has_a_name() -> None:
    with pytest.raises(Refusal, match="No family of parts named 'policies'. Did you mean 'policy'?"):
        find("policies", "plain")
