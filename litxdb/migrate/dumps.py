"""Backups that a migration had better not disturb."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from litxdb import queries
from litxdb.blockers import Blocker
from litxdb.errors import LockHeld

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

POLL_SECONDS = 0.5


def wait_for_dumps(connection: Connection, wait_seconds: float, notify: Callable[[str], None]) -> None:
    """Let a running pg_dump or litxdb backup of this database finish; raises LockHeld, naming it, if it takes longer.

    A statement that wants an ACCESS EXCLUSIVE lock would queue behind it, and every reader behind that statement.
    """
    deadline = time.monotonic() + wait_seconds
    said: int | None = None
    while dumps := _dumps(connection):
        if time.monotonic() >= deadline:
            raise LockHeld(
                f"A backup is reading this database: {dumps[0].who}.",
                "Run it again when the backup is done, or give it more time with --retry.",
            )
        if said != dumps[0].pid:
            said = dumps[0].pid
            notify(f"waiting up to {wait_seconds:g} s for a backup to finish: {dumps[0].who}")
        time.sleep(min(POLL_SECONDS, max(0.0, deadline - time.monotonic())))


def _dumps(connection: Connection) -> list[Blocker]:
    return [Blocker(**row) for row in _query(connection.info.server_version).run(connection)]


@functools.cache
def _query(server_version: int) -> queries.Query:
    return queries.load("migrate", "dumps", server_version)
