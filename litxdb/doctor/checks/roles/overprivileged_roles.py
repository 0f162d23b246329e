"""An application may do more than it needs

Whoever gets at the application, by SQL injection or a leaked password, may do what its role may. A superuser reads and
writes every file and runs programs on the server's machine; CREATEROLE, BYPASSRLS and REPLICATION open everything in
the database. An application needs none of them: give it a role that owns its tables, or one that may only read and
write them. Judged are the roles that have sessions in this database now.
https://www.postgresql.org/docs/current/role-attributes.html
"""

from __future__ import annotations

from litxdb.doctor.amounts import many
from litxdb.doctor.check import Context, Declaration, Rows
from litxdb.doctor.deployment import require_deployed
from litxdb.doctor.results import Defect, Fix, Judgement, Status

ATTRIBUTES = {
    "superuser": "nosuperuser",
    "createrole": "nocreaterole",
    "replication": "noreplication",
    "bypassrls": "nobypassrls",
}

CHECK = Declaration(
    threshold="a superuser warn; CREATEROLE, REPLICATION, BYPASSRLS or a way to run programs info",
    remedy="alter role … nosuperuser",
    fix=Fix.MANUAL,
    lock="none",
)


def judge(*, roles: Rows, context: Context) -> Judgement:
    require_deployed(context)
    busy = [row for row in roles if row.sessions]
    defects = []
    for row in busy:
        held = [name for name in ATTRIBUTES if getattr(row, name)]
        if row.superuser:
            held = ["superuser"]
        elif row.runs_programs:
            held.append("runs programs or writes files on the server")
        if held:
            level = Status.WARN if row.superuser else Status.INFO
            measured = f"{', '.join(held)}; {many(row.sessions, 'session')}, with {row.application or 'no name'}"
            revoked = " ".join(ATTRIBUTES[name] for name in held if name in ATTRIBUTES)
            remedy = f"alter role {row.quoted} {revoked}"
            if not revoked:
                remedy = f"revoke pg_execute_server_program, pg_write_server_files from {row.quoted}"
            defects.append(Defect(level, f"role {row.role}", measured, remedy))
    return Judgement(len(busy), tuple(defects), detail="" if busy else "Nobody but litxdb has a session here.")
