"""A chain reads back from its one line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from scenarios.uses import Chain, Use, read_chain, read_use
from tests.scenarios.values import PLAIN

NAMES = st.from_regex(r"[a-z_]{1,8}|[a-z./]{1,6}\.py:[a-z_]{1,6}", fullmatch=True)
PARAMETERS = st.dictionaries(st.from_regex(r"[a-tv-z_]{1,6}", fullmatch=True), PLAIN, max_size=3)


@given(st.lists(st.tuples(NAMES, PARAMETERS), min_size=1, max_size=3))
def test_a_chain_reads_back_from_its_line(given_uses: list[tuple[str, dict[str, Any]]]) -> None:
    chain = tuple(Use(use=name, **parameters) for name, parameters in given_uses)
    assert read_chain("+".join(map(str, chain))) == chain


@pytest.mark.parametrize(
    "spelling",
    [
        "every(n=4)+never",
        " every( n = 4 ) + never ",
        ["every(n=4)", "never"],
        [{"use": "every", "n": 4}, {"use": "never"}],
        [{"use": "every", "n": 4}, "never"],
    ],
)
def test_all_spellings_of_a_chain_are_one(spelling: Any) -> None:
    assert TypeAdapter(Chain).validate_python(spelling) == (Use(use="every", n=4), Use(use="never"))


@pytest.mark.parametrize("text", ["", "+", "every+", "every(", "every(n=4", "every)n", "a++b", "every(n)", "every(n=)"])
def test_what_is_no_chain_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="read as"):
        read_chain(text)


def test_a_chain_is_not_one_use() -> None:
    with pytest.raises(ValueError, match="a chain of 2 parts"):
        read_use("every+never")


def test_a_sign_inside_a_parameter_ends_nothing() -> None:
    assert read_chain('a(t=") + b(", x=1e+3)') == (Use(use="a", t=") + b(", x=1000.0),)
