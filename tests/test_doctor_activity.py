"""doctor's checks of activity and locks: the defect, the finding, the remedy, and it is gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Barrier, Thread
from types import ModuleType

import psycopg2
import pytest
from psycopg2.extensions import parse_dsn

from litxdb import doctor, snapshots
from litxdb.database import Database
from litxdb.database.advisory import BACKUP, acquire
from litxdb.doctor import Fix, Reason, Status, span
from litxdb.doctor.checks.activity import (
    blocked_sessions,
    forgotten_prepared_transactions,
    frequent_rollbacks,
    heavy_temporary_files,
    idle_in_transaction,
    long_maintenance,
    long_running_queries,
    orphaned_advisory_locks,
    queries_behind_ddl,
    xmin_horizon_held,
)
from litxdb.migrate import Project
from litxdb.migrate.lock import migration_lock
from tests.bed.examining import apply, findings, mend, result
from tests.bed.pooler import Pooler
from tests.bed.queueing import Queue
from tests.bed.servers import Server
from tests.bed.spare import CLOG_SEGMENT, jump, spare
from tests.bed.statements import as_role, query
from tests.bed.waiting import until as waited

FLUSH = "; select pg_stat_force_next_flush()"
"""Statistics are there when the session says that it is ready."""


@pytest.fixture
def queue(any_db: Database) -> Iterator[Queue]:
    """Sessions of the database, which has a table t with a row."""
    query(any_db, "create table t (a int); insert into t values (1)")
    with Queue(any_db.settings.url or "") as queue:
        yield queue


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take two snapshots, however close, for a time long enough to judge by."""
    monkeypatch.setattr(span, "LEAST_SECONDS", 0)


def deadlock(db: Database) -> None:
    """Have two transactions wait for each other."""
    query(db, "create table if not exists t (a int); create table if not exists u (a int)")
    both_hold = Barrier(2)

    def hold_and_want(first: str, second: str) -> bool:
        with closing(db.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(f"set deadlock_timeout = '20ms'; lock table {first}")
            both_hold.wait(10)
            try:
                cursor.execute(f"lock table {second}")
            except psycopg2.errors.DeadlockDetected:
                connection.rollback()
                cursor.execute("select pg_stat_force_next_flush()")
                connection.commit()
                return True
            return False

    with ThreadPoolExecutor() as threads:
        assert any(threads.map(hold_and_want, ("t", "u"), ("u", "t")))


@contextmanager
def session(db: Database, *statements: str, autocommit: bool = False) -> Iterator[int]:
    """Hold a session open that has run these statements, and yield its pid."""
    with closing(db.connect(autocommit=autocommit)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        yield connection.info.backend_pid


@contextmanager
def at_work(db: Database, statement: str) -> Iterator[int]:
    """Have a session run a statement that does not end by itself; yield its pid once it does."""
    with closing(db.connect(autocommit=True)) as connection:
        pid = connection.info.backend_pid

        def run() -> None:
            with suppress(psycopg2.Error), connection.cursor() as cursor:
                cursor.execute(statement)

        thread = Thread(target=run)
        thread.start()
        try:
            until(db, f"select state = 'active' and query <> '' from pg_stat_activity where pid = {pid}")
            yield pid
        finally:
            query(db, f"select pg_cancel_backend({pid})")
            thread.join(10)


def until(db: Database, condition: str) -> None:
    """Wait until a query says true."""
    patience = time.monotonic() + 10
    while query(db, condition) != [(True,)]:
        assert time.monotonic() < patience, condition
        time.sleep(0.01)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lower limits of a check, for nobody has an hour to wait: `at_once(check, WARN_SECONDS=0)`."""

    def lower(check: ModuleType, **limits: float) -> None:
        for name, limit in limits.items():
            monkeypatch.setattr(check, name, limit)

    return lower


class TestSessions:
    def test_idle_in_transaction(self, any_db: Database, at_once: Callable[..., None]) -> None:
        with session(any_db, "select 1") as pid, session(any_db, "select 1", autocommit=True):
            assert findings(any_db, "idle_in_transaction") == {}
            at_once(idle_in_transaction, WARN_SECONDS=0)
            (finding,) = findings(any_db, "idle_in_transaction").values()
            assert (finding.object, finding.level) == (f"pid {pid}", Status.WARN)
            assert finding.remedy == f"litxdb terminate {pid}"
            at_once(idle_in_transaction, CRIT_SECONDS=0)
            assert findings(any_db, "idle_in_transaction")[f"pid {pid}"].level is Status.CRIT
            mend(any_db, "idle_in_transaction")

    def test_a_failed_transaction_is_idle_too(self, empty_db: Database, at_once: Callable[..., None]) -> None:
        at_once(idle_in_transaction, WARN_SECONDS=0)
        with closing(empty_db.connect()) as connection, connection.cursor() as cursor:

            def measured() -> str:
                connection.rollback()
                with pytest.raises(psycopg2.Error):
                    cursor.execute("select 1 / 0")
                (finding,) = findings(empty_db, "idle_in_transaction").values()
                return finding.measured

            # a busy machine takes a second to look, now and then
            waited(lambda: measured().startswith("idle in transaction (aborted) for 0"))

    def test_a_long_statement(self, any_db: Database, at_once: Callable[..., None]) -> None:
        with at_work(any_db, "select pg_sleep(60)") as pid:
            assert findings(any_db, "long_running_queries") == {}
            at_once(long_running_queries, WARN_SECONDS=0)
            (finding,) = findings(any_db, "long_running_queries").values()
            assert (finding.object, finding.remedy) == (f"pid {pid}", f"litxdb cancel {pid}")
            assert finding.measured.endswith(": select pg_sleep(?)")
            mend(any_db, "long_running_queries")

    def test_who_waits_for_a_lock_is_a_victim(self, empty_db: Database, at_once: Callable[..., None]) -> None:
        at_once(long_running_queries, WARN_SECONDS=0)
        query(empty_db, "create table t (a int)")
        with session(empty_db, "lock table t"), at_work(empty_db, "select * from t"):
            until(empty_db, "select count(*) = 1 from pg_locks where not granted")
            assert findings(empty_db, "long_running_queries") == {}

    def test_an_index_build_that_waits(self, any_db: Database, at_once: Callable[..., None]) -> None:
        assert result(any_db, "long_maintenance").reason is Reason.NOTHING_THERE
        query(any_db, "create table t (a int)")
        with (
            session(any_db, "insert into t values (1)") as idle,
            at_work(any_db, "create index concurrently i on t (a)") as pid,
        ):
            until(any_db, "select current_locker_pid <> 0 from pg_stat_progress_create_index")
            at_once(long_running_queries, WARN_SECONDS=0)
            assert findings(any_db, "long_running_queries") == {}
            assert findings(any_db, "long_maintenance") == {}
            at_once(long_maintenance, WAIT_SECONDS=0)
            (finding,) = findings(any_db, "long_maintenance").values()
            assert (finding.object, finding.remedy) == (f"pid {pid}", f"litxdb terminate {idle}")
            assert "CREATE INDEX CONCURRENTLY of public.t for" in finding.measured
            at_once(long_maintenance, WAIT_SECONDS=3600, INFO_SECONDS=0)
            assert findings(any_db, "long_maintenance")[f"pid {pid}"].level is Status.INFO
            apply(any_db, finding.remedy)
            until(any_db, "select bool_and(indisvalid) from pg_index where indrelid = 't'::regclass")
        assert result(any_db, "long_maintenance").reason is Reason.NOTHING_THERE


class TestLocks:
    """As Queue's sessions hold and wait; who is at the top, by the check that names him."""

    def freed(self, db: Database, remedy: str) -> None:
        """Apply a remedy, and see that nobody waits any more."""
        apply(db, remedy)
        until(db, "select count(*) = 0 from pg_locks where not granted")

    def test_a_reader_that_forgot_to_commit(self, any_db: Database, queue: Queue, at_once: Callable[..., None]) -> None:
        at_once(blocked_sessions, WARN_SECONDS=600)
        at_once(queries_behind_ddl, CRIT_SECONDS=600)
        idle = queue.hold("select * from t")
        ddl = queue.wait("alter table t add b int")
        queue.wait("select * from t")
        queue.wait("select * from t where 'secret' = 'secret'")
        assert findings(any_db, "blocked_sessions") == {}
        at_once(blocked_sessions, WARN_SECONDS=0)
        (finding,) = findings(any_db, "blocked_sessions").values()
        assert (finding.object, finding.level) == (f"pid {idle}", Status.CRIT)
        assert "idle in transaction for" in finding.measured
        assert "holds up 3 sessions, 2 deep" in finding.measured
        assert "on public.t (AccessExclusiveLock)" in finding.measured
        (behind,) = findings(any_db, "queries_behind_ddl").values()
        assert (behind.object, behind.remedy) == (f"pid {ddl}", f"litxdb cancel {ddl}")
        assert (behind.level, behind.value) == (Status.WARN, 2)
        at_once(queries_behind_ddl, CRIT_SECONDS=0)
        assert findings(any_db, "queries_behind_ddl")[f"pid {ddl}"].level is Status.CRIT
        apply(any_db, finding.remedy)
        until(any_db, f"select state = 'idle in transaction' from pg_stat_activity where pid = {ddl}")
        (finding,) = findings(any_db, "blocked_sessions").values()  # now the DDL has the lock and does not commit
        assert finding.object == f"pid {ddl}"
        self.freed(any_db, finding.remedy)
        assert findings(any_db, "blocked_sessions") == findings(any_db, "queries_behind_ddl") == {}

    def test_cancelling_the_ddl_lets_the_others_through(self, empty_db: Database, at_once: Callable[..., None]) -> None:
        query(empty_db, "create table t (a int)")
        with Queue(empty_db.settings.url or "") as queue:
            queue.hold("select * from t")
            queue.wait("alter table t add b int")
            queue.wait("select * from t")
            (finding,) = findings(empty_db, "queries_behind_ddl").values()
            self.freed(empty_db, finding.remedy)
            assert findings(empty_db, "queries_behind_ddl") == {}

    def test_a_statement_at_work_is_cancelled(
        self, any_db: Database, queue: Queue, at_once: Callable[..., None]
    ) -> None:
        at_once(blocked_sessions, WARN_SECONDS=0)
        with at_work(any_db, "with u as (update t set a = 2 returning 'secret') select pg_sleep(60) from u") as pid:
            queue.wait("update t set a = 3")
            (finding,) = findings(any_db, "blocked_sessions").values()
            assert (finding.object, finding.level) == (f"pid {pid}", Status.WARN)
            assert finding.remedy == f"litxdb cancel {pid}"
            assert "select pg_sleep(?) from u" in finding.measured
            assert "secret" not in finding.measured
            at_once(blocked_sessions, CRIT_SECONDS=0)
            assert findings(any_db, "blocked_sessions")[f"pid {pid}"].level is Status.CRIT
            self.freed(any_db, finding.remedy)

    def test_rows_are_no_ddl(self, any_db: Database, queue: Queue) -> None:
        queue.hold("update t set a = 2")
        for _ in range(3):
            queue.wait("update t set a = 3")
        assert findings(any_db, "queries_behind_ddl") == {}

    def test_an_idle_session_with_an_advisory_lock(
        self, any_db: Database, queue: Queue, at_once: Callable[..., None]
    ) -> None:
        at_once(blocked_sessions, WARN_SECONDS=0)
        idle = queue.hold("select pg_advisory_lock(7)", autocommit=True)
        queue.wait("select pg_advisory_lock(7)")
        (finding,) = findings(any_db, "blocked_sessions").values()
        assert (finding.object, finding.remedy) == (f"pid {idle}", f"litxdb terminate {idle}")
        assert "on advisory lock 7" in finding.measured
        self.freed(any_db, finding.remedy)

    def test_a_prepared_transaction(self, any_db: Database, queue: Queue, at_once: Callable[..., None]) -> None:
        at_once(blocked_sessions, WARN_SECONDS=0)
        query(any_db, "begin; update t set a = 2; prepare transaction 'it''s'")
        queue.wait("update t set a = 3")
        (finding,) = findings(any_db, "blocked_sessions").values()
        assert (finding.object, finding.remedy) == ("prepared transaction 'it''s'", "rollback prepared 'it''s'")
        self.freed(any_db, finding.remedy)

    def test_a_deadlock(self, any_db: Database, queue: Queue, at_once: Callable[..., None]) -> None:
        at_once(blocked_sessions, WARN_SECONDS=0)
        queue.deadlock("1", "2")
        (finding,) = findings(any_db, "blocked_sessions").values()
        assert "is in a deadlock" in finding.measured
        self.freed(any_db, finding.remedy)

    def test_without_privileges_the_tree_is_there_all_the_same(
        self, any_server: Server, any_db: Database, queue: Queue, at_once: Callable[..., None]
    ) -> None:
        at_once(blocked_sessions, WARN_SECONDS=0)
        idle = queue.hold("select * from t")
        queue.wait("alter table t add b int")
        queue.wait("select * from t")
        with as_role(any_server, any_db, "nobody_much") as plain:
            (finding,) = findings(plain, "blocked_sessions").values()
            assert (finding.object, finding.remedy) == (f"pid {idle}", f"litxdb terminate {idle}")
            assert finding.measured.startswith("a session of postgres; holds up 2 sessions")
            assert len(findings(plain, "queries_behind_ddl")) == 1

    def test_while_a_migration_is_stuck_the_triage_says_so(self, any_db: Database, queue: Queue) -> None:
        queue.hold("lock table t in access exclusive mode")
        queue.wait("alter table t add b int")
        queue.wait("select * from t")
        examined = doctor.examine(any_db, triage=True, deadline_seconds=30)
        assert {result.status for result in examined.results} <= {Status.OK, Status.WARN, Status.CRIT, Status.SKIP}
        assert "queries_behind_ddl" in {finding.check for finding in examined.findings}


class TestPreparedTransactions:
    def test_one_is_forgotten(self, any_db: Database, at_once: Callable[..., None]) -> None:
        assert result(any_db, "forgotten_prepared_transactions").reason is Reason.NOTHING_THERE
        query(any_db, "begin; prepare transaction 'o''clock %s; ü'")
        assert findings(any_db, "forgotten_prepared_transactions") == {}
        at_once(forgotten_prepared_transactions, WARN_SECONDS=0)
        (finding,) = findings(any_db, "forgotten_prepared_transactions").values()
        assert finding.object == "prepared transaction 'o''clock %s; ü'"
        query(any_db, finding.remedy)
        assert result(any_db, "forgotten_prepared_transactions").reason is Reason.NOTHING_THERE

    def test_it_ends_in_its_own_database_alone(
        self, server: Server, empty_db: Database, at_once: Callable[..., None]
    ) -> None:
        at_once(forgotten_prepared_transactions, WARN_SECONDS=0, CRIT_SECONDS=0)
        with server.database() as url, Database(url) as other:
            name = query(other, "select current_database()")[0][0]
            query(other, "begin; prepare transaction 'x'")
            (finding,) = findings(empty_db, "forgotten_prepared_transactions").values()
            assert (finding.remedy, finding.level) == (
                f"-- in the database {name}:\nrollback prepared 'x'",
                Status.CRIT,
            )
            query(other, finding.remedy)

    def test_where_none_can_be(self, bed_directory: Path) -> None:
        with spare(bed_directory, max_prepared_transactions="0") as server, Database(server.url()) as db:
            assert result(db, "forgotten_prepared_transactions").reason is Reason.NOT_APPLICABLE


class TestHorizon:
    def test_prepared_transactions_and_slots_hold_dead_rows(self, bed_directory: Path) -> None:
        with spare(bed_directory, wal_level="logical", autovacuum="off") as server, Database(server.url()) as db:
            query(db, "create table t (a int)")
            query(db, "select pg_create_logical_replication_slot('forgotten', 'pgoutput')")
            query(db, "begin; insert into t values (1); prepare transaction 'x'")
            assert findings(db, "xmin_horizon_held") == {}
            jump(server, 11 * CLOG_SEGMENT, CLOG_SEGMENT)
            found = findings(db, "xmin_horizon_held")
            assert set(found) == {"slot forgotten", "prepared transaction 'x'"}
            assert {finding.level for finding in found.values()} == {Status.WARN}
            assert "of catalogs" in found["slot forgotten"].measured
            mend(db, "xmin_horizon_held")

    def test_a_session_holds_dead_rows(self, any_db: Database, at_once: Callable[..., None]) -> None:
        at_once(xmin_horizon_held, WARN_AGE=50, CRIT_AGE=100)
        query(any_db, "create table t (a int)")
        burn = "do $$ begin for i in 1..60 loop insert into t values (1); commit; end loop; end $$"
        with session(any_db, "set transaction isolation level repeatable read", "select 1") as pid:
            assert findings(any_db, "xmin_horizon_held") == {}
            query(any_db, burn)
            (finding,) = findings(any_db, "xmin_horizon_held").values()
            assert (finding.object, finding.remedy) == (f"pid {pid}", f"litxdb terminate {pid}")
            query(any_db, burn)
            assert findings(any_db, "xmin_horizon_held")[f"pid {pid}"].level is Status.CRIT
            mend(any_db, "xmin_horizon_held")

    def test_sessions_of_other_databases_hold_none_here(
        self, server: Server, empty_db: Database, at_once: Callable[..., None]
    ) -> None:
        at_once(xmin_horizon_held, WARN_AGE=1)
        with server.database() as url, Database(url) as other:
            begin = "set transaction isolation level repeatable read"
            with session(other, begin, "select 1"):
                query(other, "create table t (a int); create table u (a int)")
                query(other, "drop table t")
                assert findings(empty_db, "xmin_horizon_held") == {}


class TestAdvisoryLocks:
    @pytest.mark.parametrize(("call", "key"), [("-5", "-5"), ("6000000000", "6000000000"), ("7, -8", "7, -8")])
    def test_an_idle_session_holds_one(
        self, any_db: Database, at_once: Callable[..., None], call: str, key: str
    ) -> None:
        database = query(any_db, "select current_database()")[0][0]
        with session(any_db, f"select pg_advisory_lock({call})", autocommit=True) as pid:
            assert findings(any_db, "orphaned_advisory_locks") == {}
            at_once(orphaned_advisory_locks, WARN_SECONDS=0)
            (finding,) = findings(any_db, "orphaned_advisory_locks").values()
            assert (finding.object, finding.level) == (f"advisory lock {key} in {database}", Status.WARN)
            assert finding.remedy == f"litxdb terminate {pid}"
            at_once(orphaned_advisory_locks, WARN_SECONDS=3600)
            assert findings(any_db, "orphaned_advisory_locks") == {}
            with at_work(any_db, f"select pg_advisory_xact_lock({call})"):
                until(any_db, "select count(*) = 1 from pg_locks where not granted")
                assert findings(any_db, "orphaned_advisory_locks")[finding.object].level is Status.CRIT

    def test_migrations_and_backups_of_litxdb_hold_theirs_on_purpose(
        self, db: Database, at_once: Callable[..., None]
    ) -> None:
        at_once(orphaned_advisory_locks, WARN_SECONDS=0)
        with migration_lock(db, Project.litxplore(), 1):
            assert result(db, "orphaned_advisory_locks").reason is Reason.NOTHING_THERE
        with closing(db.connect(direct=True, autocommit=True)) as connection:
            acquire(connection, BACKUP, 0, subject="a backup", notify=print)
            assert result(db, "orphaned_advisory_locks").reason is Reason.NOTHING_THERE

    def test_a_lock_that_leaks_through_a_pooler(self, pooler: Pooler, at_once: Callable[..., None]) -> None:
        at_once(orphaned_advisory_locks, WARN_SECONDS=0)
        with pooler.server.database() as url, Database(url) as db:
            name = parse_dsn(url)["dbname"]
            with closing(psycopg2.connect(pooler.url(name))) as connection, connection.cursor() as cursor:
                cursor.execute("select pg_advisory_lock(42)")
                connection.commit()
            (finding,) = findings(db, "orphaned_advisory_locks").values()
            assert finding.object == f"advisory lock 42 in {name}"
            through = Database(pooler.url(name))
            assert set(findings(through, "orphaned_advisory_locks")) == {finding.object}
            apply(db, finding.remedy)
            assert result(db, "orphaned_advisory_locks").reason is Reason.NOTHING_THERE


@pytest.mark.parametrize(
    "check",
    ["idle_in_transaction", "long_running_queries", "long_maintenance", "xmin_horizon_held", "orphaned_advisory_locks"],
)
def test_who_cannot_see_other_sessions_is_told_so(server: Server, empty_db: Database, check: str) -> None:
    with as_role(server, empty_db, "nobody_much") as plain:
        found = result(plain, check)
        assert (found.reason, found.remedy) == (Reason.NO_PRIVILEGE, "grant pg_monitor to nobody_much")
        query(empty_db, found.remedy)
        try:
            assert result(plain, check).reason in (None, Reason.NOTHING_THERE)
        finally:
            query(empty_db, "revoke pg_monitor from nobody_much")


class TestRates:
    def test_a_deadlock(self, any_db: Database, moments: None) -> None:
        deadlock(any_db)
        snapshots.take(any_db)
        snapshots.take(any_db)
        assert findings(any_db, "frequent_deadlocks") == {}
        deadlock(any_db)
        snapshots.take(any_db)
        (finding,) = findings(any_db, "frequent_deadlocks").values()
        assert (finding.level, finding.value) == (Status.WARN, 1)
        query(any_db, finding.remedy)
        assert query(any_db, "show log_lock_waits") == [("on",)]
        query(any_db, finding.undo)

    def test_rollbacks(self, any_db: Database, moments: None, monkeypatch: pytest.MonkeyPatch) -> None:
        def end(how: str, times: int) -> None:
            with closing(any_db.connect()) as connection, connection.cursor() as cursor:
                for _ in range(times):
                    cursor.execute("select 1")
                    getattr(connection, how)()
                cursor.execute("select pg_stat_force_next_flush()")
                connection.commit()

        snapshots.take(any_db)
        end("rollback", 100)
        snapshots.take(any_db)
        assert result(any_db, "frequent_rollbacks").reason is Reason.COLD_STATISTICS
        monkeypatch.setattr(frequent_rollbacks, "TRANSACTIONS", 100)
        (finding,) = findings(any_db, "frequent_rollbacks").values()
        assert finding.level is Status.WARN
        end("commit", 1500)
        snapshots.take(any_db)
        assert findings(any_db, "frequent_rollbacks") == {}

    def test_temporary_files(self, any_db: Database, moments: None, at_once: Callable[..., None]) -> None:
        at_once(heavy_temporary_files, WARN_BYTES_A_SECOND=1 << 14)  # a slow machine writes them slowly
        spill = (
            "set work_mem = '64kB'; select count(*) from (select g from generate_series(1, 1000000) g order by -g) s"
        )
        snapshots.take(any_db)
        snapshots.take(any_db)
        assert findings(any_db, "heavy_temporary_files") == {}
        query(any_db, spill + FLUSH)
        snapshots.take(any_db)
        (finding,) = findings(any_db, "heavy_temporary_files").values()
        assert (finding.level, finding.fix) == (Status.WARN, Fix.ASKS)
        query(any_db, finding.remedy)
        assert query(any_db, "show work_mem") == [("8MB",)]
        query(any_db, "alter role postgres set work_mem = '64MB'")
        try:
            (enough,) = findings(any_db, "heavy_temporary_files").values()
            assert (enough.remedy, enough.fix) == ("litxdb slow-queries", Fix.MANUAL)
        finally:
            query(any_db, "alter role postgres reset work_mem")
        query(any_db, finding.undo)

    @pytest.mark.parametrize("check", ["frequent_deadlocks", "frequent_rollbacks", "heavy_temporary_files"])
    def test_without_two_snapshots_nobody_knows(
        self, empty_db: Database, check: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(2):
            found = result(empty_db, check)
            assert (found.reason, found.remedy) == (Reason.COLD_STATISTICS, "litxdb snapshot")
            assert found.detail.startswith("Two snapshots are needed")
            snapshots.take(empty_db)
        snapshots.take(empty_db)
        assert "60 s are needed" in result(empty_db, check).detail.replace("1 min", "60 s")
        monkeypatch.setattr(span, "STALE_SECONDS", 0)
        assert "The newest snapshot is" in result(empty_db, check).detail

    def test_snapshots_that_cannot_be_read_are_no_evidence(self, empty_db: Database) -> None:
        taken = snapshots.take(empty_db)
        assert taken.file
        taken.file.write_bytes(b"no database")
        found = result(empty_db, "frequent_deadlocks")
        assert found.status is Status.SKIP
        assert str(taken.file) in found.detail
