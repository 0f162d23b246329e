"""Transactions that end in a deadlock

Of two transactions that wait for each other the server ends one, after deadlock_timeout; what it did is lost unless the
application tries again. The cure is to lock rows and tables in the same order everywhere. The server's log names both
statements of every deadlock. https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-DEADLOCKS
"""

from __future__ import annotations

from datetime import timedelta

from litxdb.doctor.check import Declaration, Server
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.doctor.span import latest
from litxdb.quoting import quoted_if_needed
from litxdb.snapshots import History

CHECK = Declaration(
    threshold="one between the last snapshots warn (pgbot)",
    remedy="alter database DATABASE set log_lock_waits = on",
    fix=Fix.ASKS,
    lock="none",
)


def judge(*, history: History, server: Server) -> Judgement:
    span = latest(history, server, length=timedelta(hours=1))
    deadlocks = span.after.deadlocks - span.before.deadlocks
    if not deadlocks:
        return Judgement(1)
    change = f"alter database {quoted_if_needed(server.database)}"
    return Judgement(
        1,
        (
            Defect(
                Status.WARN,
                f"database {server.database}",
                f"{deadlocks:,} in {span.lasted}",
                f"{change} set log_lock_waits = on",
                undo=f"{change} reset log_lock_waits",
                value=float(deadlocks),
            ),
        ),
    )
