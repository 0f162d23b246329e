"""Show who waits for a lock, as a tree: on top those in the way, idle ones and prepared transactions included.

Example: litxdb locks
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litxdb import render
from litxdb.commands._options import Format, Url, Values
from litxdb.commands._reporting import READ
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.activity import Link


def command(url: Url = None, values: Values = False, form: Format = Form.table) -> None:
    from litxdb.activity import lock_tree, read_prepared, read_sessions
    from litxdb.database import Database
    from litxdb.reading import reading

    with Database(url, command="locks", notify=render.note) as db, reading(db) as reader:
        sessions = read_sessions(reader.connection, with_values=values)
        rows = [_row(link) for link in lock_tree(sessions, read_prepared(reader.connection))]
    columns: dict[str, render.Column] = {
        "who": "who",
        "role": "role",
        "application": "application",
        "state": "state",
        "transaction_seconds": ("transaction", READ["seconds"]),
        "waited_seconds": ("waits", READ["seconds"]),
        "awaited": "for",
        "awaited_mode": "mode",
        "victims": "holds up",
        "query": ("statement's text", READ["statement"]),
    }
    if form is Form.table:
        rows = [{**row, "who": "  " * row["depth"] + _name(row), "state": _state(row)} for row in rows]
    render.rows(rows, form, columns=columns, within={"sessions": len(sessions)})
    if not rows and form is Form.table:
        render.line(f"Nobody waits for a lock: {render.count(len(sessions), 'session')} looked at.")
    if any(row["in_cycle"] for row in rows):
        render.note("A deadlock: all in it wait for one another, until deadlock_timeout ends one of them.")


def _row(link: Link) -> dict[str, Any]:
    """Make one row of a session or a prepared transaction, its statement last."""
    who = link.session
    return {
        "depth": link.depth,
        "pid": who.pid if who else 0,
        "gid": link.prepared.gid if link.prepared else None,
        "victims": link.victims,
        "blocked_by": who.blocked_by if who else (),
        "also_blocked_by": link.also_blocked_by,
        "in_cycle": link.in_cycle,
        "role": who.role if who else link.prepared and link.prepared.role,
        "database": who.database if who else link.prepared and link.prepared.database,
        "application": who.application if who else None,
        "state": who.state if who else "prepared transaction",
        "holds_advisory": bool(who and who.holds_advisory),
        "transaction_seconds": who.transaction_seconds if who else link.prepared and link.prepared.seconds,
        "waited_seconds": who.waited_seconds if who else None,
        "awaited": who.awaited if who else None,
        "awaited_mode": who.awaited_mode if who else None,
        "query": who.query if who else None,
    }


def _name(row: dict[str, Any]) -> str:
    return str(row["pid"]) if row["gid"] is None else f"'{row['gid']}'"


def _state(row: dict[str, Any]) -> str:
    advisory = ", has an advisory lock" if row["holds_advisory"] and row["depth"] == 0 else ""
    return f"{row['state'] or 'not visible'}{advisory}"
