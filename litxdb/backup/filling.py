"""Filling tables that are there already with a dump's rows: for scratch databases whose schema comes from elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from litxdb.backup import pg_restore
from litxdb.backup.restoring import analyze, encrypted, find_tool, jobs_for, list_of
from litxdb.backup.unpacking import Unpacked
from litxdb.database import Database
from litxdb.database.programs import route

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

NAMES = """
select n.nspname || ' ' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'S') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
"""
TABLES = """
select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
"""


def restore_rows(db: Database, dump: Unpacked, *, leave: Sequence[str] = (), jobs: int | None = None) -> dict[str, int]:
    """Put the rows of a dump into the tables of the same names, which are there and empty, except those of `leave`.

    Names in `leave` are schema and table with a blank between. Returns each table's rows, by its quoted name.

    Triggers and foreign keys are off meanwhile, so the role must be a superuser: this is for scratch databases. Rows of
    tables that are not there are left out. Raises what `restore` does; columns that are not there are ServerRefused.
    """
    tool = find_tool(db, dump)
    with (
        contextlib.closing(db.connect(direct=True, autocommit=True)) as session,
        route(db, session, has_tls=encrypted(session) and tool.has_tls) as way,
    ):
        there = _tables(session) - set(leave)
        entries = [entry for entry in pg_restore.listing(tool, dump.path) if _rows_of(entry, there)]
        with list_of(entries) as chosen:
            pg_restore.restore(
                tool,
                way,
                dump.path,
                ["--data-only", "--disable-triggers", *chosen.options],
                jobs=jobs_for(dump, jobs),
                tolerant=False,
                said=lambda kind, name: None,
                holds=chosen.holds,
            )
        analyze(session)
        return _counted(session)


def _rows_of(entry: str, there: set[str]) -> bool:
    kind = pg_restore.kind(entry)
    if kind.startswith("SEQUENCE SET "):
        return any(kind.startswith(f"SEQUENCE SET {name} ") for name in there)
    return kind.startswith("TABLE DATA ") and any(kind.startswith(f"TABLE DATA {name} ") for name in there)


def _tables(session: Connection) -> set[str]:
    """Return tables and sequences as pg_restore writes them: schema and name, without quotes."""
    with session.cursor() as cursor:
        cursor.execute(NAMES)
        return {" ".join(name.splitlines()) for (name,) in cursor.fetchall()}


def _counted(session: Connection) -> dict[str, int]:
    counts: dict[str, int] = {}
    with session.cursor() as cursor:
        cursor.execute(TABLES)
        for (name,) in cursor.fetchall():
            cursor.execute(f"select count(*) from only {name}")  # noqa: S608 (quoted by the server)
            counts[name] = int((cursor.fetchone() or (0,))[0])
    return counts
