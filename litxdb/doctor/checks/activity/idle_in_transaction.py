"""Sessions that hold a transaction open and do nothing

Such a session keeps every lock that it took, and dead rows of all tables cannot be vacuumed away until it ends.
Usually a program forgot to commit, or waits for something else between two statements. Ending the session rolls its
transaction back; idle_in_transaction_session_timeout of the role does that by itself.
https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-IDLE-IN-TRANSACTION-SESSION-TIMEOUT
"""

from __future__ import annotations

from litxdb.activity import Session
from litxdb.doctor.amounts import age
from litxdb.doctor.check import Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.doctor.wording import who

WARN_SECONDS, CRIT_SECONDS = 60, 300

CHECK = Declaration(
    threshold="60 s warn (pgbot, Heroku), 300 s crit",
    remedy="litxdb terminate PID",
    fix=Fix.ASKS,
    lock="none",
    needs=("pg_read_all_stats",),
    triage=True,
)


def judge(*, sessions: list[Session]) -> Judgement:
    clients = [session for session in sessions if session.is_client]
    return Judgement(
        len(clients),
        tuple(
            Defect(
                Status.CRIT if seconds >= CRIT_SECONDS else Status.WARN,
                f"pid {session.pid}",
                f"{session.state} for {age(seconds)}: {who(session)}",
                f"litxdb terminate {session.pid}",
                value=seconds,
            )
            for session in clients
            if (session.state or "").startswith("idle in transaction")
            and (seconds := session.state_seconds or 0.0) >= WARN_SECONDS
        ),
        detail="No other session is there.",
    )
