"""Builds of indexes that are held up, cut short, or half done."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import psycopg2
import pytest

from litxdb.database import Database
from tests.bed.statements import query

PATIENCE_SECONDS = 20


@contextmanager
def reader(db: Database, table: str = "tasks") -> Iterator[int]:
    """Hold a transaction that concurrent work on the table waits for, and yield its pid."""
    with closing(db.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read")
        cursor.execute(f"select count(*) from {table}")
        yield connection.info.backend_pid


def interrupted(db: Database, statement: str, table: str = "tasks") -> None:
    """Have a statement CONCURRENTLY give up half-way, as a build does that somebody cancels while it waits."""
    with reader(db, table), closing(db.connect(autocommit=True)) as connection, ThreadPoolExecutor(1) as threads:
        pid = connection.info.backend_pid
        cancel = f"select pg_cancel_backend(pid) from pg_locks where pid = {pid} and not granted"
        working = threads.submit(connection.cursor().execute, statement)
        until(lambda: query(db, cancel) or working.done())
        with pytest.raises(psycopg2.errors.QueryCanceled):
            working.result()


def until(condition: Callable[[], object]) -> None:
    """Wait until it holds; fail when that takes too long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def validity(db: Database, pattern: str = "%") -> dict[str, bool]:
    """Say of each index whose name is like this whether it is valid."""
    condition = f"c.relname like '{pattern}' and c.relnamespace::regnamespace::text !~ '^pg_'"
    statement = f"select c.relname, indisvalid from pg_index join pg_class c on c.oid = indexrelid where {condition}"
    return dict(query(db, statement))
