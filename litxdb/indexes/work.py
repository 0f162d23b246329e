"""Doing what takes long and may be in somebody's way: statements CONCURRENTLY, in a session of their own.

One run at a time works on the indexes of a table, held by an advisory lock of the very session that builds: as long as
the server builds, whether or not its program still lives, nobody begins the same anew.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from litxdb.blockers import Lookout
from litxdb.database import Database
from litxdb.database.advisory import POLL_SECONDS, acquire
from litxdb.database.refusals import HINTS
from litxdb.errors import STOPPED, ConnectionFailed, LitxdbError, LockHeld, ServerRefused
from litxdb.indexes.leftovers import after_build, after_rebuild
from litxdb.indexes.present import Index, ask, indexes
from litxdb.indexes.results import Means, Patience, Phase

if TYPE_CHECKING:
    import psycopg2
    from psycopg2.extensions import connection as Connection

Watch = Callable[[Phase], None]
"""Is called with what PostgreSQL does, about twice a second."""

CONFLICTS = frozenset({"55P03", "40P01"})
"""lock_not_available and deadlock_detected: nothing is wrong with the statement."""

BRIEF_SECONDS = 1.0
"""How long a statement waits for a lock that others would queue behind."""

TELL_SECONDS = 2.0
"""After so long a wait, whoever is waited for is named."""


@dataclass(frozen=True)
class Statement:
    """A statement, and what it does to which index; a `brief` one takes a lock that others would queue behind."""

    text: str
    doing: str
    index: str
    brief: bool = False


class Bench:
    """Two sessions on the server itself: one works on the indexes of a table, the other looks on."""

    def __init__(
        self, db: Database, worker: Connection, onlooker: Connection, patience: Patience, watch: Watch
    ) -> None:
        self.db, self.worker, self.onlooker, self.patience, self.watch = db, worker, onlooker, patience, watch
        self.attempts = 0
        self._lookout: Lookout | None = None
        self._current: Statement | None = None

    def provide(self, means: Means) -> None:
        """Set what builds may use in this session, and have small tables of large vectors built by several processes.

        PostgreSQL counts a table's own pages alone, and long vectors are kept beside it.
        """
        settings = {"min_parallel_table_scan_size": "0"} if means.workers else {}
        if means.memory_bytes is not None:
            settings["maintenance_work_mem"] = f"{means.memory_bytes // 1024}kB"
        if means.workers is not None:
            settings["max_parallel_maintenance_workers"] = str(means.workers)
        for name, value in settings.items():
            self._set(name, value)

    def carry_out(self, plan: Callable[[], Sequence[Statement]]) -> tuple[str, ...]:
        """Run what `plan` says is left to do, and ask it anew after each statement that somebody's lock has ended.

        What a failed statement leaves half built is dropped, unless somebody is in the way of that too. Raises
        ServerRefused, naming who was in the way or what was wrong.
        """
        import psycopg2

        done: list[str] = []
        try:
            while not self._attempt(plan, done):
                self._pause()
        except psycopg2.Error as error:
            lost = error.pgcode is None or self.worker.closed
            raise (self._cut_off if lost else self._failed)(error) from error
        except STOPPED:
            if said := self._clear():
                self.db.notify(said)
            raise
        return tuple(done)

    def _attempt(self, plan: Callable[[], Sequence[Statement]], done: list[str]) -> bool:
        """Run what is left to do; false when a lock was in the way and it may be tried again."""
        import psycopg2

        self.attempts += 1
        try:
            for statement in plan():
                self._run(statement)
                done.append(statement.text)
        except psycopg2.Error as error:
            if error.pgcode not in CONFLICTS or self.attempts >= self.patience.attempts:
                raise
            return False
        return True

    def _run(self, statement: Statement) -> None:
        self._current = statement
        seconds = self.patience.lock_timeout_seconds
        self._set("lock_timeout", f"{(min(BRIEF_SECONDS, seconds) if statement.brief else seconds) * 1000:.0f}ms")
        pid = self.worker.info.backend_pid
        with (
            Lookout(self.onlooker, pid, TELL_SECONDS, self.db.notify, self._glance) as self._lookout,
            self.worker.cursor() as cursor,
        ):
            cursor.execute(statement.text)

    def _glance(self) -> None:
        assert self._current is not None
        for row in ask(self.onlooker, "progress", pid=self.worker.info.backend_pid):
            self.watch(Phase(self._current.index, row["phase"], row["fraction"]))

    def _set(self, name: str, value: str) -> None:
        with self.worker.cursor() as cursor:
            cursor.execute("select set_config(%s, %s, false)", (name, value))

    # --- when it does not go well

    def _pause(self) -> None:
        """Say who was in the way, and let whoever queued behind us get through."""
        assert self._current is not None
        seconds = min(10.0, 0.5 * 2.0**self.attempts) * random.uniform(0.8, 1.2)  # noqa: S311  (no secret)
        doing = self._current.doing
        self.db.notify(f"{doing} did not get its lock{self._in_the_way()}; trying again in {seconds:.1f} s")
        time.sleep(seconds)

    def _in_the_way(self) -> str:
        found = self._lookout.found if self._lookout else ()
        return f", held up by {'; '.join(each.who for each in found)}" if found else ""

    def _failed(self, error: psycopg2.Error) -> LitxdbError:
        said = (error.diag.message_primary or str(error)).rstrip(".")
        if error.diag.message_detail:
            said += f" ({error.diag.message_detail.rstrip('.')})"
        if error.pgcode in CONFLICTS:
            said += self._in_the_way()
        doing = self._current.doing if self._current else "Looking at the table"
        times = f", begun {self.attempts} times," if self.attempts > 1 else ""
        return ServerRefused(f"{doing}{times} failed: {said}. {self._clear()}".rstrip(), _hint(error))

    def _cut_off(self, error: psycopg2.Error) -> LitxdbError:
        doing = self._current.doing if self._current else "Looking at the table"
        reason = (str(error).strip() or "no reason given").splitlines()[0]
        return ConnectionFailed(
            f"{doing} was cut off as the connection broke: {reason}.",
            "Run it again: if the server goes on by itself that is waited for, and what is left half done is mended.",
        )

    def _clear(self) -> str:
        """Drop what the failed statement left, and say so; what cannot be dropped now, the next run mends."""
        import psycopg2

        if self._current is None:
            return ""
        try:
            there = indexes(self.worker)
            left = _leftovers(there, self._current)
            self._set("lock_timeout", f"{BRIEF_SECONDS * 1000:.0f}ms")
            for index in left:
                with self.worker.cursor() as cursor:
                    cursor.execute(f"drop index concurrently if exists {index.quoted}")
        except psycopg2.Error:
            return f"{self._current.index} may be left INVALID; running this again mends it."
        if left:
            return "What was half built is removed."
        name = self._current.index
        invalid = any(each.quoted == name and not (each.valid or each.partitioned) for each in there)
        return f"{name} is INVALID now: run this again, or keep it with litxdb index rebuild {name}." if invalid else ""


@contextmanager
def looking_on(db: Database) -> Iterator[Connection]:
    """Open the session that looks on; it waits for nobody for long."""
    with closing(db.connect(direct=True, autocommit=True)) as connection, connection.cursor() as cursor:
        cursor.execute("set lock_timeout = '3s'; set statement_timeout = '60s'; set idle_session_timeout = 0")
        yield connection


@contextmanager
def bench(
    db: Database, onlooker: Connection, table_oid: int, table_quoted: str, patience: Patience, watch: Watch
) -> Iterator[Bench]:
    """Open the session that works, once nobody else works on the table's indexes.

    Raises LockHeld, naming who does, if that takes longer than `wait_seconds`.
    """
    with closing(db.connect(direct=True, autocommit=True)) as worker:
        with worker.cursor() as cursor:
            # nothing but a lock may end the work: it may take hours, and giving up costs all of it
            cursor.execute(
                "select set_config(name, '0', false) from pg_settings "
                "where name in ('statement_timeout', 'idle_session_timeout', 'transaction_timeout')"
            )
        subject = f"another run of litxdb on the indexes of {table_quoted}"
        acquire(worker, f".index.{table_oid}", patience.wait_seconds, subject=subject, notify=db.notify)
        _wait_for_builder(db, onlooker, table_oid, table_quoted, patience.wait_seconds)
        yield Bench(db, worker, onlooker, patience, watch)


def _leftovers(there: Sequence[Index], failed: Statement) -> list[Index]:
    """List what a statement that failed may have left half built; one that drops has left nothing to clear."""
    kinds = {"create": after_build, "reindex": after_rebuild}
    return kinds.get(failed.text.partition(" ")[0], lambda there, index: [])(there, failed.index)


def _wait_for_builder(db: Database, onlooker: Connection, oid: int, table_quoted: str, wait_seconds: float) -> None:
    """Let a build end that is none of litxdb's; raises LockHeld if it takes longer."""
    deadline = time.monotonic() + wait_seconds
    said = False
    while (pid := next((each.builder_pid for each in indexes(onlooker) if each.table_oid == oid), None)) is not None:
        if time.monotonic() >= deadline:
            raise LockHeld(
                f"Another session (pid {pid}) is building an index on {table_quoted}.",
                "Wait until it is done (litxdb index list shows how far it is), then run this again.",
            )
        if not said:
            db.notify(f"waiting up to {wait_seconds:g} s for a build on {table_quoted} by another session (pid {pid})")
            said = True
        time.sleep(min(POLL_SECONDS, max(0.0, deadline - time.monotonic())))


def _hint(error: psycopg2.Error) -> str | None:
    if "shared memory segment" in str(error):
        return "Build with --workers 0, or give the server's container more shared memory (docker run --shm-size)."
    if error.pgcode == "23505":
        return "Rows break the uniqueness: find them with group by … having count(*) > 1."
    if error.pgcode == "55P03":
        return "End the session that is in the way, or wait longer with --lock-timeout."
    return HINTS.get(error.pgcode or "") or error.diag.message_hint
