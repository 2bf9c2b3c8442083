"""The tested environment is written down once for pip and once for uv, and the two agree."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.code import ROOT

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LINES = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
PINNED = [line for line in LINES if line and not line.startswith("#")]


def requirements() -> list[Requirement]:
    """Return every direct dependency: at run time, of the extras, of development."""
    project = PROJECT["project"]
    texts = [*project["dependencies"], *PROJECT["dependency-groups"]["dev"]]
    texts += [text for extra in project["optional-dependencies"].values() for text in extra]
    found = [Requirement(text) for text in texts]
    return [requirement for requirement in found if requirement.name != project["name"]]


def test_uv_and_pip_are_held_to_the_same_versions() -> None:
    assert PROJECT["tool"]["uv"]["constraint-dependencies"] == PINNED


def test_every_line_is_one_name_and_one_version() -> None:
    assert [line for line in PINNED if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.+]*", line)] == []
    names = [line.split("==")[0] for line in PINNED]
    assert sorted(dict.fromkeys(names)) == names


def test_every_direct_dependency_is_pinned_within_its_bounds() -> None:
    versions = dict(line.split("==") for line in PINNED)
    missing = [
        str(requirement)
        for requirement in requirements()
        if not requirement.specifier.contains(versions.get(canonicalize_name(requirement.name), "0"))
    ]
    assert missing == []


def test_no_registry_and_no_lock_is_named() -> None:
    assert "index" not in PROJECT["tool"]["uv"]
    assert not [line for line in LINES if "://" in line or "--" in line]
    assert "uv.lock" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
