"""Sessions that read one snapshot, set up so that a value is written the same way everywhere."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from litxdb.database import Database
from litxdb.database.faithful import prepare

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

OWN = {
    "lock_timeout": "30s",
    # as many cores as there are sessions, and no more: others use the server too
    "max_parallel_workers_per_gather": "0",
    "lc_monetary": "C",  # the text of money depends on it
}


@contextlib.contextmanager
def reading(db: Database, snapshot: str | None = None) -> Iterator[Connection]:
    """Open a read-only transaction on the direct endpoint that sees one snapshot, its own or the one exported."""
    with contextlib.closing(db.connect(direct=True, autocommit=True)) as connection:
        prepare(connection, OWN)
        with connection.cursor() as cursor:
            cursor.execute("begin isolation level repeatable read, read only")
            if snapshot:
                cursor.execute("set transaction snapshot %s", (snapshot,))
        yield connection


def export(connection: Connection) -> tuple[str, datetime]:
    """Begin such a transaction on a connection in autocommit, and return its snapshot's name and time.

    The snapshot can be imported as long as the transaction lasts. What was committed by then is in it.
    """
    prepare(connection, OWN)
    with connection.cursor() as cursor:
        cursor.execute("begin isolation level repeatable read, read only")
        cursor.execute("select pg_export_snapshot(), statement_timestamp()")
        row = cursor.fetchone()
    assert row is not None
    return row[0], row[1]
