"""The same door for coroutines: psycopg 3 with the parameters that psycopg2 gets, and SQLAlchemy's async engine."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import time
from collections.abc import AsyncIterator, Callable
from functools import cached_property
from typing import TYPE_CHECKING, Self

from litxdb.database.connecting import KEEPALIVES, NotYetConnected, Patience, failed, for_attempt, longest
from litxdb.database.limits import SERVICE, Limits
from litxdb.database.sessions import Database, health, pool_figures
from litxdb.database.silence import bound, bound_idle
from litxdb.errors import ToolMissing
from litxdb.results import Health
from litxdb.settings import Settings

if TYPE_CHECKING:
    from psycopg import AsyncConnection
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


class AsyncDatabase:
    """A PostgreSQL database for one event loop; nothing is opened before it is needed.

    Takes what `Database` takes, from which it has the endpoint, the rules for TLS, the limits and the circuit breaker.
    Needs the extra: pip install 'litxdb[async]'.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        settings: Settings | None = None,
        limits: Limits = SERVICE,
        command: str = "library",
        notify: Callable[[str], None] | None = None,
    ) -> None:
        for module in ("psycopg", "greenlet"):
            try:
                importlib.import_module(module)
            except ImportError as error:
                hint = "Run: pip install 'litxdb[async]'"
                raise ToolMissing(f"An asynchronous database needs {module}.", hint) from error
        self._database = Database(url, settings=settings, limits=limits, command=command, notify=notify)
        self.limits = limits

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"Async{self._database!r}"

    async def close(self) -> None:
        """Close the pool's idle connections; the database can be used again afterwards, in another loop too."""
        if engine := self.__dict__.pop("engine", None):
            await engine.dispose()

    async def connect(self) -> AsyncConnection:
        """Open a psycopg connection that a transaction pooler may stand before; the caller closes it.

        It never prepares statements: the next transaction may be another server's. Transient failures are retried for
        `retry_seconds` of the settings. Raises ConnectionFailed.
        """
        from tenacity import AsyncRetrying

        # Finding the endpoint may start the embedded server, and reads files: not for the event loop.
        parameters = {**KEEPALIVES, **await asyncio.to_thread(self._database.parameters)}
        seconds = self._database.settings.retry_seconds
        deadline = time.monotonic() + seconds
        try:
            return await self._attempt(parameters, deadline)
        except NotYetConnected as failure:
            if deadline <= time.monotonic():
                raise
            patience = Patience(failure, deadline, self._database.notify)
        await asyncio.sleep(patience.first_pause)
        try:
            return await AsyncRetrying(**patience.options())(self._attempt, parameters, deadline)
        except NotYetConnected as error:
            raise patience.given_up(error) from None

    async def _attempt(self, parameters: dict[str, str], deadline: float) -> AsyncConnection:
        import psycopg

        from litxdb.database.bounded_async import BoundedAsyncConnection

        endpoint = self._database.endpoint
        timeout = for_attempt(self._database.settings.connect_timeout_seconds, deadline)
        try:
            async with asyncio.timeout(longest(endpoint, timeout)):
                return await BoundedAsyncConnection.connect(
                    prepare_threshold=None,
                    connect_timeout=timeout,
                    **parameters,  # type: ignore[arg-type]  # connect() has types for its own parameters alone
                )
        except psycopg.Error as error:
            raise failed(endpoint, str(error), parameters) from None
        except TimeoutError:
            raise failed(endpoint, "timeout expired") from None

    @cached_property
    def engine(self) -> AsyncEngine:
        """The SQLAlchemy engine on the endpoint as given, with one pool, as large as the limits say."""
        from sqlalchemy.ext.asyncio import create_async_engine

        from litxdb.database.fair_pool import FairPool

        engine = create_async_engine(
            "postgresql+psycopg://", async_creator=self._pooled, poolclass=FairPool, **self.limits.pool()
        )
        bound_idle(engine.pool)
        return engine

    async def _pooled(self) -> AsyncConnection:
        with self._database.breaker.guard():
            connection = await self.connect()
        bound(connection, 0)
        return connection

    @contextlib.asynccontextmanager
    async def session(self, *, resolvable: bool = False) -> AsyncIterator[AsyncSession]:
        """Open an ORM session that commits at the end of the block and rolls back on any exception.

        As `Database.session`, with the same errors.
        """
        from litxdb.database.units import async_unit

        async with async_unit(self.engine, self.limits, resolvable=resolvable) as session:
            yield session

    async def health(self) -> Health:
        """Ask one query through the pool; a failure is in the result, not raised."""
        start, connected = time.perf_counter(), False
        try:
            async with self.engine.connect() as connection:
                connected = True
                bound((await connection.get_raw_connection()).driver_connection, 0)
                answered = (await connection.exec_driver_sql("select 1")).scalar_one() == 1
            error = None
        except Exception as failure:
            answered, error = False, str(failure).partition("\n")[0]
        return health(start, pool_figures(self.engine.pool), connected=connected, answered=answered, error=error)
