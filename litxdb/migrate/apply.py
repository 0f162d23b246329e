"""Bringing a database forward and back in the history, one revision a transaction."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from litxdb.database import Database
from litxdb.errors import Refused, ServerRefused
from litxdb.migrate import leftovers, log
from litxdb.migrate.graph import HEAD, Revision
from litxdb.migrate.lock import migration_lock
from litxdb.migrate.plan import downgrades, tips, upgrades
from litxdb.migrate.project import Project
from litxdb.migrate.refusals import explain, stands
from litxdb.migrate.results import Leftover, Migrated, RevisionStep
from litxdb.migrate.state import current_revisions, read_revision, read_revisions, shown
from litxdb.migrate.steps import Run, Watch
from litxdb.migrations.extensions import require

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

WAIT_SECONDS = 60.0
LOCK_TIMEOUT_SECONDS = 3.0
RETRY_SECONDS = 60.0


def upgrade(
    db: Database,
    target: str = HEAD,
    *,
    steps: int | None = None,
    directory: Path | None = None,
    project: Project | None = None,
    dry_run: bool = False,
    repair: bool = True,
    wait_seconds: float = WAIT_SECONDS,
    lock_timeout_seconds: float = LOCK_TIMEOUT_SECONDS,
    retry_seconds: float = RETRY_SECONDS,
    watch: Watch = lambda step: None,
) -> Migrated:
    """Apply all revisions up to the target (an id, the beginning of one, or `head`), or only so many `steps` of them.

    Idempotent, and safe to run again after any failure: each revision is committed whole or not at all. Only one run at
    a time changes a database; another waits `wait_seconds` for it, then raises LockHeld. A statement that does not get
    its table lock in `lock_timeout_seconds` gives up rather than have everybody queue behind it; its revision is then
    begun anew for up to `retry_seconds`, as long as a running backup is waited for. What an earlier run left INVALID
    or NOT VALID is mended first, with `repair`. With `dry_run` nothing changes: the steps are those that a run would
    take. `directory` holds a project's own revisions, which follow LitXplore's; `project` is another Alembic project
    altogether. Raises ServerRefused, saying where the database stands, when a revision fails.
    """
    project = project or Project.litxplore(directory)
    graph = project.graph()

    def plan(current: tuple[str, ...]) -> tuple[Revision, ...]:
        return upgrades(graph, current, target)[:steps]

    with closing(db.connect(autocommit=True)) as connection:
        before = read_revisions(connection, project)
        planned = plan(before)
        for revision in log.changed(log.read(connection), graph.lineage(before)):
            db.notify(f"warning: {revision.path.name} is not the file that was applied as revision {revision.id}")
        left = leftovers.find(connection)
    if dry_run or not (planned or (left and repair)):
        _report(db, left)
        after = shown(tips((*graph.lineage(before), *planned)))
        return Migrated(shown(before), after, _announced(planned), left)
    with migration_lock(db, wait_seconds) as lock:
        before = read_revisions(lock.connection, project)
        planned = plan(before)
        _check_extensions(lock.connection, planned, shown(before))
        mended: tuple[Leftover, ...] = ()
        if repair:
            patience = max(lock_timeout_seconds, retry_seconds)
            mended = leftovers.repair(lock.connection, leftovers.find(lock.connection), patience, db.notify)
        done = Run(db, project, lock, planned, watch, lock_timeout_seconds, retry_seconds, up=True).all()
        left = _remaining(lock.connection, mended)
        _report(db, left)
        return Migrated(shown(before), read_revision(lock.connection, project), done, left)


def downgrade(
    db: Database,
    steps: int = 1,
    *,
    to: str | None = None,
    directory: Path | None = None,
    project: Project | None = None,
    dry_run: bool = False,
    wait_seconds: float = WAIT_SECONDS,
    lock_timeout_seconds: float = LOCK_TIMEOUT_SECONDS,
    retry_seconds: float = RETRY_SECONDS,
    watch: Watch = lambda step: None,
) -> Migrated:
    """Revert that many revisions, or all after `to` (`base` reverts everything).

    What only those revisions' tables hold is lost: `losses` tells it beforehand. A downgrade that fails leaves
    everything as it was. Raises Refused if another run moved the database meanwhile; all else is as for `upgrade`.
    """
    project = project or Project.litxplore(directory)
    graph = project.graph()
    before = current_revisions(db, project)
    reverted = downgrades(graph, before, steps, to)
    if dry_run or not reverted:
        kept = tuple(each for each in graph.lineage(before) if each not in reverted)
        return Migrated(shown(before), shown(tips(kept)), _announced(reverted))
    with migration_lock(db, wait_seconds) as lock:
        now = read_revisions(lock.connection, project)
        if now != before:
            raise Refused(
                f"Another run moved the database from revision {shown(before)} to {shown(now)} meanwhile.",
                "Look at litxdb status, and decide again.",
            )
        done = Run(db, project, lock, reverted, watch, lock_timeout_seconds, retry_seconds, up=False).all()
        left = _remaining(lock.connection, ())
        _report(db, left)
        return Migrated(shown(before), read_revision(lock.connection, project), done, left)


def _remaining(connection: Connection, mended: tuple[Leftover, ...]) -> tuple[Leftover, ...]:
    """Return what was mended, and what is left now, with the reason why that could not be mended."""
    tried = {each.object: each for each in mended}
    left = leftovers.find(connection)
    names = {each.object for each in left}
    return (
        *(each for each in mended if each.repaired and each.object not in names),
        *(replace(each, reason=tried[each.object].reason) if each.object in tried else each for each in left),
    )


def _report(db: Database, left: tuple[Leftover, ...]) -> None:
    for each in left:
        if not each.repaired:
            state = "INVALID" if each.kind == "index" else "NOT VALID"
            db.notify(f"warning: {each.kind} {each.object} is {state}; litxdb migrate repairs it, or: {each.statement}")


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
