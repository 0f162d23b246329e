"""The revisions do not make one history

With two heads nobody can say which state a database should be in: `litxdb migrate` stops, and a deployment that names
one of them skips the other's tables. Two branches that each added a revision are merged by letting one follow the
other. A revision that follows a missing one, or a file that cannot be read, ends here too.
https://alembic.sqlalchemy.org/en/latest/branches.html
"""

from __future__ import annotations

from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.errors import ConfigurationInvalid

CHECK = Declaration(
    threshold="anything but one head crit",
    remedy="litxdb history",
    fix=Fix.MANUAL,
    lock="none",
)


def judge(*, context: Context) -> Judgement:
    from litxdb.migrate import Project

    try:
        graph = Project.litxplore(context.directory).graph()
        _ = graph.head
    except ConfigurationInvalid as error:
        remedy = f"litxdb history  -- {error.hint}"
        return Judgement(1, (Defect(Status.CRIT, str(context.directory or "revisions"), error.message, remedy),))
    return Judgement(len(graph.revisions))
