"""List the revisions, oldest first, and which of them the database has.

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
    here = ("", lambda current: "← here" if current else "")
    render.rows(entries, form, columns={"applied": "", "revision": "revision", "message": "message", "current": here})
