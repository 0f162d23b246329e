"""LitXplore's revisions: the legacy schema to the letter, every step there and back, and what may go wrong on the way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from litxdb.database import Database
from litxdb.errors import LockHeld, ServerRefused
from litxdb.migrate import Graph, compare, current_revision, downgrade, fingerprint, upgrade
from tests.bed.servers import Server, Servers

LEGACY = ["74f32592cfec", "b9c1403e0770", "39f6942a01f0", "aaf2ade1b6fd", "create_simplified_tasks_table"]
ADOPTED = LEGACY[-1]
INDEXES = "0006_performance_indexes"
AGENT = "0009_research_agent"

COLUMNS = {
    "users": """
        id                   integer not null nextval('users_id_seq'::regclass)
        clerk_id             character varying(255) not null
        email                character varying(255) not null
        first_name           character varying(255)
        last_name            character varying(255)
        is_active            boolean
        created_at           timestamp without time zone
        updated_at           timestamp without time zone
    """,
    "literature_reviews": """
        id                   integer not null nextval('literature_reviews_id_seq'::regclass)
        user_id              integer
        title                character varying(255) not null
        topic                character varying(255) not null
        content              text not null
        citations            text
        created_at           timestamp without time zone
        updated_at           timestamp without time zone
    """,
    "tasks": """
        id                   character varying(36) not null
        user_id              integer not null
        status               taskstatus not null
        result_data          text
        error_message        text
        created_at           timestamp without time zone not null
    """,
}
"""The legacy tables, as PostgreSQL prints their types."""

LEGACY_INDEXES = {
    "CREATE UNIQUE INDEX users_pkey ON public.users USING btree (id)",
    "CREATE INDEX ix_users_id ON public.users USING btree (id)",
    "CREATE UNIQUE INDEX ix_users_clerk_id ON public.users USING btree (clerk_id)",
    "CREATE UNIQUE INDEX ix_users_email ON public.users USING btree (email)",
    "CREATE UNIQUE INDEX literature_reviews_pkey ON public.literature_reviews USING btree (id)",
    "CREATE INDEX ix_literature_reviews_id ON public.literature_reviews USING btree (id)",
    "CREATE INDEX ix_literature_reviews_user_id ON public.literature_reviews USING btree (user_id)",
    "CREATE UNIQUE INDEX tasks_pkey ON public.tasks USING btree (id)",
    "CREATE INDEX ix_tasks_id ON public.tasks USING btree (id)",
    "CREATE INDEX ix_tasks_user_id ON public.tasks USING btree (user_id)",
}
NEW_INDEXES = {
    "ix_tasks_user_status": "btree (user_id, status)",
    "ix_reviews_content_fts": "gin (to_tsvector('english'::regconfig, content))",
    "ix_reviews_created_at": "btree (created_at DESC)",
    "session_status_idx": "btree (status)",
    "ix_chat_messages_session_id_created_at": "btree (session_id, created_at)",
    "ix_sources_embedding_hnsw": "hnsw (embedding vector_cosine_ops)",
    "ix_user_activity_user_id_created_at": "btree (user_id, created_at DESC)",
}


def query(db: Database, statement: str) -> list[tuple[Any, ...]]:
    with closing(db.connect(autocommit=True)) as connection, connection.cursor() as cursor:
        cursor.execute("set lock_timeout = '10s'")
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def columns(db: Database, table: str) -> set[str]:
    rows = query(
        db,
        "select concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' "
        "end, pg_get_expr(d.adbin, d.adrelid)) from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid "
        f"and d.adnum = a.attnum where a.attrelid = '{table}'::regclass and a.attnum > 0 and not a.attisdropped",
    )
    return {row[0] for row in rows}


def contract(table: str) -> set[str]:
    return {" ".join(line.split()) for line in COLUMNS[table].strip().splitlines()}


def test_the_legacy_five_make_exactly_the_tables_of_the_contract(empty_db: Database) -> None:
    assert [step.revision for step in upgrade(empty_db, ADOPTED).steps] == LEGACY
    assert {table: columns(empty_db, table) for table in COLUMNS} == {table: contract(table) for table in COLUMNS}
    tables = query(empty_db, "select tablename from pg_tables where schemaname = 'public' order by 1")
    assert tables == [("alembic_version",), ("literature_reviews",), ("tasks",), ("users",)]
    indexes = "select indexdef from pg_indexes where schemaname = 'public' and tablename <> 'alembic_version'"
    assert {row[0] for row in query(empty_db, indexes)} == LEGACY_INDEXES
    assert query(empty_db, "select enum_range(null::taskstatus)::text") == [("{pending,running,completed,failed}",)]
    keys = (
        "select conrelid::regclass::text, pg_get_constraintdef(oid) from pg_constraint where contype = 'f' order by 1"
    )
    assert query(empty_db, keys) == [
        ("literature_reviews", "FOREIGN KEY (user_id) REFERENCES users(id)"),
        ("tasks", "FOREIGN KEY (user_id) REFERENCES users(id)"),
    ]


def test_later_revisions_only_add_nullable_columns_to_the_legacy_tables(db: Database) -> None:
    added = {table: columns(db, table) - contract(table) for table in COLUMNS}
    assert all(contract(table) <= columns(db, table) for table in COLUMNS)
    assert added == {
        "users": {
            "subscription_tier character varying(50)",
            "subscription_status character varying(50)",
            "stripe_customer_id character varying(255)",
        },
        "literature_reviews": set(),
        "tasks": set(),
    }


def test_the_indexes_that_the_contract_names_are_there(db: Database) -> None:
    found = dict(query(db, "select indexname, split_part(indexdef, ' USING ', 2) from pg_indexes"))
    assert {name: found.get(name) for name in NEW_INDEXES} == NEW_INDEXES


def test_there_is_one_head_and_the_legacy_five_come_first() -> None:
    graph = Graph.read()
    assert [revision.id for revision in graph.revisions[:5]] == LEGACY
    assert graph.head == graph.revisions[-1]


@pytest.mark.parametrize("major", [16, 18])
def test_every_revision_up_down_and_up_again_leaves_an_identical_catalogue(postgresql: Servers, major: int) -> None:
    with postgresql.get(major).database() as url, Database(url) as db:
        for revision in Graph.read().revisions:
            before = fingerprint(db)
            upgrade(db, revision.id)
            after = fingerprint(db)
            downgrade(db)
            assert compare(before, fingerprint(db)) == (), revision.id
            upgrade(db, revision.id)
            assert compare(after, fingerprint(db)) == (), revision.id


def test_all_at_once_and_one_by_one_lead_to_the_same_schema(db: Database, empty_db: Database) -> None:
    for revision in Graph.read().revisions:
        upgrade(empty_db, revision.id)
    assert compare(fingerprint(db), fingerprint(empty_db)) == ()


def test_rows_survive_the_way_back_to_the_legacy_schema_and_forth(db: Database) -> None:
    query(db, "insert into users (clerk_id, email, subscription_tier) values ('user_1', 'ada@example.com', 'pro')")
    query(db, "insert into literature_reviews (user_id, title, topic, content) values (1, 'T', 'Topic', 'Text')")
    downgrade(db, to="b9c1403e0770")
    upgrade(db)
    assert query(db, "select email, clerk_id from users") == [("ada@example.com", "unlinked_1")]
    assert query(db, "select title, topic, user_id from literature_reviews") == [("T", "T", None)]


@pytest.fixture
def adopted(empty_db: Database) -> Database:
    """A database as the deployed backend left it: at revision 5, with data."""
    upgrade(empty_db, ADOPTED)
    query(
        empty_db,
        """
        insert into users (clerk_id, email, is_active, created_at)
            select 'user_' || n, n || '@example.com', true, '2025-03-01 12:00:00' from generate_series(1, 50) n;
        insert into literature_reviews (user_id, title, topic, content, citations)
            select n, 'Review ' || n, 'Topic', repeat('graph neural network ', 20), '[]' from generate_series(1, 50) n;
        insert into tasks (id, user_id, status, result_data, created_at)
            select gen_random_uuid()::text, n, 'completed', '{"review_id": 1}', '2025-03-01' from generate_series(1, 50) n
        """,
    )
    return empty_db


def snapshot(db: Database) -> list[tuple[Any, ...]]:
    """Every row of the legacy tables, with the transaction that wrote it: an UPDATE would show."""
    legacy = "id, clerk_id, email, first_name, last_name, is_active, created_at, updated_at"
    return [
        *query(db, f"select xmin::text, (select r::text from (select {legacy}) r) from users order by id"),
        *query(db, "select xmin::text, r::text from literature_reviews r order by id"),
        *query(db, "select xmin::text, t::text from tasks t order by id"),
    ]


def test_a_live_database_at_revision_5_is_adopted_with_its_data_untouched(adopted: Database) -> None:
    before = snapshot(adopted)
    result = upgrade(adopted)
    assert result.before == ADOPTED
    assert not {step.revision for step in result.steps} & set(LEGACY)
    assert snapshot(adopted) == before
    found = (
        "select title from literature_reviews where to_tsvector('english', content) @@ to_tsquery('networks') limit 1"
    )
    assert query(adopted, found) == [("Review 1",)]


def test_the_backend_can_go_on_writing_while_the_indexes_are_built(adopted: Database) -> None:
    """The legacy application's INSERT works at every revision: what is new is nullable or has a default."""
    for revision in Graph.read().revisions[5:]:
        upgrade(adopted, revision.id)
        query(
            adopted,
            "insert into tasks (id, user_id, status, created_at) values (gen_random_uuid(), 1, 'pending', now())",
        )
        query(adopted, f"insert into users (clerk_id, email) values ('{revision.id}', '{revision.id}@example.com')")


# --- revision 6: CONCURRENTLY


@pytest.fixture
def reader(adopted: Database) -> Iterator[Any]:
    """A transaction that a concurrent build must wait for."""
    with closing(adopted.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read")
        cursor.execute("select count(*) from tasks")
        yield connection


def indexes(db: Database) -> dict[str, bool]:
    statement = "select indexrelid::regclass::text, indisvalid from pg_index where indrelid in ('tasks'::regclass, "
    return dict(query(db, statement + "'literature_reviews'::regclass)"))


def test_an_interrupted_build_is_repaired_by_running_again(adopted: Database, reader: Any) -> None:
    query(
        adopted,
        "do $$ begin execute format('alter database %I set statement_timeout = 300', current_database()); end $$",
    )
    with pytest.raises(ServerRefused, match=f"Revision {INDEXES} failed: canceling statement") as failure:
        upgrade(adopted, INDEXES)
    assert f"The database is at revision {ADOPTED}." in failure.value.message
    assert current_revision(adopted) == ADOPTED
    assert indexes(adopted)["ix_tasks_user_status"] is False
    reader.rollback()
    upgrade(adopted, INDEXES)
    assert all(indexes(adopted).values())
    assert {"ix_tasks_user_status", "ix_reviews_content_fts", "ix_reviews_created_at"} <= indexes(adopted).keys()


def test_indexes_that_an_interrupted_run_finished_are_kept(adopted: Database) -> None:
    query(adopted, "create index concurrently ix_tasks_user_status on tasks (user_id, status)")
    number = "select 'ix_tasks_user_status'::regclass::oid"
    before = query(adopted, number)
    upgrade(adopted, INDEXES)
    assert query(adopted, number) == before


@pytest.fixture(params=["postgres", "owner_of_tables"])
def migrator(server: Server, adopted: Database, request: pytest.FixtureRequest) -> Iterator[Database]:
    """The adopted database for a superuser, and for a role that does not see what others' sessions do."""
    with owned_by(server, adopted, request.param) as db:
        yield db


def test_a_build_in_another_session_is_not_taken_for_a_leftover(
    adopted: Database, migrator: Database, reader: Any, until: Callable[..., None]
) -> None:
    build = "create index concurrently ix_tasks_user_status on tasks (user_id, status)"
    builder = threading.Thread(target=query, args=(adopted, build))
    builder.start()
    until(lambda: indexes(adopted).get("ix_tasks_user_status") is False)
    with pytest.raises(LockHeld, match=r"ix_tasks_user_status is being built by another session \(pid \d+\)"):
        upgrade(migrator, INDEXES)
    reader.rollback()
    builder.join(timeout=20)
    assert upgrade(migrator, INDEXES).after == INDEXES
    assert all(indexes(adopted).values())


def test_a_revision_6_that_was_rolled_back_half_way_rolls_back_again(adopted: Database) -> None:
    upgrade(adopted, INDEXES)
    query(adopted, "drop index concurrently ix_reviews_created_at")
    downgrade(adopted)
    assert not {"ix_tasks_user_status", "ix_reviews_content_fts"} & indexes(adopted).keys()


# --- revision 9: the extension


def test_a_server_without_pgvector_is_told_before_anything_is_applied(pg15: Server) -> None:
    with pg15.database() as url, Database(url) as db:
        with pytest.raises(ServerRefused, match="install the package postgresql-15-pgvector"):
            upgrade(db)
        assert not [key for key in fingerprint(db) if key[0] == "table"]
        assert query(db, "select to_regclass('alembic_version')") == [(None,)]
        assert upgrade(db, "0008_chat").after == "0008_chat"  # needs no extension


def test_the_extension_goes_with_the_revision_that_created_it(empty_db: Database) -> None:
    upgrade(empty_db, AGENT)
    downgrade(empty_db)
    assert query(empty_db, "select extname from pg_extension") == [("plpgsql",)]


def test_an_extension_that_was_there_before_stays(empty_db: Database) -> None:
    query(empty_db, "create extension vector")
    upgrade(empty_db, AGENT)
    downgrade(empty_db)
    assert ("vector",) in query(empty_db, "select extname from pg_extension")


def test_a_rollback_never_takes_the_extension_from_under_another_table(db: Database) -> None:
    query(db, "create table mine (v vector(3))")
    with pytest.raises(ServerRefused, match="cannot drop extension vector because other objects depend on it"):
        downgrade(db, to="0008_chat")
    assert current_revision(db) == AGENT
    assert query(db, "select count(*) from sources") == [(0,)]


def test_a_role_that_may_not_create_the_extension_is_told_before_anything_is_applied(
    server: Server, empty_db: Database
) -> None:
    with owned_by(server, empty_db, "owner_of_tables") as db:
        with pytest.raises(
            ServerRefused, match="needs the extension vector, and this role may not create it"
        ) as failure:
            upgrade(db)
        assert failure.value.hint is not None
        assert "CREATE EXTENSION vector" in failure.value.hint
        assert current_revision(db) is None
        query(empty_db, "create extension vector")
        assert upgrade(db).after == Graph.read().head.id
        downgrade(db, to="0008_chat")
        assert ("vector",) in query(empty_db, "select extname from pg_extension")


def owned_by(server: Server, db: Database, role: str) -> Database:
    """The same database for a role that owns it and its tables; unless it is postgres, it is no superuser."""
    name = str(query(db, "select current_database()")[0][0])
    if not server.execute("select 1 from pg_roles where rolname = %s", role):
        server.execute(f"create role {role} login")
    server.execute(f"alter database {name} owner to {role}")
    for (table,) in query(db, "select tablename from pg_tables where schemaname = 'public'"):
        query(db, f"alter table {table} owner to {role}")
    return Database(server.url(name, user=role))


@pytest.fixture
def until() -> Callable[..., None]:
    def wait(condition: Callable[[], bool], seconds: float = 10) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    return wait
