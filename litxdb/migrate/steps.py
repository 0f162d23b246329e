"""Taking the steps of a plan: each revision announced, begun anew when somebody holds a lock, and logged."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from litxdb.blockers import Lookout
from litxdb.database import Database
from litxdb.errors import STOPPED, ConnectionFailed, LitxdbError
from litxdb.migrate import log
from litxdb.migrate.builds import give_builds_time
from litxdb.migrate.comparison.catalog import Fingerprint, compare, fingerprint
from litxdb.migrate.dumps import wait_for_dumps
from litxdb.migrate.graph import Revision
from litxdb.migrate.lock import MigrationLock
from litxdb.migrate.patience import Patience
from litxdb.migrate.project import Project
from litxdb.migrate.refusals import cause_of, explain, starts_elsewhere
from litxdb.migrate.results import RevisionStep
from litxdb.migrate.standing import read_standing, remains, stands, written

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from tenacity import RetryCallState

ELSEWHERE_HINT = (
    "Have the project create its first tables its own way (often create_all, and perhaps a stamp), "
    "then run litxdb migrate again."
)

Watch = Callable[[RevisionStep], None]
"""Is called when a revision starts (without milliseconds) and again when it is committed."""

CONFLICTS = frozenset({"55P03", "40P01"})
"""lock_not_available and deadlock_detected: nothing is wrong with the revision, and it was rolled back whole."""

LONGEST_PAUSE_SECONDS = 10.0


@dataclass
class Run:
    """One run of a list of revisions under the migration lock; `done` grows as they are committed."""

    db: Database
    project: Project
    lock: MigrationLock
    steps: tuple[Revision, ...]
    watch: Watch
    patience: Patience
    up: bool
    done: list[RevisionStep] = field(default_factory=list)
    _current: Revision | None = None
    _first_begun: float = 0
    _begun: float = 0
    _retries: int = 0
    _partly_committed: bool = False
    _before: Fingerprint | None = None
    _lookout: Lookout | None = None
    _log_fails: bool = False

    def all(self) -> tuple[RevisionStep, ...]:
        """Run them all, and return what was done; a failure says where the database stands."""
        from tenacity import Retrying

        retrying = Retrying(
            retry=lambda state: self._may_begin_anew(state.outcome.exception() if state.outcome else None),
            wait=lambda state: self._pause(),
            stop=lambda state: (
                time.monotonic() - self._first_begun + state.upcoming_sleep > self.patience.retry_seconds
            ),
            before_sleep=self._say_who_blocks,
            reraise=True,
        )
        try:
            retrying(self._attempt)
        except Exception as error:
            first = cause_of(error)
            if not isinstance(first, Exception):
                self._say_interrupted()
                raise first from None  # Ctrl-C, and then the connection could not be tidied up
            raise self._failure(error) from error
        except STOPPED:
            self._say_interrupted()
            raise
        return tuple(self.done)

    def _attempt(self) -> None:
        """Run what is left, on a connection of its own: a revision that failed may have left settings on the last."""
        from sqlalchemy import event

        from litxdb.migrate.running import run

        with self.db.direct_engine.connect() as connection:
            pid = _prepare(connection, self.patience.lock_timeout_seconds)
            give_builds_time(connection, self.patience.lock_timeout_seconds)
            event.listen(connection, "commit", self._note_commit)
            with Lookout(
                self.lock.connection, pid, self.patience.lock_timeout_seconds, self.db.notify
            ) as self._lookout:
                run(connection, self.project, self._announce, up=self.up)

    def _announce(self) -> Iterator[Revision]:
        for revision in self.steps[len(self.done) :]:
            self.lock.check()
            wait_for_dumps(self.lock.connection, self.patience.retry_seconds, self.db.notify)
            if revision is not self._current:
                self._current, self._first_begun, self._retries = revision, time.monotonic(), 0
                # only then can a part of it outlive its failure
                self._before = self._read_catalog() if b"autocommit" in revision.path.read_bytes() else None
                self.watch(RevisionStep(revision.id, revision.message))
            self._partly_committed = False
            self._begun = time.perf_counter()
            yield revision
            self._finish(revision)

    def _finish(self, revision: Revision) -> None:
        step = RevisionStep(revision.id, revision.message, self._milliseconds(), self._retries)
        self.done.append(step)
        self._log(revision, "applied" if self.up else "reverted")
        self._current = None
        self.watch(step)

    def _note_commit(self, connection: Connection) -> None:
        self._partly_committed = True

    # --- somebody holds a lock

    def _may_begin_anew(self, error: BaseException | None) -> bool:
        conflict = getattr(cause_of(error), "pgcode", None) in CONFLICTS
        return conflict and self._current is not None and not self._partly_committed

    def _pause(self) -> float:
        """Wait longer each time, so that whoever queued behind us gets through, and never in step with another."""
        return min(LONGEST_PAUSE_SECONDS, 0.5 * 2.0**self._retries) + random.uniform(0, 0.5)  # noqa: S311  (no secret)

    def _say_who_blocks(self, state: RetryCallState) -> None:
        assert self._current
        self._retries += 1
        self.db.notify(
            f"revision {self._current.id} did not get its lock{self._blockers()}; "
            f"rolled back, trying again in {state.upcoming_sleep:.1f} s"
        )

    def _blockers(self) -> str:
        found = self._lookout.found if self._lookout else ()
        if not found:
            return ""
        table = found[0].table
        return (f" on {table}" if table else "") + f", held up by {'; '.join(each.who for each in found)}"

    # --- failures

    def _failure(self, error: Exception) -> LitxdbError:
        import psycopg2

        cause = cause_of(error)
        revision = self._current
        if revision is None:
            return error if isinstance(error, LitxdbError) else explain(cause, "Migrating", self._standing())
        if isinstance(cause, psycopg2.Error) and self._was_committed(revision):
            self._finish(revision)
            return ConnectionFailed(
                f"The connection broke as revision {revision.id} was committed. {self._standing()}", "Run it again."
            )
        self._log(revision, "failed", str(cause).partition("\n")[0])
        if isinstance(error, LitxdbError):
            return error
        doing = f"Revision {revision.id}"
        if self.up and self.project.foreign and isinstance(cause, psycopg2.Error) and not self._read_standing():
            elsewhere = starts_elsewhere(cause, doing, self.project.name, ELSEWHERE_HINT)
            if elsewhere is not None:
                return elsewhere
        if self._retries:
            doing += f", begun {self._retries + 1} times,"
        problem = explain(cause, doing, self._standing())
        if getattr(cause, "pgcode", None) in CONFLICTS and self._blockers():
            problem.message = f"{problem.message} It was{self._blockers().replace(',', '', 1)}."
        return problem

    def _say_interrupted(self) -> None:
        if self._current is None:
            return
        if self._was_committed(self._current):
            self._finish(self._current)
        else:
            self._log(self._current, "interrupted")
            self.db.notify(f"Revision {self._current.id} was interrupted.{self._remains()}")

    def _was_committed(self, revision: Revision) -> bool:
        """Tell whether the revision took effect although its COMMIT was never answered."""
        standing = self._read_standing()
        return standing is not None and (revision in self.project.graph().lineage(standing)) is self.up

    def _standing(self) -> str:
        """Say which revision the database is at, and what there is of the one that could not be rolled back whole."""
        return stands(written(self._read_standing())) + self._remains()

    def _remains(self) -> str:
        """Say what there is of the revision under way; nothing if it was rolled back whole."""
        if self._current is None or self._before is None:
            return ""
        after = self._read_catalog()
        changes = remains(compare(self._before, after)) if after else []
        if not changes:
            return ""
        command = "migrate" if self.up else "rollback"
        return f" Of revision {self._current.id} this remains: {', '.join(changes)}; litxdb {command} goes on there."

    def _read_catalog(self) -> Fingerprint | None:
        """Return the fingerprint of the schema; None if somebody locks a table, or the server is gone."""
        import psycopg2

        try:
            return fingerprint(self.db)
        except (psycopg2.Error, LitxdbError):
            return None

    def _read_standing(self) -> tuple[str, ...] | None:
        return read_standing(self.db, self.lock, self.project)

    def _log(self, revision: Revision, outcome: str, error: str | None = None) -> None:
        """Add it to the log; if that fails the migration does not, but says so, once."""
        import psycopg2

        try:
            log.write(
                self.lock.connection,
                self.lock.version_table,
                revision,
                outcome,
                up=self.up,
                milliseconds=self._milliseconds(),
                lock_retries=self._retries,
                error=error,
            )
        except psycopg2.Error as problem:
            if not self._log_fails:
                self._log_fails = True
                allow = isinstance(problem, psycopg2.errors.InsufficientPrivilege)
                remedy = f"; an administrator allows it with: {log.grant(self.lock.connection)}" if allow else ""
                reason = str(problem).strip().partition("\n")[0]
                self.db.notify(f"warning: {log.TABLE} could not be written: {reason}{remedy}")

    def _milliseconds(self) -> float:
        return (time.perf_counter() - self._begun) * 1000


def _prepare(connection: Connection, lock_timeout_seconds: float) -> int:
    """Set the session up and return its pid: give up soon on a lock, and never on work that is under way."""
    from sqlalchemy.exc import DBAPIError

    # session settings: SET LOCAL would end at a revision's first autocommit block
    connection.exec_driver_sql(
        "select set_config('lock_timeout', %s, false)", (f"{lock_timeout_seconds * 1000:.0f}ms",)
    )
    connection.exec_driver_sql(
        "select set_config(name, '0', false) from pg_settings "
        "where name in ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')"
    )
    pid = int(connection.exec_driver_sql("select pg_backend_pid()").scalar_one())
    connection.commit()
    with contextlib.suppress(DBAPIError):  # a server on Windows cannot
        # a run that was killed must not go on for hours, its locks held
        connection.exec_driver_sql("set client_connection_check_interval = '2s'")
        connection.commit()
    connection.rollback()
    return pid
