"""What LitXplore wants against what is there, told without waiting for anybody."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing

import pytest

from litxdb import indexes, migrate
from litxdb.database import Database
from litxdb.errors import Exit
from litxdb.indexes.results import IndexRow
from litxdb.indexes.wanted import WANTED
from tests.bed.indexing import interrupted, reader, until
from tests.bed.pooler import Pooler
from tests.bed.program import Outcome
from tests.bed.servers import Server
from tests.bed.statements import as_role, query

Run = Callable[..., Outcome]
LEGACY = {"ix_users_id", "ix_literature_reviews_id", "ix_tasks_id", "ix_tasks_user_id"}
"""The deployed backend's, which a primary key or a later index serves as well."""


def found(db: Database) -> dict[str, IndexRow]:
    return {row.index: row for row in indexes.list_indexes(db).rows}


def statuses(db: Database, *, other_than: str = "present") -> dict[str, str]:
    return {name: row.status for name, row in found(db).items() if row.status != other_than and name not in LEGACY}


DEFINED = """
select c.relname, t.relname, i.indisunique, pg_get_indexdef(c.oid)
from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid
where c.relnamespace = 'public'::regnamespace
    and not exists (select from pg_constraint k where k.conindid = c.oid and k.contype in ('p', 'u', 'x'))
"""


@pytest.mark.parametrize("major", [16, 18])  # those with pgvector
def test_what_is_wanted_is_what_the_migrations_make(major: int, postgresql: object) -> None:
    server: Server = postgresql.get(major)  # type: ignore[attr-defined]
    with server.database() as url, Database(url) as db:
        migrate.upgrade(db)
        made = {name: (table, unique, spelled) for name, table, unique, spelled in query(db, DEFINED)}
        wanted = {
            each.name: (
                each.table,
                each.unique,
                f"CREATE {'UNIQUE ' if each.unique else ''}INDEX {each.name} ON public.{each.table} {each.target}",
            )
            for each in WANTED
        }
        assert made == wanted
        assert all(each.reason for each in WANTED)
        assert indexes.list_indexes(db).complete


def test_a_migrated_database_has_all_that_is_wanted(db: Database) -> None:
    listing = indexes.list_indexes(db)
    assert listing.complete
    assert listing.awaited == ()
    assert {row.index for row in listing.rows if row.wanted} == {each.name for each in WANTED}
    assert {row.index for row in listing.rows if row.status == "redundant"} == LEGACY
    assert found(db)["ix_users_id"].detail == "serves nothing that public.users_pkey does not"
    assert found(db)["users_pkey"].reason == "primary key"


def test_each_kind_of_trouble_is_told(db: Database) -> None:
    query(db, "drop index ix_notes_status")
    query(db, "drop index ix_tasks_user_status")
    query(db, "create index ix_tasks_user_status on tasks (status, user_id)")
    query(db, "create index twice on papers (status)")
    interrupted(db, "create index concurrently half on tasks (created_at)")
    assert statuses(db) == {
        "half": "invalid",
        "ix_notes_status": "missing",
        "ix_tasks_user_status": "different",
        "twice": "redundant",
    }
    assert "litxdb index rebuild public.half" in str(found(db)["half"].detail)
    wants = "is USING btree (status, user_id); LitXplore wants USING btree (user_id, status)"
    assert found(db)["ix_tasks_user_status"].detail == wants
    assert [row.status for row in indexes.list_indexes(db).rows[:3]] == ["invalid", "missing", "different"]


def test_scans_and_their_last_are_told(db: Database) -> None:
    query(db, "set enable_seqscan = off; select * from users where email = 'x'; select pg_stat_force_next_flush()")
    row = found(db)["ix_users_email"]
    assert row.scans == 1
    assert row.last_used is not None
    assert indexes.list_indexes(db).since is not None


@pytest.mark.parametrize("role", ["postgres", "sees_nothing"])
def test_a_build_is_told_from_a_leftover(role: str, server: Server, db: Database) -> None:
    build = "create index concurrently mine on tasks (created_at)"
    waits = "select phase from pg_stat_progress_create_index where index_relid = to_regclass('mine')"
    builder = threading.Thread(target=query, args=(db, build))
    with as_role(server, db, role) as onlooker:
        with reader(db):
            builder.start()
            until(lambda: query(db, waits) == [("waiting for old snapshots",)])
            row = found(onlooker)["mine"]
            assert row.status == "building"
            phase = "waiting for old snapshots" if role == "postgres" else "phase unknown"
            assert phase in str(row.detail)
            assert indexes.list_indexes(onlooker).complete  # nothing of LitXplore's is wrong
        builder.join()
        assert found(onlooker)["mine"].status == "present"


def test_a_locked_table_holds_nobody_up(db: Database) -> None:
    with closing(db.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("lock table tasks, sources in access exclusive mode")
        assert found(db)["ix_tasks_user_status"].status == "present"
        assert indexes.list_indexes(db).complete


def test_tables_that_are_still_to_come_are_no_trouble(empty_db: Database, run: Run, empty_url: str) -> None:
    migrate.upgrade(empty_db, "create_simplified_tasks_table")
    assert statuses(empty_db) == {
        "ix_tasks_user_status": "missing",
        "ix_reviews_content_fts": "missing",
        "ix_reviews_created_at": "missing",
    }
    assert "ix_sources_embedding_hnsw" in indexes.list_indexes(empty_db).awaited
    assert "more of LitXplore's indexes come with their tables" in run("index", "list", "--url", empty_url).stderr


def test_a_strange_database_is_listed_too(any_server: Server) -> None:
    with any_server.database() as url, Database(url) as db:
        query(db, 'create schema "S %"; create table "S %"."t \'ü\n" (a int primary key, b int)')
        query(db, 'create index "i "";\n" on "S %"."t \'ü\n" (b)')
        listing = indexes.list_indexes(db)
        assert listing.awaited == ()
        assert [row.index for row in listing.rows] == ['"S %"."i "";\n"', '"S %"."t \'ü\n_pkey"']
        assert listing.complete


def test_a_role_without_any_privilege_may_ask(server: Server, db: Database) -> None:
    with as_role(server, db, "nobody_special") as stranger:
        assert len(indexes.list_indexes(stranger).rows) == len(indexes.list_indexes(db).rows)


def test_through_a_pooler_too(pooler: Pooler, db: Database) -> None:
    name = str(query(db, "select current_database()")[0][0])
    with Database(pooler.url(name)) as pooled:
        assert indexes.list_indexes(pooled).complete


def test_check_is_the_exit_code(run: Run, db: Database, db_url: str) -> None:
    assert run("index", "list", "--check", "--url", db_url).code == Exit.DONE
    query(db, "drop index ix_notes_status")
    assert run("index", "list", "--url", db_url).code == Exit.DONE
    outcome = run("index", "list", "--check", "--url", db_url, "--format", "json")
    assert outcome.code == Exit.FINDINGS
    assert [row["index"] for row in outcome.json["rows"] if row["status"] == "missing"] == ["ix_notes_status"]
