"""Prepared transactions that nobody finishes

Between PREPARE TRANSACTION and COMMIT PREPARED a transaction belongs to no session: it keeps its locks and the dead
rows of all tables, also over a restart, until somebody ends it. A transaction manager does that within seconds; one
that is older was forgotten. Ask the transaction manager before you roll it back: others of the same global transaction
may have been committed. https://www.postgresql.org/docs/current/sql-prepare-transaction.html
"""

from __future__ import annotations

from litxdb.activity import Prepared
from litxdb.doctor.amounts import age
from litxdb.doctor.check import Declaration, Rows, Server
from litxdb.doctor.configuration import by_name
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status
from litxdb.doctor.wording import rollback
from litxdb.quoting import literal

WARN_SECONDS, CRIT_SECONDS = 300, 3600

CHECK = Declaration(
    threshold="5 min warn, 1 h crit",
    remedy="rollback prepared 'GID'",
    fix=Fix.MANUAL,
    lock="none",
    triage=True,
)


def judge(*, prepared: list[Prepared], settings: Rows, server: Server) -> Judgement:
    if by_name(settings)["max_prepared_transactions"].setting == "0":
        raise Skip(Reason.NOT_APPLICABLE, "max_prepared_transactions is 0: there can be none.")
    return Judgement(
        len(prepared),
        tuple(
            Defect(
                Status.CRIT if each.seconds >= CRIT_SECONDS else Status.WARN,
                f"prepared transaction {literal(each.gid)}",
                f"prepared {age(each.seconds)} ago by {each.role} in {each.database}",
                rollback(each, server),
                value=each.seconds,
            )
            for each in prepared
            if each.seconds >= WARN_SECONDS
        ),
        detail="No transaction is prepared.",
    )
