"""Waiting for Redis no longer than a reader can: each call runs in a thread that may be left behind.

A socket's time-out is no such limit. It begins anew with every byte, does not count the resolver, and a connection is
made in several steps. Here the reader goes on after its time, and a slow connection still comes about for the next one.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from litxdb.redaction import redact

Result = TypeVar("Result")
log = logging.getLogger("litxdb.cache")

READER_SECONDS = 0.03
"""A Redis that is down or slow may cost a reader 50 ms (LitXplore's own figure); the rest is for waking him.

On two cores with eight programs at work that took up to 15 ms, in one of a thousand.
"""
PAUSE_SECONDS = 1.0
"""For so long after a failure nobody is made to wait again, and no other is logged."""
THREADS = 8


class Unavailable(Exception):
    """Redis did not answer in time, or not at all; never leaves litxdb.cache."""


@dataclass
class Budget:
    """The seconds that one call of a reader may still wait for Redis."""

    seconds: float

    @contextlib.contextmanager
    def spending(self) -> Iterator[float]:
        """Take what the block needs out of it, and yield until when there is some (time.perf_counter)."""
        start = time.perf_counter()
        try:
            yield start + self.seconds
        finally:
            self.seconds -= time.perf_counter() - start


class Patience:
    """Runs calls in at most THREADS daemon threads, and remembers failures for PAUSE_SECONDS; safe between threads."""

    def __init__(self) -> None:
        self._begin_anew()

    def begin(self, call: Callable[[], Result]) -> Future[Result]:
        """Have a call run; raises Unavailable at once while failures are fresh."""
        if time.monotonic() < self._paused_until:
            raise Unavailable
        return self.put(call)

    def put(self, call: Callable[[], Result]) -> Future[Result]:
        """Have a call run, whatever happened before."""
        if self._pid != os.getpid():
            self._begin_anew()
        future: Future[Result] = Future()
        with self._lock:
            self._open += 1
            if self._open > self._threads < THREADS:
                self._threads += 1
                threading.Thread(target=self._work, name="litxdb cache", daemon=True).start()
        self._jobs.put((future, call))
        return future

    def _begin_anew(self) -> None:
        """Forget the threads: a fork, as a server that preloads its application makes one, leaves them behind."""
        self._pid = os.getpid()
        self._jobs: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = self._open = 0
        self._paused_until = self._silent_until = 0.0

    def failed(self, error: BaseException) -> Unavailable:
        """Note a failure, and return what to raise for it; a Redis that answers with a refusal is not left alone."""
        from redis.exceptions import ResponseError

        refused = isinstance(error, ResponseError)
        now = time.monotonic()
        if not refused:
            self._paused_until = now + PAUSE_SECONDS
        if now >= self._silent_until:
            self._silent_until = now + PAUSE_SECONDS
            said = redact(str(error)).partition("\n")[0] or f"no answer in time ({type(error).__name__})"
            log.warning("the cache %s: %s", "refused" if refused else "is left out for a moment", said)
        return Unavailable()

    def _work(self) -> None:
        while True:
            future, call = self._jobs.get()
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(call())
                except Exception as error:
                    future.set_exception(error)
            with self._lock:
                self._open -= 1
