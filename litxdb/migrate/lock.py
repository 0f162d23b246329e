"""One migration at a time, and none during a backup: an advisory lock in a session of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from litxdb.database import Database
from litxdb.database.advisory import SCHEMA, acquire, idle_for_long
from litxdb.errors import STOPPED, LockHeld
from litxdb.migrate.project import Project
from litxdb.migrate.state import version_table

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

HELD = "select exists (select from pg_locks where pid = pg_backend_pid() and locktype = 'advisory' and granted)"


@contextmanager
def migration_lock(db: Database, project: Project, wait_seconds: float) -> Iterator[MigrationLock]:
    """Hold the lock of this database and version table; raises LockHeld, naming the holder, if it is not free in time.

    Another project's migrations of the same database have a lock of their own.
    """
    with closing(db.connect(direct=True, autocommit=True)) as connection:
        idle_for_long(connection)  # and it writes the log
        table = version_table(connection, project)
        try:
            migration, backup = "another migration of this database", "a backup of this database"
            acquire(connection, lock_name(table), wait_seconds, subject=migration, notify=db.notify)
            acquire(connection, SCHEMA, wait_seconds, subject=backup, notify=db.notify, shared=True)
        except STOPPED:
            db.notify("Nothing was changed: this run was waiting for another.")
            raise
        yield MigrationLock(connection, table)


def lock_name(version_table: str) -> str:
    """Return the name of the migration lock of the project that records its revisions in this table."""
    return f".{version_table}"


class MigrationLock:
    """The lock, and the idle session that holds it until it is closed; `version_table` is with its schema."""

    def __init__(self, connection: Connection, version_table: str) -> None:
        self.connection = connection
        self.version_table = version_table

    def check(self) -> None:
        """Raise LockHeld if the lock is lost, as when the server ended the idle session."""
        import psycopg2

        try:
            with self.connection.cursor() as cursor:
                cursor.execute(HELD)
                held = cursor.fetchone() == (True,)
        except psycopg2.Error:
            held = False
        if not held:
            raise LockHeld(
                "The session that holds the migration lock has ended, so another run might be starting.",
                "Run litxdb migrate again: it goes on after the last revision that was applied.",
            )
