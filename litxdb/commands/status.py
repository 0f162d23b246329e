"""Say which revision the database is at, and what is pending.

Example: litxdb status --check || litxdb migrate
"""

from __future__ import annotations

from typing import Annotated

import typer

from litxdb import render
from litxdb.commands._options import Directory, Format, ProjectPath, Url
from litxdb.commands._projects import chosen
from litxdb.errors import Exit
from litxdb.render import Form

Check = Annotated[bool, typer.Option("--check", help="Exit 1 unless the database is at head.")]


def command(
    url: Url = None,
    check: Check = False,
    directory: Directory = None,
    project: ProjectPath = None,
    form: Format = Form.table,
) -> None:
    from litxdb import migrate
    from litxdb.database import Database

    with Database(url, command="status", notify=render.note) as db:
        stands = migrate.status(db, project=chosen(db, project, directory))
    if form is Form.json:
        render.json(
            {**render.record(stands), "pending": [each.revision for each in stands.pending], "rows": stands.pending}
        )
    else:
        if form is Form.table:
            render.facts({"current": stands.current or "base (no revision yet)", "head": stands.head})
        render.rows(stands.pending, form, columns={"revision": "pending", "message": "message"})
        if not stands.known:
            render.note(
                "This litxdb does not know the current revision: it is newer, or a project's own (--directory)."
            )
    if check and not stands.at_head:
        raise typer.Exit(Exit.FINDINGS)
