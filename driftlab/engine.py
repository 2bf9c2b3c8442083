"""The process that makes a run for a terminal: `python -m driftlab.engine go_on|stop WORDS`, WORDS as after `driftlab`.

It listens on stdin, a word a line; all that it makes is in its run file, and what it says is on stderr.

hold      rest between two chunks, so that the processor is free for others
go_on     go on
leave     nobody will look on any more, and that is meant: go on to the end
the end   of the words: the screen is gone, it was killed or closed; go on to the end, or stop so that `driftlab resume`
          can, as the first word says
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from threading import Condition, Thread
from typing import Literal

from driftlab.progress import GATE

Gone = Literal["go_on", "stop"]
"""What an engine does when its screen is gone."""


class Reins:
    """What holds an engine: the words that come in, for as long as somebody can say them.

    >>> Reins(["hold\\n"], "go_on").wait()  # who held it is gone
    """

    def __init__(self, words: Iterable[str], gone: Gone) -> None:
        """Listen to lines in a thread of its own, for as long as there are any."""
        self._gone: Gone = gone
        self._held = self._stopped = False
        self._news = Condition()
        Thread(target=self._listen, args=(words,), daemon=True).start()

    def wait(self) -> None:
        """Wait for as long as the engine is held; raises KeyboardInterrupt where it is to stop."""
        with self._news:
            self._news.wait_for(lambda: not self._held)
            if self._stopped:
                raise KeyboardInterrupt

    def _listen(self, words: Iterable[str]) -> None:
        for word in words:
            if word.strip() == "leave":
                self._gone = "go_on"
            self._let(held=word.strip() == "hold")
        self._let(held=False, stopped=self._gone == "stop")

    def _let(self, held: bool, stopped: bool = False) -> None:
        with self._news:
            self._held, self._stopped = held, stopped
            self._news.notify()


def main(gone: Gone, words: Sequence[str]) -> int:
    """Do what the words say and return the status of the command."""
    from driftlab.cli import command

    GATE.set(Reins(sys.stdin, gone).wait)
    return command(words)


if __name__ == "__main__":
    sys.exit(main("stop" if sys.argv[1] == "stop" else "go_on", sys.argv[2:]))
