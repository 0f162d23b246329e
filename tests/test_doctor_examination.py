"""The examination has its verdict in time whatever happens, harms nobody, and says what it could not see."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any

import psycopg2
import pytest

from litxdb.database import Database
from litxdb.doctor import Examination, Judgement, Reason, Result, Status, bulk, examine
from litxdb.errors import Exit
from litxdb.local import Cluster
from litxdb.settings import Settings
from tests.bed.checks import add_check
from tests.bed.faults import cut_at, delay, hang, hang_at
from tests.bed.neon import Neon
from tests.bed.pooler import Pooler
from tests.bed.program import Outcome
from tests.bed.proxy import Behaviour, Proxy
from tests.bed.servers import SWIFT, Server
from tests.bed.statements import as_role, query
from tests.bed.waiting import until

Run = Callable[..., Outcome]
Start = Callable[..., Popen[str]]
MakeProxy = Callable[..., Proxy]

FIRST_READ = "pg_postmaster_start_time"
A_READ = "from pg_stat_activity a"
PATIENT_MS = 8000
"""Far from the deadlines below, and less than any time-out that would have to mend a hang."""


def result(examined: Examination, check: str) -> Result:
    return next(result for result in examined.results if result.check == check)


def reasons(examined: Examination) -> set[Reason | None]:
    return {result.reason for result in examined.results if result.status is Status.SKIP}


def keys(examined: Examination) -> set[str]:
    return {finding.key for finding in examined.findings}


def is_honest(examined: Examination) -> bool:
    """Nothing is ok that was not looked at, whatever was skipped says why, and nothing failed."""
    return all(
        result.examined > 0 if result.status is Status.OK else result.status is not Status.ERROR
        for result in examined.results
    ) and all(bool(result.detail) for result in examined.results if result.status is Status.SKIP)


def judge_none() -> Judgement:
    return Judgement(1)


class TestDeadline:
    def test_a_network_that_is_dead_from_the_start(self, db_url: str, proxy: MakeProxy) -> None:
        with Database(proxy(db_url, then=hang).url) as db:
            examined = examine(db, deadline_seconds=0.5)
        assert examined.milliseconds < PATIENT_MS
        assert not examined.connected
        assert [finding.check for finding in examined.findings] == ["server_unreachable"]
        assert examined.findings[0].level is Status.CRIT
        assert "timeout expired" in examined.findings[0].measured
        assert result(examined, "idle_in_transaction").reason is Reason.NO_CONNECTION
        assert result(examined, "ignore_expired").reason is Reason.NOTHING_THERE  # needs no server

    @pytest.mark.parametrize("text", [FIRST_READ, A_READ])
    def test_a_network_that_dies_under_way(self, text: str, db_url: str, proxy: MakeProxy) -> None:
        with Database(proxy(db_url, then=hang_at(text)).url) as db:
            examined = examine(db, deadline_seconds=2)
        assert examined.milliseconds < PATIENT_MS
        assert examined.connected
        assert result(examined, "idle_in_transaction").reason is Reason.OUT_OF_TIME
        assert "examination_unfinished:out of time" in keys(examined)
        assert "--deadline 10" in result(examined, "examination_unfinished").findings[0].remedy

    def test_a_statement_that_takes_too_long_costs_only_itself(
        self, db: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def judge(*, connection: Any) -> Judgement:
            connection.cursor().execute("select pg_sleep(60)")
            return Judgement(1)

        add_check(monkeypatch, "slow", judge)
        examined = examine(db, deadline_seconds=4)  # enough for all the others
        assert examined.milliseconds < PATIENT_MS
        assert [each.check for each in examined.results if each.reason is Reason.OUT_OF_TIME] == ["slow"]
        assert result(examined, "examination_unfinished").status is Status.WARN

    def test_a_disk_that_hangs(self, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        import threading

        forever = threading.Event()
        add_check(monkeypatch, "hung", lambda *, context: forever.wait(60))
        examined = examine(db, deadline_seconds=0.5)
        forever.set()
        assert examined.milliseconds < PATIENT_MS
        assert result(examined, "hung").reason is Reason.OUT_OF_TIME

    def test_a_server_that_is_slow_to_answer_is_examined_all_the_same(self, db_url: str, proxy: MakeProxy) -> None:
        with Database(proxy(db_url, then=delay(1.2)).url) as db:
            examined = examine(db, deadline_seconds=20)
        assert examined.connected
        assert result(examined, "baseline_missing").status is Status.WARN  # nothing was seeded
        assert is_honest(examined)


class TestConnections:
    @pytest.fixture(autouse=True)
    def _with_several(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bulk, "FEW", 0)

    def test_three_at_most(self, db_url: str, proxy: MakeProxy, monkeypatch: pytest.MonkeyPatch) -> None:
        for number in range(10):
            add_check(monkeypatch, f"sleeper_{number}", self.sleep)
        door = proxy(db_url)
        with Database(door.url) as db:
            examined = examine(db)
        assert is_honest(examined)
        assert door.seen == 3

    def test_none_is_left_behind(self, db: Database) -> None:
        examine(db)
        mine = "select count(*) from pg_stat_activity where application_name like 'litxdb doctor%'"
        name = "and datname = current_database()"
        # a backend is gone from the list a moment after its client has closed the connection
        query(db, f"do $$ begin while ({mine} {name}) > 0 loop perform pg_stat_clear_snapshot(); end loop; end $$")

    def test_a_further_one_that_hangs_holds_up_nobody(self, db_url: str, proxy: MakeProxy) -> None:
        door = proxy(db_url, *[forward], then=hang)
        with Database(door.url) as db:
            examined = examine(db, deadline_seconds=30)
        assert examined.milliseconds < PATIENT_MS
        assert is_honest(examined)

    def test_cut_half_way(self, db_url: str, proxy: MakeProxy) -> None:
        with Database(proxy(db_url, then=cut_at(A_READ)).url) as db:
            examined = examine(db)
        assert result(examined, "idle_in_transaction").reason is Reason.NO_CONNECTION
        assert examined.connected
        lost = next(finding for finding in examined.findings if finding.object == "connection lost")
        assert lost.level is Status.CRIT
        assert lost.remedy == "litxdb ping"

    def test_cut_before_anything_is_read(self, db_url: str, proxy: MakeProxy, run: Run) -> None:
        outcome = run("doctor", "--url", proxy(db_url, then=cut_at(FIRST_READ)).url, "--format", "json")
        assert outcome.code == Exit.FINDINGS
        assert "Traceback" not in outcome.stderr

    @staticmethod
    def sleep(*, connection: Any) -> Judgement:
        connection.cursor().execute("select pg_sleep(0.05)")
        return Judgement(1)


async def forward(client: Any) -> None:
    await client.forward()


@pytest.fixture(scope="module")
def small(bed_directory: Path) -> Iterator[Cluster]:
    """A server with two connections for ordinary people."""
    options = SWIFT | {"max_connections": "5", "superuser_reserved_connections": "3", "autovacuum": "off"}
    cluster = Cluster(bed_directory / "small", options=options | {"max_wal_senders": "0"})
    cluster.start()
    with contextlib.closing(psycopg2.connect(**cluster.parameters())) as session, session.cursor() as cursor:
        cursor.execute("create role app login")
        session.commit()
    yield cluster
    cluster.stop(immediate=True)


class TestFullServer:
    @staticmethod
    def app(cluster: Cluster) -> str:
        return cluster.url().replace("postgres@", "app@", 1)

    @staticmethod
    def connect(url: str) -> Any:
        """Take a slot as soon as there is one: the server may still be busy with whoever has just gone."""
        for _ in range(100):
            with contextlib.suppress(psycopg2.OperationalError):
                return psycopg2.connect(url)
            time.sleep(0.1)
        raise AssertionError("there was no slot for 10 s")

    @staticmethod
    def is_alone(cursor: Any) -> bool:
        """Say whether those of the test before have gone."""
        cursor.execute("select count(*) = 1 from pg_stat_activity where backend_type = 'client backend'")
        return bool(cursor.fetchone()[0])

    def test_all_connections_are_taken(self, small: Cluster, run: Run) -> None:
        url = self.app(small)
        with contextlib.ExitStack() as stack:
            for _ in range(2):
                stack.enter_context(contextlib.closing(self.connect(url)))
            outcome = run("doctor", "--url", url, "--format", "json")
        assert outcome.code == Exit.CONNECTION
        finding = outcome.json["rows"][0]
        assert (finding["check"], finding["level"]) == ("server_unreachable", "crit")
        assert "slots" in finding["measured"]
        assert "pg_terminate_backend" in finding["remedy"]

    def test_one_is_left(self, small: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bulk, "FEW", 0)
        url = self.app(small)
        with contextlib.closing(self.connect(url)) as one, Database(url) as db, one.cursor() as cursor:
            one.autocommit = True
            until(lambda: self.is_alone(cursor))
            examined = examine(db)
        assert examined.connected
        assert is_honest(examined)
        assert Reason.NO_CONNECTION not in reasons(examined)

    def test_in_recovery(self, small: Cluster) -> None:
        small.stop()
        (small.data / "standby.signal").touch()
        small.start()
        try:
            with Database(small.url()) as db:
                examined = examine(db)
        finally:
            small.stop(immediate=True)
            (small.data / "standby.signal").unlink()
            small.start()
        assert examined.server_version
        assert is_honest(examined)


class TestAnywhere:
    def test_every_version(self, any_server: Server) -> None:
        with any_server.database() as url, Database(url) as db:
            assert is_honest(examine(db))

    def test_a_plain_role(self, db: Database, server: Server) -> None:
        with as_role(server, db, "nobody_special") as plain:
            examined = examine(plain)
        assert is_honest(examined)
        blind = result(examined, "idle_in_transaction")
        assert blind.reason is Reason.NO_PRIVILEGE
        assert blind.remedy == "grant pg_monitor to nobody_special"
        unread = result(examined, "pending_revisions")
        assert unread.reason is Reason.NO_PRIVILEGE
        assert unread.remedy == "grant pg_read_all_data to nobody_special"

    def test_through_a_transaction_pooler(self, db: Database, pooler: Pooler) -> None:
        name = query(db, "select current_database()")[0][0]
        with Database(pooler.url(name)) as pooled:
            examined = examine(pooled)
        assert is_honest(examined)
        assert examined.counts["skip"] < len(examined.results)

    def test_neon(self, neon: Neon) -> None:
        with Database(neon.pooled_url) as db:
            assert is_honest(examine(db))

    def test_a_locked_table(self, db: Database) -> None:
        with contextlib.closing(db.connect()) as holder, holder.cursor() as cursor:
            cursor.execute("lock table system_state in access exclusive mode")
            examined = examine(db)
        locked = result(examined, "baseline_missing")
        assert locked.reason is Reason.LOCKED
        assert locked.remedy == "litxdb locks"
        assert result(examined, "pending_revisions").status is Status.OK
        assert is_honest(examined)


class TestHarmless:
    def test_it_cannot_write(self, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        def judge(*, connection: Any) -> Judgement:
            connection.cursor().execute("create table written (by_us int)")
            return Judgement(1)

        add_check(monkeypatch, "writer", judge)
        examined = examine(db)
        assert result(examined, "writer").status is Status.ERROR
        assert "read-only" in result(examined, "writer").detail
        assert query(db, "select to_regclass('written')") == [(None,)]

    def test_a_check_that_fails_costs_only_itself(self, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        add_check(monkeypatch, "broken", lambda *, server: 1 / 0)
        examined = examine(db)
        assert result(examined, "broken").detail == "ZeroDivisionError: division by zero"
        assert "examination_unfinished:failed" in keys(examined)
        assert result(examined, "pending_revisions").status is Status.OK
        assert result(examined, "examination_unfinished").status is Status.WARN

    def test_what_looked_at_nothing_is_not_ok(self, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        add_check(monkeypatch, "idle", lambda *, server: Judgement(0))
        assert result(examine(db), "idle").reason is Reason.NOTHING_THERE

    def test_its_own_sessions_are_nobody(self, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: list[Any] = []

        def judge(*, sessions: Any, server: Any) -> Judgement:
            seen.extend(each for each in sessions if each.is_client and each.database == server.database)
            return Judgement(1)

        add_check(monkeypatch, "watcher", judge)
        monkeypatch.setattr(bulk, "FEW", 0)
        with contextlib.closing(db.connect(command="doctor")), contextlib.closing(db.connect()) as mine:
            examine(db)
            assert [each.pid for each in seen] == [mine.info.backend_pid]


class TestInterrupted:
    @pytest.mark.parametrize("fault", [hang, hang_at(FIRST_READ), hang_at(A_READ)])
    def test_ctrl_c_while_nothing_moves(self, fault: Behaviour, db_url: str, proxy: MakeProxy, start: Start) -> None:
        door = proxy(db_url, then=fault)
        process = start("doctor", "--url", door.url, "--deadline", "60")
        while not door.seen:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=10)[1]
        assert process.returncode == Exit.INTERRUPTED
        assert said == "Interrupted.\n"


def test_settings_that_are_wrong_are_no_finding(run: Run) -> None:
    assert run("doctor", "--url", "mysql://ada@db/x").code == Exit.CONFIGURATION
    assert run("doctor").code == Exit.CONFIGURATION
    assert not Settings.load().home.exists()
