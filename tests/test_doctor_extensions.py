"""doctor's checks of extensions and settings: the defect, the finding, the remedy, and it is gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from litxdb.database import Database
from litxdb.doctor import Fix, Reason, Status
from tests.bed.examining import at_neon, findings, in_production, mend, result
from tests.bed.roles import role
from tests.bed.servers import SWIFT, Server
from tests.bed.spare import spare
from tests.bed.statements import as_role, query


@pytest.fixture
def own(bed_directory: Path) -> Iterator[Server]:
    """A server whose configuration a test may change."""
    with spare(bed_directory, fsync="on", full_page_writes="on") as server:
        yield server


class TestOutdatedExtensions:
    def test_older_than_what_is_installed(self, server: Server, empty_db: Database, bed_directory: Path) -> None:
        query(empty_db, "create extension pg_trgm version '1.3'; create extension vector")
        (finding,) = findings(empty_db, "outdated_extensions").values()
        assert (finding.object, finding.level, finding.fix) == ("pg_trgm", Status.WARN, Fix.SAFE)
        assert finding.measured.startswith("1.3, available 1.")
        mend(empty_db, "outdated_extensions")

    @pytest.mark.parametrize(("created", "available", "old"), [("1.9", "1.10", True), ("1.10", "1.9", False)])
    def test_versions_are_numbers(
        self, created: str, available: str, old: bool, empty_db: Database, bed_directory: Path
    ) -> None:
        folder = bed_directory / f"numbers-{created}" / "extension"
        folder.mkdir(parents=True)
        (folder / "odd-name.control").write_text(f"default_version = '{available}'\n")
        (folder / f"odd-name--{created}.sql").write_text("select 1;")
        (folder / f"odd-name--{created}--{available}.sql").write_text("select 1;")
        path = f"extension_control_path = '{folder.parent}:$system'"
        query(empty_db, f"alter database {empty_db.endpoint.dbname} set {path}")
        query(empty_db, f"create extension \"odd-name\" version '{created}'")
        assert list(findings(empty_db, "outdated_extensions")) == (["odd-name"] if old else [])
        mend(empty_db, "outdated_extensions")


class TestPendingRestart:
    def test_until_the_restart(self, own: Server) -> None:
        with Database(own.url()) as db:
            configure(db, "alter system set max_locks_per_transaction = 99")
            (finding,) = findings(db, "pending_restart").values()
            overridden = "select count(*) from pg_settings where pending_restart and source = 'command line'"
            assert query(db, overridden) == [(1,)]  # dynamic_shared_memory_type: no restart would change it
            assert (finding.object, finding.measured) == ("max_locks_per_transaction", "64 until the restart")
            own.cluster.stop()
            own.cluster.start()
            assert findings(db, "pending_restart") == {}

    def test_what_a_plain_role_does_not_see(self, db: Database, server: Server) -> None:
        with as_role(server, db, "doctor_plain") as plain:
            found = result(plain, "pending_restart")
            assert (found.unseen, found.reason) == (1, Reason.NO_PRIVILEGE)
            assert found.remedy == "grant pg_read_all_settings to doctor_plain"


def configure(db: Database, *statements: str) -> None:
    """Change the server's configuration, and wait until it has read it again."""
    ((before,),) = query(db, "select pg_conf_load_time()::text")
    for statement in (*statements, "select pg_reload_conf()"):
        query(db, statement)
    for _ in range(1000):
        if query(db, f"select pg_conf_load_time() > '{before}'") == [(True,)]:
            return
    pytest.fail("the server has not read its configuration again")


class TestDurabilityOff:
    def test_a_bed_s_server_is_no_place_for_data(self, any_db: Database) -> None:
        found = findings(any_db, "durability_off")
        assert set(found) == {"fsync", "full_page_writes"} <= set(SWIFT)
        assert all(finding.level is Status.INFO for finding in found.values())
        deployed = findings(in_production(any_db), "durability_off")
        assert all(finding.level is Status.CRIT for finding in deployed.values())
        with at_neon(any_db) as neon:
            assert result(neon, "durability_off").reason is Reason.NOT_APPLICABLE

    def test_the_remedy(self, own: Server) -> None:
        with Database(own.url()) as db:
            configure(db, "alter system set zero_damaged_pages = on")
            (finding,) = findings(db, "durability_off").values()
            assert (finding.object, finding.measured) == ("zero_damaged_pages", "on")
            remedy, reload = finding.remedy.split(";\n")
            assert reload == "select pg_reload_conf()"
            configure(db, remedy)
            assert findings(db, "durability_off") == {}


class TestWorkMemOvercommitted:
    def test_more_than_the_machine_has(self, any_server: Server, any_db: Database) -> None:
        assert findings(any_db, "work_mem_overcommitted") == {}
        with role(any_server, 'Gre"edy') as quoted:
            query(any_db, f"alter role {quoted} set work_mem = '41MB'")
            with Database(any_server.url(any_db.endpoint.dbname, user='Gre"edy')) as db:
                (finding,) = findings(db, "work_mem_overcommitted").values()
                assert finding.level is Status.INFO
                assert finding.measured == "41 MB * 100 connections = 4 GB, effective_cache_size 4 GB"
                query(any_db, f"alter role {quoted} set effective_cache_size = '3GB'")
                (finding,) = findings(db, "work_mem_overcommitted").values()
                assert finding.level is Status.WARN
                mend(db, "work_mem_overcommitted")


class TestUntunedSettings:
    def test_defaults_of_a_server_for_others(self, own: Server) -> None:
        with own.database() as url, Database(url) as local, in_production(local) as db:
            assert result(local, "untuned_settings").reason is Reason.NOT_APPLICABLE
            found = findings(db, "untuned_settings")
            assert set(found) == {"random_page_cost", "track_io_timing", "log_lock_waits", "shared_buffers"}
            assert {finding.level for finding in found.values()} == {Status.INFO}
            assert found["shared_buffers"].fix is Fix.MANUAL
            with in_production(at_neon(db)) as neon:
                assert set(findings(neon, "untuned_settings")) == {"random_page_cost"}
            for finding in found.values():
                query(db, finding.remedy.partition(";\n")[0])
            own.cluster.stop()
            own.cluster.start()
            assert findings(db, "untuned_settings") == {}


class TestTimeoutsUnset:
    def test_for_the_role(self, any_server: Server, any_db: Database) -> None:
        name = any_db.endpoint.dbname
        with (
            role(any_server, "end'less") as quoted,
            Database(any_server.url(name, user="end'less")) as local,
            in_production(local) as db,
        ):
            assert result(local, "timeouts_unset").reason is Reason.NOT_APPLICABLE
            assert set(findings(db, "timeouts_unset")) == {"idle_in_transaction_session_timeout", "statement_timeout"}
            mend(db, "timeouts_unset")
            query(any_db, f"alter role {quoted} reset all")
            assert len(findings(db, "timeouts_unset")) == 2
            if any_server.major >= 17:
                query(any_db, f"alter role {quoted} set transaction_timeout = '5min'")
                assert findings(db, "timeouts_unset") == {}


class TestPgStatStatementsMissing:
    def test_not_created(self, server: Server, empty_db: Database) -> None:
        assert result(empty_db, "pg_stat_statements_missing").reason is Reason.NOT_APPLICABLE
        with as_role(server, empty_db, "doctor_plain") as plain:
            (finding,) = findings(in_production(plain), "pg_stat_statements_missing").values()
        assert (finding.level, finding.measured) == (Status.INFO, "not created")
        mend(in_production(empty_db), "pg_stat_statements_missing")

    def test_not_preloaded(self, bed_directory: Path) -> None:
        with spare(bed_directory, shared_preload_libraries="auto_explain") as server:
            with Database(server.url()) as db:
                (finding,) = findings(in_production(db), "pg_stat_statements_missing").values()
                assert (finding.level, finding.fix) == (Status.INFO, Fix.MANUAL)
                query(db, "create extension pg_stat_statements")
                (finding,) = findings(db, "pg_stat_statements_missing").values()
                assert (finding.level, finding.measured) == (Status.WARN, "created, but not preloaded")
                query(db, finding.remedy.partition(";\n")[0])
                configured = "select setting from pg_file_settings where name = 'shared_preload_libraries'"
                assert query(db, configured) == [("auto_explain, pg_stat_statements",)]
                with as_role(server, db, "plain") as plain:
                    (finding,) = findings(plain, "pg_stat_statements_missing").values()
                    assert finding.remedy.startswith("-- as a superuser: ")
            server.cluster.options["shared_preload_libraries"] = "auto_explain, pg_stat_statements"
            server.cluster.stop()
            server.cluster.start()
            with Database(server.url()) as db:
                assert findings(db, "pg_stat_statements_missing") == {}
