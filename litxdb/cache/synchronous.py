"""The cache as the services use it, from threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Self, TypeVar

from litxdb.cache.endpoint import CacheEndpoint
from litxdb.cache.flow import Ask, Entries, Found, Load, Pause, Step, loading
from litxdb.cache.kinds import Kind, kind_named
from litxdb.cache.patience import READER_SECONDS, THREADS, Budget, Patience, Unavailable
from litxdb.settings import Settings

Answer = TypeVar("Answer")

SOCKET_SECONDS = 1.0
"""After that a thread gives a connection up; the reader has long gone on."""


class Cache:
    """LitXplore's cache: `cache.load("analysis", paper_id, make)`. Safe to share between threads.

    A Redis that is down, slow or talks nonsense costs a call at most `reader_seconds`, and never an error: reading
    finds nothing, writing is left out, and the log of litxdb.cache says so. Large vector stores over a slow network
    want more.

    Of all who `load` an entry at a time, in whatever process, one runs his loader; the others wait for him, for
    `lease_seconds` at most. What is made after that, or after the entry was invalidated, is returned and not kept.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        settings: Settings | None = None,
        reader_seconds: float = READER_SECONDS,
        lease_seconds: float = 120.0,
    ) -> None:
        self.endpoint = CacheEndpoint.locate(settings or Settings.load(redis_url=url))
        self.reader_seconds, self.lease_seconds = reader_seconds, lease_seconds
        self._client = self.endpoint.client(SOCKET_SECONDS, connections=2 * THREADS)
        self.entries = Entries(self._client, self.endpoint.environment)
        self.patience = Patience()
        self._lock = threading.Lock()
        self._flights: dict[tuple[str, str], Future[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, kind: str, id: str) -> Any:
        """Return an entry's value; None if there is none, or no Redis."""
        known = checked(kind, id)
        try:
            found = self._ask(lambda: self.entries.look(known, id), Budget(self.reader_seconds))
        except Unavailable:
            return None
        return found.value

    def set(self, kind: str, id: str, value: Any) -> bool:
        """Store a value for its kind's time to live; False if Redis did not take it.

        Raises TypeError or ValueError for what is no JSON, or for vector stores no bytes.
        """
        known = checked(kind, id)
        payload = known.encode(value)
        try:
            self._ask(lambda: self.entries.put(known, id, payload), Budget(self.reader_seconds))
        except Unavailable:
            return False
        return True

    def load(self, kind: str, id: str, loader: Callable[[], Any]) -> Any:
        """Return an entry's value, or make it with the loader, which runs once however many ask.

        Whatever the loader raises, everybody in this process who waits for it gets.
        """
        known = checked(kind, id)
        with self._lock:
            flight = self._flights.get((known.name, id))
            if flight is None:
                mine = self._flights[known.name, id] = Future()
        if flight is not None:
            return known.decode(flight.result())
        try:
            found = self._drive(known, id, loader)
            mine.set_result(found.payload or b"")
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._flights[known.name, id]
        return found.value

    def _drive(self, kind: Kind, id: str, loader: Callable[[], Any]) -> Found:
        steps, budget = loading(self.entries, kind, id, self.lease_seconds), Budget(self.reader_seconds)
        step = next(steps)
        while not isinstance(step, Found):
            try:
                answer = self._do(step, kind, loader, budget)
            except BaseException as error:
                step = steps.throw(error)
            else:
                step = steps.send(answer)
        return step

    def _do(self, step: Step, kind: Kind, loader: Callable[[], Any], budget: Budget) -> Any:
        if isinstance(step, Ask):
            return self.patience.put(step.call) if step.background else self._ask(step.call, budget)
        if isinstance(step, Load):
            return kind.encode(loader())
        assert isinstance(step, Pause)
        budget.seconds = self.reader_seconds  # Redis answers: what takes so long is another's loader
        return time.sleep(step.seconds)

    def _ask(self, call: Callable[[], Answer], budget: Budget) -> Answer:
        """Ask Redis, and wait for as long as is left; raises Unavailable."""
        with budget.spending() as until:
            future = self.patience.begin(call)
            try:
                return future.result(max(0.0, until - time.perf_counter()))
            except Exception as error:
                future.cancel()
                raise self.patience.failed(error) from None


def checked(kind: str, id: str) -> Kind:
    """Return the kind; raises ArgumentInvalid for a name or an id that cannot be."""
    known = kind_named(kind)
    known.key(id, 1, "")
    return known
