"""List the revisions, oldest first, which of them the database has, and what its log knows of them.

What plain Alembic applied has no time and no name. "changed" is a file that is not the one that was applied.

Example: litxdb history --format csv
"""

from __future__ import annotations

from litxdb import render
from litxdb.commands._options import Directory, Format, ProjectPath, Url
from litxdb.commands._projects import chosen
from litxdb.render import Form


def command(
    url: Url = None, directory: Directory = None, project: ProjectPath = None, form: Format = Form.table
) -> None:
    from litxdb import migrate
    from litxdb.database import Database

    with Database(url, command="history", notify=render.note) as db:
        entries = migrate.history(db, project=chosen(db, project, directory))
    marks = ("", lambda changed: "changed" if changed else "")
    here = ("", lambda current: "← here" if current else "")
    columns: dict[str, render.Column] = {
        "applied": "",
        "revision": "revision",
        "message": "message",
        "applied_at": "applied at",
        "applied_by": "by",
        "milliseconds": ("took", render.duration),
        "changed": marks,
        "current": here,
    }
    render.rows(entries, form, columns=columns)
