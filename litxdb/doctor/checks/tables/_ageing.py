"""How near the server is to the end of its transaction ids, or multixact ids: both are numbers of 32 bits.

https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-WRAPAROUND
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litxdb.doctor.check import Rows
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.doctor.wording import elsewhere
from litxdb.quoting import quoted_if_needed

LAST = 2**31 - 3_000_000
"""At this age the server assigns no further ids."""

TABLES = 5
"""So many of the oldest tables are named."""


def judge_age(
    databases: Rows, tables: Rows, age: Callable[[Any], int | None], kind: str, warn: int, crit: int
) -> Judgement:
    """Judge every database, and the oldest tables of this one, by what `age` says of them."""

    def level(old: int) -> Status:
        return Status.CRIT if old >= crit else Status.WARN

    defects = []
    for database in databases:
        old = age(database) or 0
        if old >= warn:
            measured = f"{old:,} {kind}s old; at {LAST:,} the server refuses writes"
            remedy = "vacuum (freeze)" if database.ours else elsewhere(database.database, "vacuum (freeze)")
            if not database.connectable:
                remedy = (
                    f"alter database {quoted_if_needed(database.database)} allow_connections true;\n"
                    "-- then vacuum (freeze) in there, and allow_connections false"
                )
            fix = None if database.ours else Fix.MANUAL
            defects.append(
                Defect(level(old), f"database {database.database}", measured, remedy, fix=fix, value=float(old))
            )
    aged = sorted(((old, table) for table in tables if (old := age(table) or 0) >= warn), key=lambda pair: -pair[0])
    defects += [
        Defect(
            level(old), table.table, f"{old:,} {kind}s old", f"vacuum (freeze, verbose) {table.table}", value=float(old)
        )
        for old, table in aged[:TABLES]
    ]
    return Judgement(len(databases) + sum(age(table) is not None for table in tables), tuple(defects))
