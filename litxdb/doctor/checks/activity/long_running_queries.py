"""Statements that run for a long time

A long statement keeps its locks, its connection and the dead rows of all tables, and often nobody waits for its answer
any more. Index builds, VACUUM, ANALYZE and COPY are judged by long_maintenance, and those that wait for a lock are
victims: blocked_sessions names who is to blame. Cancelling ends the statement alone;
the session gets an error. statement_timeout of the application's role is the cure.
https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-STATEMENT-TIMEOUT
"""

from __future__ import annotations

from litxdb.activity import Session
from litxdb.doctor.amounts import age
from litxdb.doctor.check import Declaration, Rows
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.doctor.wording import statement, who

WARN_SECONDS, CRIT_SECONDS = 60, 1800

CHECK = Declaration(
    threshold="60 s warn (PgHero), 30 min crit (dasha)",
    remedy="litxdb cancel PID",
    fix=Fix.ASKS,
    lock="none",
    needs=("pg_read_all_stats",),
    triage=True,
)


def judge(*, sessions: list[Session], progress: Rows) -> Judgement:
    maintaining = {row.pid for row in progress}
    clients = [session for session in sessions if session.is_client and session.pid not in maintaining]
    return Judgement(
        len(clients),
        tuple(
            Defect(
                Status.CRIT if seconds >= CRIT_SECONDS else Status.WARN,
                f"pid {session.pid}",
                f"active for {age(seconds)}: {who(session)}{statement(session)}",
                f"litxdb cancel {session.pid}",
                value=seconds,
            )
            for session in clients
            if session.state == "active"
            and not session.blocked_by
            and (seconds := session.query_seconds or 0.0) >= WARN_SECONDS
        ),
        detail="No other session is there.",
    )
