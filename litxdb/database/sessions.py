"""The one door to a server: psycopg2 connections, the SQLAlchemy engine, and its sessions."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Self

from litxdb.database.breaker import Breaker
from litxdb.database.connecting import connect, failed
from litxdb.database.endpoint import Endpoint
from litxdb.database.limits import SERVICE, Limits
from litxdb.database.locating import direct, locate
from litxdb.database.pooler import is_transaction_pooler
from litxdb.database.silence import bound, bound_idle
from litxdb.database.tls import secure
from litxdb.errors import Refused
from litxdb.interruption import watch
from litxdb.settings import Settings

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from sqlalchemy import Engine, Pool
    from sqlalchemy.orm import Session

    from litxdb.results import Health, PoolFigures

statements = logging.getLogger("litxdb.sql")


class Database:
    """A PostgreSQL database, by URL or as the settings say; nothing is opened before it is needed.

    Safe to share between threads. `command` ends up in application_name, `notify` gets lines for a person (waiting,
    warnings, the embedded server being created). As a context manager it closes the pool at the end.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        settings: Settings | None = None,
        limits: Limits = SERVICE,
        command: str = "library",
        notify: Callable[[str], None] | None = None,
        create_local: bool = False,
    ) -> None:
        self.settings = settings or Settings.load(url)
        self.limits = limits
        self.breaker = Breaker(limits, lambda: str(self.endpoint))
        self.command = command
        self.notify = notify or (lambda line: None)
        self._create_local = create_local
        self._lock = threading.RLock()
        self._warned: set[str] = set()
        self._proven_direct = False
        self._engine: Engine | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Database({self.endpoint})"

    def close(self) -> None:
        """Close the pool's idle connections; the database can be used again afterwards."""
        with self._lock:
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None

    @cached_property
    def endpoint(self) -> Endpoint:
        """Where the database is; starts the embedded server when it is the one. Raises ConfigurationInvalid."""
        with self._lock:
            for warning in self.settings.warnings:
                self._warn(warning)
            return locate(self.settings, create_local=self._create_local, notify=self.notify)

    @cached_property
    def direct_endpoint(self) -> Endpoint:
        """Where sessions last: the endpoint without its pooler."""
        return direct(self.endpoint, self.settings)

    def sibling(self, dbname: str) -> Database:
        """Return another database of the same server, by the direct endpoint."""
        other = Database(settings=replace(self.settings, direct_url=None), command=self.command, notify=self.notify)
        here = self.direct_endpoint
        other.endpoint = replace(here, parameters={**here.parameters, "dbname": dbname})
        other._warned = self._warned
        return other

    def parameters(self, endpoint: Endpoint | None = None, command: str | None = None) -> dict[str, str]:
        """Return libpq's keywords for the endpoint, TLS and application_name included. They may hold the password."""
        endpoint = endpoint or self.endpoint
        parameters, warnings = secure(endpoint, self.settings)
        for warning in warnings:
            self._warn(warning)
        return {**parameters, "application_name": f"litxdb {command or self.command}"}

    def connect(
        self, *, direct: bool = False, autocommit: bool = False, retry: bool = True, command: str | None = None
    ) -> Connection:
        """Open a psycopg2 connection; the caller closes it.

        With `direct` it is a session of its own, never a pooler's: Refused if only a transaction pooler is to be had.
        Transient failures are retried for `retry_seconds` of the settings, unless `retry` is false. `command` is shown
        instead of the database's own. Raises ConnectionFailed.
        """
        endpoint = self.direct_endpoint if direct else self.endpoint
        if direct:
            self._prove_direct(endpoint)
        connection = self._open(endpoint, self.settings.retry_seconds if retry else 0, command)
        connection.autocommit = autocommit
        return connection

    @property
    def engine(self) -> Engine:
        """The SQLAlchemy engine on the endpoint as given, with one pool, as large as the limits say."""
        from sqlalchemy import create_engine

        with self._lock:
            if self._engine is None:
                self._engine = create_engine("postgresql+psycopg2://", creator=self._pooled, **self.limits.pool())
                bound_idle(self._engine.pool)
            return self._engine

    def _pooled(self) -> Connection:
        with self.breaker.guard():
            connection = self.connect()
        bound(connection, 0)
        return connection

    @cached_property
    def direct_engine(self) -> Engine:
        """An SQLAlchemy engine whose every connection is a session of its own on the direct endpoint, unpooled."""
        from sqlalchemy import NullPool, create_engine

        return create_engine("postgresql+psycopg2://", creator=lambda: self.connect(direct=True), poolclass=NullPool)

    @contextlib.contextmanager
    def session(self, *, resolvable: bool = False) -> Iterator[Session]:
        """Open an ORM session that commits at the end of the block and rolls back on any exception.

        Its statements are bound by the limits, in a way that a transaction pooler does not hand on to others. Raises
        PoolExhausted when no connection comes free in time, CircuitOpen when the server is known to be away,
        ConnectionLost when it goes away (nothing is written then), and CommitUnknown when that happened while it
        committed; with `resolvable` the error carries what `litxdb.repositories.retried` finds the truth by.
        """
        from litxdb.database.units import unit

        with unit(self.engine, self.limits, resolvable=resolvable) as session:
            yield session

    def health(self) -> Health:
        """Ask one query through the pool; a failure is in the result, not raised."""
        start, connected = time.perf_counter(), False
        try:
            with self.engine.connect() as connection:
                connected = True
                bound(connection.connection.driver_connection, 0)
                answered = connection.exec_driver_sql("select 1").scalar_one() == 1
            error = None
        except Exception as failure:
            answered, error = False, str(failure).partition("\n")[0]
        return health(start, pool_figures(self.engine.pool), connected=connected, answered=answered, error=error)

    def _open(self, endpoint: Endpoint, retry_seconds: float, command: str | None = None) -> Connection:
        connection = connect(
            endpoint,
            self.parameters(endpoint, command),
            timeout_seconds=self.settings.connect_timeout_seconds,
            retry_seconds=retry_seconds,
            notify=self.notify,
        )
        watch(connection)
        if statements.isEnabledFor(logging.DEBUG):
            from litxdb.database.tracing import LoggingCursor

            connection.cursor_factory = LoggingCursor
        return connection

    def _prove_direct(self, endpoint: Endpoint) -> None:
        """Refuse a transaction pooler, once a database: session locks and settings go to strangers there."""
        import psycopg2

        with self._lock:
            if self._proven_direct or endpoint.embedded:
                return
            with contextlib.closing(self._open(endpoint, self.settings.retry_seconds)) as connection:
                connection.autocommit = True
                try:
                    pooled = is_transaction_pooler(connection, self.parameters(endpoint))
                except psycopg2.Error as error:
                    raise failed(endpoint, str(error)) from None
            if pooled:
                raise Refused(
                    f"{endpoint} is a transaction pooler: locks and settings of a session would go to other clients.",
                    "Give --url the server itself, not its pooler."
                    if self.settings.source == "--url"
                    else "Set DIRECT_DATABASE_URL to the server itself, beside DATABASE_URL.",
                )
            self._proven_direct = True

    def _warn(self, warning: str) -> None:
        if warning not in self._warned:
            self._warned.add(warning)
            self.notify(f"warning: {warning}")


def pool_figures(pool: Pool) -> PoolFigures:
    """Count the connections of an engine's pool."""
    from sqlalchemy import QueuePool

    from litxdb.results import PoolFigures

    assert isinstance(pool, QueuePool)
    # QueuePool counts its overflow from -size upwards: below zero nothing overflows
    return PoolFigures(pool.size(), pool.checkedin(), pool.checkedout(), max(0, pool.overflow()))


def health(start: float, pool: PoolFigures, *, connected: bool, answered: bool, error: str | None) -> Health:
    """Put together what one query, begun at this moment of time.perf_counter(), showed."""
    from litxdb.results import Health

    return Health(
        healthy=answered,
        connection=connected,
        query=answered,
        milliseconds=(time.perf_counter() - start) * 1000,
        pool=pool,
        timestamp=datetime.now(UTC),
        error=error,
    )
