"""A part is found, its family known by what it is, and tried on the laws of that family (`model.laws`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from driftlab.build import COMPILED
from journal.errors import Refusal, nearest
from model import keep_compiled
from model.laws import LAWS, Verdict, judge
from scenarios.parts import families_of, find
from scenarios.uses import read_use


class Trial(NamedTuple):
    """A part on trial."""

    part: str  # as it is spelled
    family: str
    verdicts: Iterator[Verdict]  # each as it is known


def check(part: str, family: str | None = None) -> Trial:
    """Find a part and try it on the laws of its family.

    Args:
        part: a use on one line, as 'every(n=4)' or 'my_file.py:my_function'.
        family: of `model.laws.LAWS`; by default told from the name, or from what the function returns.

    Raises Refusal where there is no such part, where its name is of several families, or where its family has no laws.

    >>> trial = check("every(n=4)")
    >>> trial.family, next(trial.verdicts).outcome
    ('policy', 'passed')
    """
    try:
        use = read_use(part)
    except ValueError as error:
        raise Refusal(f"check: {error}.") from error
    named = [family] if family else families_of(use)
    known = [one for one in named if one in LAWS] or named
    if len(known) > 1:
        raise Refusal(f"'{use.use}' is a name of several families. Say which: --family {' or --family '.join(known)}.")
    if known[0] not in LAWS:
        raise Refusal(
            f"'{use.use}' is a {known[0]}; there are no laws for that family to be checked. {nearest('', LAWS)}"
        )
    made, _ = find(known[0], use)
    keep_compiled(COMPILED)
    return Trial(str(use), known[0], judge(LAWS[known[0]], made))
