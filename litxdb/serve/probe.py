"""One touch of the database: `select 1` on a connection that is kept, with an end that no hang can put off."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

from litxdb.database import Database
from litxdb.database.sessions import health, pool_figures
from litxdb.errors import LitxdbError
from litxdb.interruption import unwatch
from litxdb.redaction import redact
from litxdb.results import Health, PoolFigures

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

TIMEOUT_SECONDS = 5.0
"""A server that does not answer `select 1` for so long does not work for anybody."""
KEPT_SECONDS = 60.0
"""With a longer interval the connection is closed in between: a server, or a proxy, would do it anyway."""
QUESTION = "select 1"


class Probe:
    """Touches a database, one call at a time. `pool` is the one whose figures go with the answer."""

    def __init__(self, db: Database, interval_seconds: float, pool: Any = None) -> None:
        self.db = db
        self._pool = pool
        _ = pool or db.engine  # imports SQLAlchemy now, and not while somebody waits
        self._keep = interval_seconds <= KEPT_SECONDS
        self._connection: Connection | None = None
        self._lock = threading.Lock()

    def __call__(self) -> Health:
        """Ask once; a connection that was lost meanwhile is made anew. A failure is in the answer, not raised."""
        import psycopg2

        from litxdb.database.bounded import NoAnswer

        start, connected, error = time.perf_counter(), False, None
        with self._lock:
            try:
                try:
                    self._ask(self._kept())
                except NoAnswer:
                    raise
                except psycopg2.Error:
                    self.close()
                    self._ask(self._kept())
            except (LitxdbError, psycopg2.Error) as failure:
                connected, error = self._connection is not None, _said(failure)
                self.close()
            if not self._keep:
                self.close()
        answered = error is None
        pool = self.pool_figures()
        return health(start, pool, connected=answered or connected, answered=answered, error=error)

    def pool_figures(self) -> PoolFigures:
        """Count the pool's connections, now; asks nobody."""
        return pool_figures(self._pool or self.db.engine.pool)

    def close(self) -> None:
        """Close the connection."""
        import psycopg2

        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg2.Error):
                connection.close()

    def _kept(self) -> Connection:
        if self._connection is None:
            connection: Any = self.db.connect(autocommit=True, retry=False)
            connection.answer_seconds = TIMEOUT_SECONDS
            unwatch(connection)  # a cancel request would hang where the network has died
            self._connection = connection
        return self._connection

    def _ask(self, connection: Connection) -> None:
        with connection.cursor() as cursor:
            cursor.execute(QUESTION)


def _said(failure: BaseException) -> str:
    text = failure.message if isinstance(failure, LitxdbError) else str(failure)
    return redact(text.strip()).partition("\n")[0]
