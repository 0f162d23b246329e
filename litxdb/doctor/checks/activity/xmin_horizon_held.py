"""Something old keeps VACUUM from removing dead rows

What any transaction might still want to see cannot be vacuumed away, in any table: one session, prepared transaction or
replication slot that is old enough makes all tables grow and, in the end, brings transaction ids to their wraparound.
VACUUM then runs again and again and removes nothing. The oldest one is to be ended, then the next.
https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-WRAPAROUND
"""

from __future__ import annotations

from typing import Any

from litxdb.activity import Prepared, Session
from litxdb.doctor.check import Declaration, Rows, Server
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.doctor.wording import rollback
from litxdb.quoting import literal

WARN_AGE, CRIT_AGE = 10_000_000, 100_000_000

CHECK = Declaration(
    threshold="10 million transactions warn, 100 million crit (dasha)",
    remedy="litxdb terminate PID",
    fix=Fix.ASKS,
    lock="none",
    needs=("pg_read_all_stats",),
    triage=True,
)


def judge(
    *,
    sessions: list[Session],
    prepared: list[Prepared],
    replication_slots: Rows,
    progress: Rows,
    server: Server,
) -> Judgement:
    # VACUUM itself is no hindrance to VACUUM
    vacuuming = {row.pid for row in progress if row.command == "VACUUM"}
    concerned = [
        session
        for session in sessions
        if (session.database == server.database or session.backend_type == "walsender") and session.pid not in vacuuming
    ]
    here = [each for each in prepared if each.database == server.database]
    held = [_by_session(session) for session in concerned if (session.xmin_age or 0) >= WARN_AGE]
    held += [
        _defect(each.xid_age, f"prepared transaction {literal(each.gid)}", rollback(each, server), Fix.MANUAL)
        for each in here
        if each.xid_age >= WARN_AGE
    ]
    held += [_by_slot(row) for row in replication_slots if (row.xmin_age or 0) >= WARN_AGE]
    return Judgement(1 + len(concerned) + len(here) + len(replication_slots), tuple(held))


def _by_session(session: Session) -> Defect:
    age = session.xmin_age or 0
    if session.backend_type == "walsender":  # a standby with hot_standby_feedback
        return _defect(age, f"standby {session.application}", "litxdb report replication", Fix.MANUAL)
    return _defect(age, f"pid {session.pid}", f"litxdb terminate {session.pid}", Fix.ASKS, f", {session.state}")


def _by_slot(row: Any) -> Defect:
    rows = " of catalogs" if row.catalog_only else ""
    if row.active:
        return _defect(row.xmin_age, f"slot {row.slot}", "litxdb report replication", Fix.MANUAL, rows=rows)
    remedy = f"select pg_drop_replication_slot('{row.slot}')"
    return _defect(row.xmin_age, f"slot {row.slot}", remedy, Fix.MANUAL, ", inactive", rows)


def _defect(age: int, name: str, remedy: str, fix: Fix, state: str = "", rows: str = "") -> Defect:
    level = Status.CRIT if age >= CRIT_AGE else Status.WARN
    return Defect(
        level, name, f"holds back dead rows{rows} of {age:,} transactions{state}", remedy, fix, value=float(age)
    )
