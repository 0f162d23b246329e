"""Apply the pending revisions, one transaction each.

A revision that does not get its lock in time is rolled back, so that nobody queues behind it, and begun anew; whoever
holds it up is named. What an interrupted run left behind is repaired. In production (LITXDB_ENV) the plan comes first,
and findings of lint at level error stop it.

Example: litxdb migrate --lock-timeout 1 --retry 300
"""

from __future__ import annotations

from typing import Annotated

import typer

from litxdb import render
from litxdb.commands._migrating import draw, watching
from litxdb.commands._options import Accept, Directory, DryRun, Format, LockTimeout, ProjectPath, Retry, Url, Wait
from litxdb.commands._planning import announce, draw_plan
from litxdb.commands._projects import chosen
from litxdb.render import Form

Target = Annotated[
    str | None,
    typer.Argument(metavar="[REVISION]", help="Up to here: a revision, its beginning, or head.", show_default="head"),
]
To = Annotated[str | None, typer.Option("--to", metavar="REVISION", help="The same as an option.", show_default=False)]
Steps = Annotated[int | None, typer.Option("--steps", min=1, help="Only so many revisions.", show_default=False)]
Sql = Annotated[bool, typer.Option("--sql", help="Write what would be sent as a script to review; change nothing.")]
Repair = Annotated[bool, typer.Option(help="Mend INVALID indexes and validate constraints left NOT VALID.")]


def command(
    revision: Target = None,
    to: To = None,
    steps: Steps = None,
    url: Url = None,
    dry_run: DryRun = False,
    sql: Sql = False,
    lock_timeout: LockTimeout = 3,
    retry: Retry = 60,
    lock_wait: Wait = 60,
    repair: Repair = True,
    accept: Accept = None,
    directory: Directory = None,
    project: ProjectPath = None,
    form: Format = Form.table,
) -> None:
    from litxdb import migrate
    from litxdb.database import Database

    if revision is not None and to is not None:
        raise typer.BadParameter("Give the revision once, as --to or without it.")
    target = next((each for each in (revision, to) if each is not None), "head")
    with Database(url, command="migrate", notify=render.note, create_local=not (dry_run or sql)) as db:
        subject = chosen(db, project, directory)
        if sql:
            render.line(migrate.script(db, target, steps=steps, project=subject).rstrip("\n"))
            return
        if dry_run:
            with render.spinner("Running the revisions on a scratch database"):
                plan = migrate.plan_upgrade(db, target, steps=steps, project=subject, accept=accept or ())
            draw_plan(plan, form, repair=repair)
            return
        with watching() as watch:
            done = migrate.upgrade(
                db,
                target,
                steps=steps,
                project=subject,
                repair=repair,
                accept=accept or (),
                show=announce,
                patience=migrate.Patience(lock_wait, lock_timeout, retry),
                watch=watch,
            )
    draw(done, form, verb="applied")
