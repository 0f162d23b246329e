"""What can go wrong with a connection: each a behaviour for a proxy, and they nest.

proxy(db_url, reset, error("57P03", "the database system is starting up"))      # twice; then all is well
fake_server(after_tls_offer(close))
fake_server(on_query(error("57P01", "terminating connection due to administrator command")))
"""

from __future__ import annotations

import asyncio

from tests.bed.proxy import CHUNK, Behaviour, Client
from tests.bed.wire import error_response, logged_in, message, ready_for_query


async def reset(client: Client) -> None:
    """RST: what a crashed machine or a firewall does."""
    client.reset()


async def close(client: Client) -> None:
    """FIN: an orderly end without a word."""


async def hang(client: Client) -> None:
    """Take the connection and never say anything."""
    while await client.reader.read(CHUNK):
        pass


async def refuse_tls(client: Client) -> None:
    """Answer `N` to the wish for TLS, and end."""
    await client.packet()
    await client.send(b"N")


async def http(client: Client) -> None:
    """Be a web server."""
    await client.reader.read(CHUNK)
    await client.send(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


def delay(seconds: float) -> Behaviour:
    """Wait before the first byte goes on, as a compute that wakes up does."""

    async def behave(client: Client) -> None:
        await asyncio.sleep(seconds)
        await client.forward()

    return behave


def slow(latency_seconds: float, chunk: int = 1 << 14) -> Behaviour:
    """Be a bad line all along: each piece, of so many bytes at most, is so late, either way."""

    async def behave(client: Client) -> None:
        client.chunk, client.latency_seconds = chunk, latency_seconds
        await client.forward()

    return behave


def error(sqlstate: str, text: str, severity: str = "FATAL") -> Behaviour:
    """Answer with this ErrorResponse and end: to the start-up packet, or to the query when inside `on_query`."""

    async def behave(client: Client) -> None:
        await client.start_up()
        await client.send(error_response(sqlstate, text, severity))

    return behave


def after_tls_offer(fault: Behaviour) -> Behaviour:
    """Agree to TLS, let the client say its hello, and then the fault."""

    async def behave(client: Client) -> None:
        await client.packet()
        await client.send(b"S")
        await client.reader.read(CHUNK)
        await fault(client)

    return behave


def after_start_up(fault: Behaviour) -> Behaviour:
    """Read the start-up packet, and then the fault."""

    async def behave(client: Client) -> None:
        await client.start_up()
        await fault(client)

    return behave


def on_query(fault: Behaviour, containing: str = "") -> Behaviour:
    """Let the client in without asking who it is; the fault comes at its first query that contains this text.

    Until then every query is answered by an empty success. BEGIN, which psycopg2 sends by itself, is a query too.
    """

    async def behave(client: Client) -> None:
        await client.start_up()
        await client.send(logged_in())
        if await _answer_until(client, containing):
            await fault(client)

    return behave


def query_error(sqlstate: str, text: str) -> Behaviour:
    """Fail one query and live on: to be used inside `on_query`, as `error` is for what ends the session."""

    async def behave(client: Client) -> None:
        await client.send(error_response(sqlstate, text, "ERROR") + ready_for_query())
        await _answer_until(client, None)

    return behave


def cut_at(text: str, *, delivered: bool = False) -> Behaviour:
    """Be honest until the client sends this text, then cut both sides: before the server sees it, or just after."""

    async def behave(client: Client) -> None:
        await client.forward(until=text.encode(), delivered=delivered)
        client.reset()

    return behave


def hang_at(text: str) -> Behaviour:
    """Be honest until the client sends this text, which is swallowed; after that nothing moves any more."""

    async def behave(client: Client) -> None:
        await client.forward(until=text.encode())
        await hang(client)

    return behave


async def _answer_until(client: Client, text: str | None) -> bool:
    while True:
        tag, body = await client.message()
        if tag == b"X":
            return False
        if tag == b"Q" and text is not None and text.encode().lower() in body.lower():
            return True
        if tag == b"Q":
            await client.send(message(b"C", b"SET\0") + ready_for_query())
