"""Constraints that are not enforced

Such a constraint is a remark: rows that break it may be there, and more may come. From PostgreSQL 18 on CHECK and
FOREIGN KEY can be NOT ENFORCED, on purpose (a slow check that the application makes itself) or by mistake. VALIDATE
CONSTRAINT fails on it. A foreign key can be enforced again in place, which scans the table; a check cannot, and has to
be added anew. https://www.postgresql.org/docs/current/sql-createtable.html
"""

from __future__ import annotations

from typing import Any

from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.checks.indexes.not_valid_constraints import describe
from litxdb.doctor.results import Defect, Fix, Judgement, Status

CHECK = Declaration(
    threshold="one info (a choice, as a rule)",
    remedy="alter table TABLE alter constraint CONSTRAINT enforced",
    fix=Fix.MANUAL,
    lock="ACCESS EXCLUSIVE on the table; for a foreign key SHARE ROW EXCLUSIVE on both",
    needs=("server 18",),
)


def judge(*, constraints: Rows) -> Judgement:
    defects = tuple(
        Defect(Status.INFO, f"{row.name} on {row.owner}", describe(row), _remedy(row))
        for row in constraints
        if row.name and not row.enforced
    )
    return Judgement(constraints[0].examined, defects)


def _remedy(row: Any) -> str:
    """Enforce a foreign key; for a check print the statement, which holds its definition."""
    if row.kind == "foreign key":
        return f"alter table {row.owner} alter constraint {row.name} enforced"
    return (
        "select format('alter table %s drop constraint %I, add constraint %2$I %s', conrelid::regclass, conname, "
        f"replace(pg_get_constraintdef(oid), ' NOT ENFORCED', '')) from pg_constraint where oid = {row.oid}"
    )
