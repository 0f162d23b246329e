"""Revert the newest revisions, after showing what would be lost: tables, columns and enum values, and what they hold.

Example: litxdb rollback 1 --dry-run
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from litxdb import render
from litxdb.commands._backed import fresh_backup
from litxdb.commands._confirming import confirm
from litxdb.commands._migrating import draw, watching
from litxdb.commands._options import Directory, DryRun, Format, LockTimeout, ProjectPath, Retry, Url, Wait, Yes
from litxdb.commands._projects import chosen
from litxdb.errors import LitxdbError
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.database import Database
    from litxdb.migrate import Loss, Migrated, Project

Steps = Annotated[int | None, typer.Argument(min=1, metavar="[STEPS]", help="How many revisions.", show_default="1")]
To = Annotated[str | None, typer.Option("--to", metavar="REVISION", help="Back to here; base reverts everything.")]


def command(
    steps: Steps = None,
    to: To = None,
    url: Url = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    lock_timeout: LockTimeout = 3,
    retry: Retry = 60,
    lock_wait: Wait = 60,
    directory: Directory = None,
    project: ProjectPath = None,
    form: Format = Form.table,
) -> None:
    from litxdb import migrate
    from litxdb.database import Database

    with Database(url, command="rollback", notify=render.note) as db:
        subject = chosen(db, project, directory)
        plan = migrate.downgrade(db, steps, to=to, dry_run=True, project=subject)
        plan = replace(plan, lost=_losses(db, plan, subject))
        if dry_run or not plan.steps:
            _show(plan)
            draw(plan, form, verb="would revert", dry_run=True)
            return
        names = "".join(f"\n  {step.revision}  {step.message}" for step in plan.steps)
        count = f"{len(plan.steps)} revision{'s' if len(plan.steps) > 1 else ''}"
        _show(plan)
        effect = f"This reverts {count} of {db.endpoint}, and what only they hold is lost:{names}"
        word = db.endpoint.dbname if db.settings.production else None
        if word and not yes and (kept := fresh_backup(db, plan.before)):
            render.note(f"{kept.name} was verified, and is of {kept.manifest.snapshot_at:%Y-%m-%d %H:%M} UTC.")
            word = None
        confirm(effect, yes=yes, word=word)
        with watching() as watch:
            done = migrate.downgrade(
                db,
                steps,
                to=to,
                agreed=plan,
                project=subject,
                patience=migrate.Patience(lock_wait, lock_timeout, retry),
                watch=watch,
            )
    draw(replace(done, lost=plan.lost), form, verb="reverted")


def _losses(db: Database, plan: Migrated, project: Project) -> tuple[Loss, ...] | None:
    """Find out what would be lost; where that cannot be done, say so, and leave the decision to the person."""
    from litxdb import migrate

    try:
        return migrate.losses(db, plan, project=project) if plan.steps else ()
    except LitxdbError as error:
        render.note(f"warning: what would be lost could not be found out: {error.message}")
        return None


def _show(plan: Migrated) -> None:
    if plan.lost:
        render.note("Would be lost:")
    for each in plan.lost or ():
        least = "" if each.exact else "at least "
        if each.rows is None or each.filled is None:
            held = "not counted: it takes too long, is locked, or may not be read"
        elif each.kind == "table":
            held = f"{least}{each.rows} rows"
        else:
            held = f"{least}{each.filled} of {each.rows} rows have it"
        render.note(f"  {each.kind:10}  {each.object}: {held}")
    if plan.lost == ():
        render.note("No table, column or enum value would be lost.")
