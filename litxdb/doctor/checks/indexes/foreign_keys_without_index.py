"""Foreign keys without an index

Deleting or updating a row that others refer to looks for those, and without an index reads their whole table, for each
row: deleting one user then takes as long as reading everybody's messages, and holds its locks meanwhile. An index helps
when the foreign key's columns are its first ones, in any order, and every row is in it. BRIN and INCLUDE do not help. A
partitioned table takes no CONCURRENTLY: create the index on its partitions first.
https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK
"""

from __future__ import annotations

from litxdb.catalog import ForeignKeys, Index, Uncovered, find_uncovered
from litxdb.doctor.amounts import many
from litxdb.doctor.check import Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Status

ROWS = 10_000

CHECK = Declaration(
    threshold="10,000 rows, or rows deleted or updated in the table referred to: warn, else info (dasha)",
    remedy="create index concurrently on TABLE (COLUMNS)",
    fix=Fix.ASKS,
    lock="SHARE UPDATE EXCLUSIVE on the table; a partitioned one SHARE",
)


def judge(*, indexes: list[Index], foreign_keys: ForeignKeys) -> Judgement:
    return Judgement(len(foreign_keys.keys), tuple(map(_defect, find_uncovered(foreign_keys, indexes))))


def _defect(found: Uncovered) -> Defect:
    key = found.key
    urgent = (key.rows or 0) >= ROWS or key.referenced_writes > 0
    rows = "rows unknown" if key.rows is None else f"about {many(key.rows, 'row')}"
    partly = f"; {found.partly} has only some of its columns first" if found.partly else ""
    measured = f"({key.column_names}) to {key.referenced}, {rows}, {key.referenced_writes:,} changes there{partly}"
    fix = Fix.MANUAL if key.is_partitioned else None
    level = Status.WARN if urgent else Status.INFO
    return Defect(level, f"{key.name} on {key.table}", measured, found.create, fix, value=key.rows)
