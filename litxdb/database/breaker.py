"""The circuit breaker before a server: once it is known to be away, nobody waits to hear it again."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from functools import cached_property

from litxdb.database.limits import Limits
from litxdb.errors import CircuitOpen, ConnectionFailed


class Breaker:
    """Opens after so many failures to connect in a row, and then fails at once; later an attempt goes through again.

    That attempt closes it if it succeeds, and opens it anew if it fails. Connecting is not serialised, and what fails
    for another reason than the connection does not count. Works for threads and for coroutines.
    """

    def __init__(self, limits: Limits, subject: Callable[[], str]) -> None:
        self._limits = limits
        self._subject = subject
        self._lock = threading.Lock()  # around each step of purgatory's: its states are shared, and not locked

    @cached_property
    def _breaker(self) -> contextlib.AbstractContextManager[object]:
        from purgatory import SyncCircuitBreakerFactory

        limits = self._limits
        return SyncCircuitBreakerFactory(limits.breaker_failures, limits.breaker_seconds).get_breaker("connect")

    @contextlib.contextmanager
    def guard(self) -> Iterator[None]:
        """Let an attempt to connect through and learn from it. Raises CircuitOpen instead while the circuit is open."""
        self._begin()
        try:
            yield
        except ConnectionFailed as error:
            with self._lock:
                self._breaker.__exit__(type(error), error, error.__traceback__)
            raise
        with self._lock:
            self._breaker.__exit__(None, None, None)

    def _begin(self) -> None:
        from purgatory.domain.model import OpenedState

        try:
            with self._lock:
                self._breaker.__enter__()
        except OpenedState as state:
            state.__traceback__ = None  # the one exception of this opening: it would grow with every refusal
            raise CircuitOpen(
                f"No connection to {self._subject()}: attempts in a row that failed: {self._limits.breaker_failures}.",
                f"It is tried again by itself, {self._limits.breaker_seconds:g} s after the last failure.",
            ) from None
