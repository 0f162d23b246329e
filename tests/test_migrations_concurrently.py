"""Revision 6 builds its indexes CONCURRENTLY: interrupted, half done, or built by somebody else at the same time."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from subprocess import Popen
from typing import Any

import pytest

from litxdb.database import Database
from litxdb.errors import Exit, LockHeld, ServerRefused
from litxdb.migrate import current_revision, downgrade, upgrade
from tests.bed.indexing import until
from tests.bed.servers import Server
from tests.bed.statements import as_role, query

ADOPTED = "create_simplified_tasks_table"
INDEXES = "0006_performance_indexes"


@pytest.fixture
def adopted(empty_db: Database) -> Database:
    """A database at revision 5."""
    upgrade(empty_db, ADOPTED)
    return empty_db


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
    cancel = (
        "select pg_cancel_backend(pid) from pg_stat_progress_create_index "
        "where exists (select from pg_index where indrelid = 'tasks'::regclass and not indisvalid)"
    )
    canceller = threading.Thread(target=until, args=(lambda: query(adopted, cancel) == [(True,)],))
    canceller.start()
    with pytest.raises(ServerRefused, match=f"Revision {INDEXES} failed: canceling statement") as failure:
        upgrade(adopted, INDEXES)
    canceller.join()
    assert f"The database is at revision {ADOPTED}." in failure.value.message
    remains = (
        f"Of revision {INDEXES} this remains: index public.ix_tasks_user_status is INVALID; litxdb migrate goes on"
    )
    assert remains in failure.value.message
    assert current_revision(adopted) == ADOPTED
    assert indexes(adopted)["ix_tasks_user_status"] is False
    reader.rollback()
    upgrade(adopted, INDEXES)
    assert all(indexes(adopted).values())
    assert {"ix_tasks_user_status", "ix_reviews_content_fts", "ix_reviews_created_at"} <= indexes(adopted).keys()


def test_ctrl_c_during_a_build_ends_at_once_and_running_again_repairs_it(
    adopted: Database, empty_url: str, reader: Any, start: Callable[..., Popen[str]]
) -> None:
    process = start("migrate", "--url", empty_url)
    until(lambda: indexes(adopted).get("ix_tasks_user_status") is False)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == Exit.INTERRUPTED
    assert current_revision(adopted) == ADOPTED
    reader.rollback()
    upgrade(adopted)
    assert all(indexes(adopted).values())


def test_indexes_that_an_interrupted_run_finished_are_kept(adopted: Database) -> None:
    query(adopted, "create index concurrently ix_tasks_user_status on tasks (user_id, status)")
    number = "select 'ix_tasks_user_status'::regclass::oid"
    before = query(adopted, number)
    upgrade(adopted, INDEXES)
    assert query(adopted, number) == before


@pytest.fixture(params=["postgres", "owner_of_tables"])
def migrator(server: Server, adopted: Database, request: pytest.FixtureRequest) -> Iterator[Database]:
    """The adopted database for a superuser, and for a role that does not see what others' sessions do."""
    with as_role(server, adopted, request.param, owner=True) as db:
        yield db


def test_a_build_in_another_session_is_not_taken_for_a_leftover(
    adopted: Database, migrator: Database, reader: Any
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
