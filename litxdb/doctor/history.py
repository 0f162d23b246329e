"""What the checks of migrations look at: the revisions' files, what the database records, and litxdb's log of both.

litxdb.migrate is imported where it is used: `--triage` does not wait for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from litxdb.doctor.check import Context, Server
from litxdb.doctor.results import Reason, Skip
from litxdb.errors import ConfigurationInvalid, Refused
from litxdb.quoting import quoted_if_needed

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

    from litxdb.migrate import Graph


def graph(context: Context) -> Graph:
    """Return the revisions; raises Skip where they do not make one history, which is a check of its own."""
    from litxdb.migrate import Project

    try:
        revisions = Project.litxplore(context.directory).graph()
        _ = revisions.head
    except ConfigurationInvalid as error:
        raise Skip(Reason.NOT_APPLICABLE, error.message, "litxdb doctor --only broken_history") from None
    return revisions


def recorded(connection: Connection, context: Context) -> str | None:
    """Return the revision that the database is at; raises Skip where it names several, a check of its own too."""
    from litxdb.migrate import Project
    from litxdb.migrate.state import read_revisions

    try:
        revisions = read_revisions(connection, Project.litxplore(context.directory))
    except Refused as error:
        raise Skip(Reason.NOT_APPLICABLE, error.message, "litxdb doctor --only several_revisions") from None
    return revisions[0] if revisions else None


def require_log(connection: Connection, server: Server) -> None:
    """Raise Skip unless litxdb's log of migrations is there and may be read."""
    from litxdb.migrate import log

    if log.readable(connection):
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname = 'litxdb' and c.relname = 'migrations')"
        )
        if cursor.fetchone() == (False,):
            raise Skip(Reason.NOTHING_THERE, "litxdb has applied no revision here.")
    role = quoted_if_needed(server.role)
    grants = f"grant usage on schema litxdb to {role};\ngrant select on {log.TABLE} to {role}"
    raise Skip(Reason.NO_PRIVILEGE, f"Role {server.role} may not read {log.TABLE}.", grants)
