"""Most statements cannot be seen by this role

pg_stat_statements hides the texts and numbers of other roles' statements from a role without pg_read_all_stats, so that
whatever is judged by them is judged by a part. https://www.postgresql.org/docs/current/pgstatstatements.html
"""

from __future__ import annotations

from litxdb.doctor.check import Declaration, Rows, Server
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.quoting import quoted_if_needed

WARN_SHARE = 0.05

CHECK = Declaration(
    threshold="5 % hidden warn (our own)",
    remedy="grant pg_monitor to ROLE",
    fix=Fix.ASKS,
    lock="none",
    needs=("extension pg_stat_statements",),
)


def judge(*, coverage: Rows, server: Server) -> Judgement:
    (row,) = coverage
    known = row.visible + row.hidden
    if row.hidden <= WARN_SHARE * known:
        return Judgement(known, detail="pg_stat_statements has no statement of this database.")
    measured = f"{row.hidden:,} of {known:,} statements"
    role = quoted_if_needed(server.role)
    remedy, undo = f"grant pg_monitor to {role}", f"revoke pg_monitor from {role}"
    defect = Defect(Status.WARN, f"role {server.role}", measured, remedy, undo=undo, value=row.hidden / known)
    return Judgement(known, (defect,))
