"""The test bed: faults of a connection, certificates and the proxy show as libpq's users will see them."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from psycopg2.errors import QueryCanceled

from tests.bed.certificates import NEON_DIRECT, Certificates
from tests.bed.faults import (
    after_start_up,
    after_tls_offer,
    close,
    cut_at,
    delay,
    error,
    hang,
    http,
    on_query,
    query_error,
    refuse_tls,
    reset,
    slow,
)
from tests.bed.proxy import Behaviour, Proxy
from tests.bed.servers import Server
from tests.bed.urls import with_keywords

Proxies = Callable[..., Proxy]


# Faults, on a server that is not there


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (reset, "server closed the connection unexpectedly|Connection reset by peer"),
        (close, "server closed the connection unexpectedly"),
        (hang, "timeout expired"),
        (http, "received invalid response to SSL negotiation: H"),
        (refuse_tls, "server does not support SSL, but SSL was required"),
        (after_tls_offer(close), "SSL SYSCALL error: EOF detected"),
        (after_tls_offer(reset), "SSL SYSCALL error: Connection reset by peer"),
    ],
)
def test_fault_before_tls_shows_in_libpq(fake_server: Proxies, fault: Behaviour, text: str) -> None:
    url = with_keywords(fake_server(fault).url, sslmode="require", connect_timeout=2)
    with pytest.raises(psycopg2.OperationalError, match=text):
        psycopg2.connect(url)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (after_start_up(close), "server closed the connection unexpectedly|SSL connection has been closed"),
        (error("57P03", "the database system is starting up"), "FATAL:  the database system is starting up"),
        (error("XX000", "Control plane request failed", "ERROR"), "ERROR:  Control plane request failed"),
    ],
)
@pytest.mark.parametrize("encrypted", [False, True])
def test_fault_after_the_start_up_packet_shows_in_libpq(
    fake_server: Proxies, certificates: Certificates, fault: Behaviour, text: str, encrypted: bool
) -> None:
    server = fake_server(fault, certificates.server if encrypted else None)
    sslmode = "verify-full" if encrypted else "prefer"
    with pytest.raises(psycopg2.OperationalError, match=text):
        psycopg2.connect(server.url, sslmode=sslmode, sslrootcert=certificates.ca, connect_timeout=2)


def test_session_ends_at_the_query_that_the_fault_waits_for(fake_server: Proxies) -> None:
    server = fake_server(on_query(error("57P01", "terminating connection"), containing="select"))
    connection = psycopg2.connect(server.url)
    connection.cursor().execute("set lock_timeout = '3s'")
    with pytest.raises(psycopg2.OperationalError):
        connection.cursor().execute("select 1")
    assert connection.closed


def test_session_survives_a_query_that_fails(fake_server: Proxies) -> None:
    server = fake_server(on_query(query_error("57014", "canceling statement due to statement timeout"), "select"))
    connection = psycopg2.connect(server.url)
    connection.autocommit = True
    with pytest.raises(QueryCanceled, match="statement timeout"):
        connection.cursor().execute("select 1")
    connection.cursor().execute("set lock_timeout = '3s'")
    connection.close()


def test_nobody_listens_once_a_proxy_has_ended() -> None:
    with Proxy(then=hang) as proxy, socket.create_connection(("127.0.0.1", proxy.port)):
        pass
    with pytest.raises(psycopg2.OperationalError, match="Connection refused"):
        psycopg2.connect(proxy.url)


# Certificates


@pytest.mark.parametrize(
    ("certificate", "text"),
    [
        ("server", "let in"),
        ("expired", "certificate verify failed"),
        ("unknown_ca", "certificate verify failed"),
        ("wrong_name", 'server certificate for "db.example.org" does not match host name "localhost"'),
    ],
)
def test_client_notices_the_state_of_a_certificate(
    fake_server: Proxies, certificates: Certificates, certificate: str, text: str
) -> None:
    server = fake_server(error("XX000", "let in"), getattr(certificates, certificate))
    with pytest.raises(psycopg2.OperationalError, match=text):
        psycopg2.connect(server.url, host="localhost", sslmode="verify-full", sslrootcert=certificates.ca)


def test_neon_names_are_certified(fake_server: Proxies, certificates: Certificates) -> None:
    server = fake_server(error("XX000", "let in"), certificates.neon)
    url = with_keywords(server.url, host=NEON_DIRECT, hostaddr="127.0.0.1", sslmode="verify-full")
    with pytest.raises(psycopg2.OperationalError, match="let in"):
        psycopg2.connect(url, sslrootcert=certificates.ca)


# The proxy, before a real server


def answer(url: str, query: str = "select 1") -> Any:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
        return row[0] if row else None


def test_connections_fail_as_told_and_then_work(proxy: Proxies, empty_url: str) -> None:
    door = proxy(empty_url, reset, error("57P03", "the database system is starting up"))
    for text in ("closed the connection|reset by peer", "starting up"):
        with pytest.raises(psycopg2.OperationalError, match=text):
            psycopg2.connect(door.url)
    assert answer(door.url) == 1
    assert door.seen == 3


def test_connection_is_delayed(proxy: Proxies, empty_url: str) -> None:
    door = proxy(empty_url, delay(0.3))
    begun = time.monotonic()
    assert answer(door.url) == 1
    assert time.monotonic() - begun >= 0.3


def test_connection_is_slow(proxy: Proxies, empty_url: str) -> None:
    door = proxy(empty_url, slow(0.01, chunk=1000))
    begun = time.monotonic()
    assert len(answer(door.url, "select repeat('litx', 5000)")) == 20_000
    assert time.monotonic() - begun >= 20 * 0.01


def test_proxy_hands_on_more_than_any_buffer_holds(proxy: Proxies, empty_url: str) -> None:
    assert len(answer(proxy(empty_url).url, "select repeat('litx', 2000000)")) == 8_000_000


def test_proxy_ends_tls_for_a_server_without_it(proxy: Proxies, empty_url: str, certificates: Certificates) -> None:
    url = proxy(empty_url, certificate=certificates.server).url
    encrypted = with_keywords(url, sslmode="verify-full", sslrootcert=certificates.ca)
    assert answer(encrypted, "select ssl from pg_stat_ssl where pid = pg_backend_pid()") is False


def test_tls_of_a_server_passes_through_the_proxy(proxy: Proxies, pg15: Server) -> None:
    query = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
    assert answer(proxy(pg15.url()).url, query) is True


def test_query_is_cut_in_the_middle(proxy: Proxies, empty_url: str) -> None:
    door = proxy(empty_url)
    with closing(psycopg2.connect(door.url)) as connection:
        threading.Timer(0.2, door.cut).start()
        with pytest.raises(psycopg2.OperationalError, match=r"closed the connection|reset by peer"):
            connection.cursor().execute("select pg_sleep(30)")
        assert connection.closed
    assert answer(door.url) == 1


@pytest.mark.parametrize(("delivered", "rows"), [(False, 0), (True, 1)])
def test_commit_is_lost_before_or_after_the_server_hears_of_it(
    proxy: Proxies, empty_url: str, delivered: bool, rows: int
) -> None:
    with closing(psycopg2.connect(empty_url)) as witness, witness.cursor() as cursor:
        cursor.execute("create table paper (id int)")
        witness.commit()
        with closing(psycopg2.connect(proxy(empty_url, cut_at("COMMIT", delivered=delivered)).url)) as connection:
            connection.cursor().execute("insert into paper values (1)")
            with pytest.raises(psycopg2.OperationalError):
                connection.commit()
        cursor.execute("lock table paper in access exclusive mode")  # waits for the session that was cut
        cursor.execute("select count(*) from paper")
        assert cursor.fetchone() == (rows,)
