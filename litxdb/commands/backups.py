"""List the backups: how old, how large, whether restoring them was proven, and how long that took.

Example: litxdb backups --store /var/backups/litxplore --check || page-someone

Only whole backups are rows. Files that are damaged are named, and so is a last run that failed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from litxdb import render
from litxdb.commands._options import Format, StorePlace
from litxdb.commands._stores import chosen
from litxdb.errors import Exit
from litxdb.render import Form

if TYPE_CHECKING:
    from litxdb.backup import Attempt, Objective

Check = Annotated[
    bool, typer.Option("--check", help="Exit 1 if an objective is missed, a file damaged, or the last run failed.")
]


def command(store: StorePlace = None, check: Check = False, form: Format = Form.table) -> None:
    from litxdb import backup
    from litxdb.settings import Settings

    found = backup.inventory(chosen(store, Settings.load()))
    rows = [backup.listed(each) for each in found.backups]
    aims, failed = backup.objectives(found), backup.last_failures(found)
    beside = {"where": found.where, "objectives": aims, "damaged": found.damaged, "failed": failed}
    columns: dict[str, render.Column] = {
        "name": "backup",
        "age_seconds": ("age", render.age),
        "bytes": ("size", render.size),
        "tables": "tables",
        "revision": "revision",
        "verified": "verified",
        "restore_seconds": ("restored in", render.seconds),
        "encrypted": ("encrypted", lambda yes: "yes" if yes else ""),
    }
    render.rows(rows, form, columns=columns, within=beside)
    if form is Form.table:
        size = render.size(sum(row.bytes for row in rows))
        many = f"{render.count(len(rows), 'backup')}, {size}," if rows else "No backups"
        render.line(f"{many} in {found.where}")
        for aim in aims:
            _say(aim)
    for each in found.damaged:
        render.note(f"damaged: {each.file}: {each.reason}")
    for attempt in failed:
        render.note(_told(attempt))
    if check and (not rows or found.damaged or failed or not all(aim.rpo_ok and aim.rto_ok for aim in aims)):
        raise typer.Exit(Exit.FINDINGS)


def _say(aim: Objective) -> None:
    render.line(f"{aim.database} at {aim.place}")
    if aim.verified is None:
        render.line(f"  {render.mark(False)} no backup of it has been verified: litxdb verify --latest")
        return
    lost, took = render.age(aim.rpo_seconds), render.seconds(aim.rto_seconds)
    render.line(
        f"  {render.mark(aim.rpo_ok)} RPO {lost} (of 24 h): the age of the newest that was verified, {aim.verified}"
    )
    render.line(f"  {render.mark(aim.rto_ok)} RTO {took} (of 1 h): how long restoring it took")


def _told(attempt: Attempt) -> str:
    what = f"failed: {attempt.error}" if attempt.error else "is under way, or was killed"
    return f"The backup of {attempt.database} that began at {attempt.started_at:%Y-%m-%d %H:%M} UTC {what}"
