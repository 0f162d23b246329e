"""Opening a connection: patient with what passes, quick to fail on what does not, and open to Ctrl-C throughout."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from litxdb.database.endpoint import Endpoint
from litxdb.database.failures import Retry, cause, classify
from litxdb.errors import ConfigurationInvalid, ConnectionFailed
from litxdb.interruption import interruptible

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from tenacity import RetryCallState

BRIEF_SECONDS = 5.0
"""How long a name that does not resolve for now is retried."""

INVALID_VALUE = re.compile(r'invalid (\w+) value: "')

KEEPALIVES = {
    "keepalives": "1",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""A dead peer is noticed within a minute; Linux alone would take more than two hours."""


class NotYetConnected(ConnectionFailed):
    """A failure that waiting may mend; `retry` says how."""

    def __init__(self, message: str, hint: str, retry: Retry) -> None:
        super().__init__(message, hint)
        self.retry = retry


def connect(
    endpoint: Endpoint,
    parameters: Mapping[str, str],
    *,
    timeout_seconds: int,
    retry_seconds: float,
    notify: Callable[[str], None],
) -> Connection:
    """Open one connection; transient failures are retried for `retry_seconds`, permanent ones fail at once.

    `notify` gets one line for each cause that is waited for. Raises ConnectionFailed with the last cause.
    """
    deadline = time.monotonic() + retry_seconds

    def attempt() -> Connection:
        return _attempt(endpoint, {**KEEPALIVES, **parameters}, for_attempt(timeout_seconds, deadline))

    try:
        return attempt()
    except NotYetConnected as failure:
        if deadline <= time.monotonic():
            raise
        return _retry(attempt, failure, deadline, notify)


def _retry(
    attempt: Callable[[], Connection], first: NotYetConnected, deadline: float, notify: Callable[[str], None]
) -> Connection:
    """Repeat the attempt with exponential backoff and jitter until it succeeds, fails for good, or time is up."""
    from tenacity import Retrying

    patience = Patience(first, deadline, notify)
    time.sleep(patience.first_pause)
    try:
        return Retrying(**patience.options())(attempt)
    except NotYetConnected as error:
        raise patience.given_up(error) from None


class Patience:
    """How an attempt that failed for now is repeated, by tenacity: the same for threads and for coroutines."""

    def __init__(self, first: NotYetConnected, deadline: float, notify: Callable[[str], None]) -> None:
        self._start, self._deadline, self._notify = time.monotonic(), deadline, notify
        self._failure, self._announced = first, {first.message}
        notify(f"{first.message.removesuffix('.')}: retrying for up to {deadline - self._start:.0f} s.")

    @property
    def first_pause(self) -> float:
        """Seconds until the second attempt."""
        pause = 0.1 if self._failure.retry is not Retry.SLOWLY else 1
        return min(pause, max(0, self._deadline - time.monotonic()))

    def options(self) -> dict[str, Any]:
        """Return what tenacity's Retrying or AsyncRetrying is made with."""
        from tenacity import stop_before_delay, wait_random_exponential

        backoff = wait_random_exponential(multiplier=0.2, max=2)
        return {
            "retry": self._worth_another,
            "wait": lambda state: backoff(state) + (1 if self._failure.retry is Retry.SLOWLY else 0),
            "stop": stop_before_delay(self._deadline - time.monotonic()),
            "before_sleep": self._announce,
            "reraise": True,
        }

    def given_up(self, error: NotYetConnected) -> ConnectionFailed:
        """Say for how long it was tried."""
        tried = f" (tried for {time.monotonic() - self._start:.0f} s)."
        return ConnectionFailed(error.message.removesuffix(".") + tried, error.hint)

    def _worth_another(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, NotYetConnected):
            return False
        self._failure = error
        return error.retry is not Retry.BRIEFLY or time.monotonic() - self._start < BRIEF_SECONDS

    def _announce(self, state: RetryCallState) -> None:
        if self._failure.message not in self._announced:
            self._announced.add(self._failure.message)
            self._notify(self._failure.message)


def _attempt(endpoint: Endpoint, parameters: Mapping[str, str], timeout_seconds: int) -> Connection:
    import psycopg2
    from psycopg2.extensions import make_dsn

    from litxdb.database.bounded import BoundedConnection

    dsn = make_dsn(None, **{**parameters, "connect_timeout": timeout_seconds})

    try:
        seconds = longest(endpoint, timeout_seconds)
        return interruptible(lambda: psycopg2.connect(dsn, connection_factory=BoundedConnection), seconds)
    except psycopg2.Error as error:
        if match := INVALID_VALUE.match(str(error)):
            raise ConfigurationInvalid(f"{endpoint.source} has an unknown {match[1]}.", "Mend or remove it.") from None
        raise failed(endpoint, str(error), parameters) from None
    except TimeoutError:
        raise failed(endpoint, "timeout expired") from None


def for_attempt(timeout_seconds: int, deadline: float) -> int:
    """Return libpq's time-out for an attempt that begins now: what is left, two seconds at least."""
    left = deadline - time.monotonic()
    return timeout_seconds if left <= 0 else max(2, min(timeout_seconds, round(left)))


def longest(endpoint: Endpoint, timeout_seconds: int) -> float:
    """Return how long an attempt may take in all: libpq's time-out leaves out names, and begins anew for each address.

    >>> longest(Endpoint({"host": "a,b"}, "url"), 10)
    20
    """
    return timeout_seconds + 5 * max(1, len(endpoint.hosts))


def failed(endpoint: Endpoint, message: str, parameters: Mapping[str, str] | None = None) -> ConnectionFailed:
    """Name the failure for a person: the endpoint, the cause and the next step; transient ones are NotYetConnected.

    With libpq's parameters a certificate that does not verify is looked at again, for the reason.
    """
    if parameters and "certificate verify failed" in message:
        from litxdb.database import certificate

        message = ": ".join(filter(None, (message.strip(), certificate.problem(parameters))))
    failure = classify(message)
    text = f"No connection to {endpoint}: {cause(message)}."
    if failure.retry is Retry.NEVER:
        return ConnectionFailed(text, failure.hint)
    return NotYetConnected(text, failure.hint, failure.retry)
