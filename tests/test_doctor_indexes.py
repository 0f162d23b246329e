"""doctor's checks of indexes, constraints and sequences: the defect, the finding, the remedy, and it is gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from litxdb.database import Database
from litxdb.doctor import Fix, Status
from tests.bed.examining import findings, mend, result
from tests.bed.indexing import interrupted, reader
from tests.bed.servers import Server
from tests.bed.spare import spare
from tests.bed.statements import as_role, query


@pytest.fixture
def any_db(any_server: Server) -> Iterator[Database]:
    """A fresh, empty database on each version."""
    with any_server.database() as url, Database(url) as db:
        yield db


HOSTILE = '"q""uo\'te\n%s;"'
"""A name as nobody should give one."""


def test_an_interrupted_build_is_found_and_mended(any_db: Database) -> None:
    query(any_db, f"create table {HOSTILE} (a int); insert into {HOSTILE} values (1)")
    interrupted(any_db, f'create index concurrently {HOSTILE[:-1]}i" on {HOSTILE} (a)', HOSTILE)
    (finding,) = findings(any_db, "invalid_indexes").values()
    assert finding.level is Status.WARN
    assert finding.fix is Fix.SAFE
    mend(any_db, "invalid_indexes")


def test_a_unique_index_that_is_none_is_critical(any_db: Database) -> None:
    query(any_db, "create table t (a int); insert into t values (1), (1)")
    with pytest.raises(psycopg2.errors.UniqueViolation):
        query(any_db, "create unique index concurrently u on t (a)")
    finding = findings(any_db, "invalid_indexes")["public.u"]
    assert (finding.level, finding.fix) == (Status.CRIT, Fix.ASKS)
    with pytest.raises(psycopg2.errors.UniqueViolation):
        query(any_db, finding.remedy)
    left = findings(any_db, "invalid_indexes")
    assert left["public.u_ccnew"].remedy == "drop index concurrently public.u_ccnew"
    assert left["public.u_ccnew"].level is Status.INFO
    query(any_db, "delete from t where ctid = '(0,1)'")
    mend(any_db, "invalid_indexes")


def test_what_an_interrupted_reindex_leaves_is_dropped(any_db: Database) -> None:
    query(any_db, "create table t (a int, b text); create index i on t (a); insert into t values (1)")
    interrupted(any_db, "reindex table concurrently t", "t")
    found = findings(any_db, "invalid_indexes")
    assert found["public.i_ccnew"].remedy == "drop index concurrently public.i_ccnew"
    toast = [finding for name, finding in found.items() if name.startswith("pg_toast.")]
    assert [finding.remedy.partition(" pg_toast")[0] for finding in toast] == ["drop index concurrently"]
    assert "on public.t (its TOAST table)" in toast[0].measured
    mend(any_db, "invalid_indexes")


def test_a_name_alone_makes_no_leftover(any_db: Database) -> None:
    query(any_db, "create table t (a int)")
    interrupted(any_db, "create index concurrently mine_ccnew on t (a)", "t")
    assert findings(any_db, "invalid_indexes")["public.mine_ccnew"].remedy.startswith("reindex")
    mend(any_db, "invalid_indexes")


def test_an_interrupted_drop_is_finished(any_db: Database) -> None:
    query(any_db, "create table t (a int); create index i on t (a)")
    interrupted(any_db, "drop index concurrently i", "t")
    assert findings(any_db, "invalid_indexes")["public.i"].remedy.endswith("index concurrently public.i")
    mend(any_db, "invalid_indexes")


@pytest.mark.parametrize(
    "statement",
    [
        "create index concurrently mine on t (a)",
        "reindex index concurrently there",
        "reindex table concurrently t",
        "drop index concurrently there",
    ],
)
def test_what_is_at_work_is_no_defect(statement: str, any_server: Server, any_db: Database) -> None:
    query(any_db, "create table t (a int, b text); create index there on t (a); create table other (a int)")
    interrupted(any_db, "create index concurrently left_behind on other (a)", "other")
    worker = threading.Thread(target=query, args=(any_db, statement))
    with as_role(any_server, any_db, "onlooker") as onlooker, reader(any_db, "t"):
        worker.start()
        while query(any_db, "select count(*) from pg_index where not indisvalid") == [(1,)]:
            time.sleep(0.02)
        for db in (any_db, onlooker):
            assert list(findings(db, "invalid_indexes")) == ["public.left_behind"]
    worker.join()


def test_one_that_a_prepared_transaction_drops(bed_directory: Path) -> None:
    with spare(bed_directory, max_prepared_transactions="1") as own, own.database() as url, Database(url) as db:
        query(db, "create table t (a int)")
        interrupted(db, "create index concurrently i on t (a)", "t")
        assert list(findings(db, "invalid_indexes")) == ["public.i"]
        with closing(db.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("drop index i; prepare transaction 'later'")
        assert findings(db, "invalid_indexes") == {}
        query(db, "rollback prepared 'later'")


def test_an_index_that_not_all_partitions_have(any_db: Database) -> None:
    query(any_db, 'create table t (a int) partition by list (a); create table "T 1" partition of t for values in (1)')
    query(any_db, "create table t2 partition of t for values in (2); create unique index u on only t (a)")
    finding = findings(any_db, "invalid_indexes")["public.u"]
    assert (finding.level, finding.fix) == (Status.CRIT, Fix.MANUAL)
    assert finding.measured == "on public.t, 0 of 2 partitions have it"
    for (statements,) in query(any_db, finding.remedy):
        for statement in statements.split("; "):
            query(any_db, statement)
    assert findings(any_db, "invalid_indexes") == {}


def test_constraints_are_validated(any_db: Database) -> None:
    query(any_db, 'create table p (id int primary key); create table t (a int, b int); create schema "S"')
    query(any_db, f"alter table t add constraint {HOSTILE} check (a > 0) not valid")
    query(any_db, "alter table t add constraint f foreign key (b) references p not valid")
    query(any_db, 'create domain "S".d as int; alter domain "S".d add constraint k check (value > 0) not valid')
    query(any_db, "create table parted (a int) partition by list (a); create table part partition of parted default")
    query(any_db, "alter table parted add constraint each_part check (a > 0) not valid")
    found = findings(any_db, "not_valid_constraints")
    assert set(found) == {'k on "S".d', f"{HOSTILE} on public.t", "each_part on public.parted", "f on public.t"}
    assert found['k on "S".d'].fix is Fix.ASKS
    assert found["f on public.t"].fix is Fix.SAFE
    assert found["f on public.t"].measured == "foreign key (b) to public.p"
    mend(any_db, "not_valid_constraints")


def test_a_column_may_be_not_null_and_not_valid(empty_db: Database) -> None:
    query(empty_db, "create table t (a int); alter table t add constraint n not null a not valid")
    assert list(findings(empty_db, "not_valid_constraints")) == ["n on public.t"]
    mend(empty_db, "not_valid_constraints")


def test_constraints_that_are_not_enforced(empty_db: Database) -> None:
    query(empty_db, "create table p (id int primary key); create table t (a int, b int)")
    query(empty_db, f"alter table t add constraint {HOSTILE} check (a > 0) not enforced")
    query(empty_db, "alter table t add constraint f foreign key (b) references p not enforced")
    assert findings(empty_db, "not_valid_constraints") == {}
    found = findings(empty_db, "not_enforced_constraints")
    assert set(found) == {f"{HOSTILE} on public.t", "f on public.t"}
    query(empty_db, found["f on public.t"].remedy)
    ((statement,),) = query(empty_db, found[f"{HOSTILE} on public.t"].remedy)
    query(empty_db, statement)
    assert findings(empty_db, "not_enforced_constraints") == {}


def test_older_servers_enforce_every_constraint(pg15: Server) -> None:
    with pg15.database() as url, Database(url) as db:
        assert result(db, "not_enforced_constraints").status is Status.SKIP
