"""Who is in the way: the sessions that a session waits for, as they are named to a person."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from litxdb import queries
from litxdb.redaction import without_values

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

LONGEST_QUERY = 80
"""How much of a statement is shown, in characters."""


@dataclass(frozen=True)
class Blocker:
    """A session that another one waits for; None is what this role may not see of it."""

    pid: int
    application: str | None
    role: str | None
    host: str | None
    state: str | None
    seconds: float | None
    query: str | None
    table: str | None = None

    @property
    def who(self) -> str:
        """Name it for a person.

        >>> Blocker(42, "psql", "ada", None, "idle in transaction", 61.2, "select 1", "users").who
        'psql, pid 42, role ada, idle in transaction, its transaction open for 61 s: select 1'
        >>> Blocker(0, None, None, None, None, None, None).who
        'a prepared transaction (see pg_prepared_xacts)'
        """
        if not self.pid:
            return "a prepared transaction (see pg_prepared_xacts)"
        about = (
            self.application or "a session",
            f"pid {self.pid}",
            self.role and f"role {self.role}",
            self.host and f"from {self.host}",
            self.state,
            f"its transaction open for {self.seconds:.0f} s" if self.seconds is not None else None,
        )
        query = " ".join((self.query or "").split())
        said = query if len(query) <= LONGEST_QUERY else query[:LONGEST_QUERY] + "…"
        return ", ".join(filter(None, about)) + (f": {said}" if said else "")


def blockers(connection: Connection, pid: int) -> tuple[Blocker, ...]:
    """List the sessions that the session with this pid waits for now, the oldest transaction first.

    The values in their statements are left out: what is told of a blocker ends up in logs.
    """
    rows = _query(connection.info.server_version).run(connection, pid=pid)
    return tuple(Blocker(**{**row, "query": row["query"] and without_values(row["query"])}) for row in rows)


@functools.cache
def _query(server_version: int) -> queries.Query:
    return queries.load("sessions", "blockers", server_version)


class Lookout:
    """Watches, from another session, whom a session waits for; `found` is what was seen last.

    That cannot be asked afterwards: once lock_timeout has struck, nobody waits any more. A wait that lasts longer than
    `patience_seconds` is told while it lasts, each blocker once. `glance` is called at each look, and may use the
    connection.
    """

    def __init__(
        self,
        connection: Connection,
        pid: int,
        patience_seconds: float,
        notify: Callable[[str], None],
        glance: Callable[[], None] = lambda: None,
    ) -> None:
        self.found: tuple[Blocker, ...] = ()
        self._connection, self._pid, self._notify, self._glance = connection, pid, notify, glance
        self._patience_seconds = patience_seconds
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
        pause = min(0.5, self._patience_seconds / 5)
        waiting_since: float | None = None
        said: int | None = None
        while not self._ended.wait(pause):
            try:
                self._glance()
                looked = time.monotonic()  # before, lest our own slowness counts as the other's waiting
                seen = blockers(self._connection, self._pid)
            except psycopg2.Error:
                return  # whoever works beside this finds out by itself that the server is gone
            if not seen:
                waiting_since, said = None, None
                continue
            self.found = seen
            waiting_since = waiting_since or time.monotonic()
            if said != seen[0].pid and looked - waiting_since > self._patience_seconds + pause:
                said = seen[0].pid
                self._notify(f"still waiting for {seen[0].who}")
