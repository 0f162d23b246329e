"""Recording which revision a schema is at, without running anything."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from litxdb.database import Database
from litxdb.migrate.apply import WAIT_SECONDS
from litxdb.migrate.graph import BASE, Graph
from litxdb.migrate.lock import migration_lock
from litxdb.migrate.refusals import explain, stands
from litxdb.migrate.results import Migrated
from litxdb.migrate.state import check_known, read_revision


def stamp(
    db: Database,
    revision: str,
    *,
    purge: bool = False,
    directory: Path | None = None,
    wait_seconds: float = WAIT_SECONDS,
) -> Migrated:
    """Record that the schema is at this revision (`base`: at none), and run nothing.

    What is recorded is replaced; if it is a revision that litxdb does not know, or several, only with `purge`.
    """
    import psycopg2

    graph = Graph.read(directory)
    after = None if revision == BASE else graph.find(revision).id
    with migration_lock(db, wait_seconds), closing(db.connect(direct=True)) as connection:
        before = None if purge else read_revision(connection)
        check_known(graph, before)
        try:
            with connection, connection.cursor() as cursor:
                # the table as Alembic makes it
                cursor.execute(
                    "create table if not exists alembic_version "
                    "(version_num varchar(32) not null constraint alembic_version_pkc primary key)"
                )
                cursor.execute("delete from alembic_version")
                if after is not None:
                    cursor.execute("insert into alembic_version values (%s)", (after,))
        except psycopg2.Error as error:
            raise explain(error, f"Recording revision {revision}", stands(before)) from error
    return Migrated(before, after, ())
