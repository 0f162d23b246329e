"""Recognising a transaction pooler by what it does: it hands one client's server connection to another."""

from __future__ import annotations

import select
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

ANSWER_SECONDS = 3.0
"""An idle direct session answers at once; through a pooler whose server connections are all taken it waits."""


def is_transaction_pooler(first: Connection, parameters: Mapping[str, str]) -> bool:
    """Say whether a transaction pooler stands behind `first`, idle and in autocommit; opens a second one meanwhile.

    Two clients: one learns its backend's pid; the other begins a transaction, for which a pooler takes the server
    connection that was just given back; then the one is asked again. A session of its own keeps its pid, and answers
    at once. (Measured through PgBouncer 1.18; a pooler that gives each client a whole session counts as direct.)
    """
    import psycopg2
    from psycopg2.extensions import make_dsn

    probe = psycopg2.connect(make_dsn(**parameters), async_=1)
    deadline = time.monotonic() + ANSWER_SECONDS + float(parameters.get("connect_timeout", "10"))
    try:
        if not _ready(probe, deadline):
            return True
        before = _pid(probe, deadline)
        with first.cursor() as cursor:
            cursor.execute("begin")
            try:
                return before is None or _pid(probe, time.monotonic() + ANSWER_SECONDS) != before
            finally:
                cursor.execute("rollback")
    finally:
        probe.close()


def _pid(probe: Connection, deadline: float) -> int | None:
    with probe.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        if not _ready(probe, deadline):
            return None
        row = cursor.fetchone()
        return int(row[0]) if row else None


def _ready(probe: Connection, deadline: float) -> bool:
    """Wait until the asynchronous connection has its answer; False when the deadline comes first."""
    from psycopg2.extensions import POLL_OK, POLL_READ

    while (state := probe.poll()) != POLL_OK:
        left = max(0.0, deadline - time.monotonic())
        waiting = ([probe], []) if state == POLL_READ else ([], [probe])
        if not any(select.select(*waiting, [], left)):
            return False
    return True
