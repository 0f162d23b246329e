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
do $$ begin
    if to_regnamespace('litxdb') is null then create schema litxdb; end if;  -- IF NOT EXISTS asks for CREATE first
end $$;
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
alter table litxdb.migrations add column if not exists version_table text not null default 'public.alembic_version';
comment on table litxdb.migrations is 'What litxdb migrate and litxdb rollback did; nothing depends on it'
"""
# by name, as to_regclass() fails where the role may not look into the schema
COMPLETE = """
select count(*) = 1 from pg_attribute a join pg_class c on c.oid = a.attrelid
where c.relnamespace = to_regnamespace('litxdb') and c.relname = 'migrations' and a.attname = 'version_table'
"""
"""Whether the log is there, with the column that came last."""

READABLE = f"{COMPLETE} and has_schema_privilege(c.relnamespace, 'usage') and has_table_privilege(c.oid, 'select')"

GRANT = """
select case
    when n.oid is null then format('create schema litxdb authorization %I', current_user)
    when c.oid is null then format('grant usage, create on schema litxdb to %I', current_user)
    else format('grant usage on schema litxdb to %1$I; grant select, insert on litxdb.migrations to %1$I', current_user)
end
from (select to_regnamespace('litxdb') as oid) n
left join pg_class c on c.relnamespace = n.oid and c.relname = 'migrations'
"""

# the server's clock, as machines that migrate may disagree
INSERT = """
insert into litxdb.migrations
    (version_table, revision, direction, outcome, started, milliseconds, lock_retries, checksum, os_user, host, litxdb,
    error)
values
    (%(version_table)s, %(revision)s, %(direction)s, %(outcome)s,
    clock_timestamp() - %(milliseconds)s * interval '1 millisecond', %(milliseconds)s, %(lock_retries)s, %(checksum)s,
    %(os_user)s, %(host)s, %(litxdb)s, %(error)s)
"""


@dataclass(frozen=True)
class Logged:
    """How a revision came into the database."""

    revision: str
    applied_at: datetime
    applied_by: str
    milliseconds: float
    checksum: str


@dataclass(frozen=True)
class Failure:
    """A run of a revision that did not succeed, `seconds` ago."""

    revision: str
    direction: str
    outcome: str
    seconds: float
    run_by: str
    error: str | None


def write(
    connection: Connection,
    version_table: str,
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
        cursor.execute(COMPLETE)
        if cursor.fetchone() == (False,):
            cursor.execute(CREATE)
        cursor.execute(
            INSERT,
            {
                "version_table": version_table,
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


def grant(connection: Connection) -> str:
    """Return what an administrator runs, once, so that this role may keep the log."""
    with connection.cursor() as cursor:
        cursor.execute(GRANT)
        row = cursor.fetchone()
    assert row is not None
    return str(row[0])


def readable(connection: Connection) -> bool:
    """Whether there is a log that this role may read."""
    with connection.cursor() as cursor:
        cursor.execute(READABLE)
        return bool(cursor.fetchone() == (True,))


def read(connection: Connection, version_table: str) -> dict[str, Logged]:
    """Return what is known of each revision that this table recorded; nothing where no log is to be read."""
    if not readable(connection):
        return {}
    query = queries.load("migrate", "log", connection.info.server_version)
    return {row["revision"]: Logged(**row) for row in query.run(connection, version_table=version_table)}


def failures(connection: Connection) -> list[Failure]:
    """List the revisions whose last run did not succeed, the oldest first; the log must be readable."""
    query = queries.load("migrate", "failures", connection.info.server_version)
    return [Failure(**row) for row in query.run(connection)]


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
