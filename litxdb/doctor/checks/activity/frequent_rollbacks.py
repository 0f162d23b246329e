"""Many transactions are rolled back

A rolled back transaction did its work for nothing; when many are, an application runs into errors or time-outs again
and again, or its pool ends sessions in mid-transaction. The server's log has the errors.
https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-DATABASE-VIEW
"""

from __future__ import annotations

from datetime import timedelta

from litxdb.doctor.check import Declaration, Server
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status
from litxdb.doctor.span import latest
from litxdb.snapshots import History

WARN_SHARE = 0.1
TRANSACTIONS = 1000
"""Monitoring, doctor included, ends reading transactions by rolling back: on an idle server these are most of all."""

CHECK = Declaration(
    threshold="10 % between the last snapshots (pgbot), of 1,000 transactions or more warn",
    remedy="litxdb activity",
    fix=Fix.MANUAL,
    lock="none",
)


def judge(*, history: History, server: Server) -> Judgement:
    span = latest(history, server, length=timedelta(hours=1))
    old, new = span.before, span.after
    rollbacks = new.rollbacks - old.rollbacks
    transactions = rollbacks + new.commits - old.commits
    if transactions < TRANSACTIONS:
        raise Skip(Reason.COLD_STATISTICS, f"There were only {transactions:,} transactions in {span.lasted}.")
    share = rollbacks / transactions
    if share <= WARN_SHARE:
        return Judgement(1)
    measured = f"{share:.0%} of {transactions:,} transactions in {span.lasted}"
    return Judgement(1, (Defect(Status.WARN, f"database {server.database}", measured, value=share),))
