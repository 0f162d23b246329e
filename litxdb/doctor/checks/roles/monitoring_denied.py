"""The role sees too little to examine the database

Without pg_monitor PostgreSQL shows other roles' sessions and statements empty, so that a blocked or slow application
looks idle, and keeps some settings back. What could not be examined is listed as skipped, and one GRANT by a superuser,
at Neon by the project's owner, mends most of it. https://www.postgresql.org/docs/current/predefined-roles.html
"""

from __future__ import annotations

from litxdb.doctor.check import Declaration, Server
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.quoting import quoted_if_needed

CHECK = Declaration(
    threshold="a role without pg_monitor info", remedy="grant pg_monitor to …", fix=Fix.ASKS, lock="none"
)


def judge(*, server: Server) -> Judgement:
    if server.reads_all_stats:
        return Judgement(1)
    role = quoted_if_needed(server.role)
    defect = Defect(
        Status.INFO,
        f"role {server.role}",
        "no member of pg_monitor",
        f"grant pg_monitor to {role}",
        undo=f"revoke pg_monitor from {role}",
    )
    return Judgement(1, (defect,))
