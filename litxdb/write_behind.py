"""Writing in a thread, so that whoever has the bytes can fetch the next ones meanwhile."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

WAITING_CHUNKS = 8


class WriteBehind:
    """A thread that hands chunks to `sink` in their order; all have been when the block ends well.

    What fails in the thread is raised by the next `write`, or at the end of the block. After a failure, on whichever
    side, the chunks that still wait are dropped.
    """

    def __init__(self, sink: Callable[[bytes], object], name: str) -> None:
        self._sink = sink
        self._queue: queue.Queue[bytes | None] = queue.Queue(WAITING_CHUNKS)
        self._failure: BaseException | None = None
        self._given_up = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._given_up = kind is not None
        self._queue.put(None)
        self._thread.join()
        if self._failure and (kind is None or issubclass(kind, Exception)):
            raise self._failure

    def write(self, data: bytes) -> None:
        """Add bytes, best in large chunks; waits while the sink is far behind."""
        if self._failure:
            raise self._failure
        if data:
            self._queue.put(data)

    def _work(self) -> None:
        while (chunk := self._queue.get()) is not None:
            if self._failure or self._given_up:
                continue  # the other side may be waiting for room in the queue
            try:
                self._sink(chunk)
            except BaseException as error:
                self._failure = error
