"""The log of migrations: who brought which revision to the database, from where, when, and how long it took.

It is a table in a schema of its own, because Alembic takes any strange table beside the models' for one to be dropped.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from litxdb import __version__, queries
from litxdb.migrate.graph import Revision

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

TABLE = "litxdb.migrations"
CREATE = """
create schema if not exists litxdb;
create table if not exists litxdb.migrations (
    revision text not null,
    direction text not null check (direction in ('up', 'down')),
    outcome text not null check (outcome in ('applied', 'reverted', 'failed', 'interrupted')),
    started timestamptz not null,
    milliseconds double precision not null,
    lock_retries integer not null,
    checksum text not null,
    role text not null default session_user,
    os_user text not null,
    host text not null,
    litxdb text not null,
    error text
);
comment on table litxdb.migrations is 'What litxdb migrate and litxdb rollback did; nothing depends on it'
"""
# the server's clock, as machines that migrate may disagree
INSERT = """
insert into litxdb.migrations
    (revision, direction, outcome, started, milliseconds, lock_retries, checksum, os_user, host, litxdb, error)
values
    (%(revision)s, %(direction)s, %(outcome)s, clock_timestamp() - %(milliseconds)s * interval '1 millisecond',
    %(milliseconds)s, %(lock_retries)s, %(checksum)s, %(os_user)s, %(host)s, %(litxdb)s, %(error)s)
"""


@dataclass(frozen=True)
class Logged:
    """How a revision came into the database."""

    revision: str
    applied_at: datetime
    applied_by: str
    milliseconds: float
    checksum: str


def write(
    connection: Connection,
    revision: Revision,
    outcome: str,
    *,
    up: bool,
    milliseconds: float,
    lock_retries: int,
    error: str | None = None,
) -> None:
    """Add a line to the log, which is created with the first. Raises psycopg2.Error where the role may not.

    The connection is in autocommit, and not the revision's own: what it says has really happened.
    """
    import socket

    with connection.cursor() as cursor:
        cursor.execute("select to_regclass(%s) is null", (TABLE,))
        if cursor.fetchone() == (True,):
            cursor.execute(CREATE)
        cursor.execute(
            INSERT,
            {
                "revision": revision.id,
                "direction": "up" if up else "down",
                "outcome": outcome,
                "milliseconds": milliseconds,
                "lock_retries": lock_retries,
                "checksum": checksum(revision.path),
                "os_user": _os_user(),
                "host": socket.gethostname(),
                "litxdb": __version__,
                "error": error,
            },
        )


def read(connection: Connection) -> dict[str, Logged]:
    """Return what is known of each revision that litxdb applied; nothing where no log is to be read."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(has_schema_privilege(to_regnamespace('litxdb'), 'usage') "
            "and has_table_privilege(to_regclass(%s), 'select'), false)",
            (TABLE,),
        )
        if cursor.fetchone() != (True,):
            return {}
    query = queries.load("migrate", "log", connection.info.server_version)
    return {row["revision"]: Logged(**row) for row in query.run(connection)}


def changed(logged: dict[str, Logged], applied: tuple[Revision, ...]) -> tuple[Revision, ...]:
    """Return the applied revisions whose file is not the one that was applied."""
    return tuple(
        revision
        for revision in applied
        if revision.id in logged and logged[revision.id].checksum != checksum(revision.path)
    )


def checksum(path: Path) -> str:
    """Return the SHA-256 of a revision's file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _os_user() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's arbitrary user
        return str(os.getuid())
