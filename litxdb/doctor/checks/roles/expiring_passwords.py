"""A role's password expires

From that moment on nobody logs in with it, while the sessions that are open go on: the outage begins when a pool
recycles its connections. https://www.postgresql.org/docs/current/sql-createrole.html
"""

from __future__ import annotations

from litxdb.doctor.amounts import age, many
from litxdb.doctor.check import Declaration, Rows, Server
from litxdb.doctor.results import Defect, Fix, Judgement, Status

WARN_SECONDS = 14 * 86400

CHECK = Declaration(
    threshold="within 14 days warn; expired crit if the role has sessions, else info",
    remedy="alter role … valid until 'infinity'",
    fix=Fix.ASKS,
    lock="none",
)


def judge(*, roles: Rows, server: Server) -> Judgement:
    defects = []
    for row in roles:
        seconds = row.valid_seconds
        if seconds is None or seconds >= WARN_SECONDS:
            continue
        in_use = row.sessions > 0 or row.role == server.role
        level = Status.WARN if seconds > 0 else Status.CRIT if in_use else Status.INFO
        measured = f"expires in {age(seconds)}" if seconds > 0 else f"expired {age(-seconds)} ago"
        remedy = f"alter role {row.quoted} valid until 'infinity'"
        said = f"{measured}; {many(row.sessions, 'session')}"
        defects.append(Defect(level, f"role {row.role}", said, remedy, value=seconds))
    return Judgement(len(roles), tuple(defects))
