"""Autovacuum never gets to tables, as each suspend makes it forget them

Autovacuum counts dead rows and comes when there are enough. A suspended Neon compute forgets the count, so that on one
that sleeps often no table ever reaches its trigger, while dead rows pile up unseen
(https://github.com/neondatabase/neon/issues/6684). Have a cron job run `vacuum (analyze)` once a day.
"""

from __future__ import annotations

from datetime import timedelta

from litxdb.doctor import autovacuum
from litxdb.doctor.check import Declaration, Rows, Server
from litxdb.doctor.results import Defect, Fix, Judgement, Reason, Skip, Status
from litxdb.doctor.span import latest
from litxdb.snapshots import History

SHORT_SECONDS = 3600
LEAST_ROWS = 10_000

CHECK = Declaration(
    threshold="changes past the trigger in a week of snapshots, and no VACUUM since it woke up less than 1 h ago: warn",
    remedy="vacuum (analyze)",
    fix=Fix.SAFE,
    lock="SHARE UPDATE EXCLUSIVE",
    needs=("neon", "primary"),
)


def judge(*, history: History, tables: Rows, settings: Rows, server: Server) -> Judgement:
    if server.window_seconds >= SHORT_SECONDS:
        return Judgement(1)  # it is awake for long enough that autovacuum can count
    span = latest(history, server, length=timedelta(days=7))
    parameters = autovacuum.parameters(settings)
    large = [table for table in tables if table.oid in span.new.tables and (table.rows or 0) >= LEAST_ROWS]
    defects = []
    for table in large:
        new, old = span.new.tables[table.oid], span.old.tables.get(table.oid)
        changed = new.rows_updated + new.rows_deleted - (old.rows_updated + old.rows_deleted if old else 0)
        if table.vacuumed is None and changed > autovacuum.of_table(table, parameters).dead:
            measured = f"{changed:,} rows updated or deleted in {span.lasted}, and no VACUUM is remembered"
            defects.append(
                Defect(Status.WARN, table.table, measured, f"vacuum (analyze) {table.table}", value=float(changed))
            )
    if not large:
        raise Skip(Reason.NOTHING_THERE, f"No table has {LEAST_ROWS:,} rows.")
    return Judgement(len(large), tuple(defects))
