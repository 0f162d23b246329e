"""Where a database is in the history: read with psycopg2 alone, so that asking is quick."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from litxdb.database import Database
from litxdb.errors import Refused, ServerRefused
from litxdb.migrate.graph import Graph
from litxdb.migrate.project import Project

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


LITXPLORE = Project.litxplore()

VERSION_TABLE = """
select format('%%I.%%I', coalesce(%(schema)s, n.nspname, current_schema(), 'public'), %(table)s)
from (select to_regclass(%(name)s) as oid) found
left join pg_class c using (oid)
left join pg_namespace n on n.oid = c.relnamespace
"""


@dataclass(frozen=True)
class Pending:
    """A revision that is still to be applied."""

    revision: str
    message: str


@dataclass(frozen=True)
class Status:
    """Where a database is in the history; several heads of a project stand behind one another, "a, b".

    `known` is false when its revision is none of ours: nothing can be pending. A database that was migrated by a newer
    litxdb looks like that: the code is older than the database.
    """

    current: str | None
    head: str
    pending: tuple[Pending, ...]
    known: bool = True

    @property
    def at_head(self) -> bool:
        """Whether nothing is left to do."""
        return self.known and not self.pending


@dataclass(frozen=True)
class Entry:
    """A revision in the history, and whether the database has it.

    When, by whom and how long is known of what litxdb itself applied. `changed` is whether its file is another one now.
    """

    revision: str
    message: str
    applied: bool
    current: bool
    applied_at: datetime | None = None
    applied_by: str | None = None
    milliseconds: float | None = None
    changed: bool = False


def status(db: Database, *, directory: Path | None = None, project: Project | None = None) -> Status:
    """Compare the database with the history; changes nothing, and needs only SELECT on the version table."""
    with closing(db.connect(autocommit=True)) as connection:
        return standing(connection, directory=directory, project=project)


def standing(connection: Connection, *, directory: Path | None = None, project: Project | None = None) -> Status:
    """Return what `status` does, of the database at the end of a connection."""
    project = project or Project.litxplore(directory)
    graph = project.graph()
    names = [each.id for each in graph.heads] if project.foreign else [graph.head.id]
    head = ", ".join(names)
    current = read_revisions(connection, project)
    if any(graph.get(each) is None for each in current):
        return Status(shown(current), head, (), known=False)
    applied = graph.lineage(current)
    pending = tuple(Pending(each.id, each.message) for each in graph.lineage(names) if each not in applied)
    return Status(shown(current), head, pending)


def history(db: Database, *, directory: Path | None = None, project: Project | None = None) -> list[Entry]:
    """List all revisions, oldest first, which of them the database has, and what its log knows of them."""
    from litxdb.migrate import log

    project = project or Project.litxplore(directory)
    graph = project.graph()
    with closing(db.connect(autocommit=True)) as connection:
        current = read_revisions(connection, project)
        logged = log.read(connection, version_table(connection, project))
    check_known(graph, current)
    applied = graph.lineage(current)
    changed = log.changed(logged, applied)
    entries = [Entry(each.id, each.message, each in applied, each.id in current) for each in graph.revisions]
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
    return shown(current_revisions(db))


def current_revisions(db: Database, project: Project = LITXPLORE) -> tuple[str, ...]:
    """Return what the database records: one revision, or for a history with several heads as many; none at first."""
    with closing(db.connect(autocommit=True)) as connection:
        return read_revisions(connection, project)


def shown(revisions: tuple[str, ...]) -> str | None:
    """Write the revisions that a database is at as one text.

    >>> shown(()), shown(("a",)), shown(("a", "b"))
    (None, 'a', 'a, b')
    """
    return ", ".join(revisions) or None


def read_revisions(connection: Connection, project: Project = LITXPLORE) -> tuple[str, ...]:
    """Return the revisions recorded in the version table; none when there is no such table, or it is empty.

    Raises Refused when there are several and the project is LitXplore's, whose history never branches.
    """
    import psycopg2

    with connection.cursor() as cursor:
        try:
            cursor.execute("select to_regclass(%s) is not null", (project.version_name,))
            if cursor.fetchone() == (False,):
                return ()
            cursor.execute(f"select version_num from {project.version_name} order by 1")  # noqa: S608  (quoted)
        except psycopg2.errors.InsufficientPrivilege as error:
            raise ServerRefused(
                f"The role may not read {project.version_table}: {error.diag.message_primary}.",
                f"Grant it SELECT on {project.version_table}, or connect as the owner of the tables.",
            ) from error
        names = tuple(row[0] for row in cursor.fetchall())
    if len(names) > 1 and not project.foreign:
        raise Refused(
            f"alembic_version names {len(names)} revisions at once: {', '.join(names)}.",
            "Find out which one the schema is at, and record it with litxdb stamp --purge.",
        )
    return names


def version_table(connection: Connection, project: Project) -> str:
    """Return the version table with the schema that it is in, or will be: it tells projects of a database apart."""
    with connection.cursor() as cursor:
        words = {"schema": project.version_schema, "table": project.version_table, "name": project.version_name}
        cursor.execute(VERSION_TABLE, words)
        row = cursor.fetchone()
    assert row is not None
    return str(row[0])


def check_known(graph: Graph, current: str | tuple[str, ...] | None) -> None:
    """Raise Refused if the database is at a revision that is not in the history."""
    for each in (current,) if isinstance(current, str) else current or ():
        if graph.get(each) is None:
            raise Refused(
                f"The database is at revision {each}, which this litxdb does not know.",
                "A newer litxdb migrated it, or a project with revisions of its own: name those with --directory.",
            )
