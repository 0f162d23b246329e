"""The database is at a revision that litxdb does not know

Code that is older than the schema may write what the newer one forbids, and cannot say what is pending. A newer litxdb
migrated it, or a project with revisions of its own, whose directory is to be named; or a branch was deployed that never
was merged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.history import graph, recorded
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

CHECK = Declaration(
    threshold="crit",
    remedy="pip install --upgrade litxdb  # or name the project's revisions: litxdb doctor --directory",
    fix=Fix.MANUAL,
    lock="none",
)


def judge(*, connection: Connection, context: Context) -> Judgement:
    revisions = graph(context)
    current = recorded(connection, context)
    if current is None:
        raise Skip(Reason.NOTHING_THERE, "The database is at no revision.", "litxdb migrate")
    if revisions.get(current) is not None:
        return Judgement(1)
    return Judgement(1, (Defect(Status.CRIT, "alembic_version", f"at {current}; head is {revisions.head.id}"),))
