"""`driftlab tui`: the terminal. It stands above this room, so it is found by its name when it is asked for."""

from __future__ import annotations

import importlib
import sys
from typing import Annotated, Any

from cyclopts import Group, Parameter

from driftlab.cli_words import LaneWords
from driftlab.engine import Gone
from driftlab.showing import preview
from journal.errors import Refusal

Browser = Group("In a browser")


def tui(
    target: str | None = None,
    /,
    *,
    lanes: LaneWords = LaneWords(),
    if_closed: Gone = "go_on",
    serve: Annotated[bool, Parameter(negative="", group=Browser)] = False,
    host: Annotated[str, Parameter(group=Browser)] = "localhost",
    port: Annotated[int, Parameter(group=Browser)] = 8000,
) -> None:
    """Watch a run in the terminal: begin a scenario, or look at a run file, finished or still being written.

    Parameters
    ----------
    target
        An id of `driftlab scenarios list`, a TOML file, or a run file; left out, a picker of all of them.
    if_closed
        What becomes of a run of this terminal where the terminal is closed or killed: it goes on to its end, or stops
        so that `driftlab resume` can go on.
    serve
        Show it in a browser in place of this terminal (needs the extra `serve`).
    host
        Where the server listens: on this machine alone, unless you name another of its addresses.
    port
        0 takes any that is free.
    """
    if not (serve or (sys.stdin.isatty() and sys.stdout.isatty())):
        raise Refusal(
            "`driftlab tui` needs a terminal. Use `driftlab run` and `driftlab report` where there is none, or --serve "
            "to see it in a browser."
        )
    if target is not None and not target.endswith(".run"):
        preview(target)  # a name that is none is refused here, before the screen is taken
    if serve:
        _server().serve(target, lanes.given(), if_closed, host, port)
    else:
        importlib.import_module("tui.app").Driftlab(target, lanes.given(), if_closed).run()


def _server() -> Any:
    try:
        return importlib.import_module("tui.serving")
    except ModuleNotFoundError as error:
        if error.name not in ("aiohttp", "textual_serve"):
            raise
        raise Refusal(
            "To be shown in a browser the terminal needs textual-serve, an extra: `pip install 'driftlab[serve]'`, or "
            "`uv sync --extra serve`."
        ) from error
