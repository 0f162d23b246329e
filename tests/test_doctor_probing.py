"""Questions of a check, object by object: each fails alone, and neither a lock nor a setting outlives its answer."""

from __future__ import annotations

import contextlib
from typing import Any

import psycopg2
import pytest

from litxdb.database import Database
from litxdb.doctor import Context, Defect, Reason, Status
from litxdb.doctor.deadline import Deadline
from litxdb.doctor.probing import probe
from tests.bed.statements import query


@pytest.fixture
def tables(empty_db: Database) -> Database:
    query(empty_db, "create table a (i int); create table b (i int); create table c (i int)")
    return empty_db


def test_no_lock_and_no_setting_outlives_its_answer(tables: Database) -> None:
    held = []

    def ask(cursor: Any, table: str) -> None:
        cursor.execute(
            "select count(*) from pg_locks where pid = pg_backend_pid() and relation::regclass::text ~ '^[abc]$'"
        )
        held.append(cursor.fetchone()[0])
        cursor.execute("select current_setting('work_mem')")
        held.append(cursor.fetchone()[0])
        cursor.execute(f"set local work_mem = '77MB'; select count(*) from {table}")

    with contextlib.closing(tables.connect()) as connection:
        assert probe(connection, Context(tables), ["a", "b"], ask).examined == 2
    assert held == [0, "4MB"] * 2


def test_each_fails_alone(tables: Database) -> None:
    def ask(cursor: Any, table: str) -> Defect:
        cursor.execute(f"set local lock_timeout = '100ms'; select count(*) from {table}")
        return Defect(Status.WARN, table, "seen")

    with contextlib.closing(tables.connect()) as altering, altering.cursor() as cursor:
        cursor.execute("lock table b in access exclusive mode")
        with contextlib.closing(tables.connect()) as connection:
            seen = probe(connection, Context(tables), ["a", "b", "c"], ask)
    assert [defect.object for defect in seen.defects] == ["a", "c"]
    assert (seen.examined, seen.unseen, seen.reason) == (2, 1, Reason.LOCKED)


def test_a_mistake_is_no_circumstance(tables: Database) -> None:
    with contextlib.closing(tables.connect()) as connection, pytest.raises(psycopg2.errors.UndefinedTable):
        probe(connection, Context(tables), ["no_table"], lambda cursor, table: cursor.execute(f"select from {table}"))


def test_what_time_does_not_allow_is_not_begun(tables: Database) -> None:
    asked = []
    with contextlib.closing(tables.connect()) as connection:
        seen = probe(
            connection, Context(tables, deadline=Deadline(0.2)), ["a", "b"], lambda _, table: asked.append(table)
        )
    assert asked == []
    assert (seen.examined, seen.unseen, seen.reason) == (0, 2, Reason.OUT_OF_TIME)


def test_a_statement_ends_with_the_time(tables: Database) -> None:
    def ask(cursor: Any, table: str) -> None:
        cursor.execute("select pg_sleep(60)")

    with contextlib.closing(tables.connect()) as connection:
        seen = probe(connection, Context(tables, deadline=Deadline(0.8)), ["a", "b"], ask)
    assert (seen.examined, seen.unseen, seen.reason) == (0, 2, Reason.OUT_OF_TIME)
