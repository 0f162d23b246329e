"""The sessions that export and erase: each value is written the same way everywhere, and no policy hides a row."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from litxdb.database import Database
from litxdb.ownership import Schema

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

SETTINGS = {
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "jit": "off",
    "search_path": "",
    "timezone": "UTC",
    "datestyle": "ISO",
    "intervalstyle": "iso_8601",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "standard_conforming_strings": "on",
    # rather fail than leave out rows that a policy hides
    "row_security": "off",
}
PATIENCE_SECONDS = 30.0
"""How long a session that only reads waits for a lock."""
NEWER = {"transaction_timeout": ("0", 170000)}


@contextlib.contextmanager
def opened(db: Database, *, lock_seconds: float, own_search_path: bool = False) -> Iterator[Connection]:
    """Open a session of its own on the direct endpoint, in autocommit; no lock is waited for longer than this.

    With `own_search_path` the role's is kept: triggers that fire may rely on it.
    """
    with contextlib.closing(db.connect(direct=True, autocommit=True)) as connection:
        connection.set_client_encoding("UTF8")
        version = connection.info.server_version
        settings = SETTINGS | {name: value for name, (value, since) in NEWER.items() if version >= since}
        if own_search_path:
            del settings["search_path"]
        settings["lock_timeout"] = f"{max(1, round(lock_seconds * 1000))}ms"
        with connection.cursor() as cursor:
            calls = ", ".join(["set_config(%s, %s, false)"] * len(settings))
            cursor.execute(f"select {calls}", [word for pair in settings.items() for word in pair])
        yield connection


def begin_snapshot(connection: Connection) -> datetime:
    """Begin a transaction that sees one snapshot and changes nothing; returns the server's time of it."""
    with connection.cursor() as cursor:
        cursor.execute("begin isolation level repeatable read, read only")
        cursor.execute("select now()")
        row = cursor.fetchone()
    assert row is not None
    moment: datetime = row[0]
    return moment


def revisions(connection: Connection, schema: Schema) -> tuple[str, ...]:
    """Return the revisions that the schema stands at, where Alembic keeps them."""
    table = schema.find("alembic_version")
    if table is None or table.column("version_num") is None:
        return ()
    with connection.cursor() as cursor:
        cursor.execute(f"select version_num from {table.source} order by 1")
        return tuple(row[0] for row in cursor.fetchall())


def literal(text: str) -> str:
    """Write a text as SQL, for sessions with these settings.

    >>> print(literal("it's 50%"))
    'it''s 50%'
    """
    return "'" + text.replace("'", "''") + "'"
