"""What can be shown of scenarios and parts before anything runs: previews, file names, code; none of it needs jax."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from journal.spelling import spelled

PARTS = Path(__file__).parents[1] / "model"
"""Where the code of the built-in policies, encoders and baselines is."""


class Preview(NamedTuple):
    """A scenario in a few words."""

    id: str
    title: str
    about: str
    sizes: str
    seed: int
    drifts: tuple[str, ...]
    policies: tuple[str, ...]


def preview(scenario: str | Path) -> Preview:
    """Return what a scenario is about; raises Refusal where it will not do.

    >>> preview("small").sizes
    '4 days, 100 shoppers, 200 products'
    """
    from scenarios import glance

    found = glance(scenario)
    sizes = f"{found.days:g} days, {found.shoppers.shoppers:,} shoppers, {found.catalogue.products:,} products"
    policies = tuple("+".join(map(str, uses)) for uses in found.network.policies)
    about, moves = " ".join(found.about.split()), tuple(map(str, (*found.drift, *found.shock)))
    return Preview(found.id, found.title, about, sizes, found.seed, moves, policies)


def previews() -> list[Preview]:
    """Return the scenarios that come with driftlab."""
    from scenarios import listing

    return [preview(id_) for id_, _ in listing()]


def policies() -> list[tuple[str, str]]:
    """Return each built-in policy as it is called with its defaults, and what it does in a line.

    >>> next(about for use, about in policies() if use == "every(n=4)")
    'Learn one event in n and drop the others.'
    """
    return _makers(PARTS / "policies", "Policy")


def _makers(folder: Path, made: str) -> list[tuple[str, str]]:
    found = []
    for _, node, _ in _functions(folder):
        if isinstance(node.returns, ast.Name) and node.returns.id == made and not _takes_parts(node):
            given = zip(node.args.args, node.args.defaults, strict=True)
            inside = ", ".join(f"{name.arg}={json.dumps(ast.literal_eval(value))}" for name, value in given)
            about = (ast.get_docstring(node) or "").partition("\n\n")[0]
            found.append((f"{node.name}({inside})" if inside else node.name, " ".join(about.split())))
    return sorted(found)


def _takes_parts(node: ast.FunctionDef) -> bool:
    """Whether a function makes parts of parts, as `chain` does: what it takes has no default."""
    return node.args.vararg is not None or len(node.args.args) != len(node.args.defaults)


def code_of(use: str) -> str:
    """Return the code of the built-in parts that a lane's name spells; nothing where there is none.

    >>> code_of("every(n=4)").splitlines()[0]
    'def every(n: int = 4) -> Policy:'
    """
    try:
        names = [name for name, _ in spelled(use)]
    except ValueError:
        return ""
    found = {name: text for name, _, text in _functions(PARTS)}
    return "\n\n\n".join(found[name] for name in names if name in found)


def _functions(folder: Path) -> Iterator[tuple[str, ast.FunctionDef, str]]:
    """Yield the public functions of a folder's modules: name, tree, text. They are read, not run: jax sleeps."""
    for path in sorted(folder.rglob("*.py")) if folder.is_dir() else [folder]:
        text = path.read_text(encoding="utf-8")
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                yield node.name, node, ast.get_source_segment(text, node) or ""
