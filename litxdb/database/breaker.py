"""The circuit breaker before a server: once it is known to be away, nobody waits to hear it again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from litxdb.database.limits import Limits
from litxdb.errors import CircuitOpen, ConnectionFailed

if TYPE_CHECKING:
    from purgatory import SyncCircuitBreakerFactory


class Breaker:
    """Opens after so many failures to connect in a row, and then fails at once; later an attempt goes through again.

    That attempt closes it if it succeeds, and opens it anew if it fails. Connecting is not serialised, and what fails
    for another reason than the connection does not count. Works for threads and for coroutines.
    """

    def __init__(self, limits: Limits, subject: Callable[[], str]) -> None:
        self._limits = limits
        self._subject = subject

    @cached_property
    def _factory(self) -> SyncCircuitBreakerFactory:
        from purgatory import SyncCircuitBreakerFactory

        return SyncCircuitBreakerFactory(
            self._limits.breaker_failures,
            self._limits.breaker_seconds,
            exclude=[(BaseException, lambda error: not isinstance(error, ConnectionFailed))],
        )

    @contextlib.contextmanager
    def guard(self) -> Iterator[None]:
        """Let an attempt to connect through and learn from it. Raises CircuitOpen instead while the circuit is open."""
        from purgatory.domain.model import OpenedState

        try:
            with self._factory.get_breaker("connect"):
                yield
        except OpenedState as state:
            state.__traceback__ = None  # the one exception of this opening: it would grow with every refusal
            raise CircuitOpen(
                f"No connection to {self._subject()}: attempts in a row that failed: {self._limits.breaker_failures}.",
                f"It is tried again by itself, {self._limits.breaker_seconds:g} s after the last failure.",
            ) from None
