"""Apply the pending revisions, one transaction each.

Example: litxdb migrate --dry-run
"""

from __future__ import annotations

from typing import Annotated

import typer

from litxdb import render
from litxdb.commands._migrating import draw, watching
from litxdb.commands._options import Directory, DryRun, Format, ProjectPath, Url
from litxdb.commands._planning import draw_plan
from litxdb.commands._projects import chosen
from litxdb.render import Form

Target = Annotated[str, typer.Argument(metavar="[REVISION]", help="Up to here: a revision, its beginning, or head.")]
Sql = Annotated[bool, typer.Option("--sql", help="Write what would be sent as a script to review; change nothing.")]
Wait = Annotated[float, typer.Option("--lock-wait", min=0, metavar="SECONDS", help="Wait for another run to finish.")]


def command(
    revision: Target = "head",
    url: Url = None,
    dry_run: DryRun = False,
    sql: Sql = False,
    lock_wait: Wait = 60,
    directory: Directory = None,
    project: ProjectPath = None,
    form: Format = Form.table,
) -> None:
    from litxdb import migrate
    from litxdb.database import Database

    with Database(url, command="migrate", notify=render.note, create_local=not (dry_run or sql)) as db:
        subject = chosen(db, project, directory)
        if sql:
            render.line(migrate.script(db, revision, project=subject).rstrip("\n"))
            return
        if dry_run:
            draw_plan(migrate.plan_upgrade(db, revision, project=subject), form)
            return
        with watching() as watch:
            done = migrate.upgrade(db, revision, wait_seconds=lock_wait, project=subject, watch=watch)
    draw(done, form, verb="applied")
