"""The server's major version is no longer looked after, or soon will not be

After the end of life nobody mends security holes or corruption any more. Moving to another major version takes a dump
or pg_upgrade and a rehearsal, so begin half a year before. https://www.postgresql.org/support/versioning/
"""

from __future__ import annotations

from litxdb.doctor.check import Declaration, Server
from litxdb.doctor.checks.connection._releases import AS_OF, BRANCHES
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status

WARN_DAYS = 180

CHECK = Declaration(
    threshold="180 days before warn, past crit",
    remedy="litxdb backup",
    fix=Fix.MANUAL,
    lock="none",
)


def judge(*, server: Server) -> Judgement:
    branch = BRANCHES.get(server.major)
    if branch is None:
        raise Skip(Reason.NOT_APPLICABLE, f"litxdb's list of {AS_OF} has no PostgreSQL {server.major}.")
    days = (branch.end - server.now.date()).days
    if days >= WARN_DAYS:
        return Judgement(1, detail=f"Until {branch.end}, by litxdb's list of {AS_OF}.")
    level = Status.WARN if days >= 0 else Status.CRIT
    ends = "ends" if days >= 0 else "ended"
    remedy = f"litxdb backup  -- then restore into PostgreSQL {max(BRANCHES)}: litxdb restore"
    return Judgement(
        1, (Defect(level, f"PostgreSQL {server.major}", f"its support {ends} on {branch.end}", remedy, value=days),)
    )
