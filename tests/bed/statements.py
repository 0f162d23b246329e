"""Statements of the tests themselves, in a session of their own, and databases as an ordinary role sees them."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import psycopg2

from litxdb.database import Database
from tests.bed.servers import Server


def query(db: Database, statement: str) -> list[tuple[Any, ...]]:
    """Run it in autocommit and return its rows; a test that locks itself out fails instead of hanging."""
    with closing(db.connect(autocommit=True)) as connection, connection.cursor() as cursor:
        cursor.execute("set lock_timeout = '10s'")
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def execute(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """Run them one after the other, each committed by itself, and return the rows of the last."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def as_role(server: Server, db: Database, role: str, *, owner: bool = False) -> Database:
    """Open the same database as a role, made at need and no superuser; with `owner` it owns database and tables."""
    name = str(query(db, "select current_database()")[0][0])
    if not server.execute("select 1 from pg_roles where rolname = %s", role):
        server.execute(f"create role {role} login")
    if owner:
        server.execute(f"alter database {name} owner to {role}")
        for (table,) in query(db, "select tablename from pg_tables where schemaname = 'public'"):
            query(db, f"alter table {table} owner to {role}")
    return Database(server.url(name, user=role))
