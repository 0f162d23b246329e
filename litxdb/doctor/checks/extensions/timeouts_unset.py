"""Nothing ends a forgotten transaction or an endless query

One session that is left idle in a transaction keeps its locks and holds back vacuum for all tables; one query without
an end takes a connection and a processor until somebody looks. Time-outs of the role end both by themselves;
migrations, backups and index builds of litxdb set their own.
https://www.postgresql.org/docs/current/runtime-config-client.html
"""

from __future__ import annotations

from litxdb.doctor.check import Context, Declaration, Rows, Server
from litxdb.doctor.configuration import by_name
from litxdb.doctor.deployment import require_deployed
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.quoting import quoted_if_needed

WANTED = {"idle_in_transaction_session_timeout": "60s", "statement_timeout": "60s"}

CHECK = Declaration(
    threshold="one that is 0 for this role info (pgbot); transaction_timeout counts for both",
    remedy="alter role … set idle_in_transaction_session_timeout = '60s'",
    fix=Fix.ASKS,
    lock="none",
)


def judge(*, settings: Rows, server: Server, context: Context) -> Judgement:
    require_deployed(context)
    known, role = by_name(settings), quoted_if_needed(server.role)
    bounded = "transaction_timeout" in known and known["transaction_timeout"].reset_val != "0"
    defects = tuple(
        Defect(
            Status.INFO,
            name,
            f"0 for role {server.role}",
            f"alter role {role} set {name} = '{value}'",
            undo=f"alter role {role} reset {name}",
        )
        for name, value in WANTED.items()
        if known[name].reset_val == "0" and not bounded
    )
    return Judgement(len(WANTED), defects)
