"""What a rehearsal must know of the database that it stands for; read only, and without reading a single row."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field

from litxdb import queries
from litxdb.database import Database
from litxdb.migrate.project import Project
from litxdb.migrate.state import read_revisions


@dataclass(frozen=True)
class Width:
    """The average bytes of a column's values, and the part of them that is NULL."""

    width: int
    nulls: float


@dataclass(frozen=True)
class Target:
    """Where the database is in the history, its server's version as libpq numbers it, and the size of its tables."""

    revisions: tuple[str, ...] = ()
    server_version: int | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    widths: Mapping[tuple[str, str], Width] = field(default_factory=dict)


def read_target(db: Database, project: Project) -> Target:
    """Read that from the server's statistics, in a session that may not write."""
    with closing(db.connect()) as connection:
        connection.set_session(readonly=True)
        version = connection.info.server_version
        sizes = queries.load("migrate", "relation_sizes", version).run(connection)
        widths = queries.load("rehearse", "widths", version).run(connection)
        return Target(
            read_revisions(connection, project),
            version,
            {row["relation"]: row["rows"] or row["live"] for row in sizes},
            {(row["table"], row["column"]): Width(row["width"], row["nulls"]) for row in widths},
        )
