"""Telling a monitor that a backup starts and how it ended, as healthchecks.io wants it: silence is what it alarms of.

https://healthchecks.io/docs/http_api/
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit, urlunsplit

from litxdb import __version__
from litxdb.backup.outcome import exit_code, reason
from litxdb.errors import ConfigurationInvalid, LitxdbError, LockHeld
from litxdb.interruption import interruptible
from litxdb.redaction import redact, remember

SECONDS = 5.0
"""For one try: a monitor that is away must not keep the backup waiting."""
TRIES = 3
LINES = 50
SHORTEST_SECRET = 12
"""A shorter path is a word rather than a secret, and may stand anywhere."""
LARGEST = 10_000
"""Bytes of a message, as healthchecks.io takes them."""


@contextlib.contextmanager
def heartbeat(url: str | None, notify: Callable[[str], None]) -> Iterator[Callable[[str], None]]:
    """Call URL/start, and at the end of the block URL, or URL/fail if it raises, with the last lines and the duration.

    Yields what takes those lines. Pings never fail the block: `notify` is told of one that could not be sent. A run
    that found another one running says nothing of its end, which is the other's to tell. Without a URL nothing is sent.
    Raises ConfigurationInvalid for what is no URL, before anything is done.
    """
    lines: deque[str] = deque(maxlen=LINES)
    if url is None:
        yield lines.append
        return
    _require(url)
    begun = time.monotonic()

    def ping(suffix: str, tries: int = TRIES) -> None:
        body = "\n".join([*lines, f"{time.monotonic() - begun:.1f} s"] if suffix != "/start" else [])
        if problem := _send(_with(url, suffix), redact(body).encode()[-LARGEST:], tries):
            notify(f"warning: the ping to {urlsplit(url).hostname} was not sent: {problem}")

    ping("/start")
    try:
        yield lines.append
    except LockHeld:
        raise
    except BaseException as error:
        lines.append(f"error: {reason(error)} (exit code {exit_code(error):d})")
        if isinstance(error, LitxdbError) and error.hint:
            lines.append(f"hint: {error.hint}")
        ping("/fail", TRIES if isinstance(error, Exception) else 1)  # somebody waits for the end
        raise
    ping("")


def _require(url: str) -> None:
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"}:
        raise ConfigurationInvalid("The URL to ping is none.", "Give --ping one such as https://hc-ping.com/UUID.")
    for secret in (parts.path.strip("/"), parts.query):  # who knows it may ping as well
        if len(secret) >= SHORTEST_SECRET:
            remember(secret)


def _with(url: str, suffix: str) -> str:
    """Add to a URL's path.

    >>> _with("https://hc-ping.com/uuid/?create=1", "/start")
    'https://hc-ping.com/uuid/start?create=1'
    """
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + suffix))


def _send(url: str, body: bytes, tries: int) -> str | None:
    """Send it, and return why that failed."""
    problem = None
    for _ in range(tries):
        try:
            problem, final = interruptible(lambda: _post(url, body), SECONDS + 1)
        except TimeoutError:
            problem, final = "no answer in time", False
        if final:
            break
    return problem


def _post(url: str, body: bytes) -> tuple[str | None, bool]:
    """Try once; returns what went wrong, and whether that is the last word."""
    import http.client
    from urllib import error, request

    asked = request.Request(url, data=body, headers={"User-Agent": f"litxdb/{__version__}"})  # noqa: S310 (http only)
    try:
        request.urlopen(asked, timeout=SECONDS).close()  # noqa: S310  (likewise)
    except error.HTTPError as answer:
        with answer:
            return f"it answers {answer.code}", answer.code < 500
    except (OSError, http.client.HTTPException, ValueError) as failure:
        return str(getattr(failure, "reason", failure)) or type(failure).__name__, False
    return None, True
