"""Advisory locks that idle sessions hold

A lock of a session lasts until the session unlocks it or ends. Taken through a transaction pooler it stays with a
server connection that by then serves others: nobody knows of it, nobody can unlock it, and the next migration waits for
ever. Give migrations the direct host, and use pg_advisory_xact_lock() behind a pooler. Programs that choose a leader
with such a lock hold it on purpose: accept that finding. For litxdb's own there is migration_lock_held.
https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
"""

from __future__ import annotations

from typing import Any

from litxdb.doctor.amounts import age, many
from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.examiner import OUR_NAME
from litxdb.doctor.results import Defect, Fix, Judgement, Status

WARN_SECONDS = 60

CHECK = Declaration(
    threshold="idle for 60 s warn; somebody waits for it crit",
    remedy="litxdb terminate PID",
    fix=Fix.ASKS,
    lock="none",
    needs=("pg_read_all_stats",),
    triage=True,
)


def judge(*, advisory_locks: Rows) -> Judgement:
    others = [row for row in advisory_locks if not row.litxdb]
    idle = [row for row in others if _ours(row) or row.state == "idle"]
    defects = tuple(
        Defect(
            Status.CRIT if row.waiting else Status.WARN,
            f"advisory lock {row.key} in {row.database}",
            f"held by pid {row.pid}, {_idle(row)}; {many(row.waiting, 'session')} waiting",
            f"litxdb terminate {row.pid}",
            value=row.seconds,
        )
        for row in idle
        if row.waiting or _ours(row) or row.seconds >= WARN_SECONDS
    )
    return Judgement(len(others), defects, detail="No session holds an advisory lock.")


def _ours(row: Any) -> bool:
    """Whether a pooler handed it to doctor, which takes no such lock."""
    return bool(row.ours or row.application == OUR_NAME)


def _idle(row: Any) -> str:
    if _ours(row):
        return "a server connection that a pooler hands from client to client"
    return f"idle for {age(row.seconds)}: {row.role} with {row.application or 'no application_name'}"
