"""A strand does what it is given one thing after the other; many strands share a pool of threads.

So each lane sees its chunks in order, lanes run side by side, and no thread ever waits for a lane that is busy.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any


class Strand:
    """An order of work on a shared pool.

    >>> with ThreadPoolExecutor(2) as pool:
    ...     strand, done = Strand(pool), []
    ...     futures = [strand.submit(done.append, i) for i in range(5)]
    ...     _ = [future.result() for future in futures]
    >>> done
    [0, 1, 2, 3, 4]
    """

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._lock = Lock()
        self._waiting: deque[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]] = deque()
        self._busy = False

    def submit(self, work: Callable[..., Any], *given: Any) -> Future[Any]:
        """Queue `work(*given)` behind everything submitted before; return its future."""
        future: Future[Any] = Future()
        with self._lock:
            self._waiting.append((future, work, given))
            if self._busy:
                return future
            self._busy = True
        self._pool.submit(self._next)
        return future

    def _next(self) -> None:
        with self._lock:
            future, work, given = self._waiting.popleft()
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(work(*given))
            except BaseException as error:  # handed on: the loop raises it where it asks for the result
                future.set_exception(error)
        with self._lock:
            self._busy = bool(self._waiting)
            if not self._busy:
                return
        self._pool.submit(self._next)

    def cancel(self) -> None:
        """Drop what has not begun; what runs is finished."""
        with self._lock:
            for future, _, _ in self._waiting:
                future.cancel()
