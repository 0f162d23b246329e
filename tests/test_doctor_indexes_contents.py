"""doctor's checks of what is in indexes: bloat, pending lists, corruption, collations, each made, found and mended."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from litxdb.database import Database
from litxdb.doctor import Reason, Status, Tier
from litxdb.doctor.checks.indexes import bloated_indexes, long_gin_pending_lists
from tests.bed.examining import apply, findings, mend, result
from tests.bed.servers import Server, Servers
from tests.bed.statements import as_role, query


@pytest.fixture
def any_db(any_server: Server) -> Iterator[Database]:
    """A fresh, empty database on each version."""
    with any_server.database() as url, Database(url) as db:
        yield db


@pytest.fixture(scope="session", params=[15, 18], ids=lambda major: f"pg{major}")
def complete(postgresql: Servers, request: pytest.FixtureRequest) -> Server:
    """A server that has the contributed extensions, and collations with versions."""
    return postgresql.get(request.param)


@pytest.fixture
def extended(complete: Server) -> Iterator[Database]:
    """A database with amcheck and pgstattuple, in a schema that nobody searches."""
    with complete.database() as url, Database(url) as db:
        query(db, 'create schema "Ext %s"')
        for name in ("amcheck", "pgstattuple"):
            query(db, f'create extension {name} schema "Ext %s"')
        yield db


class TestBloat:
    @pytest.fixture(autouse=True)
    def _small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A test need not fill hundreds of megabytes."""
        monkeypatch.setattr(bloated_indexes, "BYTES", 1 << 20)

    @staticmethod
    def fill(db: Database) -> None:
        query(db, "create table t (id int, kept int) with (autovacuum_enabled = off)")
        query(db, "create index full_one on t (kept); create index empty_one on t (id)")
        query(db, "insert into t select i, i from generate_series(1, 200000) i")
        query(db, "update t set id = id + 1000000 where id % 8 > 0")
        query(db, "delete from t where id > 1000000")
        query(db, "vacuum analyze t")
        query(db, "reindex index full_one; analyze t")

    @pytest.fixture
    def bloated(self, any_db: Database) -> Database:
        self.fill(any_db)
        return any_db

    def test_estimated(self, bloated: Database) -> None:
        (finding,) = findings(bloated, "bloated_indexes").values()
        assert finding.object == "public.empty_one"
        assert finding.measured.endswith(" %, estimated)")
        mend(bloated, "bloated_indexes")

    def test_measured_where_pages_may_be_read(self, extended: Database) -> None:
        self.fill(extended)
        (finding,) = findings(extended, "bloated_indexes", tier=Tier.DEEP).values()
        assert finding.measured.endswith(" %, measured)")
        mend(extended, "bloated_indexes", tier=Tier.DEEP)

    def test_a_role_without_the_statistics(self, bloated: Database, any_server: Server) -> None:
        with as_role(any_server, bloated, "plain") as plain:
            seen = result(plain, "bloated_indexes")
            assert (seen.status, seen.unseen, seen.reason) == (Status.OK, 1, Reason.NO_PRIVILEGE)
            assert seen.remedy == "grant pg_read_all_data to plain"
            try:
                query(bloated, seen.remedy)
                assert list(findings(plain, "bloated_indexes")) == ["public.empty_one"]
            finally:
                query(bloated, "revoke pg_read_all_data from plain")

    def test_small_ones_are_not_worth_a_rebuild(self, bloated: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.undo()
        assert findings(bloated, "bloated_indexes") == {}


class TestPendingLists:
    @pytest.fixture
    def pending(self, extended: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
        monkeypatch.setattr(long_gin_pending_lists, "BYTES", 100_000)
        query(extended, "create table t (words text[]) with (autovacuum_enabled = off)")
        query(extended, "create index slow on t using gin (words)")
        query(extended, "create index quick on t using gin (words) with (fastupdate = off)")
        query(extended, "insert into t select array[md5(i::text), md5((-i)::text)] from generate_series(1, 3000) i")
        return extended

    def test_found_and_cleaned(self, pending: Database) -> None:
        (finding,) = findings(pending, "long_gin_pending_lists").values()
        assert finding.object == "public.slow"
        assert finding.measured.startswith("3,000 rows pending, ")
        mend(pending, "long_gin_pending_lists")

    def test_a_role_that_may_not_look(self, pending: Database, complete: Server) -> None:
        with as_role(complete, pending, "plain") as plain:
            for _ in ("the schema", "the function"):
                seen = result(plain, "long_gin_pending_lists")
                assert (seen.status, seen.reason) == (Status.SKIP, Reason.NO_PRIVILEGE)
                query(pending, seen.remedy)
            assert list(findings(plain, "long_gin_pending_lists")) == ["public.slow"]
            query(pending, "revoke pg_stat_scan_tables from plain")

    def test_one_that_is_locked_is_left_out(self, pending: Database) -> None:
        with contextlib.closing(pending.connect()) as altering, altering.cursor() as cursor:
            cursor.execute("reindex index slow")
            assert findings(pending, "long_gin_pending_lists") == {}

    def test_without_the_extension(self, any_db: Database) -> None:
        assert result(any_db, "long_gin_pending_lists").reason is Reason.NO_EXTENSION


class TestCorruption:
    @pytest.fixture
    def damaged(self, extended: Database) -> Database:
        """An index whose order another comparison made, as an upgrade of the system's libraries can."""
        query(
            extended,
            "create function ordered(int, int) returns int language sql immutable as 'select btint4cmp($1, $2)'",
        )
        operators = ", ".join(f"operator {place} {sign}" for place, sign in enumerate(("<", "<=", "=", ">=", ">"), 1))
        query(
            extended, f"create operator class odd for type int using btree as {operators}, function 1 ordered(int, int)"
        )
        query(extended, "create table t (id int primary key, a int); create index whole on t (a)")
        query(
            extended, 'create index "da mage%s" on t (a odd); insert into t select i, i from generate_series(1, 2000) i'
        )
        query(
            extended,
            "create or replace function ordered(int, int) returns int language sql immutable"
            " as 'select btint4cmp($2, $1)'",
        )
        return extended

    def test_a_damaged_index(self, damaged: Database) -> None:
        (finding,) = findings(damaged, "corrupt_indexes").values()
        assert (finding.object, finding.level) == ('public."da mage%s"', Status.CRIT)
        assert "order" in finding.measured
        mend(damaged, "corrupt_indexes")

    def test_a_damaged_table(self, extended: Database) -> None:
        query(extended, "create table fine (a int); insert into fine values (1)")
        query(extended, "create table t (a int); insert into t select i from generate_series(1, 3) i")
        before = query(extended, "select relfrozenxid::text from pg_class where relname = 't'")[0][0]
        query(extended, "update pg_class set relfrozenxid = pg_current_xact_id()::xid where relname = 't'")
        (finding,) = findings(extended, "corrupt_tables").values()
        assert finding.object == "public.t"
        assert finding.measured.startswith("3 damages, page 0: ")
        assert len(query(extended, finding.remedy)) == 3
        query(extended, f"update pg_class set relfrozenxid = '{before}' where relname = 't'")
        assert findings(extended, "corrupt_tables") == {}

    @pytest.mark.parametrize("check", ["corrupt_indexes", "corrupt_tables"])
    def test_a_role_that_may_not(self, check: str, damaged: Database, complete: Server) -> None:
        with as_role(complete, damaged, "plain") as plain:
            seen = result(plain, check)
            assert (seen.status, seen.reason) == (Status.SKIP, Reason.NO_PRIVILEGE)
            query(damaged, 'grant usage on schema "Ext %s" to plain')
            apply(damaged, seen.remedy)
            assert result(plain, check).examined > 0

    def test_a_locked_table_is_not_seen(self, damaged: Database) -> None:
        with contextlib.closing(damaged.connect()) as altering, altering.cursor() as cursor:
            cursor.execute("lock table t in access exclusive mode")
            seen = result(damaged, "corrupt_indexes")
        assert (seen.unseen, seen.reason) == (3, Reason.LOCKED)
        assert seen.status is Status.OK

    def test_gin_indexes_from_18_on(self, empty_db: Database) -> None:
        query(empty_db, "create extension amcheck")
        before = result(empty_db, "corrupt_indexes").examined
        query(empty_db, "create table t (a int[]); create index on t using gin (a)")
        assert result(empty_db, "corrupt_indexes").examined == before + 2  # that of the TOAST table too


class TestCollations:
    def test_a_named_collation(self, extended: Database) -> None:
        versioned = query(
            extended,
            "select collname from pg_collation where pg_collation_actual_version(oid) is not null"
            " and collencoding in (-1, pg_char_to_encoding('UTF8')) order by 1 limit 1",
        )
        ((name,),) = versioned
        query(extended, f'create table t (a text collate "{name}", b text); create index "of %s" on t (a)')
        query(extended, "create index other on t (b)")
        assert findings(extended, "outdated_collation_versions") == {}
        query(extended, f"update pg_collation set collversion = '0.1' where collname = '{name}'")
        (finding,) = findings(extended, "outdated_collation_versions").values()
        assert (finding.object, finding.level) == (
            f"pg_catalog.{name}" if name.isidentifier() else finding.object,
            Status.CRIT,
        )
        assert finding.measured.startswith("1 indexes, recorded with version 0.1, the library has ")
        assert finding.remedy.startswith('reindex index concurrently public."of %s";\n')
        mend(extended, "outdated_collation_versions")

    @pytest.mark.parametrize(
        ("major", "locale"),
        [(15, "locale_provider icu icu_locale 'en'"), (18, "locale_provider builtin locale 'C.UTF-8'")],
    )
    def test_the_databases_own(self, major: int, locale: str, postgresql: Servers) -> None:
        server = postgresql.get(major)
        server.execute(f"create database collated template template0 {locale}")
        try:
            with Database(server.url("collated")) as db:
                query(db, "create table t (a text primary key)")
                assert findings(db, "outdated_collation_versions") == {}
                query(db, "update pg_database set datcollversion = '0.1' where datname = 'collated'")
                (finding,) = findings(db, "outdated_collation_versions").values()
                assert finding.remedy.startswith("reindex database concurrently collated;\n")
                mend(db, "outdated_collation_versions")
        finally:
            server.execute("drop database collated with (force)")
