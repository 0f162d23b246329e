"""A server on loopback that does to each connection what the test tells it, by default: hand it on unharmed.

What it does is a `Behaviour`, see faults.py. It listens in a thread of its own, so that a test can simply connect. One
thing cannot work through it in the same process: psycopg2's cancel() stops every thread until it is answered. Test that
with a program of its own (the fixture `start`).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.bed.certificates import Certificate
from tests.bed.urls import Address, address_of, with_keywords
from tests.bed.wire import GSSENC_REQUEST, SSL_REQUEST

LOOPBACK = "127.0.0.1"
CHUNK = 1 << 18
GONE = (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, TimeoutError)
"""How the end of either side shows; nothing that a test wants to hear of."""

Result = TypeVar("Result")


class Client:
    """One connection to a proxy, as a behaviour sees it."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        upstream: Address | None,
        certificate: Certificate | None,
    ) -> None:
        self.reader, self.writer = reader, writer
        self.server_name: str | None = None
        """The host name that the client asked for in TLS (SNI)."""
        self.opening = b""
        """The start-up packet, or the cancel request, once `start_up` has read it."""
        self.frozen = False
        """Whether `forward` swallows what comes, in both directions."""
        self.chunk, self.latency_seconds = CHUNK, 0.0
        """Of how many bytes at most the pieces are that `forward` hands on, and how late each is."""
        self._upstream, self._certificate = upstream, certificate
        self._upstream_writer: asyncio.StreamWriter | None = None

    @property
    def encrypted(self) -> bool:
        return self.writer.get_extra_info("ssl_object") is not None

    @property
    def request(self) -> int:
        """The code of the opening packet: the protocol's version, or CANCEL_REQUEST."""
        return int.from_bytes(self.opening[4:8], "big")

    @property
    def parameters(self) -> dict[str, str]:
        """What the start-up packet says: user, database and the like."""
        words = self.opening[8:].decode().split("\0")
        return dict(zip(words[::2], words[1::2], strict=False))

    async def start_up(self) -> None:
        """Read as far as the start-up packet; the wish for TLS is granted if the proxy has a certificate."""
        while not self.opening:
            packet = await self.packet()
            request = int.from_bytes(packet[4:8], "big")
            if request == SSL_REQUEST and self._certificate:
                await self._encrypt(self._certificate)
            elif request in (SSL_REQUEST, GSSENC_REQUEST):
                await self.send(b"N")
            else:
                self.opening = packet

    async def packet(self) -> bytes:
        """Read one untagged packet, as only the first ones of a connection are."""
        head = await self.reader.readexactly(4)
        return head + await self.reader.readexactly(int.from_bytes(head, "big") - 4)

    async def message(self) -> tuple[bytes, bytes]:
        """Read one message: its tag and its body."""
        tag = await self.reader.readexactly(1)
        return tag, (await self.packet())[4:]

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def forward(
        self, upstream: Address | None = None, *, until: bytes | None = None, delivered: bool = False
    ) -> None:
        """Be an honest go-between until one side ends, or the client sends `until`.

        That last piece is still `delivered` to the server or not. TLS ends here if the proxy has a certificate.
        """
        upstream = upstream or self._upstream
        assert upstream, "this proxy has no server behind it"
        if self._certificate:
            await self.start_up()
        if isinstance(upstream, Path):
            reader, writer = await asyncio.open_unix_connection(upstream)
        else:
            reader, writer = await asyncio.open_connection(*upstream)
        self._upstream_writer = writer
        try:
            writer.write(self.opening)
            pumps = [
                asyncio.create_task(self._pump(self.reader, writer, until, delivered)),
                asyncio.create_task(self._pump(reader, self.writer)),
            ]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
        finally:
            writer.close()

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        until: bytes | None = None,
        delivered: bool = False,
    ) -> None:
        with contextlib.suppress(*GONE):
            while data := await reader.read(self.chunk):
                if self.latency_seconds:
                    await asyncio.sleep(self.latency_seconds)
                last = until is not None and until in data
                if not self.frozen and (not last or delivered):
                    writer.write(data)
                    await writer.drain()
                if last:
                    return

    @property
    def open(self) -> bool:
        return not self.writer.transport.is_closing()

    def reset(self) -> None:
        """End both sides with a RST, as a crashed machine or a firewall does."""
        for writer in (self.writer, self._upstream_writer):
            if writer and not writer.transport.is_closing():
                connection = writer.get_extra_info("socket")
                if connection.family != socket.AF_UNIX:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            if writer:
                with contextlib.suppress(AttributeError):  # Python 3.11.2, where TLS has ended already
                    writer.transport.abort()

    async def _encrypt(self, certificate: Certificate) -> None:
        context = certificate.context()
        context.sni_callback = self._note_server_name
        self.writer.write(b"S")  # and not a step between this and start_tls, which must see the client's first bytes
        await self.writer.start_tls(context)

    def _note_server_name(self, _socket: object, name: str | None, _context: ssl.SSLContext) -> None:
        self.server_name = name


Behaviour = Callable[[Client], Awaitable[None]]
"""What happens on one connection; when it returns, the connection is closed."""


class Proxy:
    """Misbehaves for the `first` connections, one behaviour each, and behaves as `then` says on all others.

    `url` is the server's behind it with host and port changed to the proxy's; `seen` counts connections.
    """

    def __init__(
        self,
        url: str | None = None,
        *first: Behaviour,
        then: Behaviour = Client.forward,
        certificate: Certificate | None = None,
        port: int = 0,
    ) -> None:
        self.url, self.port, self.seen = url or "postgresql://ada:engine@/litx", port, 0
        self._upstream = address_of(url) if url else None
        self._first, self._then, self._certificate = deque(first), then, certificate
        self._clients: dict[asyncio.Task[Any], Client] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._serve, LOOPBACK, self.port))
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = with_keywords(self.url, host=LOOPBACK, port=self.port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def misbehave(self, *behaviours: Behaviour) -> None:
        """Treat the next connections so, one behaviour each."""
        self._first.extend(behaviours)

    def forgive(self) -> None:
        """Forget what `misbehave` said and nobody has suffered yet."""
        self._first.clear()

    def cut(self) -> int:
        """Reset every connection that is open now, whatever it is doing, and say how many there were."""

        async def reset() -> int:
            clients = [client for client in self._clients.values() if client.open]
            for client in clients:
                client.reset()
            return len(clients)

        return self._do(reset())

    def freeze(self) -> None:
        """Let nothing through any more on the connections that are open now; they stay open, and take every byte."""

        async def stop() -> None:
            for client in self._clients.values():
                client.frozen = True

        self._do(stop())

    def _do(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.seen += 1
        behave = self._first.popleft() if self._first else self._then
        client = Client(reader, writer, self._upstream, self._certificate)
        task = asyncio.current_task()
        assert task
        self._clients[task] = client
        try:
            await behave(client)
        except (*GONE, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _end(self) -> None:
        for listening in self._server.sockets:
            self._loop.remove_reader(listening.fileno())
        await _settle()
        self._server.close()
        for task, client in self._clients.items():
            client.reset()
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        await _settle()
        await self._server.wait_closed()


async def _settle() -> None:
    """Let asyncio finish what it has begun: it opens and closes a connection in several turns of its loop."""
    for _ in range(5):
        await asyncio.sleep(0)
