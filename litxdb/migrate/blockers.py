"""Who is in the way: the sessions that a migration waits for, and backups that it had better not disturb."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from litxdb import queries
from litxdb.errors import LockHeld
from litxdb.migrate.results import Blocker

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

DUMP_POLL_SECONDS = 0.5


def wait_for_dumps(connection: Connection, wait_seconds: float, notify: Callable[[str], None]) -> None:
    """Let a running pg_dump or litxdb backup of this database finish; raises LockHeld, naming it, if it takes longer.

    A statement that wants an ACCESS EXCLUSIVE lock would queue behind it, and every reader behind that statement.
    """
    deadline = time.monotonic() + wait_seconds
    said: int | None = None
    while dumps := _ask(connection, "dumps"):
        if time.monotonic() >= deadline:
            raise LockHeld(
                f"A backup is reading this database: {dumps[0].who}.",
                "Run it again when the backup is done, or give it more time with --retry.",
            )
        if said != dumps[0].pid:
            said = dumps[0].pid
            notify(f"waiting up to {wait_seconds:g} s for a backup to finish: {dumps[0].who}")
        time.sleep(min(DUMP_POLL_SECONDS, max(0.0, deadline - time.monotonic())))


class Lookout:
    """Watches, from another session, whom a session waits for; `found` is what was seen last.

    That cannot be asked afterwards: once lock_timeout has struck, nobody waits any more. A wait that lasts longer than
    lock_timeout, as an index build CONCURRENTLY is allowed to, is told while it lasts.
    """

    def __init__(
        self, connection: Connection, pid: int, lock_timeout_seconds: float, notify: Callable[[str], None]
    ) -> None:
        self.found: tuple[Blocker, ...] = ()
        self._connection, self._pid, self._notify = connection, pid, notify
        self._lock_timeout_seconds = lock_timeout_seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="litxdb lookout", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        import psycopg2

        # often enough to see a wait that lock_timeout ends, seldom enough to cost nothing
        pause = min(0.5, self._lock_timeout_seconds / 5)
        waiting_since: float | None = None
        said = False
        while not self._ended.wait(pause):
            try:
                seen = _ask(self._connection, "blockers", pid=self._pid)
            except psycopg2.Error:
                return  # the migration itself finds out that its lock is lost
            if not seen:
                waiting_since, said = None, False
                continue
            self.found = seen
            waiting_since = waiting_since or time.monotonic()
            if not said and time.monotonic() - waiting_since > self._lock_timeout_seconds + pause:
                said = True
                self._notify(f"still waiting for {seen[0].who}")


def _ask(connection: Connection, name: str, **parameters: Any) -> tuple[Blocker, ...]:
    query = _query(name, connection.info.server_version)
    return tuple(Blocker(**row) for row in query.run(connection, **parameters))


@functools.cache
def _query(name: str, server_version: int) -> queries.Query:
    return queries.load("migrate", name, server_version)
