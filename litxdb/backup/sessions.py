"""Sessions that read one snapshot, set up so that a value is written the same way everywhere."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from litxdb.database import Database

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

SETTINGS = {
    # nothing may end it: it idles for as long as the dump takes
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "lock_timeout": "30s",
    # as many cores as there are sessions, and no more: others use the server too
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    # what the text of a value depends on
    "search_path": "",
    "timezone": "UTC",
    "datestyle": "ISO",
    "intervalstyle": "iso_8601",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "lc_monetary": "C",
    # rather fail than leave out rows that a policy hides
    "row_security": "off",
}
NEWER = {"transaction_timeout": ("0", 170000)}


@contextlib.contextmanager
def reading(db: Database, snapshot: str | None = None) -> Iterator[Connection]:
    """Open a read-only transaction on the direct endpoint that sees one snapshot, its own or the one exported."""
    with contextlib.closing(db.connect(direct=True, autocommit=True)) as connection:
        prepare(connection)
        with connection.cursor() as cursor:
            cursor.execute("begin isolation level repeatable read, read only")
            if snapshot:
                cursor.execute("set transaction snapshot %s", (snapshot,))
        yield connection


def export(connection: Connection) -> tuple[str, datetime]:
    """Begin such a transaction on a connection in autocommit, and return its snapshot's name and time.

    The snapshot can be imported as long as the transaction lasts. What was committed by then is in it.
    """
    prepare(connection)
    with connection.cursor() as cursor:
        cursor.execute("begin isolation level repeatable read, read only")
        cursor.execute("select pg_export_snapshot(), statement_timestamp()")
        row = cursor.fetchone()
    assert row is not None
    return row[0], row[1]


def prepare(connection: Connection) -> None:
    """Make the settings for the session, which is in autocommit."""
    connection.set_client_encoding("UTF8")
    version = connection.info.server_version
    settings = SETTINGS | {name: value for name, (value, since) in NEWER.items() if version >= since}
    calls = ", ".join(["set_config(%s, %s, false)"] * len(settings))
    with connection.cursor() as cursor:
        cursor.execute(f"select {calls}", [word for pair in settings.items() for word in pair])
