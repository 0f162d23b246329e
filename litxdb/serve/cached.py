"""An answer that is asked for often and read seldom: in the background, at most once an interval, and only on demand.

Nobody asks, nothing is read: a Neon that sleeps goes on sleeping. Everybody asks, one reads, and the others get what is
known, with its age.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from litxdb.redaction import redact

Answer = TypeVar("Answer")
log = logging.getLogger("litxdb.serve")

PATIENCE_SECONDS = 0.01
"""So long a request waits for a reading that has just begun; the answer is out within 50 ms."""
FIRST_SECONDS = 0.03
"""So long while nothing is known at all: then the connection is to be made, too."""


@dataclass(frozen=True)
class Known(Generic[Answer]):
    """The last answer and its age, for how long a reading has been under way, and why the last one failed."""

    answer: Answer | None
    age_seconds: float | None
    reading_seconds: float | None
    error: str | None


class Cached(Generic[Answer]):
    """Reads in a thread of its own, one at a time; safe between threads and event loops."""

    def __init__(self, read: Callable[[], Answer], interval_seconds: float, name: str) -> None:
        self.interval_seconds = interval_seconds
        self._read, self._name = read, name
        self._lock = threading.Lock()
        self._answer: Answer | None = None
        self._error: str | None = None
        self._answered: float | None = None
        self._tried: float | None = None
        self._begun: float | None = None
        self._under_way: Future[None] | None = None

    async def ask(self) -> Known[Answer]:
        """Return what is known; if a reading has just begun, wait for it for a moment."""
        reading = self.begin()
        if reading is not None and self._begun is not None:
            nothing = self._answered is None and self._error is None
            left = self._begun + (FIRST_SECONDS if nothing else PATIENCE_SECONDS) - time.monotonic()
            if left > 0:
                await asyncio.wait([asyncio.wrap_future(reading)], timeout=left)
        return self.known

    @property
    def known(self) -> Known[Answer]:
        """What is known now; asks nobody."""
        now, begun = time.monotonic(), self._begun
        return Known(
            self._answer,
            None if self._answered is None else now - self._answered,
            None if begun is None else now - begun,
            self._error,
        )

    def begin(self) -> Future[None] | None:
        """Begin to read if the answer is due; returns the reading that is under way, if there is one."""
        if self._under_way is None and not self._due:
            return None
        with self._lock:
            if self._under_way is None and self._due:
                self._begun = self._tried = time.monotonic()
                self._under_way = Future()
                threading.Thread(target=self._work, args=(self._under_way,), name=self._name, daemon=True).start()
            return self._under_way

    @property
    def _due(self) -> bool:
        return self._tried is None or time.monotonic() - self._tried >= self.interval_seconds

    def _work(self, done: Future[None]) -> None:
        try:
            self._answer, self._error = self._read(), None
            self._answered = time.monotonic()
        except Exception as error:
            self._error = redact(f"{type(error).__name__}: {error}").partition("\n")[0]
            log.warning("%s failed: %s", self._name, self._error)
        finally:
            with self._lock:
                self._begun = self._under_way = None
            done.set_result(None)
