"""Show who is connected and does something, or holds a transaction open; the longest transaction first.

Values are taken out of other people's statements, because they hold users' data: --values leaves them in.

Example: litxdb activity --all
"""

from __future__ import annotations

from typing import Annotated

import typer

from litxdb import render
from litxdb.commands._options import Format, Limit, Url, Values
from litxdb.commands._reporting import READ
from litxdb.render import Form

All = Annotated[bool, typer.Option("--all", help="Idle sessions, too, and the server's own processes.")]


def command(
    url: Url = None, all_: All = False, values: Values = False, limit: Limit = None, form: Format = Form.table
) -> None:
    from litxdb.activity import read_sessions
    from litxdb.database import Database
    from litxdb.reading import reading

    with Database(url, command="activity", notify=render.note) as db, reading(db) as reader:
        sessions = [each for each in read_sessions(reader.connection, with_values=values) if not each.is_own]
    shown = [each for each in sessions if all_ or (each.is_client and each.is_busy)]
    columns: dict[str, render.Column] = {
        "pid": "pid",
        "role": "role",
        "database": "database",
        "application": "application",
        "client": "client",
        "state": "state",
        "wait_event": "waits for",
        "transaction_seconds": ("transaction", READ["seconds"]),
        "query_seconds": ("statement", READ["seconds"]),
        "blocked_by": ("blocked by", lambda pids: ", ".join(map(str, pids))),
        "query": ("statement's text", READ["statement"]),
    }
    render.rows(shown[: limit or None], form, columns=columns, within={"sessions": len(sessions)})
    hidden = sum(not each.is_visible for each in sessions)
    if hidden:
        render.note(f"Of {hidden} sessions {reader.role} sees little: grant pg_read_all_stats to {reader.role}")
    if form is Form.table:
        render.note(f"{len(shown)} of {render.count(len(sessions), 'session')}.")
