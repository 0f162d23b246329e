"""Bringing a database forward and back in the history, one revision a transaction."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from litxdb.database import Database
from litxdb.errors import LitxdbError, Refused, ServerRefused
from litxdb.migrate.graph import HEAD, Revision
from litxdb.migrate.lock import MigrationLock, migration_lock
from litxdb.migrate.plan import downgrades, tips, upgrades
from litxdb.migrate.project import Project
from litxdb.migrate.refusals import explain, stands, starts_elsewhere
from litxdb.migrate.results import Migrated, RevisionStep
from litxdb.migrate.state import current_revisions, read_revision, read_revisions, shown
from litxdb.migrations.extensions import require

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

Watch = Callable[[RevisionStep], None]
"""Is called when a revision starts (without milliseconds) and again when it is committed."""

WAIT_SECONDS = 60.0
LOCK_TIMEOUT_SECONDS = 3.0


def upgrade(
    db: Database,
    target: str = HEAD,
    *,
    directory: Path | None = None,
    project: Project | None = None,
    dry_run: bool = False,
    wait_seconds: float = WAIT_SECONDS,
    lock_timeout_seconds: float = LOCK_TIMEOUT_SECONDS,
    watch: Watch = lambda step: None,
) -> Migrated:
    """Apply all revisions up to the target: an id, the beginning of one, or `head`.

    Idempotent, and safe to run again after any failure: each revision is committed whole or not at all. Only one run at
    a time changes a database; another waits `wait_seconds` for it, then raises LockHeld. A statement that does not get
    its table lock in `lock_timeout_seconds` gives up rather than have everybody queue behind it. With `dry_run`
    nothing changes: the steps are those that a run would take. `directory` holds a project's own revisions, which
    follow LitXplore's; `project` is another Alembic project altogether. Raises ServerRefused, saying where the
    database stands, when a revision fails.
    """
    project = project or Project.litxplore(directory)
    graph = project.graph()

    def plan(current: tuple[str, ...]) -> tuple[Revision, ...]:
        return upgrades(graph, current, target)

    before = current_revisions(db, project)
    steps = plan(before)
    if dry_run or not steps:
        return Migrated(shown(before), shown(tips((*graph.lineage(before), *steps))), _announced(steps))
    with migration_lock(db, wait_seconds) as lock:
        before = read_revisions(lock.connection, project)
        steps = plan(before)
        _check_extensions(lock.connection, steps, shown(before))
        return _Run(db, project, lock, steps, watch, lock_timeout_seconds, up=True).result(shown(before))


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
    watch: Watch = lambda step: None,
) -> Migrated:
    """Revert that many revisions, or all after `to` (`base` reverts everything).

    What only those revisions' tables hold is lost. Raises Refused if another run moved the database meanwhile; all
    else is as for `upgrade`.
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
        return _Run(db, project, lock, reverted, watch, lock_timeout_seconds, up=False).result(shown(before))


@dataclass
class _Run:
    """One attempt at a list of revisions; `done` grows as they are committed."""

    db: Database
    project: Project
    lock: MigrationLock
    steps: tuple[Revision, ...]
    watch: Watch
    lock_timeout_seconds: float
    up: bool
    done: list[RevisionStep] = field(default_factory=list)

    def result(self, before: str | None) -> Migrated:
        """Run them all, and say what happened."""
        import psycopg2
        from sqlalchemy.exc import SQLAlchemyError

        from litxdb.migrate.running import run

        try:
            with self.db.direct_engine.connect() as connection:
                # a session setting: SET LOCAL would end at a revision's first autocommit block
                milliseconds = f"{self.lock_timeout_seconds * 1000:.0f}ms"
                connection.exec_driver_sql("select set_config('lock_timeout', %s, false)", (milliseconds,))
                connection.commit()
                run(connection, self.project, self._announce, up=self.up)
        except (psycopg2.Error, SQLAlchemyError) as error:
            first = _first(error)
            if not isinstance(first, Exception):
                raise first from None  # Ctrl-C, and then the connection could not be tidied up
            raise self._failure(first, before) from error
        return Migrated(before, read_revision(self.lock.connection, self.project), tuple(self.done))

    def _announce(self) -> Iterator[Revision]:
        for revision in self.steps:
            self.lock.check()
            step = RevisionStep(revision.id, revision.message)
            self.watch(step)
            start = time.perf_counter()
            yield revision
            self.done.append(replace(step, milliseconds=(time.perf_counter() - start) * 1000))
            self.watch(self.done[-1])

    def _failure(self, error: Exception, before: str | None) -> LitxdbError:
        import psycopg2

        doing = f"Revision {self.steps[len(self.done)].id}" if len(self.done) < len(self.steps) else "Migrating"
        if not isinstance(error, psycopg2.Error):
            return ServerRefused(
                f"{doing} failed: {error}", "The revision itself is wrong: mend it, then run it again."
            )
        standing = None
        with contextlib.suppress(psycopg2.Error):
            standing = read_revision(self.lock.connection, self.project)
        if self.up and before is None and self.project.foreign:
            elsewhere = starts_elsewhere(
                error,
                doing,
                self.project.name,
                "Have the project create its first tables its own way (often create_all, and perhaps a stamp), "
                "then run litxdb migrate again.",
            )
            if elsewhere is not None:
                return elsewhere
        return explain(error, doing, stands(standing))


def _first(error: BaseException) -> BaseException:
    """Return what happened first, in the driver's words: after it, leaving an autocommit block may fail in turn."""
    from sqlalchemy.exc import DBAPIError, PendingRollbackError

    while isinstance(error, PendingRollbackError) and error.__context__ is not None:
        error = error.__context__
    return (error.orig or error) if isinstance(error, DBAPIError) else error


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
