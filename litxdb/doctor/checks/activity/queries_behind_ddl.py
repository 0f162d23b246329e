"""A statement that waits for a strong lock holds up everybody behind it

ALTER TABLE and the like need the table for themselves. While such a statement waits, for an old transaction perhaps
that has only read the table, every later statement queues behind it, reads included: the table is as good as down.
Cancelling it lets them through at once. Run it again with `set lock_timeout = '3s'`, and again until it gets through,
as `litxdb migrate` does. https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
"""

from __future__ import annotations

from litxdb.activity import Prepared, Session, lock_tree
from litxdb.doctor.amounts import age, many
from litxdb.doctor.check import Declaration
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.doctor.wording import statement, who

STRONG = ("ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock")
"""Modes that conflict with what writers hold, and so make them queue."""

CRIT_SECONDS = 5
"""Shorter waits are what a migration with a lock_timeout causes, and ends by itself."""

CHECK = Declaration(
    threshold="one that others wait for warn, after 5 s crit (our own)",
    remedy="litxdb cancel PID",
    fix=Fix.ASKS,
    lock="none",
    triage=True,
)


def judge(*, sessions: list[Session], prepared: list[Prepared]) -> Judgement:
    queues = [
        (link.session, link.victims)
        for link in lock_tree(sessions, prepared)
        if link.victims
        and link.session
        and link.session.awaited_type == "relation"
        and link.session.awaited_mode in STRONG
    ]
    return Judgement(
        len(sessions),
        tuple(
            Defect(
                Status.CRIT if (session.waited_seconds or 0) >= CRIT_SECONDS else Status.WARN,
                f"pid {session.pid}",
                f"waits for {session.awaited} ({session.awaited_mode}) for {age(session.waited_seconds or 0)}, "
                f"{many(victims, 'session')} behind it: {who(session)}{statement(session)}",
                f"litxdb cancel {session.pid}",
                value=float(victims),
            )
            for session, victims in queues
        ),
        detail="No other session is there.",
    )
