"""Tables that are damaged

Rows of a damaged page are lost, or a query that meets them fails, and a backup taken since may hold the damage. Causes
are a disk, memory or file system that loses writes, or a defect of the server. Do not write to the table; save what can
be read, and restore the rest from a backup from before. The remedy lists the damage. amcheck reads each table whole.
https://www.postgresql.org/docs/current/amcheck.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from litxdb.doctor.amounts import many
from litxdb.doctor.check import Context, Declaration, Server, Tier
from litxdb.doctor.checks.indexes._amcheck import require_executable, verifiers
from litxdb.doctor.probing import probe
from litxdb.doctor.results import Defect, Fix, Judgement, Status

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

CHECK = Declaration(
    threshold="one crit",
    remedy="select * from verify_heapam('TABLE')",
    fix=Fix.MANUAL,
    lock="none",
    needs=("extension amcheck",),
    tier=Tier.FULL,
)


def judge(*, connection: Connection, context: Context, server: Server) -> Judgement:
    verify = verifiers(connection, server, {"heap": "verify_heapam"})["heap"]
    require_executable(connection, [verify], server)

    def ask(cursor: Cursor, row: tuple[int, str]) -> Defect | None:
        oid, name = row
        cursor.execute(f"select count(*), min('page ' || blkno || ': ' || msg) from {verify}({oid})")
        damages, first = cursor.fetchone() or (0, "")
        if not damages:
            return None
        return Defect(
            Status.CRIT, name, f"{many(damages, 'damage')}, {first}", f"select * from {verify}({oid}::regclass)"
        )

    with connection.cursor() as cursor:
        cursor.execute(
            "select c.oid, format('%I.%I', n.nspname, c.relname) from pg_class c"
            " join pg_namespace n on n.oid = c.relnamespace join pg_am a on a.oid = c.relam"
            " where c.relkind in ('r', 't', 'm') and c.relpersistence = 'p' and a.amname = 'heap'"
            " order by c.relpages, 2"
        )
        tables = cursor.fetchall()
    return probe(connection, context, tables, ask)
