"""Recording which revision a schema is at, without running anything."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from litxdb.database import Database
from litxdb.migrate.graph import BASE
from litxdb.migrate.lock import migration_lock
from litxdb.migrate.patience import Patience
from litxdb.migrate.project import Project
from litxdb.migrate.refusals import explain
from litxdb.migrate.results import Migrated
from litxdb.migrate.standing import stands
from litxdb.migrate.state import check_known, read_revisions, shown


def stamp(
    db: Database,
    revision: str,
    *,
    purge: bool = False,
    directory: Path | None = None,
    project: Project | None = None,
    wait_seconds: float = Patience.wait_seconds,
) -> Migrated:
    """Record that the schema is at this revision (`base`: at none), and run nothing.

    What is recorded is replaced; if it is a revision that litxdb does not know, or several, only with `purge`.
    """
    import psycopg2

    project = project or Project.litxplore(directory)
    graph = project.graph()
    after = () if revision == BASE else tuple(each.id for each in graph.targets(revision))
    with migration_lock(db, project, wait_seconds), closing(db.connect(direct=True)) as connection:
        before = () if purge else read_revisions(connection, project)
        check_known(graph, before)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(project.version_creation)
                cursor.execute(f"delete from {project.version_name}")  # noqa: S608  (quoted)
                for name in after:
                    cursor.execute(f"insert into {project.version_name} values (%s)", (name,))  # noqa: S608  (likewise)
        except psycopg2.Error as error:
            raise explain(error, f"Recording revision {revision}", stands(shown(before))) from error
    return Migrated(shown(before), shown(after), ())
