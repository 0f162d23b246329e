"""Lending our connection to a stranger's env.py, whatever connection it opens itself."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine


@contextlib.contextmanager
def lent_to_all(connection: Connection) -> Iterator[None]:
    """Have every engine but the connection's own give out this connection, asynchronous engines too.

    A stranger's env.py may build an engine of any URL and set the session up before it hands it to Alembic: so it
    sets up ours, and reaches no other database. Holds for all threads of the process.
    """
    from sqlalchemy import Engine

    connect = Engine.connect

    def lend(engine: Engine, *_: Any, **__: Any) -> Any:
        return connect(engine) if engine is connection.engine else _Lent(connection)

    replaced: list[tuple[Any, Callable[..., Any]]] = [(Engine, lend)]
    with contextlib.suppress(ImportError):
        from sqlalchemy.ext.asyncio import AsyncEngine

        replaced.append((AsyncEngine, lambda *_, **__: _AsyncLent(connection)))
    with contextlib.ExitStack() as stack:
        for kind, replacement in replaced:
            for name in ("connect", "begin"):
                stack.callback(setattr, kind, name, getattr(kind, name))
                setattr(kind, name, replacement)
        yield


class _Lent:
    """A connection whose borrower may leave its block, or close it, without closing it for us."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> Connection:
        return self._connection

    def __exit__(self, *exception: object) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def close(self) -> None:
        """Leave it open: it is ours."""


class _AsyncLent:
    """The same for an asynchronous engine's users; nothing is awaited in truth."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __await__(self) -> Generator[Any, None, _AsyncLent]:
        return self
        yield

    async def __aenter__(self) -> _AsyncLent:
        return self

    async def __aexit__(self, *exception: object) -> None:
        pass

    async def run_sync(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        with _percent_signs_kept(self._connection.engine):
            return function(self._connection, *arguments, **named)

    async def close(self) -> None:
        """Leave it open: it is ours."""

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def call(*arguments: Any, **named: Any) -> Any:
            return getattr(self._connection, name)(*arguments, **named)

        return call


@contextlib.contextmanager
def _percent_signs_kept(engine: Engine) -> Iterator[None]:
    """Have exec_driver_sql() mean what it does with asyncpg, where % is no placeholder as it is with psycopg2."""
    from sqlalchemy import event

    def double(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> Any:
        raw = context.compiled is None and not parameters
        return statement.replace("%", "%%") if raw else statement, parameters

    event.listen(engine, "before_cursor_execute", double, retval=True)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", double)
