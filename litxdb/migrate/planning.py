"""The plan before a migration: what the pending revisions do to the tables that the target has."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from litxdb import queries
from litxdb.database import Database
from litxdb.errors import LitxdbError
from litxdb.migrate.capture import capture, replayed
from litxdb.migrate.captured import CapturedRevision, Plan, PlannedRevision, TableLock
from litxdb.migrate.graph import HEAD, Graph, Revision
from litxdb.migrate.measure import strength
from litxdb.migrate.plan import tips, upgrades
from litxdb.migrate.project import Project
from litxdb.migrate.state import current_revisions, shown


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
    return Ahead(project, graph, before, upgrades(graph, before, target)[:steps])


def plan_upgrade(db: Database, target: str = HEAD, *, steps: int | None = None, project: Project | None = None) -> Plan:
    """Say what an upgrade would do: run it on a scratch database at the same revision, look up sizes on this one.

    Changes nothing here, and takes no lock on a table. The locks are those of the scratch server's PostgreSQL, on
    tables without rows. Where the revisions cannot be run there, the plan says why and only has their names.
    """
    ahead = look_ahead(db, target, steps=steps, project=project)
    way = shown(ahead.before), shown(ahead.after)
    if not ahead.steps:
        return Plan(*way, ())
    try:
        with ahead.replayed(db) as scratch:
            captured = capture(ahead.project, scratch, ahead.steps, measure=True)
    except LitxdbError as error:
        return Plan(*way, tuple(PlannedRevision(each.id, each.message) for each in ahead.steps), error.message)
    sizes = _sizes(db, sorted({table for done in captured for table in _strongest(done)}))
    return Plan(*way, tuple(_planned(done, sizes) for done in captured))


def _planned(done: CapturedRevision, sizes: dict[str, tuple[int | None, int | None]]) -> PlannedRevision:
    effects = [statement.effect for statement in done.statements if statement.effect is not None]
    locks = tuple(
        TableLock(
            table,
            mode,
            rewritten=any(table in effect.rewrites for effect in effects),
            scanned=any(table in effect.scans for effect in effects),
            built=tuple(index for effect in effects for index in effect.builds.get(table, ())),
            rows=sizes[table][0],
            bytes=sizes[table][1],
        )
        for table, mode in _strongest(done).items()
        if table in sizes
    )
    sent = tuple(statement.sql for statement in done.statements if not statement.reads)
    return PlannedRevision(done.revision, done.message, sent, done.asks, locks)


def _strongest(done: CapturedRevision) -> dict[str, str]:
    """Return each table's strongest lock in the whole revision."""
    strongest: dict[str, str] = {}
    for statement in done.statements:
        for table, mode in (statement.effect.locks if statement.effect else {}).items():
            strongest[table] = max(mode, strongest.get(table, mode), key=strength)
    return strongest


def _sizes(db: Database, tables: list[str]) -> dict[str, tuple[int | None, int | None]]:
    with contextlib.closing(db.connect(autocommit=True)) as connection:
        estimates = queries.load("migrate", "table_estimates", connection.info.server_version)
        return {row["table"]: (row["rows"], row["bytes"]) for row in estimates.run(connection, tables=tables)}
