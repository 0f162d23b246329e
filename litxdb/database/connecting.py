"""Opening a connection: patient with what passes, quick to fail on what does not, and open to Ctrl-C throughout."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from litxdb.database.endpoint import Endpoint
from litxdb.database.failures import Retry, cause, classify
from litxdb.errors import ConfigurationInvalid, ConnectionFailed
from litxdb.interruption import interruptible

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

BRIEF_SECONDS = 5.0
"""How long a name that does not resolve for now is retried."""

INVALID_VALUE = re.compile(r'invalid (\w+) value: "')

KEEPALIVES = {"keepalives": "1", "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3"}
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
    start = time.monotonic()

    def attempt() -> Connection:
        left = start + retry_seconds - time.monotonic()
        seconds = timeout_seconds if left <= 0 else max(2, min(timeout_seconds, round(left)))
        return _attempt(endpoint, {**KEEPALIVES, **parameters}, seconds)

    try:
        return attempt()
    except NotYetConnected as failure:
        if retry_seconds <= time.monotonic() - start:
            raise
        return _retry(attempt, failure, start + retry_seconds, notify)


def _retry(
    attempt: Callable[[], Connection], first: NotYetConnected, deadline: float, notify: Callable[[str], None]
) -> Connection:
    """Repeat the attempt with exponential backoff and jitter until it succeeds, fails for good, or time is up."""
    from tenacity import RetryCallState, Retrying, stop_before_delay, wait_random_exponential

    start, announced = time.monotonic(), {first.message}
    backoff = wait_random_exponential(multiplier=0.2, max=2)
    notify(f"{first.message.removesuffix('.')}: retrying for up to {deadline - start:.0f} s.")
    failure = first

    def worth_another(state: RetryCallState) -> bool:
        nonlocal failure
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, NotYetConnected):
            return False
        failure = error
        return error.retry is not Retry.BRIEFLY or time.monotonic() - start < BRIEF_SECONDS

    def pause(state: RetryCallState) -> float:
        return backoff(state) + (1 if failure.retry is Retry.SLOWLY else 0)

    def announce(state: RetryCallState) -> None:
        if failure.message not in announced:
            announced.add(failure.message)
            notify(failure.message)

    time.sleep(min(0.1 if first.retry is not Retry.SLOWLY else 1, max(0, deadline - start)))
    retrying = Retrying(
        retry=worth_another,
        wait=pause,
        stop=stop_before_delay(deadline - time.monotonic()),
        before_sleep=announce,
        reraise=True,
    )
    try:
        return retrying(attempt)
    except NotYetConnected as error:
        tried = f" (tried for {time.monotonic() - start:.0f} s)."
        raise ConnectionFailed(error.message.removesuffix(".") + tried, error.hint) from None


def _attempt(endpoint: Endpoint, parameters: Mapping[str, str], timeout_seconds: int) -> Connection:
    import psycopg2
    from psycopg2.extensions import make_dsn

    dsn = make_dsn(None, **{**parameters, "connect_timeout": timeout_seconds})

    try:
        # libpq's own time-out does not cover name resolution, and counts anew for every address.
        return interruptible(lambda: psycopg2.connect(dsn), timeout_seconds + 5 * max(1, len(endpoint.hosts)))
    except psycopg2.Error as error:
        if match := INVALID_VALUE.match(str(error)):
            raise ConfigurationInvalid(f"{endpoint.source} has an unknown {match[1]}.", "Mend or remove it.") from None
        raise failed(endpoint, str(error), parameters) from None
    except TimeoutError:
        raise failed(endpoint, "timeout expired") from None


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
