"""Record that the schema is at a revision, and run nothing.

Example: litxdb stamp create_simplified_tasks_table
"""

from __future__ import annotations

from typing import Annotated

import typer

from litxdb import render
from litxdb.commands._confirming import confirm
from litxdb.commands._options import Directory, ProjectPath, Url, Yes
from litxdb.commands._projects import chosen

Purge = Annotated[bool, typer.Option("--purge", help="Replace whatever is recorded, unknown revisions too.")]
Target = Annotated[str, typer.Argument(help="A revision, its beginning, head, or base for none.")]


def command(
    revision: Target,
    url: Url = None,
    purge: Purge = False,
    directory: Directory = None,
    project: ProjectPath = None,
    yes: Yes = False,
) -> None:
    from litxdb import migrate
    from litxdb.database import Database

    with Database(url, command="stamp", notify=render.note) as db:
        if db.settings.production:
            confirm(f"This records {revision} in {db.endpoint} without running it.", yes=yes, word=db.endpoint.dbname)
        done = migrate.stamp(db, revision, purge=purge, project=chosen(db, project, directory))
    render.line(f"Recorded {done.after or 'base'}; before, it was {done.before or 'base'}.")
