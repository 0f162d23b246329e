"""What lies ahead of a database in its history, and a scratch database that stands where it stands."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from litxdb.database import Database
from litxdb.migrate.capturing import replayed
from litxdb.migrate.graph import HEAD, Graph, Revision
from litxdb.migrate.plan import tips, upgrades
from litxdb.migrate.project import Project
from litxdb.migrate.state import current_revisions


@dataclass(frozen=True)
class Ahead:
    """What lies ahead of a database: the revisions applied, and those to come on the way to a target."""

    project: Project
    graph: Graph
    before: tuple[str, ...]
    steps: tuple[Revision, ...]

    @property
    def applied(self) -> tuple[Revision, ...]:
        """The revisions that the database has."""
        return self.graph.lineage(self.before)

    @property
    def after(self) -> tuple[str, ...]:
        """The revisions that the version table would name."""
        return tips((*self.applied, *self.steps))

    @contextlib.contextmanager
    def replayed(self, db: Database) -> Iterator[Database]:
        """Yield a scratch database at the same revision as this one."""
        with replayed(self.project, db.settings, self.applied) as scratch:
            yield scratch


def look_ahead(db: Database, target: str = HEAD, *, steps: int | None = None, project: Project | None = None) -> Ahead:
    """Compare the database with the history; changes nothing. Raises Refused as `upgrade` does."""
    project = project or Project.litxplore()
    graph, before = project.graph(), current_revisions(db, project)
    return Ahead(project, graph, before, upgrades(graph, before, target, steps))
