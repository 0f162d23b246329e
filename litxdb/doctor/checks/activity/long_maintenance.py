"""Maintenance that takes long, or waits

An index build, VACUUM or COPY that runs for minutes is worth knowing of before one wonders why the disk is busy. An
index that is built CONCURRENTLY waits for every older transaction to end; a session that forgot its own keeps it
waiting for ever, invalid and half-made.
https://www.postgresql.org/docs/current/progress-reporting.html
"""

from __future__ import annotations

from typing import Any

from litxdb.doctor.amounts import age
from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.results import Defect, Fix, Judgement, Status

INFO_SECONDS, WAIT_SECONDS = 300, 60

CHECK = Declaration(
    threshold="running for 5 min info; 60 s old and waiting for another session warn",
    remedy="litxdb activity",
    fix=Fix.ASKS,
    lock="none",
    needs=("pg_read_all_stats",),
)


def judge(*, progress: Rows) -> Judgement:
    defects = []
    for row in progress:
        if row.seconds is None:
            continue  # it has just ended
        if row.waits_for and row.seconds >= WAIT_SECONDS:
            measured = f"{_running(row)}: waits for pid {row.waits_for} ({row.phase})"
            remedy = f"litxdb terminate {row.waits_for}"
            defects.append(Defect(Status.WARN, f"pid {row.pid}", measured, remedy, value=row.seconds))
        elif row.seconds >= INFO_SECONDS:
            done = f", {row.done / row.total:.0%} done" if row.total else ""
            measured = f"{_running(row)}: {row.phase}{done}"
            defects.append(Defect(Status.INFO, f"pid {row.pid}", measured, fix=Fix.MANUAL, value=row.seconds))
    return Judgement(
        len(progress), tuple(defects), detail="No index build, VACUUM, ANALYZE, CLUSTER or COPY is running."
    )


def _running(row: Any) -> str:
    who = "autovacuum's " if row.automatic else ""
    return f"{who}{row.command} {'of ' + row.table + ' ' if row.table else ''}for {age(row.seconds)}"
