"""Advisory locks of a session: one run at a time, wherever the programs are.

The lock is polled. A session that waits inside pg_advisory_lock() holds a snapshot, and CREATE INDEX CONCURRENTLY in
another session waits for that snapshot: PostgreSQL cannot see that the two wait for each other, and they hang.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from litxdb.errors import LockHeld

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

BACKUP = ".litxdb_backup"
"""The name of the lock that keeps backups of a database apart."""
SCHEMA = ".litxdb_schema"
"""The name of the lock that migrations share, of whatever project, and that a backup must have for itself."""

POLL_SECONDS = 0.5
KEY = "select hashtextextended(current_database() || %s, 0)"
HOLDER = """
select
    l.pid,
    extract(epoch from clock_timestamp() - a.backend_start)::float8,
    concat_ws(', ',
        coalesce(nullif(a.application_name, ''), 'another session'),
        'pid ' || l.pid,
        'role ' || a.usename,
        case when a.client_port = -1 then 'by a socket of its machine' else 'from ' || host(a.client_addr) end,
        'since ' || to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ'))
from pg_locks l left join pg_stat_activity a using (pid)
where l.locktype = 'advisory' and l.granted and l.objsubid = 1
    and l.database = (select oid from pg_database where datname = current_database())
    and (l.classid::bigint << 32) | l.objid::bigint = %s
    and l.pid <> pg_backend_pid()
limit 1
"""


@dataclass(frozen=True)
class Holder:
    """The session that has a lock; `seconds` is its age, None where the role may not see it."""

    pid: int
    seconds: float | None
    who: str


def holder(connection: Connection, name: str) -> Holder | None:
    """Return who else holds the lock of this name in this database."""
    with connection.cursor() as cursor:
        cursor.execute(KEY, (name,))
        return _holder(cursor, cursor.fetchone())


def idle_for_long(connection: Connection) -> None:
    """Let nothing end a session that holds a lock while another one works, and nothing hold it up."""
    with connection.cursor() as cursor:
        cursor.execute("set idle_session_timeout = 0; set statement_timeout = 0; set lock_timeout = '1s'")


def acquire(
    connection: Connection,
    name: str,
    wait_seconds: float,
    *,
    subject: str,
    notify: Callable[[str], None],
    shared: bool = False,
) -> None:
    """Hold the lock of this name in this database until the connection is closed; it is in autocommit.

    `subject` says what the holder is, as in "another migration of this database". Raises LockHeld, naming the holder,
    if the lock is not free in time.
    """
    deadline = time.monotonic() + wait_seconds
    attempt = f"select pg_try_advisory_lock{'_shared' if shared else ''}(%s)"
    said = False
    with connection.cursor() as cursor:
        cursor.execute(KEY, (name,))
        key = cursor.fetchone()
        while True:
            cursor.execute(attempt, key)
            if cursor.fetchone() == (True,):
                return
            found = _holder(cursor, key)
            who = found.who if found else "a session that just ended"
            if time.monotonic() >= deadline:
                gone = f": select pg_terminate_backend({found.pid})." if found else "."
                raise LockHeld(
                    f"{subject[0].upper()}{subject[1:]} is running ({who}).",
                    f"Wait until it is done; if its program is gone, end the session{gone}",
                )
            if not said:
                notify(f"waiting up to {wait_seconds:g} s for {subject} ({who})")
                said = True
            # some jitter, so that several waiting runs do not ask in step
            pause = POLL_SECONDS * random.uniform(0.8, 1.2)  # noqa: S311  (no secret)
            time.sleep(min(pause, max(0.0, deadline - time.monotonic())))


def _holder(cursor: Cursor, key: tuple[Any, ...] | None) -> Holder | None:
    cursor.execute(HOLDER, key)
    row = cursor.fetchone()
    return Holder(*row) if row else None
