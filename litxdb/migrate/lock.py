"""One migration at a time: an advisory lock in a session of its own.

The lock is polled. A session that waits inside pg_advisory_lock() holds a snapshot, and CREATE INDEX CONCURRENTLY in
another session waits for that snapshot: PostgreSQL cannot see that the two wait for each other, and they hang.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from litxdb.database import Database
from litxdb.errors import LockHeld

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

POLL_SECONDS = 0.5
KEY = "select hashtextextended(current_database() || '.alembic_version', 0)"
HOLDER = """
select concat_ws(', ',
    coalesce(nullif(a.application_name, ''), 'another session'),
    'pid ' || l.pid,
    'role ' || a.usename,
    case when a.client_port = -1 then 'by a socket of its machine' else 'from ' || host(a.client_addr) end,
    'since ' || to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ'))
from pg_locks l left join pg_stat_activity a using (pid)
where l.locktype = 'advisory' and l.granted and l.objsubid = 1
    and l.database = (select oid from pg_database where datname = current_database())
    and (l.classid::bigint << 32) | l.objid::bigint = %s
"""
HELD = "select exists (select from pg_locks where pid = pg_backend_pid() and locktype = 'advisory' and granted)"


@contextmanager
def migration_lock(db: Database, wait_seconds: float) -> Iterator[MigrationLock]:
    """Hold the migration lock of the database; raises LockHeld, naming the holder, if it is not free in time."""
    with closing(db.connect(direct=True, autocommit=True)) as connection:
        lock = MigrationLock(connection)
        lock.acquire(db, wait_seconds)
        yield lock


class MigrationLock:
    """The lock, and the idle session that holds it until it is closed."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def acquire(self, db: Database, wait_seconds: float) -> None:
        """Try until it is ours or the time is up."""
        deadline = time.monotonic() + wait_seconds
        said = False
        with self.connection.cursor() as cursor:
            # this session idles, and writes the log: nothing may end it, and nothing may hold it up
            cursor.execute("set idle_session_timeout = 0; set statement_timeout = 0; set lock_timeout = '1s'")
            cursor.execute(KEY)
            key = cursor.fetchone()
            while True:
                cursor.execute("select pg_try_advisory_lock(%s)", key)
                if cursor.fetchone() == (True,):
                    return
                cursor.execute(HOLDER, key)
                holder = (cursor.fetchone() or ("a session that just ended",))[0]
                if time.monotonic() >= deadline:
                    raise LockHeld(
                        f"Another migration of this database is running ({holder}).",
                        "Wait until it is done; if its program is gone, end the session: "
                        "select pg_terminate_backend(PID).",
                    )
                if not said:
                    db.notify(f"waiting up to {wait_seconds:g} s for another migration ({holder})")
                    said = True
                # some jitter, so that several waiting runs do not ask in step
                pause = POLL_SECONDS * random.uniform(0.8, 1.2)  # noqa: S311
                time.sleep(min(pause, max(0.0, deadline - time.monotonic())))

    def check(self) -> None:
        """Raise LockHeld if the lock is lost, as when the server ended the idle session."""
        import psycopg2

        try:
            with self.connection.cursor() as cursor:
                cursor.execute(HELD)
                held = cursor.fetchone() == (True,)
        except psycopg2.Error:
            held = False
        if not held:
            raise LockHeld(
                "The session that holds the migration lock has ended, so another run might be starting.",
                "Run litxdb migrate again: it goes on after the last revision that was applied.",
            )
