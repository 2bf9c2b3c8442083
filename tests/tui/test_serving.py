"""Served, the terminal is seen in a browser and takes its keys; who comes by another's name or page is turned away."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import aiohttp
import pytest

from tests.tui.made import made
from tui.serving import is_own, told

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "--window-size=1400,900",
]

DRAWN = 60_000
"""Bytes of the PNG of a page on which a run is seen."""


def line_of(process: subprocess.Popen[bytes], pattern: str, seconds: float = 60.0) -> str:
    """Return what a pattern finds in what a process says."""
    assert process.stdout is not None
    said, end = "", time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 and select.select([process.stdout], [], [], left)[0]:
        said += os.read(process.stdout.fileno(), 4096).decode()
        if found := re.search(pattern, said):
            return found[1]
        if process.poll() is not None:
            break
    raise AssertionError(f"{pattern} was not said, but:\n{said}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("served") / "made.run").parent


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "driftlab", "tui", "made.run", "--serve", "--port", "0"]
    server = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        yield line_of(server, r"(http://localhost:\d+)\b")
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0
    finally:
        server.kill()
        server.communicate()


def status(address: str, **headers: str) -> int:
    try:
        with urlopen(Request(address, headers=headers), timeout=20) as answer:
            return answer.status
    except HTTPError as error:
        return error.code


def test_only_its_own_address_and_page_are_answered(address: str) -> None:
    port = address.rpartition(":")[2]
    own = f"localhost:{port}"
    assert status(address) == status(address, Host=own, Origin=address) == status(address, Host="127.0.0.1:9") == 200
    assert status(f"{address}/static/js/textual.js") == 200
    assert status(address, Host="elsewhere.example") == status(f"{address}/ws", Host=f"elsewhere.example:{port}") == 403
    assert status(f"{address}/ws", Host=own, Origin="http://elsewhere.example") == 403
    assert status(f"{address}/ws", Host=own, Origin=f"http://127.0.0.1:{port}") == 403


def test_the_page_asks_no_other_machine_for_anything(address: str) -> None:
    with urlopen(address, timeout=20) as answer:
        page = answer.read().decode()
    assert re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?(?:https?:)?//", page) == []


@pytest.mark.parametrize("name", ["evil.example", "localhost.evil.example", "", "127.0.0.1.evil.example:80"])
def test_another_name_is_not_its_own(name: str) -> None:
    assert not is_own(name, "localhost")


def test_who_opens_it_to_others_is_told() -> None:
    assert "Everybody" in told("0.0.0.0", 80)
    assert "Everybody" not in told("127.0.0.1", 80)


def test_a_port_that_is_taken_is_refused(address: str, folder: Path) -> None:
    port = address.rpartition(":")[2]
    command = [sys.executable, "-m", "driftlab", "tui", "made.run", "--serve", "--port", port]
    second = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 2
    assert f"Port {port} of localhost cannot be had" in second.stderr
    assert "--port" in second.stderr


class Page:
    """A page of a headless browser, by its debugging protocol."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._number = socket, 0

    async def call(self, method: str, **given: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": given})
        while True:
            said = json.loads(await self._socket.receive_str(timeout=30))
            if said.get("id") == self._number:
                assert "error" not in said, said
                return dict(said["result"])

    async def value(self, script: str) -> Any:
        """Return what a script comes to."""
        return (await self.call("Runtime.evaluate", expression=script))["result"].get("value")

    async def press(self, key: str) -> None:
        """Press and release a key that writes a character."""
        await self.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)
        await self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    async def picture(self) -> bytes:
        """Return what is seen, as a PNG."""
        return base64.b64decode((await self.call("Page.captureScreenshot", format="png"))["data"])

    async def until(self, holds: Callable[[], Awaitable[bool]], seconds: float = 60.0) -> None:
        """Wait until something holds."""
        end = time.monotonic() + seconds
        while not await holds():
            assert time.monotonic() < end, f"waited {seconds:g} s in vain"
            await asyncio.sleep(0.2)


async def browsed(port: int, address: str, act: Callable[[Page], Awaitable[None]]) -> None:
    """Open an address in the browser at a debugging port, and act on the page."""
    async with aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
            tabs = [tab for tab in await answer.json(content_type=None) if tab["type"] == "page"]
        async with session.ws_connect(tabs[0]["webSocketDebuggerUrl"], max_msg_size=0) as socket:
            page = Page(socket)
            await page.call("Page.navigate", url=address)
            await act(page)


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: `apt-get install chromium`")
def test_a_browser_shows_the_run_and_its_keys_reach_it(address: str, folder: Path, tmp_path: Path) -> None:
    assert CHROMIUM is not None
    browser = subprocess.Popen(
        [CHROMIUM, *QUIET, f"--user-data-dir={tmp_path}", "about:blank"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )

    async def act(page: Page) -> None:
        async def shown() -> bool:
            return bool(await page.value("document.body.classList.contains('-first-byte')"))

        async def drawn() -> bool:
            """A page of text and lines: an empty one is packed to a tenth of that."""
            return len(await page.picture()) > DRAWN

        async def saved() -> bool:
            return bool(list(folder.glob("made-compare-*.csv")))

        async def ended() -> bool:
            return bool(await page.value("document.body.classList.contains('-closed')"))

        await page.until(shown)
        await page.until(drawn)
        if out := os.environ.get("SERVED_PNG"):
            Path(out).write_bytes(await page.picture())
        await page.press("4")
        await page.press("w")
        await page.until(saved)
        await page.press("q")
        await page.until(ended)

    try:
        port = int(line_of(browser, r"DevTools listening on ws://127\.0\.0\.1:(\d+)/"))
        asyncio.run(browsed(port, address, act))
    finally:
        with suppress(ProcessLookupError):
            os.killpg(browser.pid, signal.SIGKILL)
        browser.communicate()
