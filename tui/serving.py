"""The terminal in a browser: a server on this machine runs a terminal for each tab, and the tab shows it.

Who can open the page has the rights of who serves it: a run can use any file. So the server listens on this machine
alone unless it is told otherwise, and answers only what comes to it by a name of its own (header Host: others may
have a name that points here) and from its own page (header Origin: a page of somebody else's may open a socket).

shown   what every tab shows: a run file, or a picker; a scenario is begun once, by the server, and shown by every tab
"""

from __future__ import annotations

import shlex
import socket
import sys
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from textual_serve.server import Server

from driftlab.engine import Gone
from journal.errors import Refusal
from tui.app import begun

PAGE = Path(__file__).parent / "page"
"""The page's template: it asks no other machine for anything, as that of textual-serve does."""

PATIENCE = 2.0
"""Seconds that a tab has to end when the server does."""


class Tabs(Server):
    """Serves the page, and a process for each tab that has it open."""

    def __init__(self, shown: str | None, words: Sequence[str], gone: Gone, host: str) -> None:
        command = [sys.executable, "-m", "tui.app", gone, shown or "", *words]
        super().__init__(shlex.join(command), host=host, title="driftlab", templates_path=PAGE)

    async def on_startup(self, app: web.Application) -> None:
        """Say nothing: `serve` has told the address."""

    async def application(self) -> web.Application:
        """Return the server as aiohttp runs it, with its doorkeeper."""
        made = await self._make_app()
        made.middlewares.append(doorkeeper(self.host))
        return made


def doorkeeper(host: str) -> Middleware:
    """Return what turns away requests that come by another's name or from another's page."""

    @web.middleware
    async def keep(request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        if not is_own(request.host, host) or (origin is not None and urlsplit(origin).netloc != request.host):
            raise web.HTTPForbidden(text="driftlab: this page is open to its own address alone.\n")
        return await handler(request)

    return keep


def is_own(asked: str, host: str) -> bool:
    """Return whether an address with or without a port (header Host) is one by which a server on `host` may be asked.

    An address in digits cannot be made to point here by somebody else; a name can, but for `localhost`.

    >>> [is_own(asked, "localhost") for asked in ("localhost:8000", "127.0.0.1", "[::1]:9000", "a.example:8000", "")]
    [True, True, True, False, False]
    >>> is_own("lab.example:8000", "lab.example")
    True
    """
    name = urlsplit(f"//{asked}").hostname or ""
    try:
        ip_address(name)
    except ValueError:
        return name in ("localhost", host.lower())
    return True


def serve(target: str | None, words: Sequence[str], gone: Gone, host: str, port: int) -> None:
    """Serve until interrupted; raises Refusal where the address cannot be had."""
    listening = _socket(host, port)
    engine = None
    if target is not None:
        engine, path = begun(target, words, gone)
        target, words = str(path), ()
    tabs = Tabs(target, words, gone, host)
    print(told(host, int(listening.getsockname()[1])), flush=True)
    try:
        web.run_app(tabs.application(), sock=listening, print=None, shutdown_timeout=PATIENCE)
    finally:
        if engine is not None:
            engine.close()


def _socket(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Refusal(
            f"Port {port} of {host} cannot be had: {reason}. Give another one with --port; 0 takes any that is free."
        ) from error


def told(host: str, port: int) -> str:
    """Return what is said when the server is there.

    >>> told("localhost", 8000)
    'driftlab is shown at http://localhost:8000 for as long as this goes on; ctrl+c ends it, runs go on'
    """
    address = f"[{host}]" if ":" in host else host
    said = f"driftlab is shown at http://{address}:{port} for as long as this goes on; ctrl+c ends it, runs go on"
    if is_loopback(host):
        return said
    return f"{said}\nEverybody who reaches this address can begin runs and read files, with your rights."


def is_loopback(host: str) -> bool:
    """Return whether an address is this machine's alone.

    >>> [is_loopback(host) for host in ("localhost", "127.0.0.1", "::1", "0.0.0.0", "lab.example")]
    [True, True, True, False, False]
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
