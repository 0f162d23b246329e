"""A connection taken apart: name resolution, TCP, TLS, authentication, a query, each timed on the real connection.

libpq reports how far it has come (PQstatus, https://www.postgresql.org/docs/current/libpq-connect.html), so nothing is
probed twice and nothing is guessed.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import time
from typing import TYPE_CHECKING, Any

from litxdb.database.connecting import NotYetConnected, failed
from litxdb.database.endpoint import is_address
from litxdb.database.polling import finished
from litxdb.database.pooler import is_transaction_pooler
from litxdb.database.refusals import refusal
from litxdb.database.sessions import Database, statements
from litxdb.errors import Exit, LitxdbError
from litxdb.interruption import interruptible
from litxdb.results import Ping, Step

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

STARTED, AWAITING_RESPONSE, SSL_STARTUP = 2, 4, 7
"""libpq's ConnStatusType: TCP under way; the server has the start-up packet; TLS under way."""


def ping(db: Database, *, write: bool = False, wait_seconds: float = 0) -> Ping:
    """Connect, step by step, and say how far it went; a failure is in the result, not raised.

    With `wait_seconds`, failures that may pass are tried again until then. With `write`, a table is created and filled
    in a transaction that is rolled back: killed at any moment, it leaves nothing.
    """
    deadline, announced = time.monotonic() + wait_seconds, ""
    while True:
        attempt = _Attempt(db)
        error = attempt.run(write)
        if error is None or not isinstance(error, NotYetConnected) or time.monotonic() + 0.5 > deadline:
            return attempt.result(error)
        if error.message != announced:
            db.notify(f"{error.message} Waiting for up to {wait_seconds:g} s.")
            announced = error.message
        time.sleep(0.5)


class _Attempt:
    """One attempt: the steps it made, and the one it was at when it failed."""

    def __init__(self, db: Database) -> None:
        self.db, self.endpoint = db, db.endpoint
        self.steps: list[Step] = []
        self.at = "resolve"
        self.kind = "embedded" if db.endpoint.embedded else "pooled" if db.endpoint.is_neon_pooler else "direct"
        self.facts: tuple[str, ...] = ()
        self._since = time.perf_counter()

    def run(self, write: bool) -> LitxdbError | None:
        """Make the steps in order; return what stopped them."""
        import psycopg2

        try:
            self._resolve()
            with contextlib.closing(self._log_in()) as connection:
                self._query(connection)
                if write:
                    self._write(connection)
                self._recognise_pooler(connection)
        except LitxdbError as error:
            self._done(self._cause_of(error), ok=False)
            return error
        except psycopg2.Error as error:
            refused = refusal(error) if self.at in {"query", "write"} else None
            problem = refused or failed(self.endpoint, str(error), self.db.parameters())
            self._done(self._cause_of(problem), ok=False)
            return problem
        return None

    def result(self, error: LitxdbError | None) -> Ping:
        """Sum the attempt up."""
        user, database, version = self.facts or (None, None, None)
        return Ping(
            ok=error is None,
            exit_code=error.code if error else Exit.DONE,
            endpoint=str(self.endpoint),
            kind=self.kind,
            rows=tuple(self.steps),
            server_version=version,
            user=user,
            database=database,
            error=error.message if error else None,
            hint=error.hint if error else None,
        )

    def _cause_of(self, error: LitxdbError) -> str:
        return error.message.removeprefix(f"No connection to {self.endpoint}: ").removesuffix(".")

    def _done(self, detail: str, *, ok: bool = True, then: str = "") -> None:
        now = time.perf_counter()
        self.steps.append(Step(self.at, ok, (now - self._since) * 1000, detail))
        self._since, self.at = now, then

    def _resolve(self) -> None:
        names = [host for host in self.endpoint.hosts if not host.startswith(("/", "@")) and not is_address(host)]
        if names and "hostaddr" not in self.endpoint.parameters:
            addresses: list[str] = []
            for name in names:
                addresses += _addresses(name, self.db.settings.connect_timeout_seconds, self.endpoint)
            self._done(", ".join(dict.fromkeys(addresses)), then="connect")
        self.at = "connect"

    def _log_in(self) -> Connection:
        """Open the connection, telling its phases apart by libpq's status."""
        import psycopg2
        from psycopg2.extensions import make_dsn

        parameters = self.db.parameters()
        self._since = time.perf_counter()
        connection = psycopg2.connect(make_dsn(None, **parameters), async_=1)
        info: Any = connection.info

        def advance() -> None:
            if self.at == "connect" and info.status not in {STARTED}:
                self._done(_place(info), then="TLS")
            if (
                self.at == "TLS"
                and info.status != SSL_STARTUP
                and (info.ssl_in_use or info.status == AWAITING_RESPONSE)
            ):
                self._done(_tls(info, parameters), then="authenticate")

        if not finished(connection, time.monotonic() + self.db.settings.connect_timeout_seconds, advance):
            connection.close()
            raise failed(self.endpoint, "timeout expired")
        self._done(f"as {info.user}", then="query")
        return connection

    def _query(self, connection: Connection) -> None:
        row = self._execute(connection, "select 1, current_user, current_database(), current_setting('server_version')")
        self.facts = tuple(str(value) for value in row[1:])
        self._done("SELECT 1 answered", then="write")

    def _write(self, connection: Connection) -> None:
        table = f"litxdb_ping_{secrets.token_hex(6)}"
        self._execute(connection, "begin")
        try:
            self._execute(connection, f"create table {table} (written integer)")
            self._execute(connection, f"insert into {table} values (1) returning written")  # noqa: S608  (of our own making)
        finally:
            with contextlib.suppress(Exception):  # the connection may be gone, and the transaction with it
                self._execute(connection, "rollback")
        self._done("a table was created, filled, and rolled back")

    def _recognise_pooler(self, connection: Connection) -> None:
        """A pooler gives its clients process ids of its own; only then is it worth the test with two clients."""
        if self.kind != "direct":
            return
        pid = self._execute(connection, "select pg_backend_pid()")[0]
        if pid != connection.info.backend_pid:
            with contextlib.closing(self.db.connect(autocommit=True, retry=False)) as first:
                if is_transaction_pooler(first, self.db.parameters()):
                    self.kind = "pooled"

    def _execute(self, connection: Connection, statement: str) -> tuple[Any, ...]:
        statements.debug("%s", statement)
        with connection.cursor() as cursor:
            cursor.execute(statement)
            if not finished(connection, time.monotonic() + self.db.settings.connect_timeout_seconds):
                raise failed(self.endpoint, "timeout expired")
            return (cursor.fetchone() or ()) if cursor.description else ()


def _addresses(name: str, seconds: float, endpoint: Any) -> list[str]:
    try:
        found = interruptible(lambda: socket.getaddrinfo(name, None, type=socket.SOCK_STREAM), seconds)
    except (socket.gaierror, UnicodeError) as error:
        raise failed(endpoint, f'could not translate host name "{name}" to address: {error}') from None
    except TimeoutError:
        raise failed(
            endpoint, f'could not translate host name "{name}": temporary failure in name resolution'
        ) from None
    return [str(entry[4][0]) for entry in found]


def _place(info: Any) -> str:
    host = str(info.host or "")
    return f"socket in {host}" if host.startswith("/") else f"{host} port {info.port}"


def _tls(info: Any, parameters: dict[str, str]) -> str:
    if not info.ssl_in_use:
        return "none"
    mode = parameters.get("sslmode", "")
    verified = {"verify-full": "certificate and host name verified", "verify-ca": "certificate verified"}
    return ", ".join(
        (
            str(info.ssl_attribute("protocol")),
            str(info.ssl_attribute("cipher")),
            verified.get(mode, "certificate not verified"),
        )
    )
