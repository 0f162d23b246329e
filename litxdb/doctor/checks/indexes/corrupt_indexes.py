"""Indexes that are damaged

Searches by a damaged index miss rows that are there, return others, or fail, and a unique one takes duplicates. Causes
are a disk, memory or file system that loses writes, a collation that has changed, or a defect of the server. A rebuild
mends the index; look for the cause too, and at the tables (corrupt_tables). amcheck reads each index whole.
https://www.postgresql.org/docs/current/amcheck.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litxdb.doctor.check import Context, Declaration, Server, Tier
from litxdb.doctor.checks.indexes._amcheck import require_executable, verifiers
from litxdb.doctor.probing import probe
from litxdb.doctor.results import Defect, Fix, Judgement, Status

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

CHECK = Declaration(
    threshold="one crit",
    remedy="reindex index concurrently INDEX",
    fix=Fix.ASKS,
    lock="SHARE UPDATE EXCLUSIVE on the table",
    needs=("extension amcheck",),
    tier=Tier.FULL,
)


def judge(*, connection: Connection, context: Context, server: Server) -> Judgement:
    import psycopg2

    functions = verifiers(connection, server, {"btree": "bt_index_check", "gin": "gin_index_check"})
    require_executable(connection, functions.values(), server)

    def ask(cursor: Cursor, row: tuple[int, str, str]) -> Defect | None:
        oid, name, method = row
        try:
            cursor.execute(f"select {functions[method]}({oid})")
        except (psycopg2.errors.IndexCorrupted, psycopg2.errors.DataCorrupted) as error:
            said = error.diag.message_primary or str(error)
            return Defect(Status.CRIT, name, said, f"reindex index concurrently {name}")
        return None

    return probe(connection, context, _indexes(connection, list(functions)), ask)


def _indexes(connection: Connection, methods: list[str]) -> list[Any]:
    """Return the indexes that can be checked, the smallest first: so most are, whatever the deadline."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.oid, format('%%I.%%I', n.nspname, c.relname), a.amname from pg_index i"
            " join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam"
            " join pg_namespace n on n.oid = c.relnamespace"
            " where c.relkind = 'i' and i.indisvalid and i.indisready and c.relpersistence = 'p' and a.amname = any(%s)"
            " order by c.relpages, 2",
            [methods],
        )
        return cursor.fetchall()
