"""doctor's checks of tables: the defect, the finding, the remedy, and it is gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from litxdb import doctor, queries, snapshots
from litxdb.database import Database
from litxdb.doctor import Fix, Reason, Status, autovacuum, needs, span
from litxdb.doctor.checks.tables import bloated_tables, fast_growing_tables, stale_statistics, vacuum_never_comes
from tests.bed.examining import findings, mend, result
from tests.bed.servers import Server, Servers
from tests.bed.spare import CLOG_SEGMENT, jump, spare
from tests.bed.statements import as_role, query

HOSTILE = '"q""uo\'te\n%s;"'
FLUSH = "; select pg_stat_force_next_flush()"
"""Statistics are there when the session says that it is ready."""


@pytest.fixture
def warm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the statistics of a server that has just started for those of a normal day."""
    monkeypatch.setattr(needs, "COLD_SECONDS", 0)


def neglected(
    db: Database, table: str, rows: int, *, dead: int = 0, options: str = "autovacuum_enabled = false"
) -> None:
    """Make a table that autovacuum leaves alone, vacuumed and analyzed before some of its rows are deleted."""
    query(db, f"create table {table} (id int, note text) with ({options})")
    query(db, f"insert into {table} select i, 'x' from generate_series(1, {rows}) i {FLUSH}")
    query(db, f"vacuum (analyze) {table}")
    query(db, f"delete from {table} where id <= {dead} {FLUSH}")


class TestVacuumOverdue:
    def test_a_large_table(self, any_db: Database) -> None:
        neglected(any_db, HOSTILE, 40_000, dead=12_000)
        neglected(any_db, "below_its_trigger", 100_000, dead=12_000)
        neglected(any_db, "small", 100, dead=90)
        (finding,) = findings(any_db, "vacuum_overdue").values()
        assert finding.object == f"public.{HOSTILE}"
        assert finding.measured == "12,000 dead rows, 30% of the table"
        assert (finding.level, finding.fix) == (Status.WARN, Fix.SAFE)
        mend(any_db, "vacuum_overdue")

    def test_its_own_storage_parameters_count(self, empty_db: Database) -> None:
        lazy = "autovacuum_enabled = false, autovacuum_vacuum_scale_factor = 0.9"
        neglected(empty_db, "lazy", 40_000, dead=12_000, options=lazy)
        assert findings(empty_db, "vacuum_overdue") == {}

    @pytest.mark.parametrize(("tables", "level"), [(5, Status.OK), (6, Status.WARN), (30, Status.CRIT)])
    def test_many_small_tables(self, empty_db: Database, tables: int, level: Status) -> None:
        for number in range(tables):
            query(empty_db, f"create table t{number} (a int) with (autovacuum_enabled = false)")
            query(empty_db, f"insert into t{number} select generate_series(1, 60); delete from t{number} {FLUSH}")
        found = result(empty_db, "vacuum_overdue")
        assert (found.status, found.examined) == (level, tables)
        if level is not Status.OK:
            assert [finding.value for finding in found.findings] == [tables]
        mend(empty_db, "vacuum_overdue")

    def test_rows_only_inserted_and_dead_rows_of_toast_count(self, empty_db: Database) -> None:
        for number in range(3):
            query(empty_db, f"create table filled{number} (a int) with (autovacuum_enabled = false)")
            query(empty_db, f"insert into filled{number} select generate_series(1, 1500) {FLUSH}")
            query(empty_db, f"create table wide{number} (a text) with (autovacuum_enabled = false)")
            query(empty_db, f"alter table wide{number} alter a set storage external")
            query(empty_db, f"insert into wide{number} select repeat('x', 9000) from generate_series(1, 40)")
            query(empty_db, f"delete from wide{number} where ctid <= '(0,30)' {FLUSH}")
        (finding,) = findings(empty_db, "vacuum_overdue").values()
        assert finding.value == 6
        mend(empty_db, "vacuum_overdue")

    def test_more_than_a_statement_should_name(self, empty_db: Database) -> None:
        query(empty_db, "create schema s")
        create = "create table s.t%s as select generate_series(1, 1100) a"
        query(empty_db, f"do $$ begin for i in 1..101 loop execute format('{create}', i); end loop; end $$ {FLUSH}")
        (finding,) = findings(empty_db, "vacuum_overdue").values()
        assert finding.remedy == "vacuum (analyze)"


class TestAutovacuumDisabled:
    def test_for_a_table_and_its_toast(self, any_db: Database) -> None:
        query(any_db, f"create table {HOSTILE} (a text) with (autovacuum_enabled = off, toast.autovacuum_enabled = no)")
        query(any_db, "create table fine (a text) with (autovacuum_enabled = on)")
        found = findings(any_db, "autovacuum_disabled")
        assert set(found) == {f"public.{HOSTILE}", f"public.{HOSTILE} (TOAST)"}
        mend(any_db, "autovacuum_disabled")
        for finding in found.values():
            query(any_db, finding.undo)
        assert set(findings(any_db, "autovacuum_disabled")) == set(found)

    def test_for_the_server(self, server: Server, empty_db: Database) -> None:
        for setting in ("autovacuum", "track_counts"):
            server.execute(f"alter system set {setting} = off")
        server.execute("select pg_reload_conf()")
        try:
            settle(empty_db, "select current_setting('track_counts') = 'off'")
            found = findings(empty_db, "autovacuum_disabled")
            assert {finding.level for finding in found.values()} == {Status.CRIT}
            for finding in found.values():
                for statement in finding.remedy.split(";\n"):
                    query(empty_db, statement)
            settle(empty_db, "select current_setting('autovacuum') = 'on'")
            assert findings(empty_db, "autovacuum_disabled") == {}
        finally:
            for setting in ("autovacuum", "track_counts"):
                server.execute(f"alter system reset {setting}")
            server.execute("select pg_reload_conf()")

    @pytest.mark.parametrize("scope", ["database {database}", "role postgres", "role postgres in database {database}"])
    def test_where_it_was_turned_off(self, empty_db: Database, scope: str) -> None:
        database = query(empty_db, "select current_database()")[0][0]
        query(empty_db, f"alter {scope.format(database=database)} set track_counts = off")
        try:
            assert findings(empty_db, "autovacuum_disabled")["track_counts"].level is Status.CRIT
        finally:
            mend(empty_db, "autovacuum_disabled")

    def test_on_the_command_line(self, bed_directory: Path) -> None:
        with spare(bed_directory, autovacuum="off") as server, Database(server.url()) as db:
            finding = findings(db, "autovacuum_disabled")["autovacuum"]
            assert finding.measured == "off, by command line"
            assert "start the server without it" in finding.remedy


def settle(db: Database, condition: str) -> None:
    """Wait until the server's new sessions have what was reloaded."""
    import time

    patience = time.monotonic() + 10
    while not query(db, condition)[0][0]:
        assert time.monotonic() < patience, condition


class TestStatistics:
    def test_a_table_that_was_never_analyzed(self, any_db: Database) -> None:
        query(any_db, f"create table {HOSTILE} (a int) with (autovacuum_enabled = false)")
        query(any_db, "create table small (a int) with (autovacuum_enabled = false)")
        query(any_db, f"insert into {HOSTILE} select generate_series(1, 10001) {FLUSH}")
        query(any_db, f"insert into small select generate_series(1, 10000) {FLUSH}")
        found = findings(any_db, "never_analyzed")
        assert set(found) == {f"public.{HOSTILE}"}
        assert found[f"public.{HOSTILE}"].fix is Fix.SAFE
        mend(any_db, "never_analyzed")

    def test_a_partitioned_table_is_as_large_as_its_partitions(self, any_db: Database) -> None:
        query(any_db, "create table p (a int) partition by range (a)")
        query(any_db, "create table p1 partition of p for values from (0) to (100000) partition by range (a)")
        query(any_db, "create table p11 partition of p1 for values from (0) to (50000)")
        query(any_db, "create table p12 partition of p1 for values from (50000) to (100000)")
        query(any_db, f"insert into p select g * 5 from generate_series(1, 15000) g {FLUSH}")
        query(any_db, "analyze p11; analyze p12")
        assert set(findings(any_db, "never_analyzed")) == {"public.p", "public.p1"}
        mend(any_db, "never_analyzed")

    def test_statistics_that_nobody_will_renew(self, any_db: Database) -> None:
        neglected(any_db, HOSTILE, 20_000, dead=5000)
        neglected(any_db, "little_changed", 20_000, dead=500)
        assert set(findings(any_db, "stale_statistics")) == {f"public.{HOSTILE}"}
        mend(any_db, "stale_statistics")

    def test_statistics_that_autovacuum_has_hours_to_renew(
        self, empty_db: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        neglected(empty_db, "t", 20_000, dead=5000, options="autovacuum_vacuum_threshold = 100000000")
        query(empty_db, "alter table t set (autovacuum_analyze_threshold = 0, autovacuum_analyze_scale_factor = 0.1)")
        assert findings(empty_db, "stale_statistics") == {}
        monkeypatch.setattr(stale_statistics, "STALE_SECONDS", 0)
        assert "since the last ANALYZE at" in findings(empty_db, "stale_statistics")["public.t"].measured


class TestWraparound:
    @contextmanager
    def aged(self, directory: Path, millions: int) -> Iterator[Database]:
        late = {f"autovacuum_{kind}freeze_max_age": "2000000000" for kind in ("", "multixact_")}
        with spare(directory, **late) as server, Database(server.url()) as db:
            query(db, "create table t (a int)")
            query(db, f"create table {HOSTILE} (a int)")
            query(db, "create database other")
            jump(server, millions * CLOG_SEGMENT, millions * CLOG_SEGMENT)
            yield db

    @pytest.mark.parametrize(
        ("check", "kind"), [("wraparound_near", "transaction"), ("multixact_wraparound_near", "multixact")]
    )
    @pytest.mark.parametrize(("millions", "level"), [(900, Status.WARN), (1500, Status.CRIT)])
    def test_all_that_is_old_is_frozen(
        self, bed_directory: Path, check: str, kind: str, millions: int, level: Status
    ) -> None:
        with self.aged(bed_directory, millions) as db:
            found = findings(db, check)
            assert {finding.level for finding in found.values()} == {level}
            assert {"database postgres", "database other", "database template0", "public.t"} <= set(found)
            assert found["database postgres"].measured.endswith(
                f"{kind}s old; at 2,144,483,648 the server refuses writes"
            )
            assert found[f"public.{HOSTILE}"].remedy == f"vacuum (freeze, verbose) public.{HOSTILE}"
            query(db, found["public.t"].remedy)
            assert "public.t" not in findings(db, check)
            query(db, found["database postgres"].remedy)
            left = findings(db, check)
            assert set(left) == {f"database {name}" for name in ("other", "template0", "template1")}
            assert {finding.fix for finding in left.values()} == {Fix.MANUAL}
            query(db, left["database template0"].remedy.partition(";\n")[0])
            for name in ("other", "template0", "template1"):
                with Database((db.settings.url or "").replace("/postgres?", f"/{name}?")) as other:
                    query(other, left["database other"].remedy)
            assert findings(db, check) == {}

    def test_the_failsafe_counts_where_it_comes_first(self, bed_directory: Path) -> None:
        with self.aged(bed_directory, 900) as db:
            query(db, "alter system set vacuum_failsafe_age = 600000000")
            query(db, "select pg_reload_conf()")
            settle(db, "select current_setting('vacuum_failsafe_age') = '600000000'")
            assert findings(db, "wraparound_near")["public.t"].level is Status.CRIT


class TestUpdates:
    def crowded(self, db: Database) -> None:
        """Update rows of full pages: the new version finds no room there."""
        query(db, f"create table {HOSTILE} (id int, note text) with (autovacuum_enabled = false)")
        query(db, f"insert into {HOSTILE} select i, repeat('x', 200) from generate_series(1, 10000) i")
        query(db, f"update {HOSTILE} set note = repeat('y', 200) {FLUSH}")

    def test_pages_without_room_get_some(self, any_db: Database, any_server: Server, warm: None) -> None:
        self.crowded(any_db)
        (finding,) = findings(any_db, "few_hot_updates").values()
        assert finding.remedy == f"alter table public.{HOSTILE} set (fillfactor = 80)"
        assert ("no room on the page" in finding.measured) == (any_server.major >= 16)
        query(any_db, finding.remedy)
        query(any_db, finding.undo)
        assert query(any_db, "select reloptions from pg_class where relkind = 'r' and relnamespace = 2200") == [
            (["autovacuum_enabled=false"],)
        ]
        query(any_db, f"alter table {HOSTILE} set (fillfactor = 70)")
        assert findings(any_db, "few_hot_updates")[finding.object].fix is Fix.MANUAL

    def test_with_room_updates_are_hot(self, empty_db: Database, warm: None) -> None:
        self.crowded(empty_db)
        mended = findings(empty_db, "few_hot_updates")[f"public.{HOSTILE}"].remedy
        query(empty_db, f"truncate {HOSTILE}")
        query(empty_db, mended)
        query(empty_db, "select pg_stat_reset()")
        query(empty_db, f"insert into {HOSTILE} select i, repeat('x', 200) from generate_series(1, 10000) i")
        for remainder in range(10):
            query(empty_db, f"update {HOSTILE} set note = repeat('y', 200) where id % 10 = {remainder} {FLUSH}")
        assert findings(empty_db, "few_hot_updates") == {}

    def test_an_index_that_is_written_again_and_again(self, empty_db: Database, warm: None) -> None:
        query(empty_db, "create table t (id int, note int) with (fillfactor = 50, autovacuum_enabled = false)")
        query(empty_db, "create index i on t (note); insert into t select i, i from generate_series(1, 10000) i")
        query(empty_db, f"update t set note = note + 1 {FLUSH}")
        finding = findings(empty_db, "few_hot_updates")["public.t"]
        assert finding.remedy == "litxdb report index-usage"
        assert finding.level is Status.INFO

    def test_statistics_of_a_few_minutes_say_nothing(self, bed_directory: Path) -> None:
        with spare(bed_directory) as server, Database(server.url()) as db:
            self.crowded(db)
            assert result(db, "few_hot_updates").reason is Reason.COLD_STATISTICS

    def test_no_table_with_enough_updates_is_not_all_well(self, empty_db: Database, warm: None) -> None:
        assert result(empty_db, "few_hot_updates").reason is Reason.NOTHING_THERE


class TestBloat:
    @pytest.fixture(autouse=True)
    def _small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bloated_tables, "BYTES", 1 << 20)

    def fill(self, db: Database) -> None:
        """Make a table of which two thirds are waste, beside a full and a small one."""
        for table in (HOSTILE, "compact", "small"):
            query(db, f"create table {table} (id int, note text) with (autovacuum_enabled = false)")
            rows = 100 if table == "small" else 60_000
            query(db, f"insert into {table} select i, repeat('x', 30) from generate_series(1, {rows}) i")
        query(db, f"delete from {HOSTILE} where id % 3 <> 0; delete from small where id > 1")
        query(db, "vacuum (analyze)")

    def test_estimated(self, any_db: Database) -> None:
        self.fill(any_db)
        (finding,) = findings(any_db, "bloated_tables").values()
        assert finding.object == f"public.{HOSTILE}"
        assert (finding.level, finding.fix) == (Status.WARN, Fix.MANUAL)
        assert "(67 %, estimated)" in finding.measured
        mend(any_db, "bloated_tables")

    @pytest.mark.parametrize("major", [15, 17, 18])
    def test_measured(self, postgresql: Servers, major: int) -> None:
        with postgresql.get(major).database() as url, Database(url) as db:
            query(db, "create extension pgstattuple")
            self.fill(db)
            (finding,) = findings(db, "bloated_tables", tier=doctor.Tier.DEEP).values()
            assert ", measured)" in finding.measured
            mend(db, "bloated_tables", tier=doctor.Tier.DEEP)

    def test_statistics_that_a_role_may_not_see(self, any_db: Database, any_server: Server) -> None:
        self.fill(any_db)
        with as_role(any_server, any_db, "nobody_much") as plain:
            found = result(plain, "bloated_tables")
            assert (found.unseen, found.reason) == (2, Reason.NO_PRIVILEGE)
            query(any_db, found.remedy)
            try:
                assert set(findings(plain, "bloated_tables")) == {f"public.{HOSTILE}"}
            finally:
                query(any_db, "revoke pg_read_all_data from nobody_much")


class TestGrowth:
    def test_a_table_that_grows_by_a_fifth_in_a_week(self, any_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fast_growing_tables, "LEAST_BYTES", 1 << 20)
        query(any_db, f"create table {HOSTILE} (a text); create table steady (a text); create table small (a text)")
        for table in (HOSTILE, "steady"):
            query(any_db, f"insert into {table} select repeat('x', 1000) from generate_series(1, 2000)")
        snapshots.take(any_db)
        query(any_db, f"insert into {HOSTILE} select repeat('x', 1000) from generate_series(1, 1000)")
        query(any_db, "insert into small select repeat('x', 1000) from generate_series(1, 100)")
        snapshots.take(any_db)
        assert result(any_db, "fast_growing_tables").reason is Reason.COLD_STATISTICS
        monkeypatch.setattr(fast_growing_tables, "LEAST_SECONDS", 0)
        (finding,) = findings(any_db, "fast_growing_tables").values()
        assert (finding.object, finding.level) == (f"public.{HOSTILE}", Status.INFO)
        assert finding.value == pytest.approx(0.5, abs=0.05)
        query(any_db, f"truncate {HOSTILE}")
        snapshots.take(any_db)
        assert findings(any_db, "fast_growing_tables") == {}

    def test_growth_over_months_counts_by_the_week(self, empty_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fast_growing_tables, "LEAST_BYTES", 1 << 20)
        monkeypatch.setattr(fast_growing_tables, "LEAST_SECONDS", 0)
        query(empty_db, "create table t as select repeat('x', 1000) from generate_series(1, 2000)")
        snapshots.take(empty_db)
        query(empty_db, "insert into t select repeat('x', 1000) from generate_series(1, 1000)")
        snapshots.take(empty_db)
        assert set(findings(empty_db, "fast_growing_tables")) == {"public.t"}
        monkeypatch.setattr(fast_growing_tables, "WEEK_SECONDS", 1e-6)
        assert findings(empty_db, "fast_growing_tables") == {}


class TestNeon:
    """A compute that forgets its statistics with every suspend, as a server does that is killed."""

    def test_tables_that_autovacuum_never_reaches(self, bed_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(span, "LEAST_SECONDS", 0)
        with spare(bed_directory) as server, Database(server.url()) as db:
            assert result(db, "vacuum_never_comes").detail == "Not a Neon server."
            query(db, "alter system set neon.timeline_id = '5e2b8f9c'")
            neglected(db, "t", 40_000, options="fillfactor = 90")
            neglected(db, "calm", 40_000, options="fillfactor = 90")
            snapshots.take(db)
            for _ in range(3):
                query(db, f"update t set note = 'y' where id % 8 = 0 {FLUSH}")
                snapshots.take(db)
                server.cluster.stop(immediate=True)
                server.cluster.start()
            query(db, "select 1")
            snapshots.take(db)
            (finding,) = findings(db, "vacuum_never_comes").values()
            assert (finding.object, finding.value) == ("public.t", 15_000)
            mend(db, "vacuum_never_comes")
            monkeypatch.setattr(vacuum_never_comes, "SHORT_SECONDS", 0)
            assert findings(db, "vacuum_never_comes") == {}


class TestPrimaryKeys:
    def test_every_kind_gets_one(self, any_db: Database) -> None:
        query(any_db, 'create schema "S %"')
        for table in (
            f"{HOSTILE} (id int, note text)",
            '"S %".t (a int not null unique, b int)',
            "nullable (a int unique)",
            "indexed (a int not null, b int not null, c int)",
            "descending (a int not null)",
            "partitioned (a int, b date) partition by range (b)",
            "deferred (a int not null unique deferrable)",
            "fine (a int primary key)",
            "nobody_can (a int) partition by range ((a + 1))",
        ):
            query(any_db, f"create table {table}")
        query(any_db, "create unique index on indexed (b) include (c); create unique index on descending (a desc)")
        query(any_db, "create table part partition of partitioned for values from (minvalue) to (maxvalue)")
        found = findings(any_db, "missing_primary_keys")
        assert result(any_db, "missing_primary_keys").examined == 9
        assert {name: finding.remedy.partition(" add ")[2] for name, finding in found.items()} == {
            f"public.{HOSTILE}": "column row_id bigint generated always as identity primary key",
            '"S %".t': "primary key (a)",
            "public.nullable": "column id bigint generated always as identity primary key",
            "public.indexed": "primary key using index indexed_b_c_idx",
            "public.descending": "primary key (a)",
            "public.partitioned": "column id bigserial, add primary key (id, b)",
            "public.deferred": "column id bigint generated always as identity primary key",
        }
        mend(any_db, "missing_primary_keys")


AREA = sorted(check.id for check in doctor.checklist() if check.area == "tables")


@pytest.mark.parametrize("check", AREA)
def test_a_freshly_migrated_database_is_well(db: Database, check: str, warm: None) -> None:
    assert result(db, check).findings == ()


@pytest.mark.parametrize("check", [check for check in AREA if check != "few_hot_updates"])
def test_an_ordinary_role_sees_as_much(server: Server, empty_db: Database, check: str) -> None:
    query(empty_db, "create table t (a int)")
    full = result(empty_db, check)
    with as_role(server, empty_db, "nobody_much") as unprivileged:
        plain = result(unprivileged, check)
    assert (plain.status, plain.examined) == (full.status, full.examined)


def test_locked_tables_are_examined_all_the_same(empty_db: Database) -> None:
    neglected(empty_db, "t", 40_000, dead=12_000)
    with closing(empty_db.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("lock table t in access exclusive mode")
        assert set(findings(empty_db, "vacuum_overdue")) == {"public.t"}
        assert set(findings(empty_db, "missing_primary_keys")) == {"public.t"}


def test_autovacuum_comes_when_we_say(bed_directory: Path) -> None:
    """Its own log tells nothing before it comes: a table just past its trigger is vacuumed, one just below is not."""
    with spare(bed_directory, autovacuum_naptime="1s") as server, Database(server.url()) as db:
        for table in ("past", "below"):
            query(db, f"create table {table} (id int) with (autovacuum_enabled = false)")
            query(db, f"insert into {table} select generate_series(1, 1000) {FLUSH}")
            query(db, f"vacuum (analyze) {table}")
        query(db, f"delete from past where id <= 251 {FLUSH}")
        query(db, f"delete from below where id <= 250 {FLUSH}")
        query(db, "alter table past reset (autovacuum_enabled); alter table below reset (autovacuum_enabled)")
        query(db, "alter table past set (autovacuum_analyze_threshold = 100000)")
        query(db, "alter table below set (autovacuum_analyze_threshold = 100000)")
        settle(db, "select autovacuum_count = 1 from pg_stat_user_tables where relname = 'past'")
        assert query(db, "select autovacuum_count from pg_stat_user_tables where relname = 'below'") == [(0,)]


def test_the_servers_parameters_are_those_of_its_version(any_db: Database, any_server: Server) -> None:
    rows = queries.load("doctor", "settings", any_server.major * 10000)
    with closing(any_db.connect()) as connection:
        known = autovacuum.parameters(rows.read(connection))
    assert autovacuum.triggers(1000, [], known).dead == 250
    assert ("autovacuum_vacuum_max_threshold" in known) == (any_server.major >= 18)
