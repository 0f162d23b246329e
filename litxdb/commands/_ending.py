"""What cancel and terminate share: show whose session it is, ask, send the signal, and say what came of it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Annotated

import typer

from litxdb import render
from litxdb.commands._confirming import confirm
from litxdb.errors import Exit
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.activity import Session

Pid = Annotated[int, typer.Argument(min=1, metavar="PID", help="The session's process id, from activity or locks.")]

EFFECTS = {
    "cancel": (
        "cancels its statement",
        "Cancelled",
        "has not followed yet: it may be waiting for the disk or a client",
    ),
    "terminate": ("ends the session, and rolls its transaction back", "Terminated", "has not ended yet"),
}


def end_session(pid: int, how: str, url: str | None, *, yes: bool, dry_run: bool, form: Form) -> None:
    """Carry it out; exits 1 when the session does not follow within three seconds."""
    from litxdb.activity import Ending, chosen, end, read_sessions
    from litxdb.database import Database

    effect, done, not_yet = EFFECTS[how]
    with (
        Database(url, command=how, notify=render.note) as db,
        contextlib.closing(db.connect(autocommit=True)) as connection,
    ):
        session = chosen(read_sessions(connection), pid, Ending(how))
        _show(session)
        if dry_run:
            render.note(f"This {effect}. Nothing was done.")
            return
        confirm(f"This {effect}.", yes=yes)
        ended = end(connection, session, Ending(how))
    if form is Form.table:
        render.line(f"{done}: {pid}." if ended.over else f"{pid} has the signal and {not_yet}.")
    else:
        render.rows([ended], form, columns={})
    if not ended.over:
        raise typer.Exit(Exit.FINDINGS)


def _show(session: Session) -> None:
    facts = {
        "pid": str(session.pid),
        "role": session.role,
        "database": session.database,
        "application": session.application,
        "client": session.client or "socket",
        "state": session.state or "not visible",
        "transaction": render.elapsed(session.transaction_seconds),
        "statement": render.statement(session.query),
    }
    for name, value in facts.items():
        if value:
            render.note(f"{name:<11}  {render.printable(value)}")
