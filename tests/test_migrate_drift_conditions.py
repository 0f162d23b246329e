"""Drift under hard conditions: other versions, hostile names, other roles, locked tables, unknown revisions."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from litxdb.database import Database
from litxdb.errors import Refused, ServerRefused
from litxdb.migrate import downgrade, upgrade
from tests.bed.drifting import SCHEMA, Compare, Recipe, mend
from tests.bed.servers import Server, Servers
from tests.bed.statements import as_role, query
from tests.bed.waiting import until


def quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


NAMESPACE = quoted('Sch\'ema; "x"\n-- y')
TABLE = quoted("Tä'b\"le; drop table x\n\u2028-- 🐘")
KEY = quoted('I\'d "x"\ny')
MOOD = quoted("Mö'od\"")
FUNCTION = quoted("F'n\"\n%s")
INDEX = quoted("In'dex ON \" USING x (y)\nz")
CHECK = quoted("Ch'eck NOT VALID")
COLUMN = quoted("a'b\"c")
TRIGGER = quoted("Tr'ig\"")
HOSTILE = f"""
create schema {NAMESPACE};
set search_path = {NAMESPACE};
create type {MOOD} as enum ('a', 'b');
create function {FUNCTION}() returns trigger language plpgsql as 'begin return new; end';
create table {TABLE} ({KEY} int primary key, "UPPER" {MOOD} default 'a', plain text default 'it''s; -- "no"');
create index {INDEX} on {TABLE} ("UPPER") where plain <> ';''"';
alter table {TABLE} add constraint {CHECK} check ({KEY} > 0);
create trigger {TRIGGER} before insert on {TABLE} for each row execute function {FUNCTION}();
create policy {quoted("Po'l")} on {TABLE} using (plain = 'x''"');
create view {quoted("V'iew")} as select "UPPER" as {COLUMN} from {TABLE};
create sequence {quoted("Se'q")};
"""


@pytest.mark.parametrize(
    "defect",
    [
        f"drop index {INDEX}",
        f"drop index {INDEX}; create index {INDEX} on {TABLE} (plain)",
        f"alter table {TABLE} drop constraint {CHECK}",
        f"alter table {TABLE} drop constraint {CHECK}, add constraint {CHECK} check ({KEY} > 0) not valid",
        f"alter table {TABLE} alter plain set default 'other'",
        f"alter table {TABLE} drop column plain cascade",
        f"drop trigger {TRIGGER} on {TABLE}",
        f"alter table {TABLE} disable trigger {TRIGGER}",
        f"drop function {FUNCTION}() cascade",
        f"drop table {TABLE} cascade",
        f"drop type {MOOD} cascade",
        f"create table {quoted('mo;re')} (id serial primary key)",
        f"drop schema {NAMESPACE} cascade",
    ],
)
def test_hostile_names(defect: str, empty_db: Database, compare: Compare) -> None:
    query(empty_db, HOSTILE)
    query(empty_db, f"set search_path = {NAMESPACE}; {defect}")
    found = compare(empty_db, history=Recipe(HOSTILE))
    assert len(found.rows) == 1
    mend(empty_db, found.rows)
    assert compare(empty_db, history=Recipe(HOSTILE)).rows == ()


def test_a_whole_schema_is_made_again_in_an_order_that_works(empty_db: Database, compare: Compare) -> None:
    query(empty_db, SCHEMA)
    query(empty_db, "drop schema public cascade")
    found = compare(empty_db, history=Recipe(SCHEMA))
    assert [(row.kind, row.object) for row in found.rows] == [("schema", "public")]
    mend(empty_db, found.rows)
    assert compare(empty_db, history=Recipe(SCHEMA)).rows == ()


def test_no_false_alarm_on_any_version(any_server: Server, compare: Compare) -> None:
    with any_server.database() as url, Database(url) as db:
        extension = any_server.execute("select 1 from pg_available_extensions where name = 'pg_trgm'")
        schema = SCHEMA if extension else "".join(line for line in SCHEMA.splitlines(True) if "trgm" not in line)
        query(db, schema)
        found = compare(db, history=Recipe(schema), privileges=True)
        assert found.rows == ()
        assert (found.server_version, found.replayed_on) == (any_server.major, 18)
        assert any("replayed on 18" in note for note in found.notes) == (any_server.major < 18)


def test_no_false_alarm_on_a_migrated_database(any_server: Server, compare: Compare) -> None:
    with any_server.database() as url, Database(url) as db:
        vector = any_server.execute("select 1 from pg_available_extensions where name = 'vector'")
        upgrade(db, "head" if vector else "0008")
        assert compare(db, privileges=True).rows == ()
        downgrade(db)
        assert compare(db).rows == ()


@pytest.mark.parametrize(
    "defect",
    [
        "drop view seen; create view seen as select id from child",
        "create or replace view simple with (security_barrier) as select id, a from child where b > 1",
        "alter table child alter d drop expression",
        "alter table child drop d; alter table child add d int generated always as (b + 2) stored; "
        "create index generated on child (d)",
        "drop index part; create index part on child (a) where b > 1",
        "drop table child cascade",
        "drop table log",
        "alter table child alter b drop not null",
        "alter table child drop constraint positive, add constraint positive check (b > 0) not valid",
        "drop statistics related",
    ],
)
def test_mending_an_older_server(defect: str, postgresql: Servers, compare: Compare) -> None:
    with postgresql.get(15).database() as url, Database(url) as db:
        query(db, SCHEMA)
        query(db, defect)
        found = compare(db, history=Recipe(SCHEMA))
        assert len(found.rows) == 1
        mend(db, found.rows)
        assert compare(db, history=Recipe(SCHEMA)).rows == ()


def test_privileges_count_on_request(server: Server, empty_db: Database, compare: Compare) -> None:
    server.execute('do $$ begin create role "Read\'er"; exception when duplicate_object then null; end $$')
    query(empty_db, SCHEMA)
    query(empty_db, """
        grant select, insert on child to "Read'er"; grant update (a) on child to "Read'er" with grant option;
        revoke execute on function one() from public; grant usage on schema public to "Read'er"
    """)  # fmt: skip
    assert compare(empty_db, history=Recipe(SCHEMA)).rows == ()
    found = compare(empty_db, history=Recipe(SCHEMA), privileges=True)
    assert {(row.object, row.expected, row.found) for row in found.rows} == {
        ("""public.child to "Read'er\"""", None, "insert, select"),
        ("""public.child (a) to "Read'er" with grant option""", None, "update (a)"),
        ("""public to "Read'er\"""", None, "usage"),
        ("public.one() to public", "execute", None),
    }
    mend(empty_db, found.rows)
    assert compare(empty_db, history=Recipe(SCHEMA), privileges=True).rows == ()


def test_an_ordinary_role_sees_the_same(server: Server, db: Database, compare: Compare) -> None:
    query(db, "drop index ix_papers_status")
    query(db, "alter table users enable row level security")
    with as_role(server, db, "passer_by") as stranger:
        with pytest.raises(ServerRefused, match="may not read alembic_version"):
            compare(stranger)
        query(db, "grant select on alembic_version to passer_by")
        assert compare(stranger).rows == compare(db).rows
        assert len(compare(db).rows) == 2


def test_a_locked_table_is_named_with_its_locker(db: Database, compare: Compare) -> None:
    with closing(db.connect()) as other, other.cursor() as cursor:
        cursor.execute("lock table users in access exclusive mode")
        start = time.monotonic()
        with pytest.raises(ServerRefused, match=f"users is locked by .*pid {other.info.backend_pid}, .*lock table"):
            compare(db, lock_timeout_seconds=0.2)
        assert time.monotonic() - start < 2


def test_an_index_that_is_being_built_is_no_leftover(db: Database, compare: Compare) -> None:
    def build() -> None:
        query(db, "create index concurrently slow on papers (title)")

    with closing(db.connect()) as old, old.cursor() as cursor, ThreadPoolExecutor(1) as threads:
        cursor.execute("lock table papers in row exclusive mode")  # the build waits for this transaction
        building = threads.submit(build)
        while not query(db, "select 1 from pg_stat_progress_create_index where index_relid <> 0"):
            assert not building.done()
            time.sleep(0.01)
        found = compare(db)
        old.rollback()
        building.result()
    assert [(row.kind, row.object) for row in found.rows] == [("index", "public.slow")]


def test_litxdbs_own_schema_and_extensions_parts_do_not_count(db: Database, compare: Compare) -> None:
    query(
        db,
        "create schema if not exists litxdb; create table litxdb.more (id int generated always as identity)",
    )
    assert compare(db, privileges=True).rows == ()


def test_a_database_at_no_revision_or_an_unknown_one_is_refused(
    empty_db: Database, db: Database, monkeypatch: pytest.MonkeyPatch, compare: Compare
) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("nothing may be started")

    monkeypatch.setattr("litxdb.migrate.comparison.drift.scratch", fail)
    with pytest.raises(Refused, match="at no revision"):
        compare(empty_db)
    query(db, "update alembic_version set version_num = 'from_the_future'")
    with pytest.raises(Refused, match="which this litxdb does not know"):
        compare(db)


def test_a_replay_that_fails_says_that_it_was_the_replay(db: Database, compare: Compare) -> None:
    class Broken(Recipe):
        def replay(self, empty: Database, revisions: tuple[str, ...]) -> None:
            raise ServerRefused("Revision x failed: it is wrong.")

    with pytest.raises(ServerRefused, match=r"could not be replayed in a scratch database.* Revision x failed"):
        compare(db, history=Broken(""))


def test_reading_changes_nothing_and_holds_no_session_during_the_replay(db: Database, compare: Compare) -> None:
    class Watching(Recipe):
        def replay(self, empty: Database, revisions: tuple[str, ...]) -> None:
            # a session is gone from the list a moment after its client has closed it
            seen.append(until(lambda: query(db, sessions) == [(1,)]))

    sessions = "select count(*) from pg_stat_activity where application_name = 'litxdb library'"
    seen: list[bool] = []
    query(db, f"alter database {query(db, 'select current_database()')[0][0]} set default_transaction_read_only = on")
    compare(db, history=Watching(""))
    assert seen == [True]
