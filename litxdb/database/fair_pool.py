"""A pool that serves coroutines in the order in which they came.

SQLAlchemy's puts a connection that is returned where the next coroutine that asks takes it, and only then wakes up the
one that has waited longest, which finds nothing and queues up anew, as the last. Where there are more coroutines than
connections some then wait several times as long as others.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util import await_only
from sqlalchemy.util.queue import Empty, Full, QueueCommon


class FairQueue(QueueCommon[Any]):
    """The idle connections of one event loop; what is put in while somebody waits is handed over."""

    def __init__(self, maxsize: int = 0, use_lifo: bool = False) -> None:
        self.maxsize, self.use_lifo = maxsize, use_lifo
        self._idle: deque[Any] = deque()
        self._waiting: deque[asyncio.Future[Any]] = deque()

    def empty(self) -> bool:
        """Whether there is none."""
        return not self._idle

    def full(self) -> bool:
        """Whether no more are kept."""
        return 0 < self.maxsize <= len(self._idle)

    def qsize(self) -> int:
        """Return how many there are."""
        return len(self._idle)

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Hand one to whoever has waited longest, else keep it; raises Full, whatever `block` says."""
        if self._handed_over(item):
            return
        if self.full():
            raise Full
        self._idle.append(item)

    def put_nowait(self, item: Any) -> None:
        """Do the same."""
        self.put(item, False)

    def get_nowait(self) -> Any:
        """Take one; raises Empty. While somebody waits there is none."""
        if not self._idle:
            raise Empty
        return self._idle.pop() if self.use_lifo else self._idle.popleft()

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Take one, or wait for it at the end of the line, so many seconds; raises Empty when none came."""
        if self._idle or not block:
            return self.get_nowait()
        return await_only(self._in_line(timeout))

    def _handed_over(self, item: Any) -> bool:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(item)
                return True
        return False

    async def _in_line(self, timeout: float | None) -> Any:
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            await asyncio.wait([waiter], timeout=timeout)
        except asyncio.CancelledError:
            if waiter.done() and not self._handed_over(waiter.result()):
                self._idle.append(waiter.result())  # even if it is one more than are kept: it must not get lost
            raise
        finally:
            waiter.cancel()  # which nothing is handed to from now on
        if waiter.cancelled():
            raise Empty
        return waiter.result()


class FairPool(AsyncAdaptedQueuePool):
    """SQLAlchemy's pool for coroutines, but for the order."""

    _queue_class = FairQueue
