"""Sessions wait for a lock that somebody holds

Whoever waits cannot answer his users, and each new request joins the queue until no connection is left. The finding
names the one at the top, who waits for nobody: ending him frees all below, while ending a victim frees nobody. An idle
session or a prepared transaction can be at the top as well as a statement at work. `litxdb locks` draws the whole tree.
An autovacuum that is in the way gives way by itself, unless it is there to prevent wraparound.
https://www.postgresql.org/docs/current/explicit-locking.html
"""

from __future__ import annotations

from itertools import pairwise

from litxdb.activity import Link, Prepared, Session, lock_tree
from litxdb.doctor.amounts import age, many
from litxdb.doctor.check import Declaration, Server
from litxdb.doctor.results import Defect, Fix, Judgement, Status
from litxdb.doctor.wording import rollback, statement, who
from litxdb.quoting import literal

WARN_SECONDS, CRIT_SECONDS = 5, 30
CRIT_VICTIMS = 3

CHECK = Declaration(
    threshold="a wait of 5 s warn, of 30 s or with 3 victims crit (dasha 10, 30, 60 s and 1, 3, 10 waiters)",
    remedy="litxdb locks",
    fix=Fix.ASKS,
    lock="none",
    triage=True,
)


def judge(*, sessions: list[Session], prepared: list[Prepared], server: Server) -> Judgement:
    links = lock_tree(sessions, prepared)
    tops = [number for number, link in enumerate(links) if link.depth == 0]
    trees = [links[start:end] for start, end in pairwise([*tops, len(links)])]
    defects = (_defect(top, below, server) for top, *below in trees)
    return Judgement(len(sessions), tuple(defect for defect in defects if defect), detail="No other session is there.")


def _defect(top: Link, below: list[Link], server: Server) -> Defect | None:
    waiting = [link.session for link in (top, *below) if link.session and link.session.blocked_by]
    longest = max(waiting, key=_waited)
    seconds = _waited(longest)
    if seconds < WARN_SECONDS:
        return None
    depth = max(link.depth for link in (top, *below))
    held_up = (
        f"holds up {many(len(below), 'session')}{f', {depth} deep' if depth > 1 else ''}, "
        f"for {age(seconds)} at most, on {longest.awaited} ({longest.awaited_mode})"
    )
    level = Status.CRIT if seconds >= CRIT_SECONDS or len(below) >= CRIT_VICTIMS else Status.WARN
    if top.prepared:
        name = f"prepared transaction {literal(top.prepared.gid)}"
        return Defect(level, name, held_up, rollback(top.prepared, server), Fix.MANUAL, value=seconds)
    assert top.session
    name = f"pid {top.session.pid}"
    if top.in_cycle:
        held_up = f"is in a deadlock, which the server ends after deadlock_timeout; {held_up}"
    remedy, fix = _remedy(top.session)
    measured = (
        f"{_doing(top.session)}; {held_up}{statement(top.session)}"  # the statement last: what follows is scrubbed
    )
    return Defect(level, name, measured, remedy, fix, value=seconds)


def _waited(session: Session) -> float:
    """Return how long it has waited; for a moment the server does not say so yet."""
    return session.waited_seconds or 0.0


def _doing(session: Session) -> str:
    if session.state is None or session.state_seconds is None:
        return f"{session.backend_type or 'a session'} of {session.role}" if session.role else f"{session.backend_type}"
    return f"{session.state} for {age(session.state_seconds)}, {who(session)}"


def _remedy(session: Session) -> tuple[str, Fix]:
    """Return what frees the others: an idle session has no statement to cancel."""
    if session.backend_type == "autovacuum worker":
        return f"select pg_cancel_backend({session.pid})", Fix.MANUAL
    if not session.is_client:
        return "litxdb locks", Fix.MANUAL
    ending = "cancel" if session.state == "active" else "terminate"
    return f"litxdb {ending} {session.pid}", Fix.ASKS
