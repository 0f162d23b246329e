"""The last run of a revision did not succeed

A revision that runs in one transaction leaves nothing when it fails; one that builds indexes CONCURRENTLY may leave
them INVALID, and a constraint may be left NOT VALID: every write pays for such an index, and no query uses it. `litxdb
migrate` mends what was left and goes on where it stopped. https://www.postgresql.org/docs/current/sql-createindex.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from litxdb.doctor.amounts import age
from litxdb.doctor.check import Context, Declaration, Server
from litxdb.doctor.history import graph, recorded, require_log
from litxdb.doctor.results import Defect, Fix, Judgement, Status

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

CHECK = Declaration(
    threshold="one warn; crit if it left an invalid index or a constraint NOT VALID",
    remedy="litxdb migrate",
    fix=Fix.ASKS,
    lock="that of the revision: litxdb migrate --dry-run",
)


def judge(*, connection: Connection, context: Context, server: Server) -> Judgement:
    from litxdb.migrate import leftovers, log

    require_log(connection, server)
    lineage = graph(context).lineage(recorded(connection, context))
    applied = {each.id for each in lineage}
    failures = [each for each in log.failures(connection) if (each.revision in applied) == (each.direction == "down")]
    if not failures:
        return Judgement(1)
    left = [each for each in leftovers.find(connection, lineage) if not each.meant_by]
    lost = f"; left {', '.join(f'{each.kind} {each.object}' for each in left)}" if left else ""
    return Judgement(
        len(failures),
        tuple(
            Defect(
                Status.CRIT if left else Status.WARN,
                each.revision,
                f"{each.outcome} {age(each.seconds)} ago, {each.run_by}{f': {each.error}' if each.error else ''}{lost}",
                "litxdb migrate" if each.direction == "up" else "litxdb rollback",
            )
            for each in failures
        ),
    )
