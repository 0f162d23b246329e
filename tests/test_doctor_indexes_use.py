"""doctor's checks of what indexes, foreign keys and sequences are for: use over time, LitXplore's own, types, pace."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from litxdb import migrate, snapshots
from litxdb.database import Database
from litxdb.doctor import Fix, Reason, Status
from litxdb.doctor.checks.indexes import unused_indexes
from tests.bed.examining import findings, mend, result
from tests.bed.servers import Server
from tests.bed.statements import query

FLUSH = "; select pg_stat_force_next_flush()"
"""Statistics are there when the session says that it is ready."""


@pytest.fixture
def any_db(any_server: Server) -> Iterator[Database]:
    """A fresh, empty database on each version."""
    with any_server.database() as url, Database(url) as db:
        yield db


class TestUnused:
    @pytest.fixture
    def large(self, any_db: Database) -> Database:
        """A table with an index for each reason to keep one, all larger than a mebibyte, and none scanned."""
        query(any_db, "create table p (id int primary key); insert into p select generate_series(1, 60000)")
        query(any_db, "create table t (id int primary key, u int unique, f int references p, a int, b int)")
        query(any_db, "insert into t select i, i, i, i, i from generate_series(1, 60000) i")
        query(any_db, 'create index on t (f); create index t_a on t (a); create index "t_b %s" on t (b)')
        query(any_db, "create table small (a int); create index on small (a); analyze")
        return any_db

    @pytest.fixture
    def warm(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(unused_indexes, "COLD_SECONDS", 0)

    def test_a_server_that_has_just_started_cannot_tell(self, large: Database) -> None:
        seen = result(large, "unused_indexes")
        assert (seen.status, seen.reason) == (Status.SKIP, Reason.COLD_STATISTICS)

    @pytest.mark.usefixtures("warm")
    def test_only_indexes_that_are_there_to_be_scanned(self, large: Database) -> None:
        query(large, f"set enable_seqscan = off; select from t where a = 5 {FLUSH}")
        (finding,) = findings(large, "unused_indexes").values()
        assert finding.object == 'public."t_b %s"'
        assert (finding.level, finding.fix) == (Status.INFO, Fix.ASKS)
        assert finding.measured.startswith("no scan in ")
        mend(large, "unused_indexes")

    @pytest.mark.usefixtures("warm")
    def test_after_a_month_it_is_a_warning(self, large: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(unused_indexes, "WARN_SECONDS", 0)
        assert {finding.level for finding in findings(large, "unused_indexes").values()} == {Status.WARN}

    @pytest.mark.usefixtures("warm")
    def test_snapshots_remember_scans_that_the_server_forgot(self, large: Database) -> None:
        snapshots.take(large)
        query(large, f"set enable_seqscan = off; select from t where a = 5 {FLUSH}")
        snapshots.take(large)
        assert list(findings(large, "unused_indexes")) == ['public."t_b %s"']
        query(large, "select pg_stat_reset()")
        assert list(findings(large, "unused_indexes")) == ['public."t_b %s"']


class TestLitXplore:
    def test_a_missing_index_is_built(self, db: Database) -> None:
        query(db, "drop index ix_tasks_user_status; drop index ix_sources_embedding_hnsw")
        found = findings(db, "missing_litxplore_indexes")
        assert set(found) == {"ix_tasks_user_status", "ix_sources_embedding_hnsw"}
        assert found["ix_tasks_user_status"].level is Status.WARN
        assert found["ix_tasks_user_status"].remedy == "litxdb index create ix_tasks_user_status"
        mend(db, "missing_litxplore_indexes")

    def test_without_a_unique_one_accounts_may_be_there_twice(self, db: Database) -> None:
        query(db, "drop index ix_users_email")
        assert findings(db, "missing_litxplore_indexes")["ix_users_email"].level is Status.CRIT
        mend(db, "missing_litxplore_indexes")

    def test_one_that_is_another(self, db: Database) -> None:
        query(db, "drop index ix_notes_status; create index ix_notes_status on notes (status desc)")
        (finding,) = findings(db, "missing_litxplore_indexes").values()
        assert finding.measured == "is USING btree (status DESC); LitXplore wants USING btree (status)"
        mend(db, "missing_litxplore_indexes")

    def test_what_a_later_migration_makes_is_not_missing(self, empty_db: Database) -> None:
        migrate.upgrade(empty_db, "create_simplified_tasks_table")
        seen = result(empty_db, "missing_litxplore_indexes")
        assert (seen.status, seen.remedy) == (Status.SKIP, "litxdb migrate")

    def test_anybodys_users_are_not_litxplores(self, empty_db: Database) -> None:
        query(empty_db, "create table users (id serial primary key, name text)")
        seen = result(empty_db, "missing_litxplore_indexes")
        assert (seen.status, seen.reason) == (Status.SKIP, Reason.NOTHING_THERE)

    def test_its_own_redundant_ones_are_not_told_elsewhere(self, db: Database) -> None:
        query(db, "create index mine on tasks (user_id)")
        assert list(findings(db, "duplicate_indexes")) == []
        assert list(findings(db, "redundant_indexes")) == ["public.mine"]
        mend(db, "redundant_indexes")


def test_foreign_keys_of_other_types(any_db: Database) -> None:
    query(any_db, "create domain number as int; create domain long_number as bigint")
    query(any_db, "create table p (id bigint primary key, t text unique, n numeric unique, d long_number unique)")
    query(any_db, 'create table "T %s" ("a b" int references p, same bigint references p)')
    query(any_db, "create table t2 (t varchar(9) references p (t), n bigint references p (n))")
    query(any_db, "create table t3 (d bigint references p (d), d2 number references p (d))")
    query(any_db, "create table p4 (id int primary key); create table t4 (id bigint references p4)")
    found = findings(any_db, "foreign_key_types_differ")
    assert {name: finding.measured for name, finding in found.items()} == {
        '"T %s_a b_fkey" on public."T %s"': '"a b" is integer, public.p has id bigint',
        "t2_n_fkey on public.t2": "n is bigint, public.p has n numeric",
        "t3_d2_fkey on public.t3": "d2 is integer, public.p has d bigint",
        "t4_id_fkey on public.t4": "id is bigint, public.p4 has id integer",
    }
    assert [name for name, finding in found.items() if finding.level is Status.INFO] == ["t4_id_fkey on public.t4"]
    mend(any_db, "foreign_key_types_differ")


def test_a_sequence_with_few_days_left(empty_db: Database) -> None:
    """Half used: the pace alone makes it a defect."""
    query(empty_db, "create table t (id serial primary key); select setval('t_id_seq', 1000000000)")
    snapshots.take(empty_db)
    assert findings(empty_db, "sequences_running_out") == {}
    query(empty_db, "select setval('t_id_seq', 1100000000)")
    snapshots.take(empty_db)
    (finding,) = findings(empty_db, "sequences_running_out").values()
    assert finding.level is Status.WARN
    assert " left" in finding.measured
    mend(empty_db, "sequences_running_out")


def test_a_first_load_is_no_pace(empty_db: Database) -> None:
    query(empty_db, "create table t (id serial primary key)")
    snapshots.take(empty_db)
    query(empty_db, "select setval('t_id_seq', 1000000)")
    snapshots.take(empty_db)
    assert findings(empty_db, "sequences_running_out") == {}


def test_foreign_keys_that_hurt(any_db: Database) -> None:
    query(any_db, "create table p (id int primary key); insert into p select generate_series(1, 20)")
    query(any_db, "create table big (f int references p); insert into big select 1 from generate_series(1, 10000)")
    query(any_db, "create table small (f int references p); analyze")
    found = findings(any_db, "foreign_keys_without_index")
    assert {name: finding.level for name, finding in found.items()} == {
        "big_f_fkey on public.big": Status.WARN,
        "small_f_fkey on public.small": Status.INFO,
    }
    query(any_db, f"delete from p where id = 20 {FLUSH}")
    assert findings(any_db, "foreign_keys_without_index")["small_f_fkey on public.small"].level is Status.WARN
    mend(any_db, "foreign_keys_without_index")
