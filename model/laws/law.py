"""A law is what every part of a family keeps; it is tried on a small stream, and says what it saw and the way out.

founding   a law without which the others cannot be tried
verdict    what came of one law: passed, failed, or not tried because a founding law failed
"""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import jax
from jax import errors

from model.parts import Tree


class BrokenError(Exception):
    """A law that a part does not keep: what was seen, and the way out, each a sentence without its full stop."""

    def __init__(self, seen: str, do: str) -> None:
        super().__init__(f"{seen}. {do}.")
        self.seen, self.do = seen, do


class Law(NamedTuple):
    """What a part has to keep. `holds(part)` raises `BrokenError` where it does not."""

    name: str  # one word
    about: str  # what is kept, without a full stop
    holds: Callable[[Any], None]
    founding: bool = False


class Verdict(NamedTuple):
    """What came of trying one law on one part."""

    law: str
    about: str
    outcome: Literal["passed", "failed", "not tried"]
    seen: str = ""  # of a failure
    do: str = ""  # the way out


def judge(laws: Sequence[Law], part: Any) -> Iterator[Verdict]:
    """Yield the verdict of each law in order, as it is known; an error that a part raises breaks the law it met.

    >>> law = Law("short", "is a short word", lambda word: None)
    >>> next(judge([law], "yes")).outcome
    'passed'
    """
    lacking = ""
    for law in laws:
        if lacking:
            yield Verdict(law.name, law.about, "not tried", f"first '{lacking}' has to be kept")
            continue
        try:
            law.holds(part)
        except BrokenError as broken:
            yield Verdict(law.name, law.about, "failed", broken.seen, broken.do)
        except Exception as error:  # a part may raise anything
            yield Verdict(law.name, law.about, "failed", *explained(error))
        else:
            yield Verdict(law.name, law.about, "passed")
            continue
        if law.founding:
            lacking = law.name


_WAYS: tuple[tuple[type[Exception], str, str], ...] = (
    (
        errors.TracerBoolConversionError,
        "a Python 'if', 'while', 'and', 'or' or 'not' on a value that is known only while the compiled loop runs",
        "Choose with jnp.where(condition, a, b), and join conditions with &, | and ~",
    ),
    (
        errors.TracerArrayConversionError,
        "a numpy function on a value that is known only while the compiled loop runs",
        "Take the function of the same name from jax.numpy",
    ),
    (
        errors.TracerIntegerConversionError,
        "a Python index or range made of a value that is known only while the compiled loop runs",
        "Index a jax array with it, or loop with jax.lax.fori_loop",
    ),
    (
        errors.UnexpectedTracerError,
        "a value of the compiled loop that was kept outside of it",
        "Keep what is to be remembered in the state",
    ),
    (
        errors.ConcretizationTypeError,
        "float(), int() or a shape made of a value that is known only while the compiled loop runs",
        "Leave it an array, and convert with .astype(jnp.float32)",
    ),
)


def explained(error: BaseException) -> tuple[str, str]:
    """Say what an error means for the author of a part, where it was raised, and the way out."""
    for kind, seen, do in _WAYS:
        if isinstance(error, kind):
            return f"{seen}{_where(error)}", do
    told = (str(error).strip().splitlines() or ["no message"])[0].rstrip(".")
    return f"{type(error).__name__}: {told}{_where(error)}", "Mend the function until it runs on these values"


def _where(error: BaseException) -> str:
    """Name the innermost line that is neither of jax nor of the laws."""
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        path = Path(frame.f_code.co_filename)
        if "site-packages" in path.parts or path.parent == Path(__file__).parent or path.name.startswith("<"):
            continue
        text = linecache.getline(frame.f_code.co_filename, line).strip()
        return f" ({path.name}, line {line}{f': {text}' if text else ''})"
    return ""


def same_types(before: Tree, after: Tree, name: str) -> None:
    """Raise `BrokenError` where two trees differ in structure, or in the shape, dtype or weak type of a leaf.

    Args:
        before: what was given, any pytree; Python numbers in it are weak.
        after: what came back.
        name: of the tree, as in "state".
    """
    old, new = (dict(jax.tree_util.tree_flatten_with_path(tree)[0]) for tree in (before, after))
    shapes: list[Any] = [jax.tree.structure(tree) for tree in (before, after)]
    if shapes[0] != shapes[1]:
        came, gone = (
            [f"{name}{jax.tree_util.keystr(p)}" for p in a if p not in b] for a, b in ((new, old), (old, new))
        )
        told = "; ".join(f"{word} {', '.join(paths)}" for word, paths in (("new", came), ("missing", gone)) if paths)
        raise BrokenError(
            f"the {name} comes back with another structure ({told or 'other containers'})",
            "Return the same keys, in the same containers, every time",
        )
    for path, was in old.items():
        _same_type(was, new[path], f"{name}{jax.tree_util.keystr(path)}")


def _same_type(was: Any, now: Any, leaf: str) -> None:
    wanted, found = jax.typeof(was) if not hasattr(was, "dtype") else was, now
    if found.shape != wanted.shape:
        raise BrokenError(f"{leaf} has shape {wanted.shape} and comes back as {found.shape}", "Keep its shape")
    if found.dtype != wanted.dtype:
        raise BrokenError(
            f"{leaf} is {wanted.dtype} and comes back as {found.dtype}",
            f"Return {wanted.dtype}: write .astype(jnp.{_call(wanted)}) where it is made",
        )
    strong(found, leaf, "comes back")


def strong(leaf: Any, name: str, verb: str) -> None:
    """Raise `BrokenError` where a leaf (of `jax.eval_shape`) is a Python number or made of nothing else."""
    if getattr(leaf, "weak_type", False):
        raise BrokenError(
            f"{name} {verb} as a Python number, whose dtype is not fixed (a weak {leaf.dtype})",
            f"Write jnp.{_call(leaf)}(...), so that it is {leaf.dtype} from the first event on",
        )


def _call(leaf: Any) -> str:
    return "bool_" if str(leaf.dtype) == "bool" else str(leaf.dtype)
