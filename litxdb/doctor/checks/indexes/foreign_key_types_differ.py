"""Foreign keys between columns of different types

A narrower column cannot hold every key that it is to refer to: integer before bigint fails once the keys have passed
2,147,483,647. A wider one only wastes room. Between other types each comparison has to convert, which keeps indexes
from being used. Types that are stored alike, as varchar and text, are not reported. Changing a type writes the table
anew. https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK
"""

from __future__ import annotations

from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.results import Defect, Fix, Judgement, Status

CHECK = Declaration(
    threshold="one pair of columns warn (pg-index-health, dasha), info where all keys fit",
    remedy="alter table TABLE alter column COLUMN type TYPE",
    fix=Fix.MANUAL,
    lock="ACCESS EXCLUSIVE while the table is written anew",
)


def judge(*, foreign_key_types: Rows) -> Judgement:
    defects = tuple(
        Defect(
            Status.INFO if row.bytes > row.referenced_bytes > 0 else Status.WARN,
            f"{row.name} on {row.table}",
            f"{row.column} is {row.type}, {row.referenced} has {row.referenced_column} {row.referenced_type}",
            f"alter table {row.table} alter column {row.column} type {row.referenced_type}",
        )
        for row in foreign_key_types
        if row.name
    )
    return Judgement(foreign_key_types[0].examined, defects)
