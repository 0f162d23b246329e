"""The schema is older than the code

Code that runs against an older schema fails on the first column that it misses. `litxdb migrate --dry-run` shows what
the pending revisions do and which tables they lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from litxdb.doctor.amounts import many
from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.history import graph, recorded
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

CHECK = Declaration(
    threshold="one crit",
    remedy="litxdb migrate",
    fix=Fix.ASKS,
    lock="that of each revision: litxdb migrate --dry-run",
)


def judge(*, connection: Connection, context: Context) -> Judgement:
    revisions = graph(context)
    current = recorded(connection, context)
    if current is not None and revisions.get(current) is None:
        raise Skip(Reason.NOT_APPLICABLE, f"The database is at {current}, which this litxdb does not know.")
    pending = len(revisions.revisions) - len(revisions.lineage(current))
    if not pending:
        return Judgement(len(revisions.revisions))
    measured = f"at {current or 'nothing'}, head is {revisions.head.id}, {many(pending, 'revision')} pending"
    return Judgement(
        len(revisions.revisions), (Defect(Status.CRIT, "alembic_version", measured, value=float(pending)),)
    )
