"""Building indexes: LitXplore's by name, a person's own, and what is refused before anything is half built."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from litxdb import indexes
from litxdb.database import Database
from litxdb.errors import ArgumentInvalid, Exit, LitxdbError, Refused, ServerRefused
from litxdb.indexes import Request
from tests.bed.certificates import NEON_DIRECT
from tests.bed.indexing import interrupted, validity
from tests.bed.neon import Neon
from tests.bed.pooler import Pooler
from tests.bed.program import Outcome
from tests.bed.servers import Server
from tests.bed.statements import as_role, query

Run = Callable[..., Outcome]


def build(db: Database, table: str, *columns: str, **options: Any) -> indexes.Done:
    return indexes.create(db, [Request(table, columns, **options)])[0]


def spelled(db: Database, name: str) -> str:
    return str(query(db, f"select pg_get_indexdef('{name}'::regclass)")[0][0]).partition(" USING ")[2]


@pytest.fixture
def said(db: Database) -> list[str]:
    lines: list[str] = []
    db.notify = lines.append
    return lines


def test_what_litxplore_misses_is_built_and_nothing_else(db: Database, run: Run, db_url: str) -> None:
    query(db, "drop index ix_notes_status, ix_sources_embedding_hnsw, ix_reviews_content_fts")
    before = query(db, "select oid from pg_class where relname = 'ix_notes_note_type'")
    outcome = run("index", "create", "--all", "--url", db_url)
    assert (outcome.code, outcome.stdout) == (Exit.DONE, "Built 3 indexes.\n")
    assert indexes.list_indexes(db).complete
    assert query(db, "select oid from pg_class where relname = 'ix_notes_note_type'") == before
    again = run("index", "create", "ix_notes_status", "--url", db_url, "--format", "json").json
    assert [row["outcome"] for row in again["rows"]] == ["present"]
    assert run("index", "create", "--all", "--url", db_url).stdout == "Nothing to build.\n"


def test_an_invalid_leftover_is_built_anew(db: Database) -> None:
    query(db, "drop index ix_tasks_user_status")
    interrupted(db, "create index concurrently ix_tasks_user_status on tasks (user_id, status)")
    (done,) = indexes.create(db, indexes.wanted(db, ["ix_tasks_user_status"]))
    assert done.statements == (
        "drop index concurrently if exists public.ix_tasks_user_status",
        "create index concurrently ix_tasks_user_status on public.tasks USING btree (user_id, status)",
    )
    assert indexes.list_indexes(db).complete


def test_a_leftover_of_another_definition_is_not_touched(db: Database) -> None:
    query(db, "drop index ix_tasks_user_status")
    interrupted(db, "create index concurrently ix_tasks_user_status on tasks (created_at)")
    with pytest.raises(Refused, match=r"is another one: CREATE INDEX .* \(created_at\)"):
        indexes.create(db, indexes.wanted(db))
    assert validity(db, "ix_tasks_user_status") == {"ix_tasks_user_status": False}


@pytest.mark.parametrize(
    ("columns", "options", "name", "definition"),
    [
        (("user_id, created_at desc",), {}, "ix_tasks_user_id_created_at", "btree (user_id, created_at DESC)"),
        (("user_id", "status"), {"name": "Mine"}, '"Mine"', "btree (user_id, status)"),
        (("created_at DESC NULLS LAST",), {}, "ix_tasks_created_at", "btree (created_at DESC NULLS LAST)"),
        (
            ("lower(error_message), coalesce(user_id, 0) desc",),
            {},
            "ix_tasks_lower_error_message_coalesce_user_id",
            "btree (lower(error_message), COALESCE(user_id, 0) DESC)",
        ),
        (
            ("error_message",),
            {"opclass": "text_pattern_ops", "where": "error_message like 'a%'"},
            "ix_tasks_error_message",
            "btree (error_message text_pattern_ops) WHERE (error_message ~~ 'a%'::text)",
        ),
        (("created_at",), {"using": "brin", "options": {"pages_per_range": "8"}}, "ix_tasks_created_at", None),
        (("STATUS",), {"using": "hash"}, "ix_tasks_status", "hash (status)"),
    ],
)
def test_ones_own_are_built_as_they_were_asked_for(
    columns: tuple[str, ...], options: dict[str, Any], name: str, definition: str | None, db: Database
) -> None:
    query(db, "drop index ix_tasks_user_status")
    done = build(db, "tasks", *columns, **options)
    assert (done.outcome, done.index) == ("built", name.strip('"'))
    assert spelled(db, name) == (definition or "brin (created_at) WITH (pages_per_range='8')")
    assert build(db, "tasks", *columns, **options).outcome == "present"


def test_a_unique_one_that_rows_break_leaves_nothing(db: Database, said: list[str]) -> None:
    query(db, "insert into literature_reviews (title, topic, content) select 'same', '', '' from generate_series(1, 2)")
    removed = r"could not create unique index .*What was half built is removed"
    with pytest.raises(ServerRefused, match=removed) as failure:
        build(db, "literature_reviews", "title", unique=True)
    assert "group by" in str(failure.value.hint)
    assert validity(db, "ix_literature_reviews_title") == {}
    query(db, "update literature_reviews set title = id::text")
    assert build(db, "literature_reviews", "title", unique=True).outcome == "built"


def test_the_same_under_another_name_is_not_built_twice(db: Database, said: list[str]) -> None:
    assert build(db, "papers", "status", name="again") == indexes.Done("ix_papers_status", "public.papers", "present")
    assert said == ["public.ix_papers_status is the same index as again would be: nothing is built"]
    assert build(db, "papers", "status", name="sole", unique=True).outcome == "built"  # that is not the same


def test_hostile_names_are_names(any_server: Server) -> None:
    table, column, index = 't "%s\n;--', "c'ol (,\"ü", "i 'n\"d %"
    with any_server.database() as url, Database(url) as db:
        with db.connect() as connection, connection.cursor() as cursor:
            cursor.execute("select format('create table public.%%I (%%I int)', %s, %s)", (table, column))
            (create,) = cursor.fetchone() or ("",)
        query(db, create)
        assert build(db, table, column, name=index).outcome == "built"
        assert build(db, table, f"{column}").outcome == "present"
        assert indexes.rebuild(db, index).outcome == "rebuilt"
        assert indexes.drop(db, indexes.usage(db, index)).outcome == "dropped"
        assert validity(db) == {}


def test_a_name_that_is_too_long_is_cut_and_found_again(empty_db: Database) -> None:
    query(empty_db, "create table t (" + ", ".join(f"a_rather_long_column_{i} int" for i in range(5)) + ")")
    columns = [f"a_rather_long_column_{i}" for i in range(5)]
    first = build(empty_db, "t", *columns)
    assert len(first.index) == 63
    assert build(empty_db, "t", *columns).outcome == "present"
    assert build(empty_db, "t", *reversed(columns)).outcome == "built"


@pytest.mark.parametrize(
    ("request_", "message", "hint"),
    [
        (Request("tsks", ("id",)), "There is no table tsks.", "Did you mean tasks?"),
        (Request("tasks", ("usr_id",)), 'column "usr_id" does not exist', "Its columns are id, user_id,"),
        (Request("tasks", ("id",), using="btre"), 'access method "btre" does not exist', None),
        (Request("tasks", ("id",), options={"m": "2"}), 'unrecognized parameter "m"', None),
        (Request("tasks", ("id); drop table tasks; --",)), "is not one whole expression", "semicolons"),
        (Request("tasks", ("id",), where="true); drop table tasks; --"), "is not one whole expression", None),
        (Request("tasks", ("id",), where="id = 'x"), "is not one whole expression", None),
        (Request("tasks", ("random()",)), "functions in index expression must be marked IMMUTABLE", None),
        (Request("tasks", ("created_at",), name="tasks_pkey"), "is there, and it is another one", "--name"),
        (Request("tasks", ("created_at",), name="ix_papers_status"), "is there, and it is another one", "--name"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_built(
    request_: Request, message: str, hint: str | None, db: Database
) -> None:
    before = validity(db)
    with pytest.raises(LitxdbError, match=re.escape(message)) as failure:
        indexes.create(db, [request_])
    assert hint is None or hint in str(failure.value.hint)
    assert validity(db) == before


def test_all_leaves_alone_what_is_defined_otherwise(db: Database, said: list[str]) -> None:
    query(db, "drop index ix_notes_status, ix_tasks_user_status; create index ix_tasks_user_status on tasks (status)")
    assert [each.name for each in indexes.wanted(db)] == ["ix_notes_status"]
    assert len(said) == 1
    assert said[0].startswith("warning: ix_tasks_user_status is left as it is: it is USING btree (status); LitXplore")


def test_names_are_litxplores(db: Database) -> None:
    with pytest.raises(ArgumentInvalid, match="none of LitXplore's indexes") as failure:
        indexes.wanted(db, ["ix_task_user_id"])
    assert failure.value.hint == "Did you mean ix_tasks_user_id?"


def test_a_table_that_is_still_to_come_is_said_so(empty_db: Database) -> None:
    with pytest.raises(Refused, match="The table notes is not there yet"):
        indexes.create(empty_db, indexes.wanted(empty_db, ["ix_notes_status"]))


def test_only_the_owner_builds(server: Server, db: Database) -> None:
    query(db, "drop index ix_notes_status")
    with as_role(server, db, "no_owner") as stranger, pytest.raises(ServerRefused, match="Only its owner") as failure:
        indexes.create(stranger, indexes.wanted(stranger))
    assert failure.value.hint == "Connect as postgres."


def test_a_role_that_may_only_read_is_refused(run: Run, db: Database, db_url: str) -> None:
    query(db, "drop index ix_notes_status")
    query(db, f"alter database {query(db, 'select current_database()')[0][0]} set default_transaction_read_only = on")
    outcome = run("index", "create", "--all", "--url", db_url)
    assert outcome.code == Exit.SERVER
    assert "read-only" in outcome.stderr


def test_a_pooler_is_refused(run: Run, pooler: Pooler, db: Database) -> None:
    query(db, "drop index ix_notes_status")
    url = pooler.url(str(query(db, "select current_database()")[0][0]))
    for command in (["create", "--all"], ["rebuild", "ix_papers_status"], ["drop", "ix_papers_status", "--yes"]):
        outcome = run("index", *command, "--url", url)
        assert outcome.code == Exit.REFUSED
        assert "is a transaction pooler" in outcome.stderr


def test_neons_direct_host_is_found(run: Run, neon: Neon) -> None:
    assert run("migrate", "--url", neon.pooled_url).code == Exit.DONE
    with Database(neon.direct_url) as db:
        query(db, "drop index ix_notes_status")
    neon.asked.clear()
    assert run("index", "create", "ix_notes_status", "--url", neon.pooled_url).stdout == "Built 1 index.\n"
    assert set(neon.asked) == {NEON_DIRECT}


def test_a_plan_says_what_would_be_done_and_does_nothing(run: Run, db: Database, db_url: str) -> None:
    query(db, "insert into users (clerk_id, email) select i::text, i::text from generate_series(1, 20000) i")
    query(db, "analyze users")
    own = ("--table", "users", "--columns", "created_at", "--where", "created_at is null")
    outcome = run("index", "create", *own, "--dry-run", "--url", db_url, "--format", "json")
    (row,) = outcome.json["rows"]
    statement = (
        "create index concurrently ix_users_created_at on public.users USING btree (created_at) "
        "WHERE (created_at IS NULL)"
    )
    assert (row["status"], row["statements"]) == ("missing", [statement])
    assert row["lock"].startswith("SHARE UPDATE EXCLUSIVE")
    assert row["rows"] == 20000
    assert row["reads_bytes"] == 2 * query(db, "select pg_relation_size('users')")[0][0]
    assert validity(db, "ix_users_created_at") == {}
    assert run("index", "create", *own, "--dry-run", "--url", db_url).stdout.rstrip().endswith(f"{statement};")


def test_the_size_of_a_btree_is_foretold(db: Database) -> None:
    values = "'clerk ' || md5(i::text), i || '@example.com' from generate_series(1, 30000) i"
    query(db, f"insert into users (clerk_id, email) select {values}")
    query(db, "analyze users")
    for columns in (("id",), ("email",), ("clerk_id", "id")):
        wish = Request("users", columns, name="sized", unique=True)
        query(db, "drop index if exists sized")
        query(db, "drop index if exists ix_users_email")
        (planned,) = indexes.plan(db, [wish])
        (done,) = indexes.create(db, [wish])
        if done.outcome == "built":
            assert planned.bytes == pytest.approx(done.bytes, rel=0.15)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--all", "ix_notes_status"),
        ("--table", "users"),
        ("--columns", "id"),
        ("--all", "--memory", "2"),
        ("--all", "--memory", "2 bananas"),
    ],
)
def test_a_command_line_that_says_nothing_or_too_much(arguments: tuple[str, ...], run: Run, db_url: str) -> None:
    assert run("index", "create", *arguments, "--url", db_url).code == Exit.USAGE
