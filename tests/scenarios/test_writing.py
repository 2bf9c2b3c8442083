"""What is written as TOML reads back the same."""

from __future__ import annotations

import math
import tomllib
from typing import Any

import pytest
from hypothesis import example, given

from scenarios import writing
from tests.scenarios.values import TABLES


@given(TABLES)
@example({"": [{"a": '\n\x7f"\\'}, {}], "a.b": {"c": []}})
def test_a_table_reads_back_the_same(table: dict[str, Any]) -> None:
    assert tomllib.loads(writing.toml(table)) == table


@given(TABLES)
def test_an_inline_table_reads_back_the_same(table: dict[str, Any]) -> None:
    assert tomllib.loads(f"value = {writing.value(table)}")["value"] == table


def test_infinite_numbers_read_back_the_same() -> None:
    read = tomllib.loads(writing.toml({"a": math.inf, "b": -math.inf, "c": math.nan}))
    assert (read["a"], read["b"], math.isnan(read["c"])) == (math.inf, -math.inf, True)


def test_long_texts_stay_readable() -> None:
    assert writing.toml({"about": "one\ntwo\n"}) == 'about = """\none\ntwo\n"""\n'


def test_what_toml_does_not_know_is_a_defect() -> None:
    with pytest.raises(TypeError, match="no value for None"):
        writing.value(None)
