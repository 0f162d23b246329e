"""What an interrupted run or a person left half done: reported, and mended by the next run where that is safe."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg2
import pytest

from litxdb.database import Database
from litxdb.migrate import (
    Graph,
    Leftover,
    Migrated,
    Patience,
    Project,
    compare,
    downgrade,
    fingerprint,
    plan_upgrade,
    upgrade,
)
from tests.bed.indexing import interrupted, reader
from tests.bed.program import Outcome
from tests.bed.servers import Server
from tests.bed.statements import as_role, query

HEAD = Graph.read().head.id
INDEX = "public.ix_tasks_user_id"
REINDEX = f"reindex index concurrently {INDEX}"


def objects(result: Migrated) -> list[tuple[str, bool]]:
    return [(each.object, each.repaired) for each in result.leftovers]


@pytest.fixture
def said(db: Database) -> list[str]:
    lines: list[str] = []
    db.notify = lines.append
    return lines


def test_an_invalid_index_is_rebuilt(db: Database, said: list[str]) -> None:
    before = fingerprint(db)
    query(db, "drop index ix_tasks_user_id")
    interrupted(db, "create index concurrently ix_tasks_user_id on tasks (user_id)")
    assert upgrade(db, dry_run=True).leftovers == (Leftover("index", INDEX, "public.tasks", REINDEX),)
    assert said.pop() == f"warning: index {INDEX} is INVALID; litxdb migrate repairs it, or: {REINDEX}"
    result = upgrade(db)
    assert result.leftovers == (Leftover("index", INDEX, "public.tasks", REINDEX, repaired=True),)
    assert said == [f"repairing what was left behind: {REINDEX}"]
    assert compare(before, fingerprint(db)) == ()
    assert upgrade(db).leftovers == ()


def test_what_an_interrupted_reindex_left_is_dropped(db: Database) -> None:
    before = fingerprint(db)
    interrupted(db, REINDEX)
    assert objects(upgrade(db, repair=False)) == [(f"{INDEX}_ccnew", False)]
    assert objects(upgrade(db)) == [(f"{INDEX}_ccnew", True)]
    assert compare(before, fingerprint(db)) == ()


def test_a_build_in_another_session_is_not_touched(server: Server, db: Database) -> None:
    builder = threading.Thread(target=query, args=(db, "create index concurrently mine on tasks (created_at)"))
    with as_role(server, db, "owner_of_tables", owner=True) as owner, reader(db):
        builder.start()
        while query(db, "select count(*) from pg_stat_progress_create_index") == [(0,)]:
            time.sleep(0.02)
        assert upgrade(db).leftovers == upgrade(owner).leftovers == ()
    builder.join()
    assert query(db, "select indisvalid from pg_index where indexrelid = 'mine'::regclass") == [(True,)]


def test_a_constraint_is_validated(db: Database) -> None:
    query(db, "alter table tasks add constraint early check (created_at > '2000-01-01') not valid")
    assert objects(upgrade(db)) == [("early on public.tasks", True)]
    assert query(db, "select convalidated from pg_constraint where conname = 'early'") == [(True,)]


def test_what_cannot_be_mended_stays_and_is_explained(db: Database, said: list[str]) -> None:
    query(db, "insert into literature_reviews (title, topic, content) select 'same', '', '' from generate_series(1, 2)")
    query(db, "alter table literature_reviews add constraint titled check (title <> 'same') not valid")
    with pytest.raises(psycopg2.errors.UniqueViolation):
        query(db, "create unique index concurrently one_title on literature_reviews (title)")
    before = fingerprint(db)
    left = {each.object: each for each in upgrade(db).leftovers}
    assert left["public.one_title"].reason == 'could not create unique index "one_title_ccnew"'
    assert left["titled on public.literature_reviews"].reason is not None
    assert "is violated by some row" in str(left["titled on public.literature_reviews"].reason)
    assert compare(before, fingerprint(db)) == ()
    assert any("one_title is INVALID" in line for line in said)


def test_a_repair_that_would_wait_long_is_given_up(db: Database) -> None:
    query(db, "drop index ix_tasks_user_id")
    interrupted(db, "create index concurrently ix_tasks_user_id on tasks (user_id)")
    start = time.monotonic()
    with reader(db):
        done = upgrade(db, patience=Patience(lock_timeout_seconds=0.3, retry_seconds=0.3))
    left = {each.object: each for each in done.leftovers}
    assert left[INDEX].reason == "canceling statement due to lock timeout"
    assert time.monotonic() - start < 3
    upgrade(db)
    assert upgrade(db).leftovers == ()


def test_tables_outside_the_search_path_are_left_alone(db: Database) -> None:
    query(db, "create schema other; create table other.t (a int)")
    query(db, "alter table other.t add constraint c check (a > 0) not valid")
    assert upgrade(db).leftovers == ()


def test_a_constraint_that_is_not_enforced_is_left_alone(db: Database) -> None:
    query(db, "alter table tasks add constraint unenforced check (false) not enforced")
    assert upgrade(db).leftovers == ()


EARLY = "alter table tasks add constraint early check (true) not valid"


def test_what_a_revision_leaves_not_valid_on_purpose_is_mentioned_once_and_stays(
    db: Database, project: Callable[..., Path], said: list[str]
) -> None:
    directory = project(f"op.execute('{EARLY}')", "pass")
    done = upgrade(db, directory=directory)
    assert [(each.object, each.meant_by) for each in done.leftovers] == [("early on public.tasks", "p1")]
    validate = "alter table public.tasks validate constraint early"
    assert said == [f"constraint early on public.tasks is NOT VALID, as revision p1 leaves it: {validate}"]
    assert plan_upgrade(db, project=Project.litxplore(directory)).leftovers == ()
    again = upgrade(db, directory=directory)
    assert [(each.repaired, each.reason) for each in again.leftovers] == [(False, None)]
    assert len(said) == 1
    downgrade(db, directory=directory)
    assert len(said) == 1
    downgrade(db, directory=directory)  # p1, which leaves the constraint behind
    assert said[1:] == [
        f"warning: constraint early on public.tasks is NOT VALID; litxdb migrate repairs it, or: {validate}"
    ]
    assert objects(upgrade(db)) == [("early on public.tasks", True)]


@pytest.mark.parametrize(
    "bodies",
    [
        (f"op.execute('{EARLY}')", "op.execute('alter table tasks validate constraint early')"),
        (f"op.execute('{EARLY}'); op.execute('alter table tasks VALIDATE CONSTRAINT \"early\"')",),
        (f"op.execute('{EARLY.replace('early', 'very_early')}; alter table tasks drop constraint very_early')",),
        ("op.create_check_constraint('early', 'tasks', 'true'); op.get_context()",),
    ],
    ids=["a later one validates it", "the same one does", "another name", "never so"],
)
def test_what_no_revision_leaves_not_valid_was_left_behind(
    db: Database, project: Callable[..., Path], bodies: tuple[str, ...]
) -> None:
    directory = project(*bodies)
    upgrade(db, directory=directory)
    query(db, "alter table tasks drop constraint if exists early")
    query(db, EARLY)
    assert objects(upgrade(db, directory=directory)) == [("early on public.tasks", True)]


def test_alembics_own_word_for_it_counts(db: Database, project: Callable[..., Path]) -> None:
    directory = project("op.create_check_constraint('early', 'tasks', 'true', postgresql_not_valid=True)")
    assert [each.meant_by for each in upgrade(db, directory=directory).leftovers] == ["p1"]


def test_the_command_says_it_and_can_be_told_to_leave_it(
    run: Callable[..., Outcome], db: Database, db_url: str
) -> None:
    query(db, "alter table tasks add constraint early check (true) not valid")
    left = run("migrate", "--no-repair", "--format", "json", "--url", db_url)
    assert [(row["kind"], row["repaired"]) for row in left.json["leftovers"]] == [("constraint", False)]
    assert "early on public.tasks is NOT VALID" in left.stderr
    done = run("migrate", "--url", db_url)
    assert done.stdout.startswith("Repaired 1 of what was left behind.\nNothing to do")


def test_the_dry_run_lists_what_the_run_would_mend(run: Callable[..., Outcome], db: Database, db_url: str) -> None:
    query(db, "alter table tasks add constraint early check (true) not valid")
    query(db, "drop index ix_tasks_user_id")
    interrupted(db, "create index concurrently ix_tasks_user_id on tasks (user_id)")
    words = ("migrate", "--dry-run", "--url", db_url)
    lines = run(*words).stdout.splitlines()
    assert lines == [
        f"Would repair what was left behind: {REINDEX}",
        "Would repair what was left behind: alter table public.tasks validate constraint early",
        f"Nothing to do: the database is at {HEAD}.",
    ]
    assert "Would leave what was left behind: reindex" in run(*words, "--no-repair").stdout
    assert [each["kind"] for each in run(*words, "--format", "json").json["leftovers"]] == ["index", "constraint"]
