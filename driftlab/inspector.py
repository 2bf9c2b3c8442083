"""The process that looks into a run file for the terminal: `python -m driftlab.inspector RUN`.

It reads one JSON object a line, and writes one a line:

    {"ask": 1, "lane": "sage every_event", "seq": 5000, "shopper": 17, "product": null, "map": true}
    {"ask": 1, "doing": "folding facts", "done": 0.4}
    {"ask": 1, "look": {...}}            or            {"ask": 1, "refused": "..."}

The newest ask wins: what was asked before and is not answered is given up. The file is only read.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from threading import Condition, Thread
from typing import Any, TextIO

from driftlab.asks import Ask
from driftlab.looking import Standing, look
from journal.errors import Refusal
from journal.runfile import RunFile

KEYS: dict[str, tuple[type, ...]] = {
    "ask": (int,),
    "lane": (str,),
    "seq": (int,),
    "shopper": (int, type(None)),
    "product": (int, type(None)),
    "map": (bool,),
}


class Newer(Exception):
    """Something else was asked meanwhile."""


class Asks:
    """The newest ask that has come and was not taken."""

    def __init__(self, lines: Iterable[str]) -> None:
        """Listen to lines in a thread of its own, for as long as there are any."""
        self._line: str | None = None
        self._ended = False
        self._news = Condition()
        Thread(target=self._listen, args=(lines,), daemon=True).start()

    def _listen(self, lines: Iterable[str]) -> None:
        for line in lines:
            with self._news:
                self._line = line
                self._news.notify()
        with self._news:
            self._ended = True
            self._news.notify()

    def newest(self) -> str | None:
        """Wait for an ask and take the newest there is; None when no more will come."""
        with self._news:
            self._news.wait_for(lambda: self._line is not None or self._ended)
            line, self._line = self._line, None
        return line

    @property
    def waiting(self) -> bool:
        """Whether a newer one is there."""
        return self._line is not None


class Inspector:
    """Answers asks about one open run file."""

    def __init__(self, run: RunFile, asks: Asks, out: TextIO) -> None:
        self._run, self._asks, self._out = run, asks, out
        self._standings: dict[str, Standing] = {}

    def serve(self) -> None:
        """Answer until there is nothing more to be asked."""
        while (line := self._asks.newest()) is not None:
            number = 0
            try:
                number, asked = read(line)
                self._say(number, look=self._look(number, asked))
            except Newer:
                continue
            except Refusal as refusal:
                self._say(number, refused=str(refusal))
            except BrokenPipeError:
                return

    def _look(self, number: int, asked: Ask) -> dict[str, Any]:
        def tell(doing: str, done: float) -> None:
            if self._asks.waiting:
                raise Newer
            self._say(number, doing=doing, done=round(done, 3))

        if asked.lane not in self._standings:
            tell("setting up the model", 0.0)
            self._standings[asked.lane] = Standing(self._run, asked.lane)
        return look(self._standings[asked.lane], asked, tell)

    def _say(self, number: int, **what: Any) -> None:
        self._out.write(json.dumps({"ask": number, **what}, allow_nan=False, separators=(",", ":")) + "\n")
        self._out.flush()


def read(line: str) -> tuple[int, Ask]:
    """Return number and contents of an ask; raises Refusal where it is none.

    >>> read('{"ask": 2, "lane": "sage never", "seq": 9, "shopper": 1, "product": null, "map": false}')
    (2, Ask(lane='sage never', seq=9, shopper=1, product=None, map=False))
    """
    try:
        given = json.loads(line)
    except ValueError:
        raise Refusal(f"'{line.strip()[:80]}' is no JSON. An ask is one JSON object a line.") from None
    sound = isinstance(given, dict) and given.keys() == KEYS.keys()
    if not sound or not all(isinstance(given[key], kind) for key, kind in KEYS.items()):
        raise Refusal(f"'{line.strip()[:80]}' is no ask. An ask has the keys {', '.join(KEYS)}.")
    return given.pop("ask"), Ask(**given)


def main(path: str) -> int:
    """Serve on stdin and stdout; 2 where the file is none."""
    try:
        with RunFile.open(path) as run:
            Inspector(run, Asks(sys.stdin), sys.stdout).serve()
    except Refusal as refusal:
        print(json.dumps({"ask": 0, "refused": str(refusal)}), flush=True)
        return Refusal.status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
