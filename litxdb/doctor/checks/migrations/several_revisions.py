"""The database records several revisions at once

LitXplore's history has one line, so that alembic_version has one row. Two rows come from a branch that was stamped, or
from rows that were written by hand; migrate refuses to guess which of them is true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from litxdb.doctor.check import Context, Declaration
from litxdb.doctor.history import graph
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status
from litxdb.errors import Refused

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

CHECK = Declaration(threshold="crit", remedy="litxdb history", fix=Fix.MANUAL, lock="none")


def judge(*, connection: Connection, context: Context) -> Judgement:
    from litxdb.migrate import Project
    from litxdb.migrate.state import read_revisions

    try:
        if not read_revisions(connection, Project.litxplore(context.directory)):
            raise Skip(Reason.NOTHING_THERE, "The database is at no revision.", "litxdb migrate")
    except Refused as error:
        with connection.cursor() as cursor:
            cursor.execute("select version_num from alembic_version")
            names = {name for (name,) in cursor}
        lineages = {each.id: {one.id for one in graph(context).lineage(each.id)} for each in graph(context).revisions}
        newest = next((name for name in names if names <= lineages.get(name, set())), None)
        remedy = f"litxdb stamp --purge {newest}" if newest else CHECK.remedy
        return Judgement(len(names), (Defect(Status.CRIT, "alembic_version", error.message, remedy),))
    return Judgement(1)
