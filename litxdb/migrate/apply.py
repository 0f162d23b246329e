"""Bringing a database forward and back in the history, one revision a transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from litxdb.database import Database
from litxdb.errors import STOPPED, Refused, ServerRefused
from litxdb.migrate import leftovers, log
from litxdb.migrate.ahead import Ahead
from litxdb.migrate.captured import Plan
from litxdb.migrate.graph import BASE, HEAD, Revision
from litxdb.migrate.lock import MigrationLock, migration_lock
from litxdb.migrate.patience import Patience
from litxdb.migrate.plan import downgrades, tips, upgrades
from litxdb.migrate.planning import review
from litxdb.migrate.project import Project
from litxdb.migrate.refusals import explain
from litxdb.migrate.results import Leftover, Migrated, RevisionStep
from litxdb.migrate.standing import read_standing, stands, written
from litxdb.migrate.state import current_revisions, read_revisions, shown, version_table
from litxdb.migrate.steps import Run, Watch
from litxdb.migrations.extensions import require

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

PATIENCE = Patience()


def upgrade(
    db: Database,
    target: str = HEAD,
    *,
    steps: int | None = None,
    directory: Path | None = None,
    project: Project | None = None,
    dry_run: bool = False,
    repair: bool = True,
    accept: Collection[str] = (),
    show: Callable[[Plan], None] = lambda plan: None,
    patience: Patience = PATIENCE,
    watch: Watch = lambda step: None,
) -> Migrated:
    """Apply all revisions up to the target (an id, the beginning of one, or `head`), or only the next `steps`.

    Idempotent, and safe to run again after any failure: each revision is committed whole or not at all. Only one run at
    a time changes a database; another waits for it as long as its `patience` lasts, then raises LockHeld. What an
    earlier run left INVALID or NOT VALID is mended first, with `repair`. With `dry_run` nothing changes: the steps are
    those that a run would take. `directory` holds a project's own revisions, which follow LitXplore's; `project` is
    another Alembic project altogether. Raises ServerRefused, saying where the database stands, when a revision fails.

    In production (by the settings) the plan comes first: once the lock is held, `show` gets it, and Refused is raised
    before anything is touched if lint finds an error in it that `accept` does not name.
    """
    project = project or Project.litxplore(directory)
    graph = project.graph()

    def plan(current: tuple[str, ...]) -> tuple[Revision, ...]:
        return upgrades(graph, current, target, steps)

    with closing(db.connect(autocommit=True)) as connection:
        before = read_revisions(connection, project)
        planned = plan(before)
        logged = log.read(connection, version_table(connection, project))
        for revision in log.changed(logged, graph.lineage(before)):
            db.notify(f"warning: {revision.path.name} is not the file that was applied as revision {revision.id}")
        left = leftovers.find(connection, graph.lineage(before))
    if dry_run or not (planned or (repair and any(each.meant_by is None for each in left))):
        _report(db, left)
        after = tips((*graph.lineage(before), *planned))
        return Migrated(shown(before), shown(after), _announced(planned), left)
    again = "Running litxdb migrate again is safe: it goes on from there."
    with migration_lock(db, project, patience.wait_seconds) as lock, _standing_told(db, lock, project, again):
        before = read_revisions(lock.connection, project)
        planned = plan(before)
        _check_extensions(lock.connection, planned, shown(before))
        if planned and db.settings.production:
            review(db, Ahead(project, graph, before, planned), accept, show)
        mended: tuple[Leftover, ...] = ()
        if repair:
            longest = max(patience.lock_timeout_seconds, patience.retry_seconds)
            left = leftovers.find(lock.connection, graph.lineage(before))
            mended = leftovers.repair(lock.connection, left, longest, db.notify)
        done = Run(db, project, lock, planned, watch, patience, up=True).all()
        after = read_revisions(lock.connection, project)
        left = _remaining(lock.connection, graph.lineage(after), mended)
        _report(db, left, done)
        return Migrated(shown(before), shown(after), done, left)


def downgrade(
    db: Database,
    steps: int | None = None,
    *,
    to: str | None = None,
    agreed: Migrated | None = None,
    directory: Path | None = None,
    project: Project | None = None,
    dry_run: bool = False,
    patience: Patience = PATIENCE,
    watch: Watch = lambda step: None,
) -> Migrated:
    """Revert so many revisions (one), or all after `to` (`base` reverts everything).

    What only those revisions' tables hold is lost: `losses` tells it beforehand. A downgrade that fails leaves
    everything as it was. `agreed` is what this returned with `dry_run`, when somebody has seen it and said yes: raises
    Refused if by now it would be anything else, or another run moves the database meanwhile. All else is as for
    `upgrade`.
    """
    project = project or Project.litxplore(directory)
    graph = project.graph()
    before = current_revisions(db, project)
    reverted = downgrades(graph, before, steps, to)
    if agreed is not None and agreed.steps != _announced(reverted):
        raise _moved(agreed.before, shown(before))
    after = tips(tuple(each for each in graph.lineage(before) if each not in reverted))
    if dry_run or not reverted:
        return Migrated(shown(before), shown(after), _announced(reverted))
    again = f"To go on: litxdb rollback --to {shown(after) or BASE}" if len(after) < 2 else ""
    with migration_lock(db, project, patience.wait_seconds) as lock, _standing_told(db, lock, project, again):
        now = read_revisions(lock.connection, project)
        if now != before:
            raise _moved(shown(before), shown(now))
        done = Run(db, project, lock, reverted, watch, patience, up=False).all()
        after = read_revisions(lock.connection, project)
        left = _remaining(lock.connection, graph.lineage(after), ())
        _report(db, left)
        return Migrated(shown(before), shown(after), done, left)


@contextmanager
def _standing_told(db: Database, lock: MigrationLock, project: Project, again: str) -> Iterator[None]:
    """Say where the database stands, and what to do next, when somebody stops the run."""
    try:
        yield
    except STOPPED:
        db.notify(f"{stands(written(read_standing(db, lock, project)))} {again}".rstrip())
        raise


def _moved(before: str | None, now: str | None) -> Refused:
    return Refused(
        f"What would be reverted has changed meanwhile: the database was at revision {before}, and is at {now}.",
        "Look at litxdb status, and decide again.",
    )


def _remaining(
    connection: Connection, applied: tuple[Revision, ...], mended: tuple[Leftover, ...]
) -> tuple[Leftover, ...]:
    """Return what was mended, and what is left now, with the reason why that could not be mended."""
    tried = {each.object: each for each in mended}
    left = leftovers.find(connection, applied)
    names = {each.object for each in left}
    return (
        *(each for each in mended if each.repaired and each.object not in names),
        *(replace(each, reason=tried[each.object].reason) if each.object in tried else each for each in left),
    )


def _report(db: Database, left: tuple[Leftover, ...], done: tuple[RevisionStep, ...] = ()) -> None:
    """Warn of what is left half done, and mention what the revisions of this very run leave so on purpose."""
    for each in left:
        state = "INVALID" if each.kind == "index" else "NOT VALID"
        if each.meant_by is None and not each.repaired:
            db.notify(f"warning: {each.kind} {each.object} is {state}; litxdb migrate repairs it, or: {each.statement}")
        elif each.meant_by in {step.revision for step in done}:
            db.notify(f"{each.kind} {each.object} is {state}, as revision {each.meant_by} leaves it: {each.statement}")


def _announced(steps: tuple[Revision, ...]) -> tuple[RevisionStep, ...]:
    return tuple(RevisionStep(revision.id, revision.message) for revision in steps)


def _check_extensions(connection: Connection, steps: tuple[Revision, ...], before: str | None) -> None:
    """Find out before the first revision whether the server has what the last one needs, and lets this role have it.

    Who may create an extension differs between managed servers, so it is tried in a transaction that is rolled back.
    """
    import psycopg2

    with connection.cursor() as cursor:
        for revision in steps:
            for name in require(cursor, revision.extensions, revision.id):
                cursor.execute("begin")
                try:
                    cursor.execute(f'create extension "{name}"')
                except psycopg2.errors.InsufficientPrivilege as error:
                    raise ServerRefused(
                        f"Revision {revision.id} needs the extension {name}, and this role may not create it.",
                        f"Nothing was changed. Have an administrator run CREATE EXTENSION {name} in this database, "
                        "then run litxdb migrate again.",
                    ) from error
                except psycopg2.Error as error:
                    raise explain(error, f"Creating the extension {name}", stands(before)) from error
                finally:
                    cursor.execute("rollback")
