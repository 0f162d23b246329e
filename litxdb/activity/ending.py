"""Ending what a session does, or the session itself; only a client's, and never our own."""

from __future__ import annotations

import enum
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from litxdb import queries
from litxdb.activity.sessions import Session, read_sessions
from litxdb.errors import Refused, ServerRefused

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

PATIENCE_SECONDS = 3.0
POLL_SECONDS = 0.05


class Ending(enum.StrEnum):
    """What to end: the running statement, or the session with its transaction."""

    CANCEL = "cancel"
    TERMINATE = "terminate"


@dataclass(frozen=True)
class Ended:
    """What came of it; `over` is False when the server has the signal and the session has not followed it yet."""

    pid: int
    ending: Ending
    over: bool


def chosen(sessions: Iterable[Session], pid: int, ending: Ending) -> Session:
    """Return the session of this pid; raises Refused for one that is not there, not a client's, or our own.

    Where nothing runs there is nothing to cancel: a transaction that is open and idle ends only with its session.
    """
    session = next((each for each in sessions if each.pid == pid), None)
    if session is None:
        raise Refused(f"No session has the process id {pid}.", "litxdb activity --all lists them.")
    if session.is_own:
        raise Refused(f"{pid} is this command's own session.", "litxdb activity lists the others.")
    if not session.is_client:
        kind = session.backend_type or "process"
        raise Refused(
            f"{pid} is no client's session, but the server's own {kind}.", "litxdb ends clients' sessions only."
        )
    if ending is Ending.CANCEL and session.state not in (None, "active", "fastpath function call"):
        raise Refused(f"{pid} is {session.state}: there is no statement to cancel.", f"litxdb terminate {pid} ends it.")
    return session


def end(connection: Connection, session: Session, ending: Ending) -> Ended:
    """Send the signal to just this session, and wait up to three seconds for it to be followed.

    Raises ServerRefused, with the GRANT that is missing, and Refused when the session has ended by itself. The
    connection must be in autocommit, so that each look at the session is a new one.
    """
    import psycopg2

    query = queries.load("ending", ending, connection.info.server_version)
    try:
        rows = query.run(connection, pid=session.pid, started_at=session.started_at)
    except psycopg2.errors.InsufficientPrivilege as error:
        said = str(error).partition("\n")[0]
        raise ServerRefused(
            f"The server does not let this role {ending} {session.pid}, a session of {session.role}: {said}.",
            f"Run: grant pg_signal_backend to {connection.info.user}; a superuser's session takes a superuser.",
        ) from error
    if not rows:
        raise Refused(f"The session {session.pid} has ended by itself.")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (over := _is_over(connection, session, ending)) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return Ended(session.pid, ending, over)


def _is_over(connection: Connection, session: Session, ending: Ending) -> bool:
    """Tell whether the session, or its statement, is gone: another one may have begun already."""
    now = next(
        (
            each
            for each in read_sessions(connection)
            if (each.pid, each.started_at) == (session.pid, session.started_at)
        ),
        None,
    )
    if now is None:
        return True
    return ending is Ending.CANCEL and (
        now.state != "active" or (now.query_seconds or 0) < (session.query_seconds or 0)
    )
