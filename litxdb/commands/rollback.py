"""Revert the newest revisions; what only their tables hold is lost.

Example: litxdb rollback 1 --dry-run
"""

from __future__ import annotations

from typing import Annotated

import typer

from litxdb import render
from litxdb.commands._confirming import confirm
from litxdb.commands._migrating import draw, watching
from litxdb.commands._options import Directory, DryRun, Format, ProjectPath, Url, Yes
from litxdb.commands._projects import chosen
from litxdb.render import Form

Steps = Annotated[int, typer.Argument(min=1, metavar="[STEPS]", help="How many revisions.")]
To = Annotated[str | None, typer.Option("--to", metavar="REVISION", help="Back to here; base reverts everything.")]


def command(
    steps: Steps = 1,
    to: To = None,
    url: Url = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    directory: Directory = None,
    project: ProjectPath = None,
    form: Format = Form.table,
) -> None:
    from litxdb import migrate
    from litxdb.database import Database

    with Database(url, command="rollback", notify=render.note) as db:
        subject = chosen(db, project, directory)
        plan = migrate.downgrade(db, steps, to=to, dry_run=True, project=subject)
        if dry_run or not plan.steps:
            draw(plan, form, verb="would revert", dry_run=True)
            return
        names = "".join(f"\n  {step.revision}  {step.message}" for step in plan.steps)
        effect = f"This reverts {len(plan.steps)} revisions of {db.endpoint}, and what only they hold is lost:{names}"
        confirm(effect, yes=yes, word=db.endpoint.dbname if db.settings.production else None)
        with watching() as watch:
            done = migrate.downgrade(db, steps, to=to, project=subject, watch=watch)
    draw(done, form, verb="reverted")
