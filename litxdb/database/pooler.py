"""Recognising a transaction pooler by what it does: it hands one client's server connection to another."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from litxdb.database.polling import finished

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

CONNECT_SECONDS = 30.0
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

    probe = psycopg2.connect(make_dsn(None, **parameters), async_=1)
    try:
        if not finished(probe, time.monotonic() + CONNECT_SECONDS):
            raise psycopg2.OperationalError("timeout expired")
        before = _pid(probe)
        with first.cursor() as cursor:
            cursor.execute("begin")
            try:
                return before is None or _pid(probe) != before
            finally:
                cursor.execute("rollback")
    finally:
        probe.close()


def _pid(probe: Connection) -> int | None:
    """Ask for the backend's pid; None when no server connection was to be had in time."""
    with probe.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        if not finished(probe, time.monotonic() + ANSWER_SECONDS):
            return None
        row = cursor.fetchone()
        return int(row[0]) if row else None
