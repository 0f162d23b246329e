"""The file of an applied revision was changed afterwards

Databases that were migrated before and after the change differ, and nothing shows it until a later revision fails on
one of them. litxdb keeps the checksum of each file that it applies. `litxdb drift` shows what differs here; a
correction belongs into a new revision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from litxdb.doctor.check import Context, Declaration, Server
from litxdb.doctor.history import graph, recorded, require_log
from litxdb.doctor.results import Defect, Fix, Judgement, Status

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

CHECK = Declaration(threshold="one warn", remedy="litxdb drift", fix=Fix.MANUAL, lock="none")


def judge(*, connection: Connection, context: Context, server: Server) -> Judgement:
    from litxdb.migrate import log
    from litxdb.migrate.state import LITXPLORE, version_table

    require_log(connection, server)
    applied = graph(context).lineage(recorded(connection, context))
    logged = log.read(connection, version_table(connection, LITXPLORE))
    defects = tuple(
        Defect(
            Status.WARN,
            revision.id,
            f"{revision.path.name} is not the file that {logged[revision.id].applied_by} applied",
        )
        for revision in log.changed(logged, applied)
    )
    return Judgement(sum(revision.id in logged for revision in applied), defects)
