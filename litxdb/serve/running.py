"""Serving until SIGTERM: uvicorn, with an end for whoever sends his request too slowly."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from litxdb.database import Database
from litxdb.errors import ConfigurationInvalid, Refused
from litxdb.redaction import remember
from litxdb.serve.application import application

REQUEST_SECONDS = 10.0
"""For a request to arrive whole and its answer to be taken; whoever is slower is cut off (slow loris)."""
IDLE_SECONDS = 5
GRACE_SECONDS = 5
"""For answers under way, once the service is told to end."""
LAST_SECONDS = 0.1
"""For what was sent before the service was told to end, and nobody has read yet."""
SWITCH_SECONDS = 0.0005
MOST_CONNECTIONS = 1000
"""More are told 503 at once."""


@dataclass(frozen=True)
class Service:
    """Where to listen and who may ask; intervals in seconds, None for what suits the database."""

    host: str = "127.0.0.1"
    port: int = 8432
    token: str | None = field(default=None, repr=False)
    interval_seconds: float | None = None
    examine_seconds: float | None = None


def serve(db: Database, service: Service, ready: Callable[[str], None] = lambda url: None) -> None:
    """Answer until SIGTERM or Ctrl-C, and end well; `ready` is called with the URL once it listens.

    Raises Refused for an address that others reach and no token, ConfigurationInvalid where it cannot listen.
    """
    server = prepare(db, service, ready)
    # what strangers send is no news, and every piece of it would be a line
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    before = sys.getswitchinterval()
    # a look at the whole database computes for a second: a probe's answer must not stand behind it
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        with contextlib.suppress(SystemExit):  # uvicorn's own way to say that it cannot listen
            server.run()
    finally:
        sys.setswitchinterval(before)
    if not server.started:
        raise ConfigurationInvalid(
            f"litxdb cannot listen on {service.host} port {service.port}.",
            "Is the port taken, or the address another machine's? See --port and --host.",
        )


def prepare(db: Database, service: Service, ready: Callable[[str], None] = lambda url: None) -> Server:
    """Return the server, which is to be run; raises Refused as `serve` does."""
    if service.token is None and not is_loopback(service.host):
        raise Refused(
            f"Whoever reaches {service.host} could read what is wrong with this database.",
            "Set LITXDB_SERVE_TOKEN (or --token) to a long random word, or listen on 127.0.0.1.",
        )
    remember(service.token)
    config = uvicorn.Config(
        application(db, service.token, service.interval_seconds, service.examine_seconds),
        host=service.host,
        port=service.port,
        http=Impatient,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return Server(config, ready)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Server(uvicorn.Server):
    """Ends by SIGTERM and Ctrl-C as by a wish of ours: uvicorn would raise the signal again."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[str], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: Any = None) -> None:
        """Listen, and say where."""
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            self._ready(f"http://{f'[{host}]' if ':' in host else host}:{port}")

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Have the signals end the loop, and put back what was there; only the main thread gets any."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class Impatient(HttpToolsProtocol):
    """Cuts off whoever takes more than REQUEST_SECONDS from his first byte to the end of the answer."""

    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._restart()

    def data_received(self, data: bytes) -> None:
        """Take part of a request."""
        if self._limit is None:
            self._restart()
        super().data_received(data)

    def on_response_complete(self) -> None:
        """Let the connection be idle, for IDLE_SECONDS."""
        self._stop()
        super().on_response_complete()

    def shutdown(self) -> None:
        """End the connection once it is answered: uvicorn resets one whose request it has not read yet."""
        asyncio.get_running_loop().call_later(LAST_SECONDS, super().shutdown)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._stop()
        super().connection_lost(exc)

    def _restart(self) -> None:
        self._stop()
        self._limit = asyncio.get_running_loop().call_later(REQUEST_SECONDS, self._cut)

    def _stop(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _cut(self) -> None:
        self.transport.abort()
