"""The sessions that export and erase: each value is written the same way everywhere, and no policy hides a row."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from litxdb.blockers import Lookout
from litxdb.database import Database
from litxdb.database.faithful import prepare
from litxdb.errors import ServerRefused
from litxdb.ownership import Schema

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

PATIENCE_SECONDS = 30.0
"""How long a session that only reads waits for a lock."""


@contextlib.contextmanager
def opened(db: Database, *, lock_seconds: float, own_search_path: bool = False) -> Iterator[Connection]:
    """Open a session of its own on the direct endpoint, in autocommit; no lock is waited for longer than this.

    With `own_search_path` the role's is kept: triggers that fire may rely on it.
    """
    with contextlib.closing(db.connect(direct=True, autocommit=True)) as connection:
        own = {"standard_conforming_strings": "on", "lock_timeout": f"{max(1, round(lock_seconds * 1000))}ms"}
        prepare(connection, own, own_search_path=own_search_path)
        yield connection


@contextlib.contextmanager
def naming_blockers(
    db: Database, onlooker: Connection, connection: Connection, lock_seconds: float, undone: str, longer: str = ""
) -> Iterator[None]:
    """Say who held the lock that was not free in time: another session looks on."""
    import psycopg2

    lookout = Lookout(onlooker, connection.info.backend_pid, lock_seconds, db.notify)
    try:
        with lookout:
            yield
    except psycopg2.errors.LockNotAvailable:
        holder = lookout.found[0] if lookout.found else None
        ways = ("Try again", longer, f"or: litxdb terminate {holder.pid}" if holder else "")
        raise ServerRefused(
            f"A lock was not free within {lock_seconds:g} s{f': {holder.who}' if holder else ''}. {undone}",
            f"{', '.join(filter(None, ways))}.",
        ) from None


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
