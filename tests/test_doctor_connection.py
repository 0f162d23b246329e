"""doctor's checks of the connection, TLS and the provider: the defect, the finding, the remedy, and it is gone."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import psutil
import psycopg2
import pytest

from litxdb import doctor, queries
from litxdb.database import Database
from litxdb.doctor import Reason, Status
from litxdb.doctor.checks.connection import _releases as releases
from litxdb.doctor.checks.connection import cold_statistics, slow_connection
from litxdb.migrate import heads
from litxdb.seed import baseline
from litxdb.settings import Settings
from tests.bed.examining import at_neon, findings, in_production, result
from tests.bed.faults import delay
from tests.bed.neon import Neon
from tests.bed.pooler import Pooler
from tests.bed.program import Outcome
from tests.bed.proxy import Proxy
from tests.bed.roles import role, sessions
from tests.bed.servers import Server, free_port
from tests.bed.spare import spare
from tests.bed.statements import as_role, query
from tests.bed.urls import with_keywords

AREAS = ("connection", "roles", "extensions", "migrations", "installation")


class TestAFreshDatabase:
    """On one that was just migrated there is nothing to say, but that a bed's server is no place for real data."""

    @pytest.fixture(autouse=True)
    def seeded(self, db: Database) -> None:
        baseline(db, heads=heads())

    def test_has_no_defect(self, db: Database) -> None:
        examined = doctor.examine(db, only=AREAS, skip=["durability_off"], deadline_seconds=30)
        assert [f"{each.check}: {each.measured}" for each in examined.findings] == []
        assert [each.detail for each in examined.results if each.status is Status.ERROR] == []

    def test_has_none_for_a_plain_role_either(self, db: Database, server: Server) -> None:
        with as_role(server, db, "doctor_plain") as plain:
            query(db, "grant select on all tables in schema public to doctor_plain")
            examined = doctor.examine(plain, only=AREAS, skip=["durability_off"], deadline_seconds=30)
        assert [each.check for each in examined.findings] == ["monitoring_denied"]
        assert [each.detail for each in examined.results if each.status is Status.ERROR] == []
        hidden = {each.check: each for each in examined.results if each.reason is Reason.NO_PRIVILEGE}
        assert {"unencrypted_sessions", "md5_passwords", "pending_restart", "changed_revisions"} <= set(hidden)
        assert hidden["pending_restart"].status is Status.OK
        assert hidden["pending_restart"].unseen == 1


class TestSlowConnection:
    def test_more_than_a_second(
        self, empty_url: str, proxy: Callable[..., Proxy], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(slow_connection, "WARN_SECONDS", 2)
        monkeypatch.setattr(slow_connection, "WOKEN_SECONDS", -10)
        door = proxy(empty_url, delay(2.2))
        with Database(door.url) as db:
            (finding,) = findings(db, "slow_connection").values()
            assert finding.level is Status.WARN
            assert finding.value is not None
            assert finding.value > 2
            assert findings(db, "slow_connection") == {}

    def test_a_server_that_has_just_started_is_no_defect(
        self, empty_url: str, proxy: Callable[..., Proxy], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(slow_connection, "WARN_SECONDS", 0.2)
        monkeypatch.setattr(slow_connection, "WOKEN_SECONDS", 1e9)
        with Database(proxy(empty_url, delay(0.3)).url) as db:
            (finding,) = findings(db, "slow_connection").values()
        assert finding.level is Status.INFO
        assert "with a server that started" in finding.measured


class TestDirectEndpoint:
    def test_behind_a_pooler_it_is_missing(self, pooler: Pooler, server: Server) -> None:
        with server.database() as url, Database(url) as direct:
            name = direct.endpoint.dbname
            with Database(pooler.url(name)) as db:
                (finding,) = findings(db, "direct_endpoint_missing").values()
                assert "transaction pooler" in finding.measured
                assert finding.remedy.startswith("DIRECT_DATABASE_URL=postgresql://")
            settings = Settings(url=pooler.url(name), source="DATABASE_URL", direct_url=url)
            with Database(settings=settings) as db:
                assert findings(db, "direct_endpoint_missing") == {}

    def test_at_neon_its_name_is_known(self, neon: Neon) -> None:
        with Database(neon.pooled_url) as db:
            assert findings(db, "direct_endpoint_missing") == {}


class TestUnverifiedServer:
    def test_a_remote_host(self, neon: Neon) -> None:
        with Database(with_keywords(neon.direct_url, sslmode="require", channel_binding=None)) as db:
            (finding,) = findings(db, "unverified_server").values()
            assert finding.measured == "sslmode=require: any certificate of that authority will do"
            assert "sslmode=verify-full" in finding.remedy
            assert "neon-test-word" not in f"{finding}"
        with Database(neon.direct_url) as db:
            assert findings(db, "unverified_server") == {}

    def test_channel_binding_proves_the_server_as_well(self, neon: Neon) -> None:
        with Database(with_keywords(neon.direct_url, sslmode="require", sslrootcert=None)) as db:
            assert findings(db, "unverified_server") == {}
        url = with_keywords(neon.direct_url, sslmode="require", sslrootcert=None, channel_binding=None)
        with Database(url) as db:
            (finding,) = findings(db, "unverified_server").values()
            assert finding.measured == "sslmode=require: any certificate will do"

    def test_a_local_one_is_not_judged(self, pg15: Server) -> None:
        with Database(pg15.url()) as db:
            assert result(db, "unverified_server").reason is Reason.NOT_APPLICABLE


class TestTheUrl:
    def test_a_password_in_an_argument(self, pg15: Server, run: Callable[..., Outcome]) -> None:
        command = ("doctor", "--only", "password_in_arguments", "--format", "json")
        outcome = run(*command, "--url", pg15.url())
        (finding,) = outcome.json["rows"]
        assert finding["level"] == "warn"
        assert "word@15" not in outcome.stdout
        assert run(*command, env={"DATABASE_URL": pg15.url()}).json["counts"]["skip"] == 1
        socket_url = pg15.cluster.url()
        assert run(*command, "--url", socket_url).json["counts"]["ok"] == 1

    def test_of_a_program_is_its_own_affair(self, pg15: Server) -> None:
        with Database(pg15.url()) as db:
            assert result(db, "password_in_arguments").reason is Reason.NOT_APPLICABLE

    def test_a_scheme_that_sqlalchemy_refuses(self, empty_url: str, run: Callable[..., Outcome]) -> None:
        command = ("doctor", "--only", "unportable_url", "--format", "json")
        old = empty_url.replace("postgresql:", "postgres:", 1)
        (finding,) = run(*command, env={"DATABASE_URL": old}).json["rows"]
        assert (finding["level"], finding["object"]) == ("info", "DATABASE_URL")
        mended = finding["remedy"].removeprefix("DATABASE_URL=").partition("  #")[0]
        assert mended.startswith("postgresql://")
        assert run(*command, env={"DATABASE_URL": mended}).json["counts"]["ok"] == 1


class TestConnectionsSaturated:
    def test_of_a_role(self, any_server: Server, any_db: Database) -> None:
        with role(any_server, "busy \"o'n%e", "connection limit 10") as name:
            url = any_server.url(any_db.endpoint.dbname, user="busy \"o'n%e")
            with sessions(url, 7):
                assert findings(any_db, "connections_saturated") == {}
            with sessions(url, 8):
                (finding,) = findings(any_db, "connections_saturated").values()
                assert (finding.level, finding.object) == (Status.WARN, "role busy \"o'n%e")
                assert finding.measured.startswith("8 of 10 slots (80%), 8 of them busy \"o'n%e with app; 8 are idle")
                query(any_db, finding.remedy)
                with sessions(url, 1):
                    (finding,) = findings(any_db, "connections_saturated").values()
                    assert finding.level is Status.CRIT
                query(any_db, f"alter role {name} connection limit 20")
                assert findings(any_db, "connections_saturated") == {}

    def test_the_remedy_ends_what_was_idle_for_long(self, empty_db: Database, server: Server) -> None:
        url = server.url(empty_db.endpoint.dbname, user="sleeper")
        with (
            role(server, "sleeper", "connection limit 2"),
            closing(psycopg2.connect(url)) as one,
            closing(psycopg2.connect(url)),
        ):
            (finding,) = findings(empty_db, "connections_saturated").values()
            query(empty_db, finding.remedy.replace("10 minutes", "0 minutes"))
            assert findings(empty_db, "connections_saturated") == {}
            with pytest.raises(psycopg2.Error):
                one.cursor().execute("select 1")

    @pytest.mark.parametrize("major", [15, 18])
    def test_of_a_server_as_anybody_sees_it(self, major: int, bed_directory: Path) -> None:
        with (
            spare(bed_directory, major=major, max_connections="13") as server,
            server.database() as url,
            Database(url) as db,
            as_role(server, db, "plain") as plain,
        ):
            with sessions(url, 7):
                assert findings(db, "connections_saturated") == {}
                assert findings(plain, "connections_saturated") == {}
            with sessions(url, 8):
                for each in (db, plain):
                    (finding,) = findings(each, "connections_saturated").values()
                    assert (finding.level, finding.object) == (Status.WARN, "server")
                    assert finding.measured.startswith("8 of 10 slots (80%), 8 of them postgres with app")
                assert "idle" not in finding.measured

    def test_reserved_ones_are_not_counted(self, bed_directory: Path, empty_db: Database) -> None:
        with (
            spare(bed_directory, max_connections="20", reserved_connections="7") as server,
            server.database() as url,
            Database(url) as db,
            sessions(url, 9),
        ):
            assert findings(db, "connections_saturated")["server"].measured.startswith("9 of 10 slots")
            with at_neon(db) as neon:
                assert findings(neon, "connections_saturated")["server"].measured.startswith("9 of 10 slots")
        with at_neon(empty_db) as neon:
            assert "93 usable slots" in result(neon, "pool_outgrows_server").detail

    def test_of_a_database(self, empty_db: Database) -> None:
        name = empty_db.endpoint.dbname
        query(empty_db, f"alter database {name} connection limit 2")
        with sessions(empty_db.settings.url or "", 2):
            (finding,) = findings(empty_db, "connections_saturated").values()
        assert finding.object == f"database {name}"


class TestPoolOutgrowsServer:
    def test_a_limit_that_one_process_exceeds(self, empty_db: Database, server: Server) -> None:
        with role(server, "Narrow", "connection limit 30"):
            url = server.url(empty_db.endpoint.dbname, user="Narrow")
            with Database(url) as narrow:
                (finding,) = findings(narrow, "pool_outgrows_server").values()
                assert finding.measured == "25 connections, 30 slots"
                query(empty_db, finding.remedy)
                assert findings(narrow, "pool_outgrows_server") == {}

    def test_says_how_many_processes_fit(self, empty_db: Database) -> None:
        assert result(empty_db, "pool_outgrows_server").detail == "97 usable slots are enough for 3 processes."
        with at_neon(empty_db) as neon:
            detail = result(neon, "pool_outgrows_server").detail
            assert detail.endswith("By max_connections = 100 this is a compute of 0.25 CU.")


class TestColdStatistics:
    def test_reset_or_started(self, empty_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        assert result(empty_db, "cold_statistics").reason is Reason.NOT_APPLICABLE
        query(empty_db, "select pg_stat_reset()")
        db = in_production(empty_db)
        (finding,) = findings(db, "cold_statistics").values()
        assert finding.level is Status.INFO
        assert finding.measured.startswith("they were reset ")
        monkeypatch.setattr(cold_statistics, "COLD_SECONDS", 0)
        assert findings(db, "cold_statistics") == {}

    @pytest.mark.parametrize("immediate", [False, True], ids=["restart", "crash"])
    def test_they_survive_a_restart_and_not_a_crash(self, bed_directory: Path, immediate: bool) -> None:
        with spare(bed_directory) as server:
            before = self.counted_since(server)
            server.cluster.stop(immediate=immediate)
            server.cluster.start()
            assert (self.counted_since(server) > before) is immediate

    @staticmethod
    def counted_since(server: Server) -> datetime:
        with closing(psycopg2.connect(server.url())) as connection:
            (row,) = queries.load("doctor", "server", connection.info.server_version).run(connection)
        since = row["counted_since"]
        assert isinstance(since, datetime)
        return since

    def test_of_a_compute_that_woke_up(self, empty_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cold_statistics, "COLD_SECONDS", 1e9)
        with at_neon(empty_db) as neon:
            (finding,) = findings(in_production(neon), "cold_statistics").values()
        assert finding.measured.startswith("the compute woke up ")


class TestNeon:
    def test_is_recognised_by_its_settings(self, any_db: Database) -> None:
        assert result(any_db, "durability_off").reason is None
        with at_neon(any_db) as neon:
            assert result(neon, "durability_off").reason is Reason.NOT_APPLICABLE
            assert result(neon, "server_outdated").detail == "Neon looks after this."

    def test_cache_misses(self, empty_db: Database, bed_directory: Path) -> None:
        assert result(empty_db, "neon_cache_misses").detail == "Not a Neon server."
        with at_neon(empty_db) as neon:
            assert result(neon, "neon_cache_misses").reason is Reason.NO_EXTENSION
            stand_in(empty_db, bed_directory)
            query(empty_db, "update odd.cache set hits = 40000, misses = 9000")
            assert result(neon, "neon_cache_misses").reason is Reason.COLD_STATISTICS
            query(empty_db, "update odd.cache set hits = 49000, misses = 1000")
            (finding,) = findings(neon, "neon_cache_misses").values()
            assert (finding.level, finding.measured) == (Status.WARN, "98.0% of 50,000 reads")
            query(empty_db, "update odd.cache set hits = 99000, misses = 999")
            assert findings(neon, "neon_cache_misses") == {}


def stand_in(db: Database, directory: Path) -> None:
    """Create an extension `neon` with its view of the cache, in a schema of an odd name."""
    folder = directory / "neon" / "extension"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "neon.control").write_text("default_version = '1.6'\nrelocatable = false\nschema = odd\n")
    (folder / "neon--1.6.sql").write_text(
        "create table cache (hits bigint, misses bigint); insert into cache values (0, 0);"
        "create view neon_stat_file_cache as select misses as file_cache_misses, hits as file_cache_hits from cache;"
    )
    path = f"set extension_control_path = '{directory / 'neon'}:$system'"
    query(db, f"{path}; create extension neon")


class TestServerVersion:
    def test_an_older_minor_release(
        self, any_server: Server, any_db: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        minor = int(any_server.cluster.binaries.version.split(".")[1])
        newest = releases.Branch(minor, date(2026, 8, 13), date(2099, 1, 1))
        branches = {any_server.major: newest}
        monkeypatch.setattr("litxdb.doctor.checks.connection.server_outdated.BRANCHES", branches)
        assert findings(any_db, "server_outdated") == {}
        assert "litxdb knows of releases up to 2026-08-13" in result(any_db, "server_outdated").detail
        branches[any_server.major] = replace(newest, minor=minor + 1)
        (finding,) = findings(any_db, "server_outdated").values()
        expected = f"{any_server.major}.{minor}; {any_server.major}.{minor + 1} came out on 2026-08-13"
        assert (finding.level, finding.measured) == (Status.WARN, expected)
        branches.clear()
        assert result(any_db, "server_outdated").reason is Reason.NOT_APPLICABLE

    @pytest.mark.parametrize(
        ("days", "level"), [(-1, Status.CRIT), (0, Status.WARN), (179, Status.WARN), (180, Status.OK)]
    )
    def test_the_end_of_its_life(
        self, days: int, level: Status, empty_db: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ((today,),) = query(empty_db, "select (clock_timestamp() at time zone 'UTC')::date")
        end = date.fromordinal(today.toordinal() + days)
        branches = {18: releases.Branch(0, date(2025, 9, 25), end)}
        monkeypatch.setattr("litxdb.doctor.checks.connection.server_end_of_life.BRANCHES", branches)
        found = result(empty_db, "server_end_of_life")
        assert found.status is level
        assert str(end) in (found.findings[0].measured if found.findings else found.detail)

    def test_every_supported_version_is_in_the_list(self, any_server: Server) -> None:
        assert any_server.major in releases.BRANCHES


class TestUnencryptedSessions:
    def test_from_another_machine(self, bed_directory: Path, tmp_path: Path) -> None:
        address = own_address()
        hba = bed_directory / "open_hba.conf"
        hba.write_text("local all all trust\nhost all all all trust\n")
        options = {"listen_addresses": "*", "port": str(free_port()), "hba_file": str(hba)}
        with spare(bed_directory, **options) as server, server.database() as url, Database(url) as db:
            far = with_keywords(url, host=address, port=options["port"], sslmode="disable", requirepeer=None)
            near = with_keywords(far, host="127.0.0.1")
            with sessions(near, 1):
                assert result(db, "unencrypted_sessions").reason is Reason.NOTHING_THERE
            with sessions(far, 2):
                (finding,) = findings(db, "unencrypted_sessions").values()
                assert (finding.object, finding.measured) == (f"postgres from {address} with app", "2 not encrypted")
                assert finding.level is Status.WARN
                assert len(query(db, finding.remedy)) == 1
                with at_neon(db) as neon:
                    assert result(neon, "unencrypted_sessions").reason is Reason.NOT_APPLICABLE


def own_address() -> str:
    """Return an address of this machine that is not the loopback's: a connection to it comes from there too."""
    for addresses in psutil.net_if_addrs().values():
        for each in addresses:
            if each.family is socket.AF_INET and not each.address.startswith("127."):
                return each.address
    pytest.skip("this machine has no address but loopback's")
