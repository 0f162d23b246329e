"""psycopg2's connection with an end to its patience: see litxdb.database.silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg2  # noqa: TID253  (this module is imported with the first connection only)
from psycopg2.extensions import connection, cursor  # noqa: TID253  (likewise)

from litxdb.database.silence import said, watchdog


class NoAnswer(psycopg2.OperationalError):
    """The server said nothing for too long; the connection is closed."""


class BoundedConnection(connection):
    """Raises NoAnswer when an answer takes longer than `answer_seconds`.

    None, as it comes, waits for as long as it takes.
    """

    answer_seconds: float | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cursor_factory = BoundedCursor

    def commit(self) -> None:
        """Commit."""
        answered(self, super().commit)

    def rollback(self) -> None:
        """Roll back."""
        answered(self, super().rollback)


def answered(connection: BoundedConnection, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Make a call that waits for the server's answer, within the connection's bound."""
    seconds = connection.answer_seconds
    if seconds is None or connection.closed:
        return call(*args, **kwargs)
    wait = watchdog.begin(connection.fileno(), seconds)
    try:
        return call(*args, **kwargs)
    except psycopg2.Error:
        if not wait.over:
            raise
        connection.close()
        raise NoAnswer(said(seconds)) from None
    finally:
        watchdog.end(wait)


class BoundedCursor(cursor):
    """A cursor of a BoundedConnection. What it fetches comes from the server only where the cursor has a name."""

    connection: BoundedConnection

    def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002  (psycopg2's own name)
        """Run a statement."""
        answered(self.connection, super().execute, query, vars)

    def executemany(self, query: Any, vars_list: Any) -> None:
        """Run a statement with each of these values, which counts as one."""
        answered(self.connection, super().executemany, query, vars_list)

    def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> None:
        """Copy."""
        answered(self.connection, super().copy_expert, sql, file, size)

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        """Fetch some rows."""
        size = self.arraysize if size is None else size
        if self.name is None:
            return super().fetchmany(size)
        return list(answered(self.connection, super().fetchmany, size))

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Fetch the other rows."""
        if self.name is None:
            return super().fetchall()
        return list(answered(self.connection, super().fetchall))
