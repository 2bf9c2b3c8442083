"""`driftlab parts` and `driftlab check`: which parts there are, and whether a part keeps the laws of its family."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from driftlab.cli_words import Json, print_json


def parts(*, json_: Json = False) -> None:
    """List every part with its parameters.

    Policies, encoders, losses, samplers, baselines, drifts, shocks, follow graphs, audiences, faults, detectors.
    """
    from scenarios.parts import listing

    found = listing()
    if json_:
        print_json([part._asdict() for part in found])
        return
    for family, name, given, about in found:
        print(f"{family:<9} {name}({', '.join(f'{key}={value!r}' for key, value in given.items())})\n{'':<12}{about}")


def check(
    part: str,
    /,
    *,
    family: Annotated[
        Literal["policy", "encoder", "detector", "baseline"] | None,
        Parameter(help="where a name could be of several; otherwise it is found by what the function returns"),
    ] = None,
    json_: Json = False,
) -> int:
    """Try a part on the laws that its family keeps, one line a law; the status is 1 where one is broken.

    Parameters
    ----------
    part
        A built-in name ('every(n=4)'), or a function in a file of yours ('my_policy.py:my_function').
    """
    from driftlab.checking import check as tried

    use, found, verdicts = tried(part, family)
    if not json_:
        print(f"{found} {use}")
    told = []
    for verdict in verdicts:
        told.append(verdict)
        if not json_:
            why = (f": {verdict.seen}." if verdict.seen else "") + (f" {verdict.do}." if verdict.do else "")
            print(f"{verdict.outcome:<9}  {verdict.law:<13}  {verdict.about}{why}", flush=True)
    sound = all(verdict.outcome == "passed" for verdict in told)
    if json_:
        laws = [verdict._asdict() for verdict in told]
        print_json({"part": use, "family": found, "sound": sound, "laws": laws})
    return 0 if sound else 1
