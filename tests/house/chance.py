"""What may differ between two runs: unnamed chance, the wall clock, the order of a set, a salted hash."""

from __future__ import annotations

import ast
from collections.abc import Iterator

BANNED = (
    "random",
    "secrets",
    "uuid",
    "pickle",
    "os.urandom",
    "time.time",
    "time.time_ns",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "numpy.random",
    "hash",
)
"""Names, and everything below them."""

ALLOWED = ("numpy.random.Generator", "numpy.random.Philox", "numpy.random.BitGenerator")
"""Types of a named stream."""

ORDERLESS = ("sorted", "len", "min", "max", "any", "all", "set", "frozenset")
"""Functions that give the same whatever the order they are given."""


def unsteady(code: str) -> list[str]:
    """Return what in a module may differ between two runs, each with its line."""
    tree = ast.parse(code)
    names = _imported(tree)
    found = [f"line {line}: {name}" for line, name in _named(tree, names) if _is_banned(name)]
    for scope in ast.walk(tree):
        if isinstance(scope, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef):
            sets = _names_of_sets(scope)
            found += [f"line {at.lineno}: the order of a set" for at in _ordered(scope) if _is_set(at, sets)]
    return list(dict.fromkeys(found))


def _imported(tree: ast.Module) -> dict[str, str]:
    """Return what each imported name stands for."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {
                a.asname or a.name.split(".")[0]: a.name if a.asname else a.name.split(".")[0] for a in node.names
            }
        elif isinstance(node, ast.ImportFrom):
            names |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return names


def _named(tree: ast.Module, names: dict[str, str]) -> Iterator[tuple[int, str]]:
    """Yield every dotted name that is imported or used, by what it stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, a.name) for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{a.name}") for a in node.names)
        elif isinstance(node, ast.Attribute):
            dotted = ast.unparse(node)
            head, _, rest = dotted.partition(".")
            if head in names:
                yield node.lineno, f"{names[head]}.{rest}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "hash":
            yield node.lineno, "hash"


def _is_banned(name: str) -> bool:
    inside = any(name == banned or name.startswith(f"{banned}.") for banned in BANNED)
    return inside and name != "numpy.random" and not any(name.startswith(allowed) for allowed in ALLOWED)


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield what stands in a scope but not in a function inside it."""
    for node in ast.iter_child_nodes(scope):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
            yield from _own(node)


def _names_of_sets(scope: ast.AST) -> frozenset[str]:
    """Return the names that stand for a set wherever a scope gives them a value."""
    given: dict[str, list[bool]] = {}
    for node in _own(scope):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    given.setdefault(target.id, []).append(_is_set(node.value, frozenset()))
    return frozenset(name for name, all_sets in given.items() if all(all_sets))


def _ordered(scope: ast.AST) -> Iterator[ast.expr]:
    """Yield what a scope goes through in order."""
    for node in _own(scope):
        if isinstance(node, ast.For | ast.AsyncFor):
            yield node.iter
        elif isinstance(node, ast.ListComp | ast.DictComp):
            yield from (generator.iter for generator in node.generators)
        elif isinstance(node, ast.Starred):
            yield node.value
        elif isinstance(node, ast.Call) and ast.unparse(node.func) not in ORDERLESS:
            yield from node.args


def _is_set(node: ast.expr, sets: frozenset[str]) -> bool:
    match node:
        case ast.Set() | ast.SetComp():
            return True
        case ast.Call(func=ast.Name(id="set" | "frozenset")):
            return True
        case ast.Name(id=name):
            return name in sets
        case ast.BinOp(left=left, op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor(), right=right):
            return _is_set(left, sets) or _is_set(right, sets)
    return False
