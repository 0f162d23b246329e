"""Tables that were never analyzed

Without statistics the planner guesses, and a query that takes milliseconds may take minutes. Autovacuum analyzes a
table soon after it was filled, unless it is turned off there; a partitioned table it never analyzes at all, though its
partitions, and so a join that uses it as a whole knows nothing of its values. A restored database has no statistics
until ANALYZE ran. https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-STATISTICS
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.results import Defect, Fix, Judgement, Status

WARN_ROWS = 10_000

CHECK = Declaration(
    threshold="never analyzed and more than 10,000 rows warn; smaller ones are planned well enough without",
    remedy="analyze",
    fix=Fix.SAFE,
    lock="SHARE UPDATE EXCLUSIVE",
    needs=("primary",),
)


def judge(*, tables: Rows) -> Judgement:
    partitions = defaultdict(list)
    for table in tables:
        partitions[table.parent].append(table)

    def rows(table: Any) -> int:
        if table.kind != "p":
            return max(int(table.live_rows), int(table.rows or 0))
        return sum(rows(partition) for partition in partitions[table.oid])

    defects = tuple(
        Defect(
            Status.WARN,
            table.table,
            f"about {count:,} rows and no statistics",
            f"analyze {table.table}",
            value=float(count),
        )
        for table in tables
        if table.rows is None and table.analyzed is None and (count := rows(table)) > WARN_ROWS
    )
    return Judgement(len(tables), defects)
