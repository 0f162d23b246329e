"""LitXplore's revisions: the legacy schema to the letter, every step there and back, and what may go wrong."""

from __future__ import annotations

from typing import Any

import pytest

from litxdb.database import Database
from litxdb.migrate import Graph, compare, downgrade, fingerprint, upgrade
from tests.bed.servers import Servers
from tests.bed.statements import query

LEGACY = ["74f32592cfec", "b9c1403e0770", "39f6942a01f0", "aaf2ade1b6fd", "create_simplified_tasks_table"]
ADOPTED = LEGACY[-1]

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
    "ix_sources_content_fts": "gin (to_tsvector('english'::regconfig, \"left\"(((title || ' '::text) || "
    "COALESCE(content, ''::text)), 100000)))",
}


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
def test_every_revision_up_down_and_up_again_leaves_an_identical_catalog(postgresql: Servers, major: int) -> None:
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
            select gen_random_uuid()::text, n, 'completed', '{"review_id": 1}', '2025-03-01'
            from generate_series(1, 50) n
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


def test_the_backend_can_go_on_writing_at_every_revision(adopted: Database) -> None:
    for revision in Graph.read().revisions[5:]:
        upgrade(adopted, revision.id)
        query(
            adopted,
            "insert into tasks (id, user_id, status, created_at) values (gen_random_uuid(), 1, 'pending', now())",
        )
        query(adopted, f"insert into users (clerk_id, email) values ('{revision.id}', '{revision.id}@example.com')")
