"""Where a database is in the history: read with psycopg2 alone, so that asking is quick."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from litxdb.database import Database
from litxdb.errors import Refused, ServerRefused
from litxdb.migrate import log
from litxdb.migrate.graph import Graph
from litxdb.migrate.results import Entry, Pending, Status

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


def status(db: Database, *, directory: Path | None = None) -> Status:
    """Compare the database with the history; changes nothing, and needs only SELECT on alembic_version."""
    graph = Graph.read(directory)
    head = graph.head.id
    current = current_revision(db)
    if current is not None and graph.get(current) is None:
        return Status(current, head, (), known=False)
    applied = graph.lineage(current)
    pending = tuple(Pending(each.id, each.message) for each in graph.lineage(head) if each not in applied)
    return Status(current, head, pending)


def history(db: Database, *, directory: Path | None = None) -> list[Entry]:
    """List all revisions, oldest first, which of them the database has, and what its log knows of them."""
    graph = Graph.read(directory)
    with closing(db.connect(autocommit=True)) as connection:
        current = read_revision(connection)
        logged = log.read(connection)
    check_known(graph, current)
    applied = graph.lineage(current)
    changed = log.changed(logged, applied)
    entries = [Entry(each.id, each.message, each in applied, each.id == current) for each in graph.revisions]
    return [
        replace(
            entry,
            applied_at=known.applied_at,
            applied_by=known.applied_by,
            milliseconds=known.milliseconds,
            changed=revision in changed,
        )
        if entry.applied and (known := logged.get(entry.revision))
        else entry
        for entry, revision in zip(entries, graph.revisions, strict=True)
    ]


def current_revision(db: Database) -> str | None:
    """Return the revision that the database is at; None before the first."""
    with closing(db.connect(autocommit=True)) as connection:
        return read_revision(connection)


def read_revision(connection: Connection) -> str | None:
    """Return the revision recorded in alembic_version; None when there is no such table, or it is empty."""
    import psycopg2

    with connection.cursor() as cursor:
        try:
            cursor.execute("select to_regclass('alembic_version') is not null")
            if cursor.fetchone() == (False,):
                return None
            cursor.execute("select version_num from alembic_version order by 1")
        except psycopg2.errors.InsufficientPrivilege as error:
            raise ServerRefused(
                f"The role may not read alembic_version: {error.diag.message_primary}.",
                "Grant it SELECT on alembic_version, or connect as the owner of the tables.",
            ) from error
        names = [row[0] for row in cursor.fetchall()]
    if len(names) > 1:
        raise Refused(
            f"alembic_version names {len(names)} revisions at once: {', '.join(names)}.",
            "Find out which one the schema is at, and record it with litxdb stamp --purge.",
        )
    return names[0] if names else None


def check_known(graph: Graph, current: str | None) -> None:
    """Raise Refused if the database is at a revision that is not in the history."""
    if current is not None and graph.get(current) is None:
        raise Refused(
            f"The database is at revision {current}, which this litxdb does not know.",
            "A newer litxdb, or another project, migrated it: use that one, or say where its revisions are.",
        )
