"""doctor's checks of queries, cache, WAL and replication: the defect, the finding, the remedy, and it is gone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from litxdb import doctor, snapshots
from litxdb.database import Database
from litxdb.doctor import Fix, Reason, Result, Status, needs, span
from litxdb.doctor.checks.queries import (
    cache_misses,
    replication_lagging,
    slots_holding_wal,
    slow_statements,
    slower_statements,
    statements_evicted,
)
from tests.bed.examining import at_neon, findings, result
from tests.bed.pooler import Pooler
from tests.bed.servers import MAJORS, Server, Servers
from tests.bed.spare import spare
from tests.bed.statements import as_role, query
from tests.bed.waiting import until as waited

NAME = "pg_stat_statements"
SCHEMA = '"Ext %s"'


@pytest.fixture(params=[15, 17, 18], ids=lambda major: f"pg{major}")
def counting_server(postgresql: Servers, request: pytest.FixtureRequest) -> Server:
    """Each version that has pg_stat_statements."""
    return postgresql.get(request.param)


@pytest.fixture
def counting(counting_server: Server) -> Iterator[Database]:
    """A database with pg_stat_statements, in a schema that nobody searches."""
    with counting_server.database() as url, Database(url) as db:
        query(db, f"create schema {SCHEMA}")
        query(db, f"grant usage on schema {SCHEMA} to public")
        query(db, f"create extension {NAME} schema {SCHEMA}")
        query(db, f"select {SCHEMA}.pg_stat_statements_reset()")
        yield db


def until(db: Database, condition: str) -> None:
    """Wait until a query says true."""
    patience = time.monotonic() + 20
    while query(db, condition) != [(True,)]:
        assert time.monotonic() < patience, condition
        time.sleep(0.02)


def sleep(db: Database, seconds: float, times: int) -> None:
    """Run the same statement so often."""
    with closing(db.connect(autocommit=True)) as connection, connection.cursor() as cursor:
        for _ in range(times):
            cursor.execute("/* ada@x.org */ select pg_sleep(%s) as nap", [seconds])


class TestSlow:
    @pytest.fixture(autouse=True)
    def _quick(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nobody has time for a hundred slow statements."""
        monkeypatch.setattr(slow_statements, "WARN_MS", 60)
        monkeypatch.setattr(slow_statements, "WARN_CALLS", 2)
        monkeypatch.setattr(slow_statements, "CALLS", 5)

    def test_a_statement_that_people_wait_for(self, counting: Database) -> None:
        sleep(counting, 0.07, 3)
        (finding,) = findings(counting, "slow_statements").values()
        assert (finding.level, finding.fix) == (Status.WARN, Fix.MANUAL)
        assert "3 calls" in finding.measured
        assert finding.measured.endswith(": select pg_sleep($1) as nap")
        query(counting, f"select {SCHEMA}.pg_stat_statements_reset()")
        assert result(counting, "slow_statements").findings == ()

    def test_a_statement_that_takes_most_of_the_time(self, counting: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(slow_statements, "WARN_MS", 6000)  # a busy machine sleeps longer than it is told
        sleep(counting, 0.03, 6)
        (finding,) = findings(counting, "slow_statements").values()
        assert finding.level is Status.INFO
        assert finding.remedy == "litxdb slow-queries --min-ms 20"

    def test_a_few_slow_calls_are_no_rule(self, counting: Database) -> None:
        sleep(counting, 0.07, 1)
        assert findings(counting, "slow_statements") == {}

    def test_doctors_own_statements_are_nobodys_trouble(
        self, counting: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(slow_statements, "MOST", 1000)
        monkeypatch.setattr("litxdb.doctor.reads.MOST_STATEMENTS", 1000)
        for name in ("WARN_MS", "WARN_CALLS", "INFO_MS", "SHARE_MS", "CALLS", "INFO_PERCENT"):
            monkeypatch.setattr(slow_statements, name, 0)
        monkeypatch.setattr("litxdb.doctor.reads.LEAST_MEAN_MS", 0)
        query(counting, "select 'visible' as mine")
        for _ in range(2):
            doctor.examine(counting, deadline_seconds=30)
        found = [finding.measured for finding in result(counting, "slow_statements").findings]
        assert any("as mine" in measured for measured in found)
        assert not any("pg_stat_activity" in measured or "pg_class" in measured for measured in found)

    def test_a_role_sees_its_own_alone(self, counting_server: Server, counting: Database) -> None:
        sleep(counting, 0.07, 3)
        with as_role(counting_server, counting, "nobody_much") as plain:
            sleep(plain, 0.001, 1)
            found = result(plain, "slow_statements")
            assert (found.findings, found.reason) == ((), Reason.NO_PRIVILEGE)
            assert found.unseen > 0
            (hidden,) = findings(plain, "statements_hidden").values()
            assert hidden.remedy == found.remedy == "grant pg_monitor to nobody_much"
            query(counting, hidden.remedy)
            assert findings(plain, "statements_hidden") == {}
            assert len(findings(plain, "slow_statements")) == 1
            query(counting, hidden.undo)
            assert set(findings(plain, "statements_hidden")) == {"role nobody_much"}

    def test_an_old_extension_is_to_be_updated(self, counting: Database) -> None:
        query(counting, f"drop extension {NAME}")
        query(counting, f"create extension {NAME} schema {SCHEMA} version '1.8'")
        for check in ("slow_statements", "statements_hidden"):
            found = result(counting, check)
            assert (found.reason, found.remedy) == (Reason.NO_EXTENSION, f"alter extension {NAME} update")
        query(counting, found.remedy)
        assert result(counting, "slow_statements").status is Status.OK

    def test_without_the_extension_or_its_library_nobody_knows(self, empty_db: Database, bed_directory: Path) -> None:
        found = result(empty_db, "slow_statements")
        assert (found.reason, found.remedy) == (Reason.NO_EXTENSION, f"create extension {NAME}")
        with spare(bed_directory, shared_preload_libraries="") as server, Database(server.url()) as db:
            query(db, f"create extension {NAME}")
            assert result(db, "slow_statements").reason is Reason.NO_EXTENSION


class TestSlower:
    def test_a_statement_that_takes_twice_as_long(self, counting: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(span, "LEAST_SECONDS", 0)
        monkeypatch.setattr(slower_statements, "CALLS", 5)
        sleep(counting, 0.0, 200)
        snapshots.take(counting)
        sleep(counting, 0.0, 50)  # so many that a moment's stall is not their mean
        snapshots.take(counting)
        assert findings(counting, "slower_statements") == {}
        sleep(counting, 0.1, 15)
        snapshots.take(counting)
        (finding,) = findings(counting, "slower_statements").values()
        assert finding.level is Status.WARN
        assert finding.measured.endswith("before: select pg_sleep($1) as nap")
        sleep(counting, 0.0, 500)
        snapshots.take(counting)
        assert findings(counting, "slower_statements") == {}


class TestEviction:
    def test_more_statements_than_there_is_room_for(self, bed_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with spare(bed_directory) as server, Database(server.url()) as db:
            query(db, f"create extension {NAME}")
            assert result(db, "statements_evicted").reason is Reason.COLD_STATISTICS
            monkeypatch.setattr(statements_evicted, "COLD_SECONDS", 0)
            assert findings(db, "statements_evicted") == {}
            query(db, f"alter system set {NAME}.max = 100")
            server.cluster.stop()
            server.cluster.start()
            with closing(db.connect(autocommit=True)) as connection, connection.cursor() as cursor:
                for number in range(300):
                    cursor.execute(f"select 1 {', 1' * number}")
            (finding,) = findings(db, "statements_evicted").values()
            assert finding.measured.startswith("all 100 are replaced every ")
            query(db, finding.remedy.partition(";\n")[0])
            server.cluster.stop()
            server.cluster.start()
            assert query(db, f"show {NAME}.max") == [("200",)]
            query(db, "select pg_stat_statements_reset()")
            assert findings(db, "statements_evicted") == {}


class TestCache:
    def test_a_database_larger_than_its_cache(self, bed_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cache_misses, "BLOCKS", 2000)
        with spare(bed_directory, shared_buffers="128kB") as server, Database(server.url()) as db:
            assert result(db, "cache_misses").reason is Reason.COLD_STATISTICS
            monkeypatch.setattr(needs, "COLD_SECONDS", 0)
            query(db, "create table t as select repeat('x', 500) from generate_series(1, 20000)")
            query(db, "select pg_stat_reset()")
            query(db, "select count(*) from t; select count(*) from t; select pg_stat_force_next_flush()")
            (finding,) = findings(db, "cache_misses").values()
            assert finding.level is Status.WARN
            monkeypatch.setattr(cache_misses, "WARN_SHARE", 0)
            assert findings(db, "cache_misses")["database postgres"].level is Status.INFO
            query(db, "select pg_stat_reset()")
            assert result(db, "cache_misses").reason is Reason.COLD_STATISTICS

    def test_a_cache_that_has_all(self, empty_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cache_misses, "BLOCKS", 2000)
        monkeypatch.setattr(needs, "COLD_SECONDS", 0)
        query(empty_db, "create table t as select generate_series(1, 100000)")
        query(empty_db, "select pg_stat_reset()")
        query(empty_db, f"{'select count(*) from t; ' * 10} select pg_stat_force_next_flush()")
        assert findings(empty_db, "cache_misses") == {}


class TestWal:
    @pytest.mark.parametrize("major", MAJORS)
    def test_checkpoints_that_are_forced(self, bed_directory: Path, postgresql: Servers, major: int) -> None:
        postgresql.get(major)  # skips where it is missing
        with spare(bed_directory, major=major) as server, Database(server.url()) as db:
            query(db, f"select pg_stat_reset_shared('{'checkpointer' if major >= 17 else 'bgwriter'}')")
            query(db, "select pg_stat_reset_shared('wal')")
            query(db, "alter system set max_wal_size = '32MB'")
            query(db, "select pg_reload_conf()")
            assert result(db, "forced_checkpoints").reason is Reason.COLD_STATISTICS
            for _ in range(10):
                query(db, "select pg_logical_emit_message(false, 'x', repeat('x', 20000000))")
                query(db, "checkpoint")
            (finding,) = findings(db, "forced_checkpoints").values()
            assert finding.measured.endswith(" checkpoints, with 32 MB")
            for statement in finding.remedy.split(";\n"):
                query(db, statement)
            until(db, "select current_setting('max_wal_size') = '64MB'")

    def test_checkpoints_that_are_not_the_wals_fault(self, bed_directory: Path) -> None:
        with spare(bed_directory) as server, Database(server.url()) as db:
            for number in range(12):
                query(db, f"create table t{number} ()")
                query(db, "checkpoint")
            assert findings(db, "forced_checkpoints") == {}

    def test_an_archive_that_does_not_take_files(self, bed_directory: Path) -> None:
        with spare(bed_directory) as server, Database(server.url()) as db:
            assert result(db, "archiving_failing").reason is Reason.NOT_APPLICABLE
        with spare(bed_directory, archive_mode="on") as server, Database(server.url()) as db:
            (finding,) = findings(db, "archiving_failing").values()
            assert (finding.level, finding.remedy) == (Status.WARN, "show archive_command")
            self.archive_by(db, "false")
            query(db, "create table t (); select pg_switch_wal()")
            until(db, "select failed_count > 0 from pg_stat_archiver")
            (finding,) = findings(db, "archiving_failing").values()
            assert finding.level is Status.CRIT
            assert "it never succeeded" in finding.measured
            assert query(db, finding.remedy) == [("false",)]
            with as_role(server, db, "nobody_much") as plain:
                assert findings(plain, "archiving_failing")["archiver"].level is Status.CRIT
            self.archive_by(db, "true")
            until(db, "select archived_count > 0 from pg_stat_archiver")
            assert findings(db, "archiving_failing") == {}

    def archive_by(self, db: Database, command: str) -> None:
        query(db, f"alter system set archive_command = '{command}'")
        query(db, "select pg_reload_conf()")

    def test_damage_on_the_disk(self, bed_directory: Path) -> None:
        with spare(bed_directory) as server, Database(server.url()) as db:
            assert result(db, "checksum_failures").status is Status.OK
            query(db, "create table t as select generate_series(1, 1000)")
            ((file,),) = query(db, "select pg_relation_filepath('t')")
            server.cluster.stop()
            with (server.cluster.data / file).open("r+b") as page:
                page.seek(4000)
                page.write(b"damage")
            server.cluster.start()
            with pytest.raises(Exception, match="invalid page"):
                query(db, "select count(*) from t")
            until(db, "select checksum_failures > 0 from pg_stat_database where datname = current_database()")
            (finding,) = findings(db, "checksum_failures").values()
            assert (finding.object, finding.level) == ("database postgres", Status.CRIT)
            query(db, "drop table t")
            query(db, "select pg_stat_reset()")
            assert findings(db, "checksum_failures") == {}

    def test_without_checksums_damage_goes_unnoticed(self, postgresql: Servers) -> None:
        with postgresql.get(15).database() as url, Database(url) as db:
            assert result(db, "checksum_failures").reason is Reason.NOT_APPLICABLE


class TestReplication:
    def test_a_slot_that_nobody_reads(self, any_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        assert result(any_db, "slots_holding_wal").reason is Reason.NOTHING_THERE
        query(any_db, "select pg_create_physical_replication_slot('forgotten', true)")
        try:
            query(any_db, "create table t ()")
            assert findings(any_db, "slots_holding_wal") == {}
            monkeypatch.setattr(slots_holding_wal, "WARN_BYTES", 1)
            (finding,) = findings(any_db, "slots_holding_wal").values()
            assert (finding.object, finding.level, finding.fix) == ("slot forgotten", Status.WARN, Fix.MANUAL)
            monkeypatch.setattr(slots_holding_wal, "CRIT_BYTES", 1)
            assert findings(any_db, "slots_holding_wal")["slot forgotten"].level is Status.CRIT
            query(any_db, finding.remedy)
            assert result(any_db, "slots_holding_wal").reason is Reason.NOTHING_THERE
        finally:
            query(any_db, "select pg_drop_replication_slot(slot_name) from pg_replication_slots")

    @pytest.mark.parametrize("major", [15, 18])
    def test_a_slot_whose_wal_is_gone(self, bed_directory: Path, postgresql: Servers, major: int) -> None:
        postgresql.get(major)  # skips where it is missing
        limits = {"max_slot_wal_keep_size": "1MB", "min_wal_size": "32MB", "max_wal_size": "32MB"}
        with spare(bed_directory, major=major, **limits) as server, Database(server.url()) as db:
            query(db, "select pg_create_physical_replication_slot('forgotten', true)")
            for number in range(5):
                query(db, f"create table t{number} (); select pg_switch_wal()")
            query(db, "checkpoint")
            (finding,) = findings(db, "slots_holding_wal").values()
            assert finding.level is Status.CRIT
            assert "lost" in finding.measured
            assert ("(wal_removed)" in finding.measured) == (major >= 17)
            query(db, finding.remedy)
            assert result(db, "slots_holding_wal").reason is Reason.NOTHING_THERE

    def test_a_replica_that_lags_and_is_paused(self, bed_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with spare(bed_directory) as primary, Database(primary.url()) as db:
            assert result(db, "replication_lagging").reason is Reason.NOTHING_THERE
            with spare(bed_directory, like=primary) as standby, Database(standby.url()) as replica:
                until(db, "select count(*) = 1 from pg_stat_replication where state = 'streaming'")
                query(db, "create table first ()")
                until(replica, "select pg_last_xact_replay_timestamp() is not null")
                assert findings(db, "replication_lagging") == findings(replica, "replication_lagging") == {}
                query(replica, "select pg_wal_replay_pause()")
                until(replica, "select pg_get_wal_replay_pause_state() = 'paused'")
                assert set(findings(replica, "replication_lagging")) == {"this standby"}
                query(db, "create table t (); select pg_switch_wal()")
                monkeypatch.setattr(replication_lagging, "WARN_SECONDS", 0.01)
                until(replica, "select pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()")
                measured = [finding.measured for finding in result(replica, "replication_lagging").findings]
                assert measured[0] == "replay was paused"
                assert "received and not replayed" in measured[1]
                until(db, "select replay_lag > '20 ms' from pg_stat_replication")
                (finding,) = findings(db, "replication_lagging").values()
                assert finding.object == "replica walreceiver"
                remedy = findings(replica, "replication_lagging")["this standby"].remedy
                query(replica, remedy if "resume" in remedy else "select pg_wal_replay_resume()")
                # not the first time, where the primary's own WAL (of its open transactions) has just come
                waited(lambda: findings(replica, "replication_lagging") == {})
                whole = doctor.examine(replica, deadline_seconds=30)
                assert {each.check: each.detail for each in whole.results if each.status is Status.ERROR} == {}
                assert result(replica, "vacuum_overdue").detail == "The server is in recovery: ask its primary."
                primary.cluster.stop(immediate=True)
                until(replica, "select count(*) = 0 from pg_stat_wal_receiver")
                assert findings(replica, "replication_lagging")["this standby"].remedy == "show primary_conninfo"
                primary.cluster.start()

    def test_who_cannot_see_replicas_is_told_so(self, server: Server, empty_db: Database) -> None:
        with as_role(server, empty_db, "nobody_much") as plain:
            assert result(plain, "replication_lagging").remedy == "grant pg_monitor to nobody_much"


PLATFORM = (
    "archiving_failing",
    "cache_misses",
    "forced_checkpoints",
    "replication_lagging",
    "slots_holding_wal",
)


@pytest.mark.parametrize("check", PLATFORM)
def test_what_neon_looks_after_is_not_judged(empty_db: Database, check: str) -> None:
    assert result(at_neon(empty_db), check).detail == "Neon looks after this."


AREA = sorted(check.id for check in doctor.checklist() if check.area == "queries")


@pytest.mark.parametrize("check", AREA)
def test_a_freshly_migrated_database_is_well(db: Database, check: str) -> None:
    query(db, f"create extension {NAME}")
    query(db, "select pg_stat_statements_reset()")
    assert result(db, check).findings == ()


AREAS = ["activity", "tables", "queries"]


def test_an_ordinary_role_sees_as_much_or_is_told_what_it_lacks(any_server: Server, any_db: Database) -> None:
    query(any_db, "create table t (a int); insert into t select generate_series(1, 20000)")
    full = {each.check: each for each in doctor.examine(any_db, only=AREAS, deadline_seconds=30).results}
    with as_role(any_server, any_db, "nobody_much") as plain:
        results = doctor.examine(plain, only=AREAS, deadline_seconds=30).results
    assert {each.check: each.detail for each in results if each.status is Status.ERROR} == {}
    for each in results:
        if each.reason is Reason.NO_PRIVILEGE:
            assert each.remedy.startswith("grant ")
        else:
            assert (each.check, each.status) == (each.check, full[each.check].status)
    assert {each.check for each in results if each.reason is Reason.NO_PRIVILEGE} == {
        "idle_in_transaction",
        "long_maintenance",
        "long_running_queries",
        "orphaned_advisory_locks",
        "replication_lagging",
        "xmin_horizon_held",
    }


def test_through_a_pooler_the_answers_are_the_same(pooler: Pooler, db: Database) -> None:
    query(db, f"create extension {NAME}")
    straight = doctor.examine(db, only=AREAS, deadline_seconds=30).results
    with Database(pooler.url(db.endpoint.dbname)) as through:
        pooled = doctor.examine(through, only=AREAS, deadline_seconds=30).results
    # a pooler's idle server connections are sessions, where without it there may be none
    assert {each.check: _told(each) for each in pooled} == {each.check: _told(each) for each in straight}


def _told(result: Result) -> tuple[Status, Reason | None]:
    return (Status.OK, None) if result.reason is Reason.NOTHING_THERE else (result.status, result.reason)
