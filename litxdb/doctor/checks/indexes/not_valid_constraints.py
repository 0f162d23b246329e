"""Constraints that older rows may break

A constraint added NOT VALID holds for rows written since; older ones may break it, and the planner cannot rely on it.
Validating scans the table while reads and writes go on. It fails when a row breaks the constraint, and then names it:
mend those rows first. Validating a domain's constraint scans every table that uses the domain, and blocks writes to
them. From PostgreSQL 18 on NOT NULL can be NOT VALID too. https://www.postgresql.org/docs/current/sql-altertable.html
"""

from __future__ import annotations

from typing import Any

from litxdb.doctor.amounts import many
from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.results import Defect, Fix, Judgement, Status

CHECK = Declaration(
    threshold="one warn (PgHero, dasha)",
    remedy="alter table TABLE validate constraint CONSTRAINT",
    fix=Fix.SAFE,
    lock="SHARE UPDATE EXCLUSIVE on the table, ROW SHARE on one referred to; for a domain SHARE on its tables",
)


def judge(*, constraints: Rows) -> Judgement:
    pending = [row for row in constraints if row.name and row.enforced]
    return Judgement(constraints[0].examined, tuple(map(_defect, pending)))


def _defect(row: Any) -> Defect:
    kind = "domain" if row.is_domain else "table"
    return Defect(
        Status.WARN,
        f"{row.name} on {row.owner}",
        describe(row),
        f"alter {kind} {row.owner} validate constraint {row.name}",
        fix=Fix.ASKS if row.is_domain else None,
    )


def describe(row: Any) -> str:
    """Say what a constraint is: its kind, its columns, what it refers to and how many rows it is about."""
    columns = f" ({row.columns})" if row.columns else ""
    referenced = f" to {row.referenced}" if row.referenced else ""
    about = f", about {many(row.rows, 'row')}" if row.rows is not None else ""
    return f"{row.kind}{columns}{referenced}{about}"
