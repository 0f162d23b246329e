"""The test bed itself: that every fixture does what the tests built on it take for granted."""

from __future__ import annotations

import json
import os
import socket
import sys
import types
from collections.abc import Callable
from pathlib import Path

import psycopg2
import pytest
from psycopg2.errors import QueryCanceled

from tests.bed.certificates import NEON_DIRECT, Certificates
from tests.bed.faults import (
    after_start_up,
    after_tls_offer,
    close,
    error,
    hang,
    http,
    on_query,
    query_error,
    refuse_tls,
    reset,
)
from tests.bed.program import Outcome
from tests.bed.proxy import Behaviour, Proxy
from tests.bed.urls import with_keywords

Proxies = Callable[..., Proxy]


# The environment and the program


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[list[str]], object]], None]:
    """Put a function in the place of litxdb's main()."""
    return lambda main: monkeypatch.setitem(sys.modules, "litxdb.cli", types.SimpleNamespace(main=main))


def test_environment_of_a_test_holds_nothing_of_the_developer() -> None:
    leaked = [name for name in os.environ if name.startswith(("PG", "LITXDB_")) and "LITXDB_TEST" not in name]
    assert leaked == ["LITXDB_HOME"]
    assert "DATABASE_URL" not in os.environ
    assert list(Path.cwd().iterdir()) == list(Path.home().iterdir()) == []


@pytest.mark.parametrize(("ending", "code"), [(0, 0), (None, 0), (4, 4), (SystemExit(3), 3), (SystemExit(), 0)])
def test_run_reports_the_exit_code_however_main_ends(run, program, ending: object, code: int) -> None:
    def main(argv: list[str]) -> object:
        if isinstance(ending, SystemExit):
            raise ending
        return ending

    program(main)
    assert run("ping").code == code


def test_run_gives_arguments_environment_and_input_and_keeps_both_streams(run, program) -> None:
    def main(argv: list[str]) -> None:
        print(json.dumps({"said": [*argv, os.environ["PGHOST"], sys.stdin.read()]}))
        print("warning", file=sys.stderr)
        sys.stdout.buffer.write(b" ")

    program(main)
    outcome: Outcome = run("seed", "--yes", env={"PGHOST": "db"}, input="litx")
    assert outcome.json == {"said": ["seed", "--yes", "db", "litx"]}
    assert outcome.stderr == "warning\n"
    assert "PGHOST" not in os.environ


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
        (after_tls_offer(hang), "timeout expired"),
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
        (after_start_up(hang), "timeout expired"),
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
